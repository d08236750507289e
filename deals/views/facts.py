"""One piece of a deal, edited where it stands on the deal's page; without a script, on a page of its own."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from deals import actions
from deals.facts import piece_named
from deals.forms import DealForm
from deals.models import Deal
from deals.views.record import changeable_deal, seen_deal
from prm.serving.in_place import edit_piece
from prm.users.access import SEES_LEADS, PageRequest, member_page


@member_page(*SEES_LEADS)
def deal_edit_fact(request: PageRequest, code: int, name: str) -> HttpResponse:
    member, deal = request.membership, changeable_deal(request.membership, code)
    piece = piece_named(name)

    def form_for(deal: Deal, sent: QueryDict | None) -> DealForm:
        return DealForm(sent, instance=deal, only=piece.fields)

    def save(values: Mapping[str, Any], version: int | None) -> Deal:
        return actions.update_deal(deal, values=values, version=version, by=member)

    edit = edit_piece(request, look=lambda: seen_deal(member, code), form_for=form_for, save=save)
    if edit.is_saved:
        messages.success(request, _("Saved."))
        return redirect("deals:detail", code)
    return render(request, "deals/deal_fact.html", {"deal": deal, **edit.context(piece)}, status=edit.status)

"""One piece of a lead, edited where it stands on the lead's page; without a script, on a page of its own."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from leads import actions, states
from leads.facts import piece_named
from leads.forms import LeadForm
from leads.models import Lead
from leads.states import Verb
from leads.views.record import HOLDS, MANAGES, seen_lead
from prm.serving.in_place import edit_piece
from prm.users.access import PageRequest, member_page


@member_page(*MANAGES, *HOLDS)
def lead_edit_fact(request: PageRequest, code: int, name: str) -> HttpResponse:
    member, lead = request.membership, seen_lead(request.membership, code)
    states.check(Verb.EDIT, lead, side=lead.side_of(member), closing_mode=lead.closing_mode)
    piece = piece_named(name, by=member)

    def form_for(lead: Lead, sent: QueryDict | None) -> LeadForm:
        return LeadForm(sent, instance=lead, by=member, only=piece.fields)

    def save(values: Mapping[str, Any], version: int | None) -> Lead:
        return actions.update_lead(lead, values=values, version=version, by=member)

    edit = edit_piece(request, look=lambda: seen_lead(member, code), form_for=form_for, save=save)
    if edit.is_saved:
        messages.success(request, _("Saved."))
        return redirect("leads:detail", code)
    return render(request, "leads/lead_fact.html", {"lead": lead, **edit.context(piece)}, status=edit.status)

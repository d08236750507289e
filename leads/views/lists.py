"""The lead list and the form for a new lead."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from leads import actions
from leads.forms import LeadForm
from leads.lists import found_leads, orderings_for
from leads.states import Status
from prm.serving.paging import choice_of, page_of, search_text
from prm.serving.typed import form_of
from prm.users.access import PageRequest, Permission, member_page
from prm.users.models import Membership


@member_page()  # whoever sees no lead sees an empty list, which says so
def lead_list(request: PageRequest) -> HttpResponse:
    member = request.membership
    search = search_text(request.GET)
    status = choice_of(request.GET, "status", Status)
    orderings, default = orderings_for(member)
    ordering = request.GET.get("ordering", default)
    rows = found_leads(member, search=search, status=status)
    page = page_of(rows, ordering=ordering, allowed=orderings, cursor=request.GET.get("cursor", ""))
    return render(
        request,
        "leads/lead_list.html",
        {
            "leads": [lead.shown_to(member) for lead in page.rows],
            "pager": page,
            "tabs": _tabs(member, search, status),
            "search": search,
            "status": status,
            "ordering": ordering,
            "is_vendor": member.is_vendor,
            "can_create": member.can(Permission.CREATE_LEADS),
        },
    )


def _tabs(member: Membership, search: str, current: str) -> list[dict[str, Any]]:
    rows = found_leads(member, search=search, status="").order_by().values("status")
    counts = dict(rows.annotate(count=Count("pk")).values_list("status", "count"))
    tabs = [{"value": "", "label": _("All"), "count": sum(counts.values()), "is_current": not current}]
    for value, label in Status.choices:
        if value == Status.UNASSIGNED and not member.is_vendor:
            continue
        tabs.append({"value": value, "label": label, "count": counts.get(value, 0), "is_current": current == value})
    return tabs


@member_page(Permission.CREATE_LEADS)
def lead_new(request: PageRequest) -> HttpResponse:
    form = form_of(request, lambda sent: LeadForm(sent, by=request.membership))
    if request.method == "POST" and form.is_valid():
        lead = actions.create_lead(values=form.values, by=request.membership)
        messages.success(request, _("Lead %(code)s is in. Who should have it?") % {"code": lead.code})
        return redirect("leads:detail", lead.number)
    return render(request, "leads/lead_form.html", {"form": form}, status=422 if form.is_bound else 200)

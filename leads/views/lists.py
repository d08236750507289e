"""The lead list, a lead beside it, and the form for a new one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from leads import actions
from leads.forms import LeadForm
from leads.lists import LEADS, drawn_holder
from leads.timeline import lead_timeline
from leads.views.record import seen_lead, verbs_of
from prm.lists.pages import list_page
from prm.serving.typed import form_of
from prm.users.access import SEES_LEADS, PageRequest, Permission, member_page

LATEST = 4  # entries of the timeline in a preview


@member_page()  # whoever sees no lead sees an empty list, which says so
def lead_list(request: PageRequest) -> HttpResponse:
    can_create = request.membership.can(Permission.CREATE_LEADS)
    return list_page(request, LEADS, "leads/lead_list.html", also=lambda rows: {"can_create": can_create})


@member_page(*SEES_LEADS)
def lead_preview(request: PageRequest, code: int) -> HttpResponse:
    """The lead beside the list, in a few lines. Like its page, it opens nothing."""
    member = request.membership
    lead = seen_lead(member, code)
    context = {
        "lead": lead,
        "holder": drawn_holder(lead, member),
        "verbs": verbs_of(lead, member),
        "timeline": lead_timeline(lead, member)[:LATEST],
        "is_vendor": member.is_vendor,
    }
    return render(request, "leads/lead_preview.html", context)


@member_page(Permission.CREATE_LEADS)
def lead_new(request: PageRequest) -> HttpResponse:
    form = form_of(request, lambda sent: LeadForm(sent, by=request.membership))
    if request.method == "POST" and form.is_valid():
        lead = actions.create_lead(values=form.values, by=request.membership)
        messages.success(request, _("Lead %(code)s is in. Who should have it?") % {"code": lead.code})
        return redirect("leads:detail", lead.number)
    return render(request, "leads/lead_form.html", {"form": form}, status=422 if form.is_bound else 200)

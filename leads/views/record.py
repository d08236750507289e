"""One lead: its page and its verbs."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads import actions, states
from leads.facts import facts_of
from leads.files import files_section
from leads.forms import ActivityForm, AssignForm, CloseForm, CommentForm, HandOverForm, LeadForm
from leads.lists import LEADS
from leads.models import CODE, Lead
from leads.outcomes import outcome_of
from leads.readers import readers_of
from leads.receiving import colleagues, places
from leads.settings import distribution
from leads.states import Verb
from leads.timeline import Show, lead_timeline
from prm.actions import Gone, Refused, Stale
from prm.forms import clash
from prm.serving.paging import choice_of, search_text
from prm.serving.typed import form_of, refilled
from prm.users.access import SEES_LEADS, PageRequest, Permission, member_page
from prm.users.models import Membership

RELATED = ("organization__distributor", "assignee", "assigned_by", "opened_by", "lost_reason", "created_by")
MANAGES = (Permission.MANAGE_LEADS,)
HOLDS = (Permission.VIEW_ORGANIZATION_LEADS, Permission.RECEIVE_LEADS)


def seen_lead(member: Membership, number: int) -> Lead:
    """The lead as this member may see it: for showing, not for saving. Raises Gone, answered as 404."""
    rows = Lead.objects.visible_to(member).select_related(*RELATED).with_closing_mode().with_names()
    lead = rows.filter(number=number).first()
    if lead is None:
        raise Gone
    return lead.shown_to(member)


def verbs_of(lead: Lead, member: Membership) -> set[str]:
    """The verbs this member has for this lead now."""
    allowed = states.verbs(side=lead.side_of(member), status=lead.status, closing_mode=lead.closing_mode)
    return {verb.value for verb in allowed}


@member_page(*SEES_LEADS)
def lead_detail(request: PageRequest, code: int) -> HttpResponse:
    return _page(request, seen_lead(request.membership, code))


def _page(
    request: PageRequest,
    lead: Lead,
    *,
    comment_form: CommentForm | None = None,
    activity_form: ActivityForm | None = None,
) -> HttpResponse:
    member = request.membership
    show = choice_of(request.GET, "show", Show)
    verbs = verbs_of(lead, member)
    before, after = _beside(request, lead)
    context: dict[str, Any] = {
        "lead": lead,
        "is_vendor": member.is_vendor,
        "verbs": verbs,
        "timeline": lead_timeline(lead, member, show=show),
        "show": show,
        "shows": Show.choices,
        "facts": facts_of(lead, member, verbs=verbs),
        "readers": readers_of(lead, member) if member.is_vendor else [],
        "before": before,
        "after": after,
        "comment_form": comment_form or CommentForm(lead=lead, by=member),
        "activity_form": activity_form or ActivityForm(),
        **files_section(lead, member, verbs),
        **outcome_of(lead, member),
    }
    for verb, name in (("comment", "comment"), ("log_activity", "activity")):
        if verb in verbs:
            refilled(context[f"{name}_form"], request, action=reverse(f"leads:{name}", args=[lead.code]))
    status = 422 if comment_form or activity_form else 200
    return render(request, "leads/lead_detail.html", context, status=status)


def _beside(request: PageRequest, lead: Lead) -> tuple[str, str]:
    """The codes before and after it, in the list that the address tells of (the default one if of none)."""
    numbers = LEADS.beside(lead, request.membership, request.GET)
    before, after = (f"{CODE}{number}" if number else "" for number in numbers)
    return before, after


@member_page(*MANAGES, *HOLDS)
def lead_edit(request: PageRequest, code: int) -> HttpResponse:
    member = request.membership
    lead = seen_lead(member, code)
    states.check(Verb.EDIT, lead, side=lead.side_of(member), closing_mode=lead.closing_mode)
    form = form_of(request, lambda sent: LeadForm(sent, instance=lead, by=member))
    conflict = None
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_lead(lead, values=form.values, version=form.cleaned_data["version"], by=member)
        except Stale:
            now = seen_lead(member, code)
            conflict, status = clash(form, LeadForm(instance=now, by=member), subject=now, member=member), 409
        else:
            messages.success(request, _("Saved."))
            return redirect("leads:detail", code)
    context = {"form": form, "lead": seen_lead(member, code), "conflict": conflict}
    return render(request, "leads/lead_form.html", context, status=status)


@member_page(*MANAGES)
def lead_assign(request: PageRequest, code: int) -> HttpResponse:
    member = request.membership
    lead = seen_lead(member, code)
    states.check(Verb.ASSIGN, lead, side=lead.side_of(member), closing_mode=lead.closing_mode)
    form = AssignForm(request.POST or None, by=member)
    if request.method == "POST" and form.is_valid():
        try:
            actions.assign_lead(lead, to=form.receiver, by=member)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            words = {"code": lead.code, "to": form.receiver}
            messages.success(request, _("%(to)s has lead %(code)s now and hears of it.") % words)
            return redirect("leads:detail", code)
    search = search_text(request.GET)
    allowed = distribution().allow_organization_assignment
    context = {
        "lead": lead,
        "form": form,
        "organizations": places(by=member, search=search, allowed=allowed),
        "search": search,
        "allow_organizations": allowed,
    }
    return render(request, "leads/lead_assign.html", context, status=422 if form.is_bound else 200)


@member_page(*HOLDS)
def lead_hand_over(request: PageRequest, code: int) -> HttpResponse:
    member = request.membership
    lead = seen_lead(member, code)
    states.check(Verb.HAND_OVER, lead, side=lead.side_of(member), closing_mode=lead.closing_mode)
    form = HandOverForm(request.POST or None, by=member)
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["user"]
        try:
            actions.hand_over_lead(lead, to=to, by=member)
        except Refused as refusal:
            form.add_error("user", str(refusal))
        else:
            messages.success(request, _("%(to)s has lead %(code)s now.") % {"to": to, "code": lead.code})
            still = Lead.objects.visible_to(member).filter(pk=lead.pk).exists()
            return redirect("leads:detail", code) if still else redirect("leads:list")
    context = {"lead": lead, "people": colleagues(lead, by=member), "form": form}
    return render(request, "leads/lead_hand_over.html", context, status=422 if form.is_bound else 200)


@member_page(*MANAGES, *HOLDS)
def lead_close(request: PageRequest, code: int) -> HttpResponse:
    member = request.membership
    lead = seen_lead(member, code)
    states.check(Verb.CLOSE_LOST, lead, side=lead.side_of(member), closing_mode=lead.closing_mode)
    can_win = Verb.CLOSE_WON.value in verbs_of(lead, member)
    chosen = request.GET.get("outcome", "")
    initial = {"outcome": chosen if can_win and chosen == CloseForm.WON else CloseForm.LOST}
    form = form_of(request, lambda sent: CloseForm(sent, can_win=can_win, initial=initial))
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["outcome"] == CloseForm.WON:
            actions.win_lead(lead, by=member)
        else:
            actions.lose_lead(lead, reason=form.cleaned_data["reason"], by=member)
        messages.success(request, _("Lead %(code)s is closed.") % {"code": lead.code})
        return redirect("leads:detail", code)
    context = {"lead": lead, "form": form, "can_win": can_win, "can_lose": True}
    return render(request, "leads/lead_close.html", context, status=422 if form.is_bound else 200)


@member_page(*SEES_LEADS)
def lead_open(request: PageRequest, code: int) -> HttpResponse:
    """POST opens. GET is where a mail's link leads: it shows the page with the button and changes nothing."""
    lead = seen_lead(request.membership, code)
    if request.method == "POST" and lead.is_withheld_from(request.membership):
        actions.open_lead(lead, by=request.membership)
    return redirect("leads:detail", code)


@member_page(*MANAGES)
@require_POST
def lead_recall(request: PageRequest, code: int) -> HttpResponse:
    lead = seen_lead(request.membership, code)
    actions.recall_lead(lead, by=request.membership)
    messages.success(request, _("Lead %(code)s is back. Its details are withheld again.") % {"code": lead.code})
    still = Lead.objects.visible_to(request.membership).filter(pk=lead.pk).exists()
    return redirect("leads:detail", code) if still else redirect("leads:list")


@member_page(*MANAGES)
@require_POST
def lead_reopen(request: PageRequest, code: int) -> HttpResponse:
    lead = actions.reopen_lead(seen_lead(request.membership, code), by=request.membership)
    messages.success(request, _("Lead %(code)s is open again.") % {"code": lead.code})
    return redirect("leads:detail", code)


@member_page(*MANAGES, *HOLDS)
@require_POST
def lead_comment(request: PageRequest, code: int) -> HttpResponse:
    lead = seen_lead(request.membership, code)
    form = CommentForm(request.POST, lead=lead, by=request.membership)
    if not form.is_valid():
        return _page(request, lead, comment_form=form)
    text = form.cleaned_data["text"]
    actions.comment_lead(lead, text=text, is_internal=form.is_internal, by=request.membership)
    return redirect(f"{reverse('leads:detail', args=[code])}#timeline")


@member_page(*HOLDS)
@require_POST
def lead_activity(request: PageRequest, code: int) -> HttpResponse:
    lead = seen_lead(request.membership, code)
    form = ActivityForm(request.POST)
    if not form.is_valid():
        return _page(request, lead, activity_form=form)
    actions.log_activity(lead, **form.cleaned_data, by=request.membership)
    return redirect(f"{reverse('leads:detail', args=[code])}#timeline")

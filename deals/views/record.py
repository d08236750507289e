"""Pages about deals: register one from a lead, the list, one deal."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from deals import actions
from deals.facts import facts_of
from deals.forms import DealForm, RegistrationForm
from deals.lists import DEALS, totals_of
from deals.models import CODE, Deal, DealStage
from leads import states
from leads.models import Lead
from leads.states import Status, Verb
from leads.views.record import seen_lead
from prm.actions import Gone, Refused, Stale
from prm.events.timeline import timeline_of
from prm.forms import clash
from prm.lists.pages import list_page
from prm.serving.typed import form_of
from prm.users.access import SEES_LEADS, PageRequest, member_page
from prm.users.models import Membership

LATEST = 4  # entries of the timeline in a preview


def seen_deal(member: Membership, number: int) -> Deal:
    """The deal, if this member sees it. Raises Gone, answered as 404, for every other."""
    deal = Deal.objects.visible_to(member).with_records().filter(number=number).first()
    if deal is None:
        raise Gone
    return deal


def changeable_deal(member: Membership, number: int) -> Deal:
    """The deal, if this member may change it now. Raises Gone or Refused."""
    deal = seen_deal(member, number)
    if not deal.may_be_changed_by(member):
        raise Refused(_("Deal %(code)s cannot be changed by you.") % {"code": deal.code})
    return deal


@member_page(*SEES_LEADS)
def deal_list(request: PageRequest) -> HttpResponse:
    return list_page(request, DEALS, "deals/deal_list.html", also=lambda rows: {"totals": totals_of(rows)})


@member_page(*SEES_LEADS)
def deal_preview(request: PageRequest, code: int) -> HttpResponse:
    """The deal beside the list, in a few lines."""
    deal = seen_deal(request.membership, code)
    context = {
        "deal": deal,
        "can_edit": deal.may_be_changed_by(request.membership),
        "timeline": timeline_of(deal, request.membership, holder=deal.organization_id)[:LATEST],
        "is_vendor": request.membership.is_vendor,
    }
    return render(request, "deals/deal_preview.html", context)


@member_page(*SEES_LEADS)
def deal_detail(request: PageRequest, code: int) -> HttpResponse:
    return deal_page(request, code)


def deal_page(request: PageRequest, code: int, *, status: int = 200) -> HttpResponse:
    """The page of one deal, as it is now; `status` tells a verb's refusal."""
    member = request.membership
    deal = seen_deal(member, code)
    before, after = _beside(request, deal)
    can_change = deal.may_be_changed_by(member)
    context = {
        "deal": deal,
        "lead_code": _lead_code(deal, member),
        "can_change": can_change,
        "facts": facts_of(deal, can_change=can_change),
        "steps": _steps(deal),
        "timeline": timeline_of(deal, member, holder=deal.organization_id),
        "is_vendor": member.is_vendor,
        "before": before,
        "after": after,
    }
    return render(request, "deals/deal_detail.html", context, status=status)


def _beside(request: PageRequest, deal: Deal) -> tuple[str, str]:
    """The codes before and after it, in the list that the address tells of (the newest first if of none)."""
    numbers = DEALS.beside(deal, request.membership, request.GET)
    before, after = (f"{CODE}{number}" if number else "" for number in numbers)
    return before, after


def _lead_code(deal: Deal, member: Membership) -> str:
    """The number of the lead that it was, if this member sees that too."""
    if deal.lead is None or not Lead.objects.visible_to(member).filter(pk=deal.lead.pk).exists():
        return ""
    return deal.lead.code


def _steps(deal: Deal) -> list[dict[str, Any]]:
    """The open stages in use, with the one in which it stands or ended: each done, now or to come."""
    here = deal.closed_from_id if deal.is_closed else deal.stage_id
    stages = [
        stage
        for stage in DealStage.objects.all()
        if stage.pk == here or (stage.is_active and stage.outcome == DealStage.Outcome.OPEN)
    ]
    order = [stage.pk for stage in stages]
    reached = order.index(here) if here in order else len(order)
    return [
        {
            "stage": stage,
            "is_done": position < reached
            or deal.status == Deal.Status.WON
            or (deal.is_closed and position == reached),
            "is_now": position == reached and not deal.is_closed,
        }
        for position, stage in enumerate(stages)
    ]


@member_page(*SEES_LEADS)
def deal_edit(request: PageRequest, code: int) -> HttpResponse:
    deal = changeable_deal(request.membership, code)
    form = form_of(request, lambda sent: DealForm(sent, instance=deal))
    conflict = None
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            actions.update_deal(deal, values=form.values, version=version, by=request.membership)
        except Stale:
            now = seen_deal(request.membership, code)
            conflict, status = clash(form, DealForm(instance=now), subject=now, member=request.membership), 409
        else:
            messages.success(request, _("Saved."))
            return redirect("deals:detail", code)
    context = {"form": form, "deal": seen_deal(request.membership, code), "conflict": conflict}
    return render(request, "deals/deal_form.html", context, status=status)


@member_page(*SEES_LEADS)
def deal_convert(request: PageRequest, code: int) -> HttpResponse:
    """The deal registration form of a lead. Whoever comes second is led to the deal."""
    member = request.membership
    lead = seen_lead(member, code)
    if lead.status == Status.CONVERTED:
        deal = Deal.objects.visible_to(member).filter(lead=lead).exclude(status=Deal.Status.WITHDRAWN).first()
        if deal is not None:
            messages.info(request, _("Lead %(code)s became this deal already.") % {"code": lead.code})
            return redirect("deals:detail", deal.number)
    states.check(Verb.CONVERT, lead, side=lead.side_of(member), closing_mode=lead.closing_mode)
    form = form_of(request, lambda sent: RegistrationForm(sent, lead=lead))
    if form.is_bound and form.is_valid():
        deal = actions.convert_lead(lead, registration=form.registration, by=member)
        messages.success(request, _("Deal %(code)s is registered.") % {"code": deal.code})
        return redirect("deals:detail", deal.number)
    context = {"lead": lead, "form": form}
    return render(request, "deals/convert.html", context, status=422 if form.is_bound else 200)

"""Pages about deals: register one from a lead, the list, one deal, the stages."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from deals import actions, settings
from deals.forms import DealForm, RegistrationForm, StageForm
from deals.lists import DEALS, RELATED, totals_of
from deals.models import Deal, DealStage
from leads import states
from leads.settings import distribution
from leads.states import Status, Verb
from leads.views.record import seen_lead
from prm.actions import Gone, Refused, Stale
from prm.events.timeline import timeline_of
from prm.forms import clash
from prm.lists.pages import list_page
from prm.serving.typed import form_of
from prm.users.access import SEES_LEADS, PageRequest, Permission, member_page
from prm.users.models import Membership

LATEST = 4  # entries of the timeline in a preview


def seen_deal(member: Membership, number: int) -> Deal:
    """The deal, if this member sees it. Raises Gone, answered as 404, for every other."""
    deal = Deal.objects.visible_to(member).select_related(*RELATED).filter(number=number).first()
    if deal is None:
        raise Gone
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
        "timeline": timeline_of(deal, request.membership)[:LATEST],
        "is_vendor": request.membership.is_vendor,
    }
    return render(request, "deals/deal_preview.html", context)


@member_page(*SEES_LEADS)
def deal_detail(request: PageRequest, code: int) -> HttpResponse:
    deal = seen_deal(request.membership, code)
    return render(
        request,
        "deals/deal_detail.html",
        {
            "deal": deal,
            "lead_code": deal.lead.code if deal.lead else "",
            "can_edit": deal.may_be_changed_by(request.membership),
            "timeline": timeline_of(deal, request.membership),
            "is_vendor": request.membership.is_vendor,
        },
    )


@member_page(*SEES_LEADS)
def deal_edit(request: PageRequest, code: int) -> HttpResponse:
    deal = seen_deal(request.membership, code)
    if not deal.may_be_changed_by(request.membership):
        raise Refused(_("Deal %(code)s cannot be changed by you.") % {"code": deal.code})
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
    states.check(Verb.CONVERT, lead, side=lead.side_of(member), closing_mode=distribution().closing_mode)
    form = form_of(request, lambda sent: RegistrationForm(sent, lead=lead))
    if form.is_bound and form.is_valid():
        deal = actions.convert_lead(lead, registration=form.registration, by=member)
        messages.success(request, _("Deal %(code)s is registered.") % {"code": deal.code})
        return redirect("deals:detail", deal.number)
    context = {"lead": lead, "form": form}
    return render(request, "deals/convert.html", context, status=422 if form.is_bound else 200)


@member_page(Permission.CONFIGURE_LEADS)
def stages(request: PageRequest) -> HttpResponse:
    """Settings > Deal Stages; the button's `action` says which of the small forms was sent."""
    form = StageForm()
    if request.method == "POST":
        form = StageForm(request.POST)
        if _stage_changed(request, form):
            messages.success(request, _("Saved."))
            return redirect("deals:settings")
        if request.POST.get("action") != "add_stage":
            # What was typed into a row must not come back in the form that adds one.
            messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
            form = StageForm()
    context = {"stages": DealStage.objects.all(), "stage_form": form}
    return render(request, "deals/settings.html", context, status=422 if request.method == "POST" else 200)


def _stage_changed(request: PageRequest, form: StageForm) -> bool:
    action = request.POST.get("action", "add_stage")
    try:
        if action == "toggle_stage":
            stage = _chosen_stage(request)
            settings.change_stage(stage, values={"is_active": not stage.is_active}, by=request.membership)
            return True
        if not form.is_valid():
            return False
        if action == "change_stage":
            settings.change_stage(_chosen_stage(request), values=form.cleaned_data, by=request.membership)
        else:
            settings.add_stage(values=form.cleaned_data, by=request.membership)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _chosen_stage(request: PageRequest) -> DealStage:
    chosen = forms.ModelChoiceField(queryset=DealStage.objects.all())
    try:
        stage: DealStage = chosen.clean(request.POST.get("stage", ""))
    except forms.ValidationError as error:
        raise Gone from error
    return stage

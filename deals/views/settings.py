"""Settings > Deal stages, with the reasons for which deals are lost."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from deals import settings
from deals.forms import StageForm
from deals.models import DealLostReason, DealStage
from leads.views.reasons import chosen, reason_changed, reason_form, tell_what_is_wrong
from prm.actions import Refused
from prm.users.access import PageRequest, Permission, member_page


@member_page(Permission.CONFIGURE_LEADS)
def stages(request: PageRequest) -> HttpResponse:
    """One page, several small forms; the button's `action` says which was sent."""
    context: dict[str, Any] = {"stage_form": StageForm(), "reason_form": reason_form(DealLostReason)}
    if request.method == "POST":
        action = request.POST.get("action", "add_stage")
        is_reason = action.endswith("_reason")
        form = reason_form(DealLostReason, request.POST) if is_reason else StageForm(request.POST)
        if (reason_changed if is_reason else _stage_changed)(request, action, form):
            messages.success(request, _("Saved."))
            return redirect("deals:settings")
        if action in {"add_stage", "add_reason"}:
            context["reason_form" if is_reason else "stage_form"] = form
        else:
            tell_what_is_wrong(request, form)
    context |= {"stages": DealStage.objects.all(), "reasons": DealLostReason.objects.all()}
    return render(request, "deals/settings.html", context, status=422 if request.method == "POST" else 200)


def _stage_changed(request: PageRequest, action: str, form: Any) -> bool:
    try:
        if action == "toggle_stage":
            stage = chosen(request, "stage", DealStage)
            settings.change_stage(stage, values={"is_active": not stage.is_active}, by=request.membership)
            return True
        if action == "raise_stage":
            settings.raise_stage(chosen(request, "stage", DealStage), by=request.membership)
            return True
        if not form.is_valid():
            return False
        if action == "change_stage":
            stage = chosen(request, "stage", DealStage)
            settings.change_stage(stage, values=form.cleaned_data, by=request.membership)
        else:
            settings.add_stage(values=form.cleaned_data, by=request.membership)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True

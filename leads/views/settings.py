"""Settings > Lead Distribution."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from leads import settings
from leads.forms import DistributionForm, LostReasonForm
from leads.models import LostReason
from prm.actions import Gone, Refused
from prm.users.access import PageRequest, Permission, member_page


@member_page(Permission.CONFIGURE_LEADS)
def distribution(request: PageRequest) -> HttpResponse:
    """One page, several small forms; the button's `action` says which was sent."""
    handlers = {
        "save": _save,
        "add_reason": _add_reason,
        "rename_reason": _change_reason,
        "toggle_reason": _change_reason,
    }
    context: dict[str, Any] = {}
    if request.method == "POST":
        handler = handlers.get(request.POST.get("action", "save"), _save)
        context = handler(request)
        if not context:
            messages.success(request, _("Saved."))
            return redirect("leads:settings")
    current = settings.distribution()
    context = {
        "form": DistributionForm(instance=current),
        "reason_form": LostReasonForm(),
        "reasons": LostReason.objects.all(),
        **context,
    }
    return render(request, "leads/settings.html", context, status=422 if request.method == "POST" else 200)


def _save(request: PageRequest) -> dict[str, Any]:
    form = DistributionForm(request.POST, instance=settings.distribution())
    if not form.is_valid():
        return {"form": form}
    settings.change_distribution(values=form.cleaned_data, by=request.membership)
    return {}


def _add_reason(request: PageRequest) -> dict[str, Any]:
    form = LostReasonForm(request.POST)
    if form.is_valid():
        try:
            settings.add_lost_reason(form.cleaned_data["name"], by=request.membership)
        except Refused as refusal:
            form.add_error("name", str(refusal))
    return {} if form.is_valid() else {"reason_form": form}


def _change_reason(request: PageRequest) -> dict[str, Any]:
    chosen = forms.ModelChoiceField(queryset=LostReason.objects.all())
    try:
        reason = chosen.clean(request.POST.get("reason", ""))
    except forms.ValidationError as error:
        raise Gone from error
    if request.POST["action"] == "toggle_reason":
        values: dict[str, Any] = {"is_active": not reason.is_active}
    else:
        form = LostReasonForm(request.POST)
        if not form.is_valid():
            raise Refused(" ".join(str(text) for text in form.errors["name"]))
        values = {"name": form.cleaned_data["name"]}
    settings.change_lost_reason(reason, values=values, by=request.membership)
    return {}

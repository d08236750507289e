"""Settings > Lead Distribution."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from leads import settings
from leads.forms import DistributionForm
from leads.models import LostReason
from leads.views.reasons import reason_changed, reason_form, tell_what_is_wrong
from prm.users.access import PageRequest, Permission, member_page


@member_page(Permission.CONFIGURE_LEADS)
def distribution(request: PageRequest) -> HttpResponse:
    """One page, several small forms; the button's `action` says which was sent."""
    context: dict[str, Any] = {
        "form": DistributionForm(instance=settings.distribution()),
        "reason_form": reason_form(LostReason),
    }
    if request.method == "POST":
        action = request.POST.get("action", "save")
        is_reason = action.endswith("_reason")
        form = reason_form(LostReason, request.POST) if is_reason else _form_of(request)
        if reason_changed(request, action, form) if is_reason else _is_saved(request, form):
            messages.success(request, _("Saved."))
            return redirect("leads:settings")
        if is_reason and action != "add_reason":
            tell_what_is_wrong(request, form)
        else:
            context["reason_form" if is_reason else "form"] = form
    context["reasons"] = LostReason.objects.all()
    return render(request, "leads/settings.html", context, status=422 if request.method == "POST" else 200)


def _form_of(request: PageRequest) -> DistributionForm:
    return DistributionForm(request.POST, instance=settings.distribution())


def _is_saved(request: PageRequest, form: DistributionForm) -> bool:
    if form.is_valid():
        settings.change_distribution(values=form.cleaned_data, by=request.membership)
    return form.is_valid()

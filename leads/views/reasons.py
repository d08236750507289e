"""The part of a settings page that lists the reasons for which something is lost."""

from typing import Any

from django import forms
from django.contrib import messages

from leads.models import Reason
from leads.reasons import add_lost_reason, change_lost_reason
from prm.actions import Gone, Refused
from prm.users.access import PageRequest


def reason_form(model: type[Reason], data: Any = None) -> Any:
    """A form with a reason's name, for a new one and for one that is renamed."""
    return forms.modelform_factory(model, fields=["name"])(data)


def reason_changed(request: PageRequest, action: str, form: Any) -> bool:
    """Do what a button of the list asks for. False: `form` says what is wrong."""
    model, by = form.Meta.model, request.membership
    try:
        if action == "toggle_reason":
            reason = chosen(request, "reason", model)
            change_lost_reason(reason, values={"is_active": not reason.is_active}, by=by)
            return True
        if not form.is_valid():
            return False
        if action == "rename_reason":
            change_lost_reason(chosen(request, "reason", model), values=form.cleaned_data, by=by)
        else:
            add_lost_reason(form.cleaned_data["name"], to=model, by=by)
    except Refused as refusal:
        form.add_error("name", str(refusal))
        return False
    return True


def chosen(request: PageRequest, name: str, model: type[Any]) -> Any:
    """The row that a form points at. Raises Gone, answered as 404, where there is none."""
    field = forms.ModelChoiceField(queryset=model.objects.all())
    try:
        return field.clean(request.POST.get(name, ""))
    except forms.ValidationError as error:
        raise Gone from error


def tell_what_is_wrong(request: PageRequest, form: forms.BaseForm) -> None:
    """On top of the page: what was typed into a row must not come back in the form that adds one."""
    messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))

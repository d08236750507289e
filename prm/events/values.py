"""Old and new values of a field, in the words of whoever reads them: rows keep them as the database does."""

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.world import country_name

LABELS: dict[str, str | Promise] = {
    "address": gettext_lazy("address"),
    "assignee": gettext_lazy("assignee"),
    "browser": gettext_lazy("browser"),
    "client_secret": gettext_lazy("client secret"),
    "email": gettext_lazy("e-mail"),
    "is_active": gettext_lazy("in use"),
    "issuer": gettext_lazy("issuer"),
    "name": gettext_lazy("name"),
    "organization": gettext_lazy("organization"),
    "partner_managers": gettext_lazy("partner managers"),
    "reason": gettext_lazy("reason"),
    "stage": gettext_lazy("stage"),
    "status": gettext_lazy("status"),
    "tested_at": gettext_lazy("tested"),
}
"""What changes are called that no column names for people. Floors above add their own."""


def label_of(subject: models.Model, name: str) -> str:
    """The field's label on its form, or its name in words."""
    field = _field(subject, name)
    label: object = getattr(field, "verbose_name", "")
    if not isinstance(label, Promise):
        label = LABELS.get(name, name.replace("_", " "))
    words = str(label)
    return words[:1].upper() + words[1:]


def in_words(subject: models.Model, name: str, text: str) -> str:
    """`text` as the field's reader would write it: a choice by its label, dates and numbers by locale."""
    field = _field(subject, name)
    if not text or field is None:
        return text
    try:
        value = field.to_python(text)
    except (ValidationError, ValueError):  # a name that stood for a row, a list
        return text
    if name == "country":
        return country_name(text)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return str(localize(timezone.localtime(value)))
    if isinstance(value, date | Decimal):
        return str(localize(value))
    return str(dict(field.flatchoices).get(value, text)) if field.choices else text


def _field(subject: models.Model, name: str) -> "models.Field[object, object] | None":
    try:
        field = subject._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, models.Field) else None

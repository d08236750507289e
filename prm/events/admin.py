"""What operators see of what happened: the portal's events, their own doing among them, and its mail."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.events.models import Delivery, Event
from prm.operators.looking import LookingAdmin


class ByOperators(admin.SimpleListFilter):
    """The operators' log: what they did here, and whose records they looked at."""

    title = gettext_lazy("who did it")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("operators", _("Operators"))]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Event]) -> models.QuerySet[Event]:
        return queryset.filter(facts__by="operator") if self.value() else queryset


@admin.register(Event)
class EventAdmin(LookingAdmin):
    is_personal = False
    list_display = ("at", "kind", "subject_type", "subject_id", "actor", "facts")
    list_filter = (ByOperators, "kind")
    list_select_related = ("actor",)


@admin.register(Delivery)
class DeliveryAdmin(LookingAdmin):
    list_display = ("queued_at", "channel", "status", "attempts", "recipient", "last_error")
    list_filter = ("channel", "status")
    list_select_related = ("recipient",)

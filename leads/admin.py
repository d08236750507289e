"""What operators see of leads, and the reasons that they keep in order."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin

from leads import settings
from leads.models import Lead, LostReason
from prm.operators.looking import LookingAdmin
from prm.operators.small_tables import SmallTableAdmin


@admin.register(Lead)
class LeadAdmin(LookingAdmin):
    """A list without anybody's details: those stand on a lead's page, and who opens it is an event."""

    left_out = ("portal", "searched")
    list_display = ("code", "status", "organization", "assigned_at", "opened_at", "closed_at", "created_at")
    list_filter = ("status",)
    list_select_related = ("organization",)
    ordering = ("-created_at", "-id")


@admin.register(LostReason)
class LostReasonAdmin(SmallTableAdmin):
    columns = ("name", "position", "is_active")
    list_display = columns

    def add_row(self, values: Mapping[str, Any]) -> LostReason:
        reason = settings.add_lost_reason(values["name"], by=None)
        return settings.change_lost_reason(reason, values=values, by=None)

    def change_row(self, row: LostReason, values: Mapping[str, Any]) -> LostReason:
        return settings.change_lost_reason(row, values=values, by=None)

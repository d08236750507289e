"""What operators see of leads, and the reasons that they keep in order."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin

from leads.models import Lead, LostReason, Reason
from leads.reasons import add_lost_reason, change_lost_reason
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


class ReasonAdmin(SmallTableAdmin):
    """Why something is lost; the floor above keeps its own of the same kind."""

    columns = ("name", "position", "is_active")
    list_display = columns

    def add_row(self, values: Mapping[str, Any]) -> Reason:
        added: Reason = add_lost_reason(values["name"], to=self.model, by=None)
        return change_lost_reason(added, values=values, by=None)

    def change_row(self, row: Reason, values: Mapping[str, Any]) -> Reason:
        return change_lost_reason(row, values=values, by=None)


admin.site.register(LostReason, ReasonAdmin)

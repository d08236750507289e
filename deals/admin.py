"""What operators see of deals, and the stages and reasons that they keep in order."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin

from deals import settings
from deals.models import Deal, DealLostReason, DealStage
from leads.admin import ReasonAdmin
from prm.operators.looking import LookingAdmin
from prm.operators.small_tables import SmallTableAdmin


@admin.register(Deal)
class DealAdmin(LookingAdmin):
    """As with leads, the list names no prospect."""

    list_display = ("code", "status", "stage", "organization", "close_date", "created_at")
    list_filter = ("status",)
    list_select_related = ("stage", "organization")
    ordering = ("-created_at", "-id")


@admin.register(DealStage)
class DealStageAdmin(SmallTableAdmin):
    columns = ("name", "position", "probability", "outcome", "is_active")
    list_display = columns

    def add_row(self, values: Mapping[str, Any]) -> DealStage:
        first = {name: value for name, value in values.items() if name != "position"}
        return settings.change_stage(settings.add_stage(values=first, by=None), values=values, by=None)

    def change_row(self, row: DealStage, values: Mapping[str, Any]) -> DealStage:
        return settings.change_stage(row, values=values, by=None)


admin.site.register(DealLostReason, ReasonAdmin)

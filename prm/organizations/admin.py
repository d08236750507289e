"""What operators see and keep in order of organizations."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin

from prm.operators.looking import LookingAdmin
from prm.operators.small_tables import SmallTableAdmin
from prm.organizations import actions
from prm.organizations.models import Organization, Tier


@admin.register(Organization)
class OrganizationAdmin(LookingAdmin):
    list_display = ("name", "kind", "status", "tier", "distributor", "country", "created_at")
    list_filter = ("kind", "status")
    list_select_related = ("tier", "distributor")
    search_fields = ("name", "city", "website")


@admin.register(Tier)
class TierAdmin(SmallTableAdmin):
    columns = ("name", "rank")
    list_display = columns

    def add_row(self, values: Mapping[str, Any]) -> Tier:
        return actions.add_tier(values=values, by=None)

    def change_row(self, row: Tier, values: Mapping[str, Any]) -> Tier:
        return actions.change_tier(row, values=values, by=None)

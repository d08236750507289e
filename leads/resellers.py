"""A distributor's home page: what waits at its resellers and since when. It looks on; opening is theirs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from leads.home import list_of
from leads.models import Lead, LeadQuerySet
from leads.states import Status
from leads.waiting import quiet_for_long
from prm.home.panels import Panel, Wait, finds_panel, finds_waits
from prm.users.models import Membership

SHOWN = 10


@dataclass
class Reseller:
    """What waits at one: how many leads, and the longest since when."""

    pk: Any
    name: str
    unopened: int = 0
    unopened_since: datetime | None = None
    quiet: int = 0
    quiet_since: datetime | None = None

    @property
    def since(self) -> datetime:
        return min(at for at in (self.unopened_since, self.quiet_since) if at is not None)

    @property
    def unopened_url(self) -> str:
        return list_of(f"status=assigned&organization={self.pk}", "assigned_at")

    @property
    def quiet_url(self) -> str:
        return list_of(f"waits=quiet&organization={self.pk}", "updated_at")


def of_resellers(member: Membership) -> LeadQuerySet:
    """What the partners under this distributor have."""
    rows: LeadQuerySet = Lead.objects.visible_to(member).filter(organization__distributor=member.organization_id)
    return rows


@finds_waits(position=20)
def leads_that_wait_at_resellers(member: Membership) -> Iterator[Wait]:
    if not member.has_resellers:
        return
    under = f"distributor={member.organization_id}"
    unopened = of_resellers(member).filter(status=Status.ASSIGNED).order_by("assigned_at", "pk")
    label, url = _("Unopened by resellers"), list_of(f"status=assigned&{under}", "assigned_at")
    yield Wait(label, unopened, url, "building-storefront", since="assigned_at", is_urgent=False)
    quiet = of_resellers(member).filter(quiet_for_long()).order_by("updated_at", "pk")
    label, url = _("Quiet at resellers"), list_of(f"waits=quiet&{under}", "updated_at")
    yield Wait(label, quiet, url, "clock", is_urgent=False)


@finds_panel(position=32)
def resellers_panel(member: Membership) -> Panel | None:
    """Where something waits, the longest waiting first."""
    found = waits_by_reseller(member) if member.has_resellers else []
    context = {"resellers": found[:SHOWN], "more": len(found[SHOWN:])}
    return Panel("leads/home_resellers.html", context) if found else None


def waits_by_reseller(member: Membership) -> list[Reseller]:
    """Those at whom something waits, the longest waiting first."""
    rows = of_resellers(member).order_by().values_list("organization", "organization__name")
    found: dict[Any, Reseller] = {}
    unopened = rows.filter(status=Status.ASSIGNED).annotate(count=Count("pk"), since=Min("assigned_at"))
    for pk, name, count, since in unopened:
        found[pk] = Reseller(pk, name, unopened=count, unopened_since=since)
    for pk, name, count, since in rows.filter(quiet_for_long()).annotate(
        count=Count("pk"), since=Min("updated_at")
    ):
        reseller = found.setdefault(pk, Reseller(pk, name))
        reseller.quiet, reseller.quiet_since = count, since
    return sorted(found.values(), key=lambda reseller: (reseller.since, reseller.name))

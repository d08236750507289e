"""A distributor's home page: the open deals of its resellers, and what they come to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from deals.board import Worth, with_part
from deals.models import Deal, DealQuerySet, weighted
from prm.home.panels import Panel, Wait, finds_panel, finds_waits
from prm.users.models import Membership

SHOWN = 10


@dataclass
class Reseller:
    """One reseller's open deals: how many, and what they come to per currency."""

    pk: Any
    name: str
    count: int = 0
    worth: list[Worth] = field(default_factory=list)

    @property
    def url(self) -> str:
        return _list_of(f"organization={self.pk}")


def open_deals_of_resellers(member: Membership) -> DealQuerySet:
    """Those of the partners under this distributor."""
    rows: DealQuerySet = Deal.objects.visible_to(member).filter(status=Deal.Status.OPEN)
    return rows.filter(organization__distributor=member.organization_id)


def _list_of(narrowed: str) -> str:
    return f"{reverse('deals:list')}?status={Deal.Status.OPEN.value}&{narrowed}&ordering=close_date"


@finds_waits(position=50)
def deals_at_resellers(member: Membership) -> Iterator[Wait]:
    if member.has_resellers:
        label, url = _("Open deals of resellers"), _list_of(f"distributor={member.organization_id}")
        yield Wait(label, open_deals_of_resellers(member), url, "building-storefront", is_urgent=False)


@finds_panel(position=35)
def resellers_deals_panel(member: Membership) -> Panel | None:
    """Reseller by reseller, those with the most first, and together."""
    found = deals_by_reseller(member) if member.has_resellers else []
    if not found:
        return None
    together: list[Worth] = []
    for part in (part for reseller in found for part in reseller.worth):
        together = with_part(together, part)
    context = {
        "resellers": found[:SHOWN],
        "more": len(found[SHOWN:]),
        "count": sum(reseller.count for reseller in found),
        "worth": together,
        "url": _list_of(f"distributor={member.organization_id}"),
    }
    return Panel("deals/home_resellers.html", context)


def deals_by_reseller(member: Membership) -> list[Reseller]:
    """Those who have open deals, with the most first."""
    by = ("organization", "organization__name", "currency", "stage__probability")
    sums = open_deals_of_resellers(member).order_by("currency").values_list(*by)
    found: dict[Any, Reseller] = {}
    for pk, name, currency, probability, count, amount in sums.annotate(count=Count("pk"), amount=Sum("amount")):
        reseller = found.setdefault(pk, Reseller(pk, name))
        reseller.count += count
        reseller.worth = with_part(reseller.worth, Worth(currency, amount, weighted(amount, probability)))
    return sorted(found.values(), key=lambda reseller: (-reseller.count, reseller.name))

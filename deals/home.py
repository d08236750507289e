"""The deals' part of the home page: the open ones of whoever works them."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from deals.models import Deal, DealQuerySet
from prm.home.panels import Panel, Wait, finds_panel, finds_waits
from prm.users.access import CAN_RECEIVE
from prm.users.models import Membership

SHOWN = 5


def open_deals(member: Membership) -> DealQuerySet:
    """Those that this member sees, but for what a distributor's resellers have."""
    rows: DealQuerySet = Deal.objects.concerning(member).filter(status=Deal.Status.OPEN)
    return rows


def _list(member: Membership) -> str:
    own = f"&organization={member.organization_id}" if member.has_resellers else ""
    return f"{reverse('deals:list')}?status={Deal.Status.OPEN.value}{own}&ordering=close_date"


@finds_waits(position=40)
def deals_in_hand(member: Membership) -> Iterator[Wait]:
    if not member.is_vendor and member.can(*CAN_RECEIVE):
        label = gettext_lazy("Open deals")
        yield Wait(label, open_deals(member), _list(member), "briefcase", is_urgent=False)


@finds_panel(position=40)
def deals_panel(member: Membership) -> Panel | None:
    """The open deals that are to close next."""
    if member.is_vendor or not member.can(*CAN_RECEIVE):
        return None
    rows = open_deals(member).select_related("stage", "account").order_by("close_date", "pk")
    deals = list(rows[:SHOWN])
    context = {"deals": deals, "list_url": _list(member), "today": timezone.localdate()}
    return Panel("deals/home_deals.html", context, is_aside=True) if deals else None

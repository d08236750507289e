"""How leads went in the last weeks: from received to converted, and how soon partners open and work them.

Of the newest leads of the window, so many at most, so that a portal of any size answers alike. What is the
same for everybody who sees all of a portal's leads is kept for a minute: counts and ids, no words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from babel.dates import format_date
from django.core.cache import cache
from django.db.models import Aggregate, Count, DateTimeField, DurationField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, TruncWeek
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.models import Activity, Lead, LeadQuerySet
from leads.states import Status
from prm import charts, world
from prm.home.panels import Panel, finds_panel
from prm.organizations.context import active_portal_id
from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.models import Membership

WEEKS = 8
MOST_COUNTED = 20_000
MOST_TIMED = 5_000  # a median is sure enough with these
PARTNERS = 8
KEPT_FOR = 60  # seconds
KINDS = ("received", "assigned", "opened", "converted")
HAPPY = Q(status__in=[Status.CONVERTED, Status.WON])

Figures = TypeVar("Figures")


class Median(Aggregate):
    """The middle one of some lengths of time."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Pace:
    """One organization: how many leads it was given, and how soon it opened and first worked them."""

    organization: Organization
    count: int
    opened_after: timedelta | None
    worked_after: timedelta | None
    opened_bar: list[charts.Shape]
    worked_bar: list[charts.Shape]


# --- Figures --------------------------------------------------------------------------------------------


def first_week() -> datetime:
    """Monday at 0:00, seven weeks before this one, in the reader's time zone."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday(), weeks=WEEKS - 1)


def received_lately(member: Membership, *, most: int) -> LeadQuerySet:
    """Leads of the window that this member sees, about the newest `most` of them."""
    rows: LeadQuerySet = Lead.objects.visible_to(member)
    begin = Value(first_week(), DateTimeField())
    last_left_out = Subquery(rows.order_by("-created_at", "-pk").values("created_at")[most : most + 1])
    return rows.filter(created_at__gte=begin, created_at__gt=Coalesce(last_left_out, begin - timedelta(seconds=1)))


def counts_by_week(member: Membership) -> dict[str, list[int]]:
    """By Monday, as an ISO date: how many were received, and of those how many came how far by now."""
    rows = (
        received_lately(member, most=MOST_COUNTED).order_by().annotate(week=TruncWeek("created_at")).values("week")
    )
    counts = {
        "received": Count("pk"),
        "assigned": Count("pk", filter=Q(assigned_at__isnull=False)),
        "opened": Count("pk", filter=Q(opened_at__isnull=False)),
        "converted": Count("pk", filter=HAPPY),
    }
    found = rows.annotate(**counts).values_list("week", *KINDS)
    by_week = {week.date().isoformat(): figures for week, *figures in found}
    mondays = [(first_week() + timedelta(weeks=week)).date().isoformat() for week in range(WEEKS)]
    return {monday: by_week.get(monday, [0] * len(KINDS)) for monday in mondays}


def pace_by_organization(member: Membership) -> list[dict[str, Any]]:
    """Those with the most leads first: ids, counts and medians."""
    first = Activity.objects.visible_to(member).filter(
        lead=OuterRef("pk"), organization=OuterRef("organization"), happened_at__gte=OuterRef("assigned_at")
    )
    worked_at = Subquery(first.order_by("happened_at").values("happened_at")[:1])
    rows = received_lately(member, most=MOST_TIMED).filter(organization__isnull=False).annotate(worked_at=worked_at)
    found = (
        rows.order_by()
        .values("organization_id")
        .annotate(
            count=Count("pk"),
            opened_after=Median(F("opened_at") - F("assigned_at")),
            worked_after=Median(F("worked_at") - F("assigned_at")),
        )
    )
    return [dict(row) for row in found.order_by("-count", "organization_id")[:PARTNERS]]


def _remembered(member: Membership, name: str, figures: Callable[[Membership], Figures]) -> Figures:
    """Kept only where it is the same for all: whoever sees a part of the portal's leads is answered anew."""
    if not member.can(Permission.VIEW_PORTAL_LEADS):
        return figures(member)
    key = f"home:{name}:{active_portal_id()}:{timezone.get_current_timezone_name()}"
    found: Figures | None = cache.get(key)
    if found is None:
        found = figures(member)
        cache.set(key, found, KEPT_FOR)
    return found


# --- Cards ----------------------------------------------------------------------------------------------


def _looks_on(member: Membership) -> bool:
    """Who watches how others work leads: the vendor, and a distributor."""
    if member.is_vendor:
        return member.can(Permission.VIEW_PORTAL_LEADS, Permission.VIEW_MANAGED_LEADS)
    is_distributor = member.organization.kind == Organization.Kind.DISTRIBUTOR
    return is_distributor and member.can(Permission.VIEW_ORGANIZATION_LEADS)


@finds_panel(position=40)
def flow_panel(member: Membership) -> Panel | None:
    """The flow of the last weeks as a picture, with its table."""
    if not _looks_on(member):
        return None
    by_week = _remembered(member, "flow", counts_by_week)
    totals = [sum(counts) for counts in zip(*by_week.values(), strict=True)]
    if not totals[0]:
        return None
    names = dict(zip(KINDS, (_("Received"), _("Assigned"), _("Opened"), _("Converted or won")), strict=True))
    steps = charts.funnel(dict(zip(KINDS, totals, strict=True)))
    is_cut = totals[0] >= MOST_COUNTED
    weeks = [(_day(monday), counts) for monday, counts in by_week.items() if counts[0] or not is_cut]
    context = {
        "steps": [(names[step.kind], step) for step in steps],
        "kinds": list(names.items()),
        "chart": charts.nested(weeks, KINDS),
        "weeks": WEEKS,
        "sample": MOST_COUNTED if is_cut else 0,
    }
    return Panel("leads/home_flow.html", context)


def _day(monday: str) -> str:
    words: str = format_date(date.fromisoformat(monday), "d MMM", locale=world.locale())
    return words


@finds_panel(position=50)
def pace_panel(member: Membership) -> Panel | None:
    """Who opens and works leads how soon, as a table with small bars."""
    if not _looks_on(member):
        return None
    found = _remembered(member, "pace", pace_by_organization)
    known = Organization.objects.visible_to(member).in_bulk([row["organization_id"] for row in found])
    longest = {
        name: max((_seconds(row[name]) for row in found), default=0) for name in ("opened_after", "worked_after")
    }
    rows = [
        Pace(
            organization=known[row["organization_id"]],
            count=row["count"],
            opened_after=row["opened_after"],
            worked_after=row["worked_after"],
            opened_bar=_bar(row["opened_after"], longest["opened_after"]),
            worked_bar=_bar(row["worked_after"], longest["worked_after"]),
        )
        for row in found
        if row["organization_id"] in known
    ]
    return Panel("leads/home_pace.html", {"rows": rows, "weeks": WEEKS}) if rows else None


def _bar(length: timedelta | None, longest: int) -> list[charts.Shape]:
    return charts.stacked({"pace": _seconds(length)}, longest=longest)


def _seconds(length: timedelta | None) -> int:
    return int(length.total_seconds()) if length else 0

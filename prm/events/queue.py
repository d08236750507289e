"""How full the outbox is, and how late: for the operations page of a portal, and for /metrics over all of them.

Late is what could have been sent and was not: a digest that collects, or a retry that waits, is in time. By
the database's clock.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Q
from django.db.models.functions import Now

from prm.events.models import Delivery
from prm.events.notices import NOTICES

Status = Delivery.Status
LATE = Q(status__in=Delivery.UNFINISHED, not_before__lte=Now())
STUCK = (Status.DEAD, Status.BOUNCED, Status.HELD)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One kind over one channel."""

    kind: str
    channel: str
    waiting: int = 0  # to be sent now or later
    late: timedelta = timedelta()  # by how much the one that is longest overdue
    dead: int = 0
    bounced: int = 0
    held: int = 0


@dataclass(frozen=True)
class Sent:
    """How many of one kind over one channel were sent of late."""

    hour: int = 0
    day: int = 0


def queue_of_portal() -> list[Line]:
    """What is not done, or never will be, in the active portal: lines for every kind that people are told of."""
    lateness = ExpressionWrapper(Now() - F("not_before"), output_field=DurationField())
    rows = (
        Delivery.objects.filter(status__in=(*Delivery.UNFINISHED, *STUCK))
        .order_by()
        .values("event__kind", "channel")
        .annotate(
            waiting=Count("pk", filter=Q(status__in=Delivery.UNFINISHED)),
            late=Max(lateness, filter=LATE),
            **{status.value: Count("pk", filter=Q(status=status)) for status in STUCK},
        )
    )
    found = {(row.pop("event__kind"), row.pop("channel")): row for row in rows}
    lines = []
    for kind, channel in _all_lines() | found.keys():
        figures = found.get((kind, channel), {})
        lines.append(Line(kind, channel, **{**figures, "late": figures.get("late") or timedelta()}))
    return sorted(lines, key=lambda line: (line.kind, line.channel))


def sent_of_portal() -> dict[tuple[str, str], Sent]:
    """What went out of the active portal within the last hour and day, by kind and channel."""
    rows = (
        Delivery.objects.filter(status=Status.SENT, done_at__gte=Now() - DAY)
        .order_by()
        .values_list("event__kind", "channel")
        .annotate(hour=Count("pk", filter=Q(done_at__gte=Now() - HOUR)), day=Count("pk"))
    )
    return defaultdict(Sent, {(kind, channel): Sent(hour, day) for kind, channel, hour, day in rows})


def _all_lines() -> set[tuple[str, str]]:
    return {(kind, channel.value) for kind, notice in NOTICES.items() for channel in notice.channels}

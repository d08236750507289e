"""How the portal's outbox does: what waits, what is late, what went out, what never will."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise

from prm.charts import Shape, stacked
from prm.events.models import Delivery, Event
from prm.events.queue import Line, Sent, queue_of_portal, sent_of_portal
from prm.users.access import PageRequest, Permission, member_page


@dataclass(frozen=True)
class Row:
    """One kind over one channel, with its bar."""

    line: Line
    sent: Sent
    kind: str | Promise
    channel: str | Promise
    overdue_since: datetime | None
    bar: list[Shape]


@member_page(Permission.MANAGE_PORTAL)
def operations(request: PageRequest) -> HttpResponse:
    sent = sent_of_portal()
    lines = [line for line in queue_of_portal() if any(_counts(line, sent[line.kind, line.channel]).values())]
    longest = max((sum(_counts(line, sent[line.kind, line.channel]).values()) for line in lines), default=0)
    late = max((line.late for line in lines), default=None)
    context = {
        "rows": [_row(line, sent[line.kind, line.channel], longest) for line in lines],
        "waiting": sum(line.waiting for line in lines),
        "overdue_since": timezone.now() - late if late else None,
        "sent": sum(found.day for found in sent.values()),
        "undelivered": sum(line.dead + line.bounced for line in lines),
        "held": sum(line.held for line in lines),
    }
    return render(request, "events/operations.html", context)


def _counts(line: Line, sent: Sent) -> dict[str, int]:
    """What a bar shows, in its order from the start."""
    return {"sent": sent.day, "waiting": line.waiting + line.held, "failed": line.dead + line.bounced}


def _row(line: Line, sent: Sent, longest: int) -> Row:
    return Row(
        line,
        sent,
        kind=Event.Kind(line.kind).label,
        channel=Delivery.Channel(line.channel).label,
        overdue_since=timezone.now() - line.late if line.late else None,
        bar=stacked(_counts(line, sent), longest=longest),
    )

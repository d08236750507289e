"""What a person wants by e-mail and when: at once, collected for about an hour, not at all, not at night."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F

from prm.events.models import Delivery, DueWork, NotificationChoice
from prm.events.notices import NOTICES

DIGEST_AFTER = timedelta(hours=1)  # since the first of what is collected
How = NotificationChoice.How


@dataclass
class Sorted:
    """The rows of a parcel by what the person wants; those to be collected have been put back already."""

    now: list[Delivery] = field(default_factory=list)
    unwanted: list[Delivery] = field(default_factory=list)


def collect(rows: Sequence[Delivery]) -> Sorted:
    """Sort claimed e-mail rows of one person. Mails that were asked for, such as invitations, always go now."""
    sorted_out = Sorted()
    optional = [row for row in rows if NOTICES[row.event.kind].is_optional]
    # Locked, so that two workers put what they have into one digest.
    choices = NotificationChoice.objects.select_for_update() if optional else NotificationChoice.objects.none()
    choice = choices.filter(membership=rows[0].recipient_id).first()
    if choice is None:
        return Sorted(now=list(rows))
    now = database_now()
    quiet_end = end_of_quiet(choice, now.astimezone(ZoneInfo(rows[0].recipient.time_zone)))
    later = []
    for row in rows:
        how = choice.how(row.event.kind) if row in optional else How.AT_ONCE
        if how == How.NONE:
            sorted_out.unwanted.append(row)
        elif row in optional and (quiet_end or (how == How.DIGEST and not row.is_collected)):
            later.append(row)
        else:
            sorted_out.now.append(row)
    if later:
        _put_back(later, quiet_end or now + DIGEST_AFTER)
    return sorted_out


def end_of_quiet(choice: NotificationChoice, now: datetime) -> datetime | None:
    """When the quiet hours end, if `now`, the person's own time, lies in them; they may go past midnight."""
    start, end = choice.quiet_from, choice.quiet_until
    if start is None or end is None or not _is_between(start, now.time(), end):
        return None
    tomorrow = timedelta(days=0 if now.time() < end else 1)
    return datetime.combine(now.date() + tomorrow, end, now.tzinfo)


def _is_between(start: time, moment: time, end: time) -> bool:
    return start <= moment < end if start <= end else moment >= start or moment < end


def _put_back(rows: list[Delivery], until: datetime) -> None:
    """Into the digest that the person is collecting, or as the beginning of one. No attempt was made."""
    first = rows[0]
    waiting = Delivery.objects.filter(
        recipient=first.recipient_id,
        channel=first.channel,
        is_collected=True,
        status=Delivery.Status.PENDING,
        not_before__gt=database_now(),
    ).exclude(pk__in=[row.pk for row in rows])
    digest = waiting.order_by("not_before", "pk").first()
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=Delivery.Status.PENDING,
        is_collected=True,
        parcel=digest.parcel if digest else first.pk,
        not_before=digest.not_before if digest else until,
        attempts=F("attempts") - 1,
        claim=None,
        lease_until=None,
    )
    DueWork.objects.create(portal=first.portal, due_at=digest.not_before if digest else until)


def database_now() -> datetime:
    """The one clock that all workers share; a machine's own may be wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now

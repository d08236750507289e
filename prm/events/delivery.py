"""The outbox: claim parcels, carry them out, write down the result.

A parcel is claimed in one short transaction, the effect happens outside of any, the result is written
in another and only by whoever still holds the claim. A worker that dies leaves a lease that runs out,
by the database's clock, and the parcel is claimed again, alone: should it be what killed the worker, it
takes no others along, and is parked after MOST_LOSSES. docs/adr/0003-work-is-rows.md says why.
"""

import logging
import random
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import Case, Exists, F, Min, OuterRef, Q, QuerySet, When
from django.db.models.functions import Greatest, Now

from prm.events import mail_server
from prm.events.collecting import collect
from prm.events.due import WORKS
from prm.events.mail_server import Outcome
from prm.events.mails import mail_of
from prm.events.models import Delivery, DueWork, Message
from prm.events.notices import NOTICES, by_kind
from prm.organizations.context import inside
from prm.organizations.models import Portal

log = logging.getLogger(__name__)

BATCH = 10  # parcels claimed at once
ENOUGH = 30  # seconds, after which the bell rings again for the rest
LEASE = timedelta(seconds=40)  # longer than one mail takes, see EMAIL_TIMEOUT; renewed before each
MOST_LOSSES = 5  # workers that never came back from a parcel before it is parked
GIVE_UP_AFTER = timedelta(days=3)
RETRY_AFTER = [timedelta(seconds=s) for s in (5, 10, 20, *[40] * 12, 300, 1800, 7200, 18000, 36000)]
"""Short at first, so that after an outage of minutes all is caught up within one; the last one repeats."""
JITTER = 0.2
KEEP_FOR = timedelta(days=90)  # settled rows: the e-mail log

POISON = "Parked: {losses} workers died while they carried this out."
UNWANTED, NOT_CONCERNED = "unwanted", "not concerned"
Status = Delivery.Status
FREE = Q(status=Status.PENDING, not_before__lte=Now())
LEFT_BEHIND = Q(status=Status.CLAIMED, lease_until__lte=Now())


@dataclass(frozen=True)
class Claim:
    """What this worker may carry out until the lease runs out, and the token that proves it."""

    portal: Portal
    token: uuid.UUID
    parcels: list[uuid.UUID]

    def rows(self, *parcels: uuid.UUID) -> QuerySet[Delivery]:
        """Those still held: none, once another worker has taken over."""
        return Delivery.objects.filter(parcel__in=parcels, claim=self.token, status=Status.CLAIMED)


def deliver_due(portal: Portal) -> bool:
    """Carry out what is due in one portal; returns whether more may be waiting."""
    began = time.monotonic()
    while claim := _claim(portal):
        for done, parcel in enumerate(claim.parcels, start=1):
            try:
                is_away = _carry_out(claim, parcel)
            except SoftTimeLimitExceeded:
                _finish(claim, parcel, Outcome.again("It took too long."))
                _release(claim, claim.parcels[done:])
                raise
            if is_away:
                _release(claim, claim.parcels[done:])
                break
        if time.monotonic() - began >= ENOUGH:
            return True
    return False


# --- Claiming -------------------------------------------------------------------------------------------


def _claim(portal: Portal) -> Claim | None:
    """Parcels that nobody else has: those that are due, or else one that its worker has left behind."""
    is_away = mail_server.is_away()
    with inside(portal):
        DueWork.objects.filter(portal=portal, due_at__lte=Now()).delete()
        rows = Delivery.objects.all()
        if is_away:
            _look_again_in(portal, mail_server.AWAY_FOR)
            rows = rows.exclude(channel=Delivery.Channel.EMAIL)
        parcels = list(_first_rows(rows.filter(FREE))[:BATCH]) or _left_behind(rows)
        if not parcels:
            _look_again_when_due(portal)
            return None
        token = uuid.uuid4()
        Delivery.objects.filter(FREE | LEFT_BEHIND, parcel__in=parcels).update(
            losses=F("losses") + Case(When(status=Status.CLAIMED, then=1), default=0),
            status=Status.CLAIMED,
            claim=token,
            lease_until=Now() + LEASE,
            attempts=F("attempts") + 1,
        )
        _look_again_in(portal, LEASE)
        return Claim(portal, token, parcels)


def _first_rows(rows: QuerySet[Delivery]) -> QuerySet[Delivery, uuid.UUID]:
    """The parcels of `rows` whose turn it is, each locked by its first unfinished row."""
    parcel = Delivery.objects.filter(parcel=OuterRef("parcel"), status__in=Delivery.UNFINISHED)
    # What a person has collected keeps no lane waiting, nor waits for one: it may hold many lanes' rows.
    unfinished = Delivery.objects.filter(status__in=Delivery.UNFINISHED, is_collected=False)
    before_it = unfinished.filter(lane=OuterRef("lane"), queued_at__lt=OuterRef("queued_at"))
    waits = parcel.filter(Exists(before_it.exclude(parcel=OuterRef("parcel"))), is_collected=False)
    first = rows.exclude(Exists(parcel.filter(pk__lt=OuterRef("pk")))).exclude(Exists(waits))
    locked = first.order_by("not_before", "queued_at", "pk").select_for_update(skip_locked=True, of=("self",))
    return locked.values_list("parcel", flat=True)


def _left_behind(rows: QuerySet[Delivery]) -> list[uuid.UUID]:
    """One parcel whose lease ran out, unless it has done so too often."""
    expired = rows.filter(LEFT_BEHIND)
    poison = list(_first_rows(expired.filter(losses__gte=MOST_LOSSES - 1)))
    if poison:
        parked = Delivery.objects.filter(parcel__in=poison, status__in=Delivery.UNFINISHED)
        _settle(parked, Status.DEAD, POISON.format(losses=MOST_LOSSES))
        log.error("parked what killed its workers", extra={"parcels": [str(parcel) for parcel in poison]})
    return list(_first_rows(expired)[:1])


def _release(claim: Claim, parcels: list[uuid.UUID]) -> None:
    """Give back what was not tried."""
    with inside(claim.portal):
        claim.rows(*parcels).update(status=Status.PENDING, claim=None, lease_until=None, attempts=F("attempts") - 1)
        _look_again_in(claim.portal, timedelta())


def _look_again_in(portal: Portal, delay: timedelta) -> None:
    DueWork.objects.create(portal=portal, due_at=Now() + delay)


def _look_again_when_due(portal: Portal) -> None:
    """Leave no portal without a note of its next work: a lease may have been renewed since its note was made."""
    due_at = Case(When(status=Status.CLAIMED, then=F("lease_until")), default=F("not_before"))
    unfinished = Delivery.objects.filter(status__in=Delivery.UNFINISHED)
    own = unfinished.aggregate(at=Min(Greatest(due_at, Now())))["at"]
    soonest = min(filter(None, [own, *(work.next_at() for work in WORKS)]), default=None)
    if soonest and not DueWork.objects.filter(portal=portal, due_at__lte=soonest).exists():
        DueWork.objects.create(portal=portal, due_at=soonest)


# --- Carrying out ---------------------------------------------------------------------------------------


def _carry_out(claim: Claim, parcel: uuid.UUID) -> bool:
    """Do it and write down what came of it; returns whether the mail server turned out to be away."""
    outcome: Outcome | None
    try:
        with inside(claim.portal):
            claim.rows(*claim.parcels).update(lease_until=Now() + LEASE)
            rows = _concerning(claim, parcel)
            mail = mail_of(rows) if rows else None
        outcome = mail_server.send(mail) if mail else None
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # one bad row must not hold up the others
        log.exception("delivery failed", extra={"parcel": str(parcel)})
        outcome = Outcome.again(f"{type(error).__name__}: our own mistake, see the log")
    if outcome is not None:
        _finish(claim, parcel, outcome)
    return outcome is not None and outcome.is_away


def _concerning(claim: Claim, parcel: uuid.UUID) -> list[Delivery]:
    """The parcel's rows that have to be mailed now; the others are settled here."""
    held = claim.rows(parcel).select_related("event__actor", "recipient__user", "recipient__organization")
    rows = list(held.order_by("queued_at", "pk"))
    concerning = [row for row in rows if _concerns(row)]
    _settle(claim.rows(parcel).exclude(pk__in=[row.pk for row in concerning]), Status.CANCELLED, NOT_CONCERNED)
    if not concerning:
        return []
    if concerning[0].channel == Delivery.Channel.MESSAGE:
        for events in by_kind([row.event for row in concerning]):
            Message.objects.get_or_create(
                recipient=concerning[0].recipient, event=events[0], defaults={"count": len(events)}
            )
        _settle(claim.rows(parcel), Status.SENT)
        return []
    sorted_out = collect(concerning)
    _settle(claim.rows(parcel).filter(pk__in=[row.pk for row in sorted_out.unwanted]), Status.CANCELLED, UNWANTED)
    return sorted_out.now


def _concerns(row: Delivery) -> bool:
    """Asked again at the last moment, from the rights that the person has by now."""
    notice = NOTICES[row.event.kind]
    return row.channel in notice.channels and notice.concerns(row.event, row.recipient)


# --- Writing it down ------------------------------------------------------------------------------------


def _finish(claim: Claim, parcel: uuid.UUID, outcome: Outcome) -> None:
    with inside(claim.portal):
        rows = claim.rows(parcel)
        first = rows.order_by("pk").first()
        if first is None:  # another worker has taken over
            return
        if outcome.status != Status.PENDING:
            _settle(rows, outcome.status, outcome.error)
        elif rows.filter(queued_at__lte=Now() - GIVE_UP_AFTER).exists():
            _settle(rows, Status.DEAD, outcome.error)
        else:
            _postpone(claim, rows, first.attempts, outcome.error)


def _settle(rows: QuerySet[Delivery], status: Delivery.Status, error: str = "") -> None:
    rows.update(status=status, last_error=error, done_at=Now(), claim=None, lease_until=None)


def _postpone(claim: Claim, rows: QuerySet[Delivery], attempts: int, error: str) -> None:
    delay = RETRY_AFTER[min(attempts, len(RETRY_AFTER)) - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    log.warning("delivery postponed", extra={"attempts": attempts, "seconds": round(delay.total_seconds())})
    rows.update(status=Status.PENDING, not_before=Now() + delay, last_error=error, claim=None, lease_until=None)
    _look_again_in(claim.portal, delay)


# --- Forgetting -----------------------------------------------------------------------------------------


def forget_finished(portal: Portal) -> int:
    """Delete what was settled long ago, dead letters excepted; returns how many rows."""
    with inside(portal):
        settled = Delivery.objects.filter(status__in=[Status.SENT, Status.CANCELLED, Status.BOUNCED])
        deleted, _by_model = settled.filter(done_at__lt=Now() - KEEP_FOR).delete()
        return deleted

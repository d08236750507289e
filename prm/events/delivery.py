"""The outbox: claim rows, carry them out, write down the result.

Rows are claimed in one short transaction, the effect happens outside of any, the result is written
in another and only by whoever still holds the claim. A worker that dies leaves a claimed row, which
is claimed again after LEASE. The next attempt waits longer each time.
"""

import logging
import smtplib
import time
import uuid
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, Q
from django.utils import timezone

from prm.events.models import Delivery, DueWork, Message
from prm.events.notices import NOTICES, mail_for
from prm.organizations.context import inside
from prm.organizations.models import Portal

log = logging.getLogger(__name__)

BATCH = 10  # times EMAIL_TIMEOUT stays under a task's time limit, should the mail server hang
ENOUGH = 30  # seconds, after which the bell rings again for the rest
LEASE = timedelta(minutes=3)  # longer than a task may run: CELERY_TASK_TIME_LIMIT
RETRY_AFTER = [timedelta(seconds=s) for s in (5, 30, 300, 1800, 7200, 18000, 36000, 86400)]


def deliver_due(portal: Portal) -> bool:
    """Carry out what is due in one portal; returns whether more may be waiting."""
    began = time.monotonic()
    while True:
        batch = _claim(portal)
        for delivery_id, claim in batch:
            try:
                _carry_out(portal, delivery_id, claim)
            except SoftTimeLimitExceeded:
                raise
            except Exception as error:  # one bad row must not hold up the others
                log.exception("delivery failed", extra={"delivery": str(delivery_id)})
                _finish(portal, delivery_id, claim, f"{type(error).__name__}: our own mistake, see the log")
        if len(batch) < BATCH:
            return False
        if time.monotonic() - began >= ENOUGH:
            return True


def _claim(portal: Portal) -> list[tuple[uuid.UUID, uuid.UUID]]:
    now = timezone.now()
    with inside(portal):
        DueWork.objects.filter(portal=portal, due_at__lte=now).delete()
        free = Q(status=Delivery.Status.PENDING, not_before__lte=now)
        left_behind = Q(status=Delivery.Status.CLAIMED, claimed_at__lte=now - LEASE)
        rows = Delivery.objects.filter(free | left_behind).order_by("not_before", "id")
        ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        if not ids:
            return []
        claim = uuid.uuid4()
        Delivery.objects.filter(pk__in=ids).update(
            status=Delivery.Status.CLAIMED, claimed_at=now, claim=claim, attempts=F("attempts") + 1
        )
        DueWork.objects.create(portal=portal, due_at=now + LEASE)
        return [(pk, claim) for pk in ids]


def _carry_out(portal: Portal, delivery_id: uuid.UUID, claim: uuid.UUID) -> None:
    with inside(portal):
        held = Delivery.objects.filter(pk=delivery_id, claim=claim, status=Delivery.Status.CLAIMED)
        delivery = held.select_related("event__actor", "recipient__user", "recipient__organization").first()
        if delivery is None:
            return
        mail = _prepare(delivery)
        if mail is None:
            return
    _finish(portal, delivery_id, claim, _send(mail))


def _finish(portal: Portal, delivery_id: uuid.UUID, claim: uuid.UUID, error: str) -> None:
    with inside(portal):
        held = Delivery.objects.filter(pk=delivery_id, claim=claim, status=Delivery.Status.CLAIMED)
        delivery = held.select_for_update(of=("self",)).first()
        if delivery is not None:
            _settle(delivery, Delivery.Status.DEAD if error else Delivery.Status.SENT, error)


def _prepare(delivery: Delivery) -> EmailMultiAlternatives | None:
    """The mail to send, or None when the delivery is settled already: a message is a row like any other."""
    notice = NOTICES[delivery.event.kind]
    wanted = delivery.channel in notice.channels and notice.concerns(delivery.event, delivery.recipient)
    if not wanted:
        _settle(delivery, Delivery.Status.CANCELLED, "")
        return None
    if delivery.channel == Delivery.Channel.MESSAGE:
        Message.objects.get_or_create(recipient=delivery.recipient, event=delivery.event)
        _settle(delivery, Delivery.Status.SENT, "")
        return None
    return mail_for(delivery)


def _send(mail: EmailMultiAlternatives) -> str:
    """Hand the mail over; returns what went wrong in words, or nothing."""
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"[:500]
    return ""


def _settle(delivery: Delivery, status: Delivery.Status, error: str) -> None:
    now = timezone.now()
    delivery.last_error = error
    if error and delivery.attempts <= len(RETRY_AFTER):
        delivery.status = Delivery.Status.PENDING
        delivery.not_before = now + RETRY_AFTER[delivery.attempts - 1]
        DueWork.objects.create(portal=delivery.portal, due_at=delivery.not_before)
        log.warning("delivery postponed", extra={"delivery": str(delivery.pk), "attempts": delivery.attempts})
    else:
        delivery.status, delivery.done_at = status, now
    delivery.claim = None
    delivery.save(update_fields=["status", "not_before", "last_error", "done_at", "claim"])

"""Deliveries held after a restore: they waited when the backup was made, and may have been sent since."""

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from prm.events.models import Delivery, DueWork
from prm.organizations.context import inside
from prm.organizations.models import Portal

HELD = "held"


def hold_waiting(cursor: CursorWrapper) -> int:
    """Hold what is waiting or was being sent, in every portal. `cursor` is the owner's, with its eyes open."""
    cursor.execute(
        "UPDATE events_delivery SET status = %s, claim = NULL, claimed_at = NULL WHERE status IN (%s, %s)",
        [HELD, Delivery.Status.PENDING, Delivery.Status.CLAIMED],
    )
    return int(cursor.rowcount)


def count_held(portal: Portal) -> int:
    with inside(portal):
        return Delivery.objects.filter(status=HELD).count()


def release_held(portal: Portal) -> int:
    """Let the held ones go out. Whoever has had the mail already gets it again, under the same Message-ID."""
    with inside(portal):
        now = timezone.now()
        released = Delivery.objects.filter(status=HELD).update(status=Delivery.Status.PENDING, not_before=now)
        DueWork.objects.create(portal=portal, due_at=now)  # the sweeper rings within seconds
        return released


def drop_held(portal: Portal) -> int:
    """Give the held ones up."""
    with inside(portal):
        held = Delivery.objects.filter(status=HELD)
        return held.update(status=Delivery.Status.CANCELLED, done_at=timezone.now(), last_error="")

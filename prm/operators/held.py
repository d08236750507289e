"""Deliveries held after a restore: they waited when the backup was made, and may have been sent since."""

from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Now

from prm.events.models import Delivery, DueWork
from prm.organizations.context import inside
from prm.organizations.models import Portal

Status = Delivery.Status


def hold_waiting(cursor: CursorWrapper) -> int:
    """Hold what is waiting or was being sent, in every portal. `cursor` is the owner's, with its eyes open."""
    cursor.execute(
        "UPDATE events_delivery SET status = %s, claim = NULL, lease_until = NULL WHERE status = ANY(%s)",
        [Status.HELD, list(Delivery.UNFINISHED)],
    )
    return int(cursor.rowcount)


def count_held(portal: Portal) -> int:
    with inside(portal):
        return Delivery.objects.filter(status=Status.HELD).count()


def release_held(portal: Portal) -> int:
    """Let the held ones go out. Whoever has had the mail already gets it again, under the same Message-ID."""
    with inside(portal):
        held = Delivery.objects.filter(status=Status.HELD)
        released = held.update(status=Status.PENDING, not_before=Now(), attempts=0)
        DueWork.objects.create(portal=portal, due_at=Now())  # the sweeper rings within seconds
        return released


def drop_held(portal: Portal) -> int:
    """Give the held ones up."""
    with inside(portal):
        return Delivery.objects.filter(status=Status.HELD).update(status=Status.CANCELLED, done_at=Now())

"""What is held after a restore: it waited when the backup was made, and may have been done since."""

from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Now

from prm.events.models import Delivery, DueWork
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.models import Run

Status = Delivery.Status
RESTORED = "The portal was restored from a backup while this was under way. Look what came of it, and ask anew."


def hold_waiting(cursor: CursorWrapper) -> int:
    """Hold what is waiting or was being sent, in every portal. `cursor` is the owner's, with its eyes open."""
    cursor.execute(
        "UPDATE events_delivery SET status = %s, claim = NULL, lease_until = NULL WHERE status = ANY(%s)",
        [Status.HELD, list(Delivery.UNFINISHED)],
    )
    return int(cursor.rowcount)


def stop_runs(cursor: CursorWrapper) -> int:
    """End the runs that were under way, in every portal. Whoever asked for one is told to ask anew."""
    cursor.execute(
        "UPDATE runs_run SET status = %s, claim = NULL, lease_until = NULL, finished_at = now(), last_error = %s"
        " WHERE status = ANY(%s)",
        [Run.Status.FAILED, RESTORED, list(Run.UNFINISHED)],
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

"""Which portal has work due when, and who does it: DueWork rows, and the bell after commit.

Whoever's work is rows adds a `Work` here. The task that is rung for does all of them in turn; whoever
deletes the notes of what was due leaves a new one of the soonest that any of them still has.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from prm.events.models import DueWork
from prm.organizations.context import active_portal
from prm.organizations.models import Portal


@dataclass(frozen=True)
class Work:
    """One kind of rows of work.

    `carry_out` does what is due in a portal, for half a minute at most, and returns whether more may be
    waiting. `next_at` says, inside the portal and by the database's clock, when there is something to do.
    """

    carry_out: Callable[[Portal], bool]
    next_at: Callable[[], datetime | None]


WORKS: list[Work] = []
"""Beside the deliveries."""


@dataclass(frozen=True)
class Bell:
    """Rings the workers for one portal; equal to any other bell of that portal."""

    portal_id: uuid.UUID

    def __call__(self) -> None:
        from prm.events.bell import ring

        ring(self.portal_id)


def work_is_due() -> None:
    """Note that the active portal has work, in the transaction that writes it, and ring after commit."""
    portal = active_portal()
    DueWork.objects.create(portal=portal, due_at=Now())
    bell = Bell(portal.pk)
    if all(callback != bell for _, callback, _ in transaction.get_connection().run_on_commit):
        transaction.on_commit(bell)  # once per transaction, however much happens in it

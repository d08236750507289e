"""The worker's side: claim a run, take it further for a while, write down how far it came.

As with deliveries (docs/adr/0003-work-is-rows.md): a run is claimed in one short transaction under a lease by
the database's clock; every step is a transaction of its own that begins by locking the run and asking whether
it is still this worker's. A worker that dies leaves a lease that runs out, and the next one goes on after
the last step. A step that kills its workers is parked after MOST_LOSSES.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError
from django.db.models import Case, F, Min, Q, When
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from prm.actions import Refused
from prm.events.due import Work
from prm.events.models import DueWork
from prm.events.record import tell_now, told_together
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.kinds import KINDS, Kind, may, rights_of
from prm.runs.models import Run, RunQuerySet
from prm.runs.parts import drop_parts
from prm.serving.logs import on_behalf_of
from prm.users.models import Membership

log = logging.getLogger(__name__)

ENOUGH = 20  # seconds, after which somebody else's run has its turn
LEASE = timedelta(seconds=60)  # longer than a step takes; renewed by each
MOST_LOSSES = 5  # workers that never came back from the same step, or stumbled over it
AFTER_A_MISTAKE = timedelta(seconds=15)

Status = Run.Status
FREE = Q(status=Status.WAITING, not_before__lte=Now())
LEFT_BEHIND = Q(status=Status.RUNNING, lease_until__lte=Now())
MOVES = ["status", "total", "done", "refused", "missing", "parts", "file", "last_error", "losses", "claim"]
MOVES += ["lease_until", "finished_at"]
"""What a step may change."""


class Lost(Exception):
    """The run is no longer this worker's: cancelled, or taken over after the lease had run out."""


class Stopped(Exception):
    """The run cannot go on, in words for the one who asked for it. What was done until then stands."""


@dataclass
class Hold:
    """A run that this worker may take further until the lease runs out, and the token that proves it."""

    portal: Portal
    run_id: uuid.UUID
    kind: Kind
    token: uuid.UUID
    tell_at: datetime
    ids: dict[int, uuid.UUID] = field(default_factory=dict)  # a stretch of `chosen`, by position

    @contextmanager
    def look(self) -> Iterator[tuple[Run, Membership]]:
        """Inside the portal, with the run and its requester as they are now: for reading."""
        with inside(self.portal):
            run = self._rows().defer("chosen").filter(pk=self.run_id).first()
            if run is None:
                raise Lost
            with as_requester(run) as member:
                yield run, member

    @contextmanager
    def move(self) -> Iterator[tuple[Run, Membership]]:
        """The same for a step: the run is locked, and what changes of it is saved with the step's work."""
        with inside(self.portal):
            try:
                run = self._rows().defer("chosen").locked(self.run_id)
            except Run.DoesNotExist as error:
                raise Lost from error
            with as_requester(run) as member:
                yield run, member
            run.losses = 0
            run.lease_until = None if run.is_finished else Now() + LEASE
            run.save(update_fields=MOVES)

    def upcoming(self, position: int, count: int) -> list[uuid.UUID]:
        """The next ids from a position on. To be asked inside the portal."""
        part = f"chosen__{position}_{position + count}"
        found: list[uuid.UUID] = Run.objects.filter(pk=self.run_id).values_list(part, flat=True).get()
        return found

    def _rows(self) -> RunQuerySet:
        rows: RunQuerySet = Run.objects.filter(claim=self.token, status=Status.RUNNING, portal__is_active=True)
        return rows


def finish(run: Run, status: Run.Status, words: str = "") -> None:
    """Set what a run has at its end, for the step that saves it; what was made of a file on the way is dropped."""
    run.status, run.last_error = status, words
    run.claim, run.lease_until, run.finished_at = None, None, Now()
    drop_parts(run)


@contextmanager
def as_requester(run: Run) -> Iterator[Membership]:
    """In the language and time zone of who asked for it. Stopped when that person has lost any of the rights."""
    people = Membership.objects.signed_up().select_related("user", "organization").prefetch_related("groups")
    member = people.filter(pk=run.requester_id).first()
    if member is None or not may(member, KINDS[run.kind]) or not set(run.rights) <= set(rights_of(member)):
        raise Stopped(_("Your rights have changed since you asked for this. What was done until then stands."))
    with translation.override(member.language), timezone.override(member.time_zone):
        yield member


def work_due(portal: Portal) -> bool:
    """Take the runs of one portal further; returns whether more may be waiting."""
    until = time.monotonic() + ENOUGH
    while hold := _claim(portal):
        _carry_on(hold, until)
        if time.monotonic() >= until:
            return True
    return False


def next_at() -> datetime | None:
    """When the active portal's runs have to be looked at: now, or when a lease runs out."""
    at = Case(When(status=Status.RUNNING, then=F("lease_until")), default=F("not_before"))
    soonest: datetime | None = Run.objects.unfinished().aggregate(at=Min(Greatest(at, Now())))["at"]
    return soonest


WORK = Work(carry_out=work_due, next_at=next_at)


# --- Claiming -------------------------------------------------------------------------------------------


def _claim(portal: Portal) -> Hold | None:
    """A run that nobody else has: the one that has waited longest."""
    with inside(portal):
        _park_poison()
        rows = Run.objects.filter(FREE | LEFT_BEHIND, kind__in=KINDS).order_by("not_before", "pk").defer("chosen")
        run = rows.select_for_update(skip_locked=True, of=("self",)).first()
        if run is None:
            return None
        token = uuid.uuid4()
        Run.objects.filter(pk=run.pk).update(
            status=Status.RUNNING,
            claim=token,
            lease_until=Now() + LEASE,
            started_at=Coalesce("started_at", Now()),
            losses=F("losses") + (1 if run.status == Status.RUNNING else 0),
        )
        DueWork.objects.create(portal=portal, due_at=Now() + LEASE)
        tell_at = Run.objects.values_list("lease_until", flat=True).get(pk=run.pk)
        assert tell_at is not None
        return Hold(portal, run.pk, KINDS[run.kind], token, tell_at)


def _park_poison() -> None:
    worst = Run.objects.filter(LEFT_BEHIND, losses__gte=MOST_LOSSES - 1).defer("chosen")
    for run in worst.select_for_update(skip_locked=True, of=("self",)):
        log.error("parked a run that killed its workers", extra={"run": str(run.pk)})
        finish(run, Status.FAILED, _broken())
        run.save(update_fields=MOVES)


# --- Carrying on ----------------------------------------------------------------------------------------


def _carry_on(hold: Hold, until: float) -> None:
    """Step by step until it is finished, or for long enough, or until somebody says no."""
    try:
        with on_behalf_of(hold.run_id), told_together(hold.token, at=hold.tell_at):
            while hold.kind.advance(hold):
                if time.monotonic() >= until:
                    _put_back(hold)
                    break
    except Lost:
        log.info("a run is no longer ours", extra={"run": str(hold.run_id)})
    except (Stopped, Refused) as no:
        _end(hold, str(no))
    except SoftTimeLimitExceeded:
        _put_back(hold)
        raise
    except (OperationalError, InterfaceError):
        raise  # nothing can be written down; the lease will run out
    except Exception:  # one bad run must not hold up the others
        log.exception("a run stumbled", extra={"run": str(hold.run_id)})
        _stumble(hold)
    with inside(hold.portal):
        tell_now(hold.tell_at)


def _put_back(hold: Hold, *, losses: int = 0, delay: timedelta = timedelta()) -> None:
    """For the next worker. What was done is written down already."""
    with inside(hold.portal):
        held = Run.objects.filter(pk=hold.run_id, claim=hold.token, status=Status.RUNNING)
        held.update(
            status=Status.WAITING,
            claim=None,
            lease_until=None,
            not_before=Now() + delay,
            losses=F("losses") + losses,
        )
        DueWork.objects.create(portal=hold.portal, due_at=Now() + delay)


def _stumble(hold: Hold) -> None:
    with inside(hold.portal):
        is_hopeless = Run.objects.filter(pk=hold.run_id, losses__gte=MOST_LOSSES - 1).exists()
    if is_hopeless:
        _end(hold, _broken())
    else:
        _put_back(hold, losses=1, delay=AFTER_A_MISTAKE)


def _end(hold: Hold, words: str) -> None:
    with inside(hold.portal):
        run = Run.objects.filter(pk=hold.run_id, claim=hold.token).defer("chosen").select_for_update().first()
        if run is not None:
            finish(run, Status.FAILED, words)
            run.save(update_fields=MOVES)


def _broken() -> str:
    return _("Something broke on our side, several times at the same place. What was done until then stands.")

"""Verbs about runs: ask for one, cancel it, take back what it did, forget it."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from prm.actions import Gone, Refused, is_duplicate
from prm.events.due import work_is_due
from prm.files.actions import remove_file
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.kinds import KINDS, UNDOES, Kind, may, rights_of
from prm.runs.models import Run
from prm.runs.parts import drop_parts
from prm.users.models import Membership

MOST_UNFINISHED = 5  # of one person
MOST_AT_ONCE = 10_000  # rows of one verb
KEEP_FOR = timedelta(days=90)
ONCE_MORE = timedelta(hours=25)
"""Within this time the parts of a file are looked for again: whoever ended the run may have been killed over it."""


@transaction.atomic
def start_run(
    kind: Kind,
    *,
    by: Membership,
    token: uuid.UUID,
    title: str,
    listing: str = "",
    query: str = "",
    chosen: list[uuid.UUID] | None = None,
    total: int | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Run:
    """Queue a run; the workers take it up at once. With the token of one that was queued already: that one."""
    if not may(by, kind):
        raise Refused(_("Your groups do not allow this."))
    own = Run.objects.filter(requester=by).defer("chosen")
    if asked_before := own.filter(token=token).first():
        return asked_before
    if own.unfinished().count() >= MOST_UNFINISHED:
        raise Refused(_("%(count)d of your runs are not finished yet. Wait for one.") % {"count": MOST_UNFINISHED})
    try:
        with transaction.atomic():
            run = Run.objects.create(
                requester=by,
                token=token,
                kind=kind.name,
                title=title[:200],
                listing=listing,
                query=query,
                chosen=chosen or [],
                total=total,
                parameters=dict(parameters or {}),
                rights=rights_of(by),
            )
    except IntegrityError as error:  # the same form, at the same moment
        if not is_duplicate(error):
            raise
        return own.get(token=token)
    work_is_due()
    return run


@transaction.atomic
def cancel_run(run: Run, *, by: Membership) -> Run:
    """Stop it after the row it is at. What it has done stands."""
    run = _own(run, by)
    if run.is_finished:
        raise Refused(_("It is finished already."))
    run.status, run.finished_at = Run.Status.CANCELLED, Now()
    run.claim = run.lease_until = None
    drop_parts(run)
    run.save(update_fields=["status", "finished_at", "claim", "lease_until", "parts"])
    return run


def can_undo(run: Run) -> bool:
    """Whether it has done something that another run can take back."""
    kind = KINDS.get(run.kind)
    return kind is not None and kind.rows_done is not None and run.is_finished and run.done > 0


@transaction.atomic
def undo_run(run: Run, *, token: uuid.UUID, by: Membership) -> Run:
    """Queue a run that takes back what this one did, where that can still be done."""
    run = _own(run, by)
    kind = KINDS[run.kind]
    if not can_undo(run) or kind.rows_done is None:
        raise Refused(_("This cannot be taken back."))
    rows = kind.rows_done(run)
    return start_run(
        KINDS[kind.undo],
        by=by,
        token=token,
        title=_("Taking back: %(title)s") % {"title": run.title},
        chosen=rows,
        total=len(rows),
        parameters={**run.parameters, UNDOES: str(run.pk)},
    )


def forget_old(portal: Portal) -> int:
    """Remove exports whose day is over, and runs that ended long ago; returns how many files went."""
    with inside(portal):
        over = Run.objects.filter(file__isnull=False, finished_at__lt=Now() - Run.FILE_LASTS).defer("chosen")
        count = 0
        for run in over.select_related("file"):
            _forget_file(run)
            count += 1
        for run in Run.objects.filter(finished_at__gte=Now() - ONCE_MORE).defer("chosen").select_related("file"):
            drop_parts(run)
        Run.objects.filter(finished_at__lt=Now() - KEEP_FOR, file=None).delete()
        return count


def _forget_file(run: Run) -> None:
    file, run.file = run.file, None
    drop_parts(run)
    run.save(update_fields=["file", "parts"])
    if file is not None:
        remove_file(file)


def _own(run: Run, by: Membership) -> Run:
    try:
        found: Run = Run.objects.visible_to(by).defer("chosen").locked(run.pk)
    except Run.DoesNotExist as error:
        raise Gone from error
    return found

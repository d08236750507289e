"""A verb over many rows: each in a transaction of its own, by the requester's rights of that moment."""

import logging
import uuid
from collections.abc import Callable

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from prm.actions import Gone, Refused
from prm.runs.kinds import Parameters
from prm.runs.models import Refusal, Run
from prm.runs.working import Hold, finish
from prm.users.models import Membership

log = logging.getLogger(__name__)

STRETCH = 200  # ids in memory
Do = Callable[[uuid.UUID, Parameters, Membership], None]
Name = Callable[[uuid.UUID, Membership], tuple[str, str]]
"""A row's name, and its page."""


def row_by_row(do: Do, *, name_of: Name) -> Callable[[Hold], bool]:
    """How a run advances that does `do` to one row after the other. A row is refused alone, the others go on."""

    def advance(hold: Hold) -> bool:
        with hold.move() as (run, member):
            if run.position >= (run.total or 0):
                finish(run, Run.Status.DONE)
                return False
            pk = _id_at(hold, run.position)
            try:
                with transaction.atomic():
                    do(pk, run.parameters, member)
            except Gone:
                run.missing += 1  # which one, nobody learns
            except Refused as no:
                _refuse(run, str(no), *name_of(pk, member))
            except (OperationalError, InterfaceError, SoftTimeLimitExceeded):
                raise
            except Exception:  # of many rows one may be bad
                log.exception("a row of a run failed", extra={"run": str(run.pk)})
                _refuse(run, _("Something broke on our side. This one was left as it was."), *name_of(pk, member))
            else:
                run.done += 1
        return True

    return advance


def _id_at(hold: Hold, position: int) -> uuid.UUID:
    if position not in hold.ids:
        hold.ids = dict(enumerate(hold.upcoming(position, STRETCH), start=position))
    return hold.ids[position]


def _refuse(run: Run, reason: str, name: str, path: str) -> None:
    if run.refused < Refusal.MOST:
        Refusal.objects.create(run=run, position=run.position, name=name, path=path, reason=reason)
    run.refused += 1

"""A verb over many rows, asked for and carried out: what came of it, row by row."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from prm.organizations.context import inside
from prm.runs.actions import start_run, undo_run
from prm.runs.kinds import Kind
from prm.runs.models import Refusal, Run
from prm.runs.working import work_due
from prm.users.models import Membership


def asked(kind: Kind, rows: Iterable[models.Model], by: Membership, **parameters: Any) -> Run:
    """A run that has been asked for and not begun."""
    ids = [row.pk for row in rows]
    with inside(by.portal):
        return start_run(
            kind, by=by, token=uuid.uuid4(), title="Many", chosen=ids, total=len(ids), parameters=parameters
        )


def carried_out(kind: Kind, rows: Iterable[models.Model], by: Membership, **parameters: Any) -> Run:
    """The same, done to its end."""
    run = asked(kind, rows, by, **parameters)
    work_due(by.portal)
    return again(run)


def taken_back(run: Run) -> Run:
    """The run that takes back what this one did, done to its end."""
    with inside(run.portal):
        undoing = undo_run(run, token=uuid.uuid4(), by=run.requester)
    work_due(run.portal)
    return again(undoing)


def again(run: Run) -> Run:
    """As the database has it."""
    with inside(run.portal):
        found: Run = Run.objects.select_related("requester__user", "requester__organization").get(pk=run.pk)
        return found


def came_of(run: Run) -> tuple[int, int, int]:
    """How many are done, refused, and not there."""
    assert run.status == "done", run.last_error
    return run.done, run.refused, run.missing


def reasons(run: Run) -> Mapping[str, str]:
    """Why each row was left as it was, by its name."""
    with inside(run.portal):
        return dict(Refusal.objects.filter(run=run).values_list("name", "reason"))

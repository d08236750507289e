"""The files of a run in the store: parts of one in the making, and the file itself. All begin with the run's id."""

import uuid

from django.db import transaction

from prm.files import store
from prm.runs.models import Run


def part_place(portal_id: uuid.UUID, run_id: uuid.UUID, token: uuid.UUID, position: int) -> str:
    """Where the part from `position` on lies. Two workers, one of whom is late, never write the same one."""
    return f"{file_place(portal_id, run_id, token)}.{position}"


def file_place(portal_id: uuid.UUID, run_id: uuid.UUID, token: uuid.UUID) -> str:
    return f"{portal_id}/{run_id.hex}.{token.hex[:8]}"


def drop_parts(run: Run) -> None:
    """Have everything removed but the file, once that is certain: also what a late or killed worker has left."""
    run.parts = []
    portal_id, run_id = run.portal_id, run.pk
    kept = {run.file.stored_as} if run.file else set()
    transaction.on_commit(lambda: store.remove_beginning(f"{portal_id}/{run_id.hex}", but=kept))

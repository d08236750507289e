"""What all actions share: the ways of saying no, and noting what changed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

UNIQUE_VIOLATION = "23505"  # PostgreSQL manual, appendix A


class Refused(Exception):
    """The business says no, in words meant for the person who asked. Pages show it, the API answers `status`."""

    code = "refused"  # for programs
    status = 409  # of HTTP


class Stale(Refused):
    """Somebody else changed the record since it was read; nothing was written."""

    code = "stale_version"


class LastAdmin(Refused):
    """It would leave the portal without an active administrator."""

    code = "last_admin"


class Duplicate(Refused):
    """There is one like this already."""

    code = "duplicate"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("There is one like this already."))


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a unique key said no: two people did the same at once, or one did it again."""
    return getattr(error.__cause__, "pgcode", "") == UNIQUE_VIOLATION


@contextmanager
def unique(words: str) -> Iterator[None]:
    """A savepoint for writing a row; where a unique key says no, Duplicate in these words.

    To look first would lose the race of two who write the same at once.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise Duplicate(words) from error


class Gone(Exception):
    """The record went out of this member's sight meanwhile: answered like one that never existed."""


def apply_values(record: models.Model, values: Mapping[str, Any]) -> dict[str, tuple[object, object]]:
    """Set the attributes that differ and return them as `{field: (old, new)}`, ready for an event."""
    changes = {}
    for field, new in values.items():
        old = getattr(record, field)
        if old != new:
            changes[field] = (old, new)
            setattr(record, field, new)
    return changes

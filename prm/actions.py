"""What all actions share: the ways of saying no, and noting what changed."""

from collections.abc import Mapping
from typing import Any

from django.db import models


class Refused(Exception):
    """The business says no, in words meant for the person who asked. Pages show it, the API answers 409."""

    code = "refused"


class Stale(Refused):
    """Somebody else changed the record since it was read; nothing was written."""

    code = "stale_version"


class LastAdmin(Refused):
    """It would leave the portal without an active administrator."""

    code = "last_admin"


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

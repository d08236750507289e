"""The counts beside the navigation, which the floors register."""

from collections.abc import Callable
from typing import Any

from django.db import models

from prm.counting import Question, asked
from prm.users.models import Membership

FindsRows = Callable[[Membership], "models.QuerySet[Any] | None"]
_navigation: dict[str, FindsRows] = {}


def counts_beside(name: str) -> Callable[[FindsRows], FindsRows]:
    """Register the rows whose number stands beside an entry of the navigation; None for who has no such number."""

    def register(finder: FindsRows) -> FindsRows:
        _navigation[name] = finder
        return finder

    return register


def navigation_counts(member: Membership) -> dict[str, int]:
    """By entry, in one query for all of them: every page asks it."""
    every = {name: rows for name, find in _navigation.items() if (rows := find(member)) is not None}
    return asked({name: Question.how_many(rows) for name, rows in every.items()})

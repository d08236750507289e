"""Counting that ends, and several questions in one query; with the counts beside the navigation."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import models
from django.db.models import Subquery, Value

from prm import world
from prm.organizations.context import active_portal_id
from prm.organizations.models import Portal
from prm.users.models import Membership

MOST = 1000
"""Where counting stops: nobody works off more at once, and an exact count would read every row."""

FindsRows = Callable[[Membership], "models.QuerySet[Any] | None"]
_navigation: dict[str, FindsRows] = {}


class CountUpTo(Subquery):
    """How many rows there are, MOST + 1 at most: Postgres stops reading there.

    It reads in the order of the rows, which an index may give: that spares it the others.
    """

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.IntegerField()

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        super().__init__(rows.annotate(one=Value(1)).values("one")[: MOST + 1])


def asked(questions: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to all questions, each a subquery or a condition, in one query."""
    if not questions:
        return {}
    portal = Portal.objects.filter(pk=active_portal_id())
    return dict(portal.annotate(**questions).values(*questions).get())


def capped(count: int) -> str:
    """The count as people read it: "1,000+" above MOST."""
    number = world.number(min(count, MOST))
    return f"{number}+" if count > MOST else number


# --- Beside the navigation --------------------------------------------------------------------------------


def counts_beside(name: str) -> Callable[[FindsRows], FindsRows]:
    """Register the rows whose number stands beside an entry of the navigation; None for who has no such number."""

    def register(finder: FindsRows) -> FindsRows:
        _navigation[name] = finder
        return finder

    return register


def navigation_counts(member: Membership) -> dict[str, int]:
    """By entry, in one query for all of them: every page asks it."""
    rows = {name: found for name, find in _navigation.items() if (found := find(member)) is not None}
    return asked({name: CountUpTo(found) for name, found in rows.items()})

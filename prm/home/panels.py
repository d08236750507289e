"""What the home page is made of. Each floor registers its parts (`home.py` of an app); this one knows none of them.

A part is asked with the member who reads, and answers with what that member may see and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from babel.numbers import format_decimal
from django.db import models
from django.db.models import Subquery, Value
from django.utils.functional import Promise

from prm import world
from prm.organizations.context import active_portal_id
from prm.organizations.models import Portal
from prm.users.models import Membership

MOST = 1000
"""Where counting stops: nobody works off more at once, and an exact count would read every row."""


@dataclass(frozen=True)
class Wait:
    """Something that may wait for the reader: the rows, and the list that shows them.

    `since` names the time from which on they wait, where a column says so.
    """

    label: str | Promise
    rows: models.QuerySet[Any]
    url: str
    icon: str
    since: str = ""
    is_urgent: bool = True


@dataclass(frozen=True)
class Need:
    """Something that does wait: how much, and since when."""

    wait: Wait
    count: int  # MOST + 1 stands for more
    since: datetime | None

    @property
    def number(self) -> str:
        return capped(self.count)


@dataclass(frozen=True)
class NextStep:
    """What to do first, as one large button."""

    title: str
    url: str
    verb: str
    since: datetime | None = None


@dataclass(frozen=True)
class Panel:
    """A card of the page: its template and what that needs."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    is_aside: bool = False


FindsWaits = Callable[[Membership], Iterable[Wait]]
FindsNextStep = Callable[[Membership], NextStep | None]
FindsPanel = Callable[[Membership], Panel | None]
Finder = TypeVar("Finder", FindsWaits, FindsNextStep, FindsPanel)

_waits: list[tuple[int, FindsWaits]] = []
_next_steps: list[tuple[int, FindsNextStep]] = []
_panels: list[tuple[int, FindsPanel]] = []


def finds_waits(*, position: int) -> Callable[[FindsWaits], FindsWaits]:
    """Register what may wait for somebody; smaller positions stand first, here and below."""
    return _registers(_waits, position)


def finds_next_step(*, position: int) -> Callable[[FindsNextStep], FindsNextStep]:
    """Register what somebody may have to do first. The first that has an answer is shown."""
    return _registers(_next_steps, position)


def finds_panel(*, position: int) -> Callable[[FindsPanel], FindsPanel]:
    """Register a card; one that has nothing to say answers None."""
    return _registers(_panels, position)


def _registers(found: list[tuple[int, Finder]], position: int) -> Callable[[Finder], Finder]:
    def register(finder: Finder) -> Finder:
        found.append((position, finder))
        found.sort(key=lambda entry: entry[0])
        return finder

    return register


def next_step_of(member: Membership) -> NextStep | None:
    """What this member does first, if anything waits."""
    return next((step for _position, find in _next_steps if (step := find(member))), None)


def panels_of(member: Membership) -> list[Panel]:
    """The cards that have something to say to this member."""
    return [panel for _position, find in _panels if (panel := find(member))]


# --- What waits -----------------------------------------------------------------------------------------


def needs_of(member: Membership) -> list[Need]:
    """All that waits for this member, counted in one query; what there is none of is left out."""
    waits = [wait for _position, find in _waits for wait in find(member)]
    questions: dict[str, Any] = {}
    for position, wait in enumerate(waits):
        questions[f"count_{position}"] = _CountUpTo(wait.rows)
        if wait.since:
            questions[f"since_{position}"] = Subquery(wait.rows.order_by(wait.since).values(wait.since)[:1])
    if not questions:
        return []
    found = Portal.objects.filter(pk=active_portal_id()).annotate(**questions).values(*questions).get()
    needs = [Need(wait, found[f"count_{at}"], found.get(f"since_{at}")) for at, wait in enumerate(waits)]
    return [need for need in needs if need.count]


def capped(count: int) -> str:
    """The count as people read it: "1,000+" above MOST."""
    number: str = format_decimal(min(count, MOST), locale=world.locale())
    return f"{number}+" if count > MOST else number


class _CountUpTo(Subquery):
    """How many rows there are, MOST + 1 at most: Postgres stops reading there."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.IntegerField()

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        super().__init__(rows.order_by().annotate(one=Value(1)).values("one")[: MOST + 1])

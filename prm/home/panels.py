"""What the home page is made of. Each floor registers its parts (`home.py` of an app); this one knows none of them.

A part is asked with the member who reads, and answers with what that member may see and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import models
from django.utils.functional import Promise

from prm.counting import Question, asked, capped
from prm.users.models import Membership


@dataclass(frozen=True)
class NextStep:
    """What to do first, as one large button."""

    title: str
    url: str
    verb: str


@dataclass(frozen=True)
class Wait:
    """Something that may wait for the reader: the rows, the longest waiting first, and the list that shows them.

    `since` names the time from which on they wait, where a column says so. `first` makes the number of the
    first row into what to do.
    """

    label: str | Promise
    rows: models.QuerySet[Any]
    url: str
    icon: str
    since: str = ""
    first: Callable[[int], NextStep] | None = None
    is_urgent: bool = True


@dataclass(frozen=True)
class Need:
    """Something that does wait: how much, and since when."""

    wait: Wait
    count: int  # MOST + 1 stands for more
    since: datetime | None = None
    next_step: NextStep | None = None

    @property
    def number(self) -> str:
        return capped(self.count)


@dataclass(frozen=True)
class Panel:
    """A card of the page: its template and what that needs."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    is_aside: bool = False


FindsWaits = Callable[[Membership], Iterable[Wait]]
FindsPanel = Callable[[Membership], Panel | None]
Finder = TypeVar("Finder", FindsWaits, FindsPanel)

_waits: list[tuple[int, FindsWaits]] = []
_panels: list[tuple[int, FindsPanel]] = []


def finds_waits(*, position: int) -> Callable[[FindsWaits], FindsWaits]:
    """Register what may wait for somebody; smaller positions stand first, here and below."""
    return _registers(_waits, position)


def finds_panel(*, position: int) -> Callable[[FindsPanel], FindsPanel]:
    """Register a card; one that has nothing to say answers None."""
    return _registers(_panels, position)


def _registers(found: list[tuple[int, Finder]], position: int) -> Callable[[Finder], Finder]:
    def register(finder: Finder) -> Finder:
        found.append((position, finder))
        found.sort(key=lambda entry: entry[0])
        return finder

    return register


def panels_of(member: Membership) -> list[Panel]:
    """The cards that have something to say to this member."""
    return [panel for _position, find in _panels if (panel := find(member))]


# --- What waits -----------------------------------------------------------------------------------------


def needs_of(member: Membership) -> list[Need]:
    """All that waits for this member, found in one query; what there is none of is left out."""
    waits = [wait for _position, find in _waits for wait in find(member)]
    questions: dict[str, Question] = {}
    for at, wait in enumerate(waits):
        questions[f"count_{at}"] = Question.how_many(wait.rows)
        if wait.since:
            questions[f"since_{at}"] = Question.first(wait.rows, wait.since)
        if wait.first:
            questions[f"first_{at}"] = Question.first(wait.rows, "number")
    found = asked(questions)
    return [_need(wait, at, found) for at, wait in enumerate(waits) if found[f"count_{at}"]]


def _need(wait: Wait, at: int, found: Mapping[str, Any]) -> Need:
    next_step = wait.first(found[f"first_{at}"]) if wait.first else None
    return Need(wait, found[f"count_{at}"], since=found.get(f"since_{at}"), next_step=next_step)

"""What happened last in the portal, told to the vendor: events in words, with the record each is about.

Events are looked through from the newest on, a few hundred at most, whatever the portal's size. A floor
above says which kinds are told and which of their subjects a member sees.
"""

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

from prm.events.models import Event, EventValue
from prm.events.timeline import RECEIVERS, Entry, line_of
from prm.home.panels import Panel, finds_panel
from prm.users.models import Membership

LOOKED_THROUGH = (0, 40, 300)
"""From which of the newest events to which is looked each time, until there are enough to show."""
SHOWN = 8


@dataclass(frozen=True)
class Subject:
    """What an event is about, as this reader may know it."""

    label: str
    url: str


@dataclass(frozen=True)
class News:
    entry: Entry
    subject: Subject


FindsSubjects = Callable[[Membership, Collection[uuid.UUID]], dict[uuid.UUID, Subject]]
_told: list[tuple[frozenset[str], FindsSubjects]] = []


def tells_of(kinds: Iterable[Event.Kind]) -> Callable[[FindsSubjects], FindsSubjects]:
    """Register kinds of events, and which of their subjects, by id, a member may read of."""

    def register(finder: FindsSubjects) -> FindsSubjects:
        _told.append((frozenset(kinds), finder))
        return finder

    return register


@finds_panel(position=90)
def latest_panel(member: Membership) -> Panel | None:
    """Beside the rest, for the vendor. Partners read of their leads in their messages."""
    news = latest_news(member) if member.is_vendor else []
    return Panel("home/latest.html", {"news": news}, is_aside=True) if news else None


def latest_news(member: Membership) -> list[News]:
    """The newest first: events that this member sees, about records that this member sees."""
    kinds = frozenset().union(*(told for told, _find in _told))
    shown: list[Event] = []
    subjects: dict[uuid.UUID, Subject] = {}
    for begin, end in pairwise(LOOKED_THROUGH):
        newest = Event.objects.order_by("-pk").values("pk")[begin:end]  # ids sort by time
        rows = Event.objects.visible_to(member).filter(pk__in=newest, kind__in=kinds).select_related("actor")
        events = sorted(rows, key=lambda event: (event.at, event.pk), reverse=True)
        subjects |= _subjects_of(events, member)
        shown += [event for event in events if event.subject_id in subjects]
        if len(shown) >= SHOWN:
            break
    shown = shown[:SHOWN]
    values: dict[uuid.UUID, dict[str, EventValue]] = {event.pk: {} for event in shown}
    for value in EventValue.objects.filter(event__in=shown, field__in=RECEIVERS):
        values[value.event_id][value.field] = value
    return [News(line_of(event, values[event.pk]), subjects[event.subject_id]) for event in shown]


def _subjects_of(events: list[Event], member: Membership) -> dict[uuid.UUID, Subject]:
    """The records that they are about, as far as this member sees them."""
    found: dict[uuid.UUID, Subject] = {}
    for told, find in _told:
        concerned = {event.subject_id for event in events if event.kind in told}
        if concerned:
            found |= find(member, concerned)
    return found

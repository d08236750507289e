"""How an event reads to the person who is told of it. Each floor registers its own kinds (leads/emails.py)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from prm.events.models import Delivery, Event
from prm.organizations.context import active_portal
from prm.users.models import Membership


@dataclass(frozen=True)
class Notice:
    """One kind's words: never a detail of the record, only its number and a link.

    `text` is formatted with the event's facts and `actor`; `path` gives the link; `concerns` asks again at
    sending time whether this person may still hear of it; `context` adds what the mail's template needs.
    `many` and `many_path` say it of several events of one cause, with `count`. What `is_optional`, the
    reader may collect or decline by e-mail; what the reader has asked for, such as a reset link, is not.
    `to` is the address, where that is not the reader's own of this moment.
    """

    template: str
    text: str | Promise
    path: Callable[[Event], str]
    concerns: Callable[[Event, Membership], bool]
    channels: frozenset[Delivery.Channel] = frozenset(Delivery.Channel)
    context: Callable[[Event, Membership], dict[str, Any]] = lambda event, recipient: {}
    many: str | Promise = ""
    many_path: str = "/"
    is_optional: bool = True
    to: Callable[[Event, Membership], str] = lambda event, recipient: recipient.email


NOTICES: dict[str, Notice] = {}


def text_of(event: Event, *, count: int = 1) -> str:
    """The notice of an event, or of `count` such events, as one sentence in the active language."""
    notice = NOTICES[event.kind]
    actor = event.actor.name if event.actor else str(active_portal())
    words = notice.many if count > 1 else notice.text
    return str(words).format(**{**event.facts, "actor": actor, "count": count})


def path_of(event: Event, *, count: int = 1) -> str:
    """Where its link leads."""
    notice = NOTICES[event.kind]
    return notice.many_path if count > 1 else notice.path(event)


def by_kind(events: Iterable[Event]) -> list[list[Event]]:
    """Groups of events that one sentence can tell: those of a kind that has words for many."""
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(event.kind if NOTICES[event.kind].many else str(event.pk), []).append(event)
    return list(groups.values())

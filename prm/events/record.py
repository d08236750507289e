"""Writing down what happened: `record` is the only door to Event and Delivery rows."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from prm.events.due import work_is_due
from prm.events.models import Delivery, Event, EventValue
from prm.events.notices import NOTICES
from prm.organizations.context import active_cause
from prm.organizations.models import Organization
from prm.serving.logs import current_request_id
from prm.users.models import Membership, User

Actor = Membership | None
"""Who does it: a member, or None for the system itself."""

Change = tuple[object, object]
Subscriber = Callable[[Event, models.Model, Actor], None]

_subscribers: dict[str, list[Subscriber]] = {}
_operator: ContextVar[uuid.UUID | None] = ContextVar("operator", default=None)
_together: ContextVar[tuple[uuid.UUID, datetime] | None] = ContextVar("told_together", default=None)


def subscribe(kind: Event.Kind) -> Callable[[Subscriber], Subscriber]:
    """Let a floor above act on an event, in the transaction of the change. No signals: one list, one order."""

    def register(subscriber: Subscriber) -> Subscriber:
        if subscriber not in _subscribers.setdefault(kind, []):
            _subscribers[kind].append(subscriber)
        return subscriber

    return register


def record(
    kind: Event.Kind,
    subject: models.Model,
    *,
    by: Actor,
    organization: Organization | None = None,
    is_private: bool = False,
    changes: Mapping[str, Change] | None = None,
    facts: Mapping[str, Any] | None = None,
    tell: Iterable[Membership] = (),
    at: datetime | None = None,
) -> Event:
    """Write the event, its old and new values, and a delivery by e-mail and message for each person in `tell`.

    Must run in the transaction of the change. Nobody is told of the own action. The workers are
    rung after commit; should the bell be lost, the sweeper finds the rows.
    """
    assert transaction.get_connection().in_atomic_block, "An event belongs into the transaction of its change."
    now = timezone.now()
    event = Event.objects.create(
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        organization=organization,
        is_private=is_private,
        actor=by,
        at=at or now,
        changed_fields=sorted(changes or {}),
        facts={**_operators_doing(by), **(facts or {})},
        request_id=current_request_id(),
    )
    EventValue.objects.bulk_create(
        EventValue(event=event, field=field, old=_text(old), new=_text(new))
        for field, (old, new) in (changes or {}).items()
    )
    deliver(event, to=tell)
    for subscriber in _subscribers.get(kind, []):
        subscriber(event, subject, by)
    return event


def deliver(event: Event, *, to: Iterable[Membership]) -> None:
    """Write a delivery per person and channel and have the workers rung after commit.

    What one person is told over one channel in one transaction is one parcel: one mail, one message.
    What the person has asked for travels alone.
    """
    people = {member.pk: member for member in to if member.pk != event.actor_id}
    if not people:
        return
    notice = NOTICES.get(event.kind)
    cause, when = event.pk, {}
    if notice and notice.is_optional:
        cause = active_cause()
        if together := _together.get():
            cause, when["not_before"] = together
    Delivery.objects.bulk_create(
        Delivery(
            event=event,
            recipient=member,
            channel=channel,
            lane=f"{channel}:{member.pk.hex}:{event.subject_id.hex}",
            parcel=uuid.uuid5(cause, f"{channel}:{member.pk}"),
            **when,
        )
        for member in people.values()
        for channel in Delivery.Channel
    )
    work_is_due()


@contextmanager
def told_together(cause: uuid.UUID, *, at: datetime) -> Iterator[None]:
    """What is recorded in here, in however many transactions, is one parcel per person, and waits until `at`."""
    token = _together.set((cause, at))
    try:
        yield
    finally:
        _together.reset(token)


@contextmanager
def by_operator(operator: User) -> Iterator[None]:
    """What is recorded in here by the system itself is an operator's doing, and says whose."""
    token = _operator.set(operator.pk)
    try:
        yield
    finally:
        _operator.reset(token)


def _operators_doing(by: Actor) -> dict[str, str]:
    operator = _operator.get()
    return {"by": "operator", "operator": str(operator)} if operator and by is None else {}


def tell_now(at: datetime) -> None:
    """Let go of what was recorded to be told together `at` that moment: there will be no more of it."""
    if Delivery.objects.filter(status=Delivery.Status.PENDING, not_before=at).update(not_before=Now()):
        work_is_due()


def _text(value: object) -> str:
    return "" if value is None else str(value)

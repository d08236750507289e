"""Writing down what happened: `record` is the only door to Event and Delivery rows."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from prm.events.models import Delivery, DueWork, Event, EventValue
from prm.events.notices import NOTICES
from prm.organizations.context import active_cause, active_portal
from prm.organizations.models import Organization
from prm.serving.logs import current_request_id
from prm.users.models import Membership

Actor = Membership | None
"""Who does it: a member, or None for the system itself."""


@dataclass(frozen=True)
class Bell:
    """Rings the workers for one portal; equal to any other bell of that portal."""

    portal_id: uuid.UUID

    def __call__(self) -> None:
        from prm.events.bell import ring

        ring(self.portal_id)


Change = tuple[object, object]
Subscriber = Callable[[Event, models.Model, Actor], None]

_subscribers: dict[str, list[Subscriber]] = {}


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
        facts=dict(facts or {}),
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
    cause = active_cause() if notice and notice.is_optional else event.pk
    Delivery.objects.bulk_create(
        Delivery(
            event=event,
            recipient=member,
            channel=channel,
            lane=f"{channel}:{member.pk.hex}:{event.subject_id.hex}",
            parcel=uuid.uuid5(cause, f"{channel}:{member.pk}"),
        )
        for member in people.values()
        for channel in Delivery.Channel
    )
    portal = active_portal()
    DueWork.objects.create(portal=portal, due_at=Now())
    bell = Bell(portal.pk)
    if all(callback != bell for _, callback, _ in transaction.get_connection().run_on_commit):
        transaction.on_commit(bell)  # once per transaction, however much happens in it


def _text(value: object) -> str:
    return "" if value is None else str(value)

"""The timeline: events in words, for the member who reads them."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.events.models import Event, EventValue
from prm.events.values import in_words, label_of
from prm.users.models import Membership

MOST = 200
RECEIVERS = ("assignee", "organization")
"""The values that say who was given something."""
K = Event.Kind


@dataclass(frozen=True)
class Entry:
    """One line of a timeline. `changes` holds `{"field", "old", "new"}` with the field's label."""

    at: datetime
    actor: str
    icon: str
    text: str
    detail: str = ""
    tag: str = ""
    is_internal: bool = False
    changes: list[dict[str, str]] = field(default_factory=list)


Words = tuple[str, str | Promise]

WORDS: dict[str, Words] = {
    K.PORTAL_CREATED: ("sparkles", gettext_lazy("opened the portal")),
    K.ORGANIZATION_CREATED: ("building-office", gettext_lazy("added the organization")),
    K.ORGANIZATION_CHANGED: ("pencil", gettext_lazy("changed the organization")),
    K.MEMBER_INVITED: ("envelope", gettext_lazy("sent the invitation")),
    K.MEMBER_JOINED: ("user-plus", gettext_lazy("accepted the invitation")),
    K.MEMBER_CHANGED: ("pencil", gettext_lazy("changed the person")),
    K.MEMBER_DISABLED: ("no-symbol", gettext_lazy("disabled the person")),
    K.MEMBER_ENABLED: ("check", gettext_lazy("enabled the person")),
    K.VIEWING_BEGUN: ("eye", gettext_lazy("began to view the portal as this person")),
    K.VIEWING_ENDED: ("eye-slash", gettext_lazy("stopped viewing the portal as this person")),
    K.PASSWORD_RESET_ASKED: ("key", gettext_lazy("was asked for a new password")),
    K.PASSWORD_CHANGED: ("key", gettext_lazy("noted a new password")),
    K.SECOND_FACTOR_ON: ("shield-check", gettext_lazy("noted a second factor")),
    K.SECOND_FACTOR_OFF: ("shield-exclamation", gettext_lazy("noted that the second factor was removed")),
    K.RECOVERY_CODES_MADE: ("key", gettext_lazy("made new recovery codes")),
    K.RECOVERY_CODE_USED: ("key", gettext_lazy("took a recovery code")),
    K.SIGNED_IN_ON_NEW_DEVICE: ("device-phone-mobile", gettext_lazy("noted a sign-in on a new device")),
    K.SIGN_IN_SLOWED: ("exclamation-triangle", gettext_lazy("noted many wrong passwords or codes")),
    K.SESSIONS_ENDED: ("arrow-right-start-on-rectangle", gettext_lazy("ended sessions")),
    K.EMAIL_CHANGE_ASKED: ("at-symbol", gettext_lazy("was asked for a new e-mail address")),
    K.EMAIL_CHANGE_TO_CONFIRM: ("envelope", gettext_lazy("sent a link to the new e-mail address")),
    K.EMAIL_CHANGED: ("at-symbol", gettext_lazy("noted a new e-mail address")),
    K.OPERATOR_ENTERED: ("wrench-screwdriver", gettext_lazy("entered the portal's tables")),
    K.OPERATOR_LOOKED: ("eye", gettext_lazy("looked at this record")),
}
"""Icon and words per kind, after the actor's name. Floors above add their own kinds."""

HIDDEN_CHANGES: set[str] = {K.SIGNED_IN_ON_NEW_DEVICE, K.EMAIL_CHANGE_TO_CONFIRM}
"""Kinds whose words already say what changed, or whose values are for the person's eyes only."""


def timeline_of(
    subject: models.Model,
    member: Membership,
    *,
    without_fields: Collection[str] = (),
    holder: uuid.UUID | None = None,
) -> list[Entry]:
    """The newest events of one record that `member` may see, newest first."""
    events = events_of(subject, member, without_fields=without_fields, holder=holder)
    return [entry for _event, entry in events]


def events_of(
    subject: models.Model,
    member: Membership,
    *,
    without_fields: Collection[str] = (),
    kinds: Collection[str] = (),
    holder: uuid.UUID | None = None,
) -> Iterator[tuple[Event, Entry]]:
    """The same with each entry's event, for a floor above that adds to it; of some `kinds` only, where given.

    `without_fields` names fields that this member may not even know to have changed. `holder` is the
    organization that has the record.
    """
    events = Event.objects.visible_to(member, holder=holder).filter(subject_id=subject.pk)
    if kinds:
        events = events.filter(kind__in=kinds)
    values_of_it = EventValue.objects.filter(event=OuterRef("pk"))
    told = ArraySubquery(values_of_it.values(value=JSONObject(field="field", old="old", new="new")))
    rows: Any = events.select_related("actor").annotate(told=told).order_by("-at", "-pk")[:MOST]
    for event in rows:
        values = {v["field"]: EventValue(**v) for v in event.told if v["field"] not in without_fields}
        if values or not event.changed_fields:
            yield event, entry_of(event, subject, values)


def last_changes(subject: models.Model, member: Membership) -> dict[str, tuple[str, datetime]]:
    """Who changed which field last, and when, as far as `member` may see it."""
    events = Event.objects.visible_to(member).filter(subject_id=subject.pk).exclude(changed_fields=[])
    found: dict[str, tuple[str, datetime]] = {}
    for event in events.select_related("actor").order_by("-at", "-pk")[:MOST]:
        for name in event.changed_fields:
            found.setdefault(name, (actor_of(event), event.at))
    return found


def entry_of(event: Event, subject: models.Model, values: Mapping[str, EventValue]) -> Entry:
    """One event as a line, with what it changed."""
    changes = []
    if event.kind not in HIDDEN_CHANGES:
        changes = [
            {
                "field": label_of(subject, name),
                "old": in_words(subject, name, value.old),
                "new": in_words(subject, name, value.new),
            }
            for name, value in sorted(values.items())
        ]
    return replace(line_of(event, values), changes=changes)


def line_of(event: Event, values: Mapping[str, EventValue]) -> Entry:
    """One event as a line. Of its values only RECEIVERS are told."""
    icon, words = WORDS.get(event.kind, ("information-circle", event.get_kind_display()))
    facts: dict[str, Any] = {"to": _receiver(values), **event.facts}
    return Entry(at=event.at, actor=actor_of(event), icon=icon, text=str(words).format(**facts))


def actor_of(event: Event) -> str:
    """The member who did it; else whoever runs the installation, or the portal by itself."""
    if event.actor:
        return event.actor.name
    return _("An operator") if event.facts.get("by") == "operator" else _("The portal")


def _receiver(values: Mapping[str, EventValue]) -> str:
    names = [value.new for name in RECEIVERS if (value := values.get(name)) and value.new]
    return ", ".join(names)

"""A lead's timeline: its events, with comments and activities in the same stream."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import VENDOR_ONLY, Activity, Comment, Lead
from prm.events.models import Event
from prm.events.timeline import HIDDEN_CHANGES, WORDS, Entry, events_of
from prm.users.models import Membership

K = Event.Kind
WORDS.update(
    {
        K.LEAD_CREATED: ("sparkles", gettext_lazy("entered the lead")),
        K.LEAD_CHANGED: ("pencil", gettext_lazy("edited the lead")),
        K.LEAD_ASSIGNED: ("paper-airplane", gettext_lazy("assigned the lead to {to}")),
        K.LEAD_RECALLED: ("arrow-uturn-left", gettext_lazy("took the lead back")),
        K.LEAD_OPENED: ("lock-open", gettext_lazy("opened the lead")),
        K.LEAD_HANDED_OVER: ("arrows-right-left", gettext_lazy("handed the lead over to {to}")),
        K.LEAD_COMMENTED: ("chat-bubble-left", gettext_lazy("commented")),
        K.LEAD_ACTIVITY: ("phone", gettext_lazy("logged an activity")),
        K.LEAD_FILE_ADDED: ("paper-clip", gettext_lazy("added a file")),
        K.LEAD_FILE_REMOVED: ("trash", gettext_lazy("removed a file")),
        K.LEAD_LOST: ("x-circle", gettext_lazy("closed the lead as lost: {reason}")),
        K.LEAD_WON: ("trophy", gettext_lazy("closed the lead as won")),
        K.LEAD_CONVERTED: ("briefcase", gettext_lazy("converted the lead to a deal")),
        K.LEAD_REOPENED: ("arrow-path", gettext_lazy("re-opened the lead")),
    }
)
ABOUT_FILES = {K.LEAD_FILE_ADDED, K.LEAD_FILE_REMOVED}
HIDDEN_CHANGES.update({K.LEAD_CREATED, K.LEAD_ASSIGNED, K.LEAD_RECALLED, K.LEAD_HANDED_OVER, *ABOUT_FILES})
ACTIVITY_ICONS = {"call": "phone", "mail": "envelope", "meeting": "calendar"}


class Show(models.TextChoices):
    """What of a timeline is asked for; everything where nothing is."""

    COMMENTS = "comments", gettext_lazy("Comments")
    ACTIVITIES = "activities", gettext_lazy("Activities")


NOTED: dict[str, str] = {K.LEAD_COMMENTED: "comment", K.LEAD_ACTIVITY: "activity"}
"""Kinds whose words stand in a row of their own, and the fact that names it."""


class Note(NamedTuple):
    """A comment, or with `what` an activity; a comment that is shared with nobody is internal."""

    text: str
    shared_with: str | None
    what: str
    outcome: str
    at: datetime


KINDS: dict[str, set[str]] = {Show.COMMENTS: {K.LEAD_COMMENTED}, Show.ACTIVITIES: {K.LEAD_ACTIVITY}}


def lead_timeline(lead: Lead, member: Membership, *, show: str = "") -> list[Entry]:
    """Newest first, all of it or what `show` names; nothing at all while the lead is withheld from this member."""
    if lead.is_withheld_from(member):
        return []
    without = frozenset() if member.is_vendor else VENDOR_ONLY
    kinds_shown, holder = KINDS.get(show, ()), lead.organization_id
    events = list(events_of(lead, member, without_fields=without, kinds=kinds_shown, holder=holder))
    has_notes = any(event.kind in NOTED for event, _entry in events)
    notes = _notes_of(lead, member) if has_notes else {}
    entries = []
    for event, entry in events:
        if event.kind in NOTED:
            note = notes.get(event.facts[NOTED[event.kind]])
            if note is not None:
                entries.append(_with_activity(entry, note) if note.what else _with_comment(entry, note))
        elif event.kind in ABOUT_FILES:
            entries.append(_with_file(entry, event))
        else:
            entries.append(entry)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _notes_of(lead: Lead, member: Membership) -> dict[str, Note]:
    """The comments and activities that this member may read, by their ids, in one query."""
    comments = Comment.objects.visible_to(member).filter(lead=lead).order_by()
    activities = Activity.objects.visible_to(member).filter(lead=lead).order_by()
    rows = comments.values_list("pk", "text", "shared_with__name", Value(""), Value(""), "created_at").union(
        activities.values_list("pk", "note", Value(""), "kind", "outcome", "happened_at"), all=True
    )
    return {str(pk): Note(*columns) for pk, *columns in rows}


def _with_comment(entry: Entry, note: Note) -> Entry:
    is_internal = note.shared_with is None
    words = _("Internal") if is_internal else _("Shared with %(organization)s") % {"organization": note.shared_with}
    return replace(entry, detail=note.text, tag=words, is_internal=is_internal)


def _with_activity(entry: Entry, note: Note) -> Entry:
    return replace(
        entry,
        at=note.at,
        icon=ACTIVITY_ICONS[note.what],
        text=_("logged an activity"),
        detail=note.text,
        tag=f"{Activity.Kind(note.what).label}: {Activity.Outcome(note.outcome).label}",
    )


def _with_file(entry: Entry, event: Any) -> Entry:
    """What it was called stands beside the event (`told`), where erasure can reach it."""
    name = next((value["new"] or value["old"] for value in event.told), "")
    is_internal = bool(event.facts["is_internal"])
    return replace(entry, detail=name, tag=_("Internal") if is_internal else "", is_internal=is_internal)

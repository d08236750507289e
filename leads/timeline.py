"""A lead's timeline: its events, with comments and activities in the same stream."""

from dataclasses import replace

from django.db import models
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


KINDS: dict[str, set[str]] = {Show.COMMENTS: {K.LEAD_COMMENTED}, Show.ACTIVITIES: {K.LEAD_ACTIVITY}}


def lead_timeline(lead: Lead, member: Membership, *, show: str = "") -> list[Entry]:
    """Newest first, all of it or what `show` names; nothing at all while the lead is withheld from this member."""
    if lead.is_withheld_from(member):
        return []
    without = frozenset() if member.is_vendor else VENDOR_ONLY
    kinds_shown, holder = KINDS.get(show, ()), lead.organization_id
    events = list(events_of(lead, member, without_fields=without, kinds=kinds_shown, holder=holder))
    kinds = {event.kind for event, _entry in events}
    comments, activities = {}, {}
    if K.LEAD_COMMENTED in kinds:
        found = Comment.objects.visible_to(member).filter(lead=lead).select_related("shared_with")
        comments = {str(comment.pk): comment for comment in found}
    if K.LEAD_ACTIVITY in kinds:
        activities = {str(a.pk): a for a in Activity.objects.visible_to(member).filter(lead=lead)}
    entries = []
    for event, entry in events:
        if event.kind == K.LEAD_COMMENTED:
            comment = comments.get(event.facts["comment"])
            if comment is not None:
                is_internal = comment.shared_with is None
                entries.append(replace(entry, detail=comment.text, tag=_audience(comment), is_internal=is_internal))
        elif event.kind == K.LEAD_ACTIVITY:
            activity = activities.get(event.facts["activity"])
            if activity is not None:
                entries.append(_with_activity(entry, activity))
        elif event.kind in ABOUT_FILES:
            entries.append(_with_file(entry, event))
        else:
            entries.append(entry)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _audience(comment: Comment) -> str:
    if comment.shared_with is None:
        return _("Internal")
    return _("Shared with %(organization)s") % {"organization": comment.shared_with}


def _with_activity(entry: Entry, activity: Activity) -> Entry:
    text = f"{activity.get_kind_display()}: {activity.get_outcome_display()}"
    return replace(
        entry,
        at=activity.happened_at,
        icon=ACTIVITY_ICONS[activity.kind],
        text=_("logged an activity"),
        detail=activity.note,
        tag=text,
    )


def _with_file(entry: Entry, event: Event) -> Entry:
    """What it was called stands beside the event, where erasure can reach it."""
    name = next((value.new or value.old for value in event.values.all()), "")
    is_internal = bool(event.facts["is_internal"])
    return replace(entry, detail=name, tag=_("Internal") if is_internal else "", is_internal=is_internal)

"""Verbs about leads. Every change of a lead, from whichever door, is one of these functions.

Each locks the lead, asks the table in `leads/states.py`, changes it, and writes the event that tells
everybody concerned. `by` is None for the system itself.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leads import states
from leads.models import DETAIL_FIELDS, VENDOR_ONLY, VENDOR_WRITES, Activity, Comment, Lead, LeadFile, LostReason
from leads.receiving import receivers, vendors_watching, why_organization_cannot
from leads.settings import distribution
from leads.states import Side, Status, Verb
from prm.actions import Gone, Refused, Stale, apply_values
from prm.events.models import Event
from prm.events.record import Actor, Change, record
from prm.files.actions import check_room, digest_of, keep_file, remove_file
from prm.files.handed_in import HandedIn
from prm.files.models import StoredFile
from prm.organizations.models import Organization, next_number
from prm.users.access import Permission
from prm.users.models import Membership


@transaction.atomic
def create_lead(*, values: Mapping[str, Any], by: Actor, at: datetime | None = None) -> Lead:
    """A new, unassigned lead. `values` holds any of DETAIL_FIELDS; company or last name is needed."""
    if by is not None and not by.can(Permission.CREATE_LEADS):
        raise Refused(_("You may not enter leads."))
    _need_a_name(values.get("company", ""), values.get("last_name", ""))
    now = at or timezone.now()
    lead = Lead(created_at=now, updated_at=now, created_by=by, number=next_number("lead"))
    changes = apply_values(lead, {f: v for f, v in values.items() if f in DETAIL_FIELDS})
    lead.save()
    record(Event.Kind.LEAD_CREATED, lead, by=by, facts=_facts(lead), changes=changes, at=now)
    return lead


@transaction.atomic
def update_lead(lead: Lead, *, values: Mapping[str, Any], by: Actor, version: int | None = None) -> Lead:
    """Change any of DETAIL_FIELDS. A partner's first edit begins the work.

    Raises Stale when `version` is given, as `version_for(by)` told it, and somebody else changed the lead since.
    """
    lead, side = _locked(lead.pk, Verb.EDIT, by)
    if version is not None and version != lead.version_for(by):
        raise Stale(_("Somebody else changed lead %(code)s meanwhile.") % {"code": lead.code})
    if side is Side.HOLDER and set(values) & VENDOR_WRITES:
        raise Refused(_("Only the vendor changes where a lead came from."))
    changes = apply_values(lead, {f: v for f, v in values.items() if f in DETAIL_FIELDS})
    if not changes:
        return lead
    _need_a_name(lead.company, lead.last_name)
    _begin_work(lead, side)
    if set(changes) <= VENDOR_ONLY:
        lead.unseen_edits += 1  # the holder's copy is not stale for what the holder never sees
        lead.save()
    else:
        _save(lead)
    _note(Event.Kind.LEAD_CHANGED, lead, by=by, changes=changes)
    return lead


@transaction.atomic
def assign_lead(lead: Lead, *, to: Membership | Organization, by: Actor) -> Lead:
    """Give an open lead to a person, or to an organization where the portal allows that.

    They hear of it without its details. Another organization than before has to open it anew; within
    the same organization an opened lead stays open.
    """
    lead, _side = _locked(lead.pk, Verb.ASSIGN, by)
    organization, person = _checked_receiver(to, by)
    if (lead.organization, lead.assignee) == (organization, person):
        raise Refused(_("%(to)s has lead %(code)s already.") % {"to": to, "code": lead.code})
    before = (lead.organization, lead.assignee)
    if lead.organization != organization:
        _take_away(lead, by=by)
        lead.status, lead.assigned_at = Status.ASSIGNED, timezone.now()
    lead.organization, lead.assignee, lead.assigned_by = organization, person, by
    _save(lead)
    changes = {"organization": (before[0], organization), "assignee": (before[1], person)}
    _note(Event.Kind.LEAD_ASSIGNED, lead, by=by, changes=changes, tell=receivers(lead))
    return lead


@transaction.atomic
def recall_lead(lead: Lead, *, by: Actor) -> Lead:
    """Take a lead back. Its holder sees nothing of it any more."""
    lead, _side = _locked(lead.pk, Verb.RECALL, by)
    _take_away(lead, by=by)
    _save(lead)
    return lead


@transaction.atomic
def withdraw_lead(lead: Lead, *, holder: Membership | Organization, by: Actor) -> Lead:
    """Undo an assignment: take the lead back while `holder` still has it and nobody has opened it."""
    lead, _side = _locked(lead.pk, Verb.RECALL, by)
    if lead.status != Status.ASSIGNED:
        raise Refused(_("Lead %(code)s was opened meanwhile.") % {"code": lead.code})
    if (lead.assignee or lead.organization) != holder:
        raise Refused(_("Somebody else has lead %(code)s by now.") % {"code": lead.code})
    _take_away(lead, by=by)
    _save(lead)
    return lead


@transaction.atomic
def open_lead(lead: Lead, *, by: Membership) -> Lead:
    """Reveal an assigned lead to its organization: a deliberate act, told to the vendor at once."""
    lead, _side = _locked(lead.pk, Verb.OPEN, by)
    lead.opened_at, lead.opened_by, lead.status = timezone.now(), by, Status.OPENED
    _save(lead)
    _note(Event.Kind.LEAD_OPENED, lead, by=by, tell=vendors_watching(lead))
    return lead


@transaction.atomic
def hand_over_lead(lead: Lead, *, to: Membership, by: Membership) -> Lead:
    """Pass an opened lead to a colleague."""
    lead, _side = _locked(lead.pk, Verb.HAND_OVER, by)
    to = Membership.objects.locked(to.pk)
    if to.organization_id != lead.organization_id:
        raise Refused(_("%(name)s works for another organization.") % {"name": to})
    if reason := to.why_cannot_receive():
        raise Refused(f"{to}: {reason}")
    if lead.assignee == to:
        raise Refused(_("%(to)s has lead %(code)s already.") % {"to": to, "code": lead.code})
    before, lead.assignee = lead.assignee, to
    _save(lead)
    _note(Event.Kind.LEAD_HANDED_OVER, lead, by=by, changes={"assignee": (before, to)}, tell=[to])
    return lead


@transaction.atomic
def comment_lead(lead: Lead, *, text: str, is_internal: bool, by: Membership) -> Comment:
    """Comment within the own organization, or shared: vendor and present holder with each other."""
    lead, side = _locked(lead.pk, Verb.COMMENT, by)
    other = lead.organization if side is Side.VENDOR else _vendor()
    shared_with = None if is_internal else other
    comment = Comment.objects.create(
        lead=lead,
        author=by,
        organization=by.organization,
        shared_with=shared_with,
        text=text,
        created_at=timezone.now(),
    )
    record(
        Event.Kind.LEAD_COMMENTED,
        lead,
        by=by,
        organization=lead.organization if side is Side.HOLDER or shared_with else None,
        is_private=side is Side.HOLDER and is_internal,
        facts=_facts(lead) | {"comment": str(comment.pk)},
        tell=[] if shared_with is None else _other_side(lead, side),
    )
    return comment


@transaction.atomic
def log_activity(
    lead: Lead, *, kind: str, outcome: str, note: str, by: Membership, happened_at: datetime | None = None
) -> Activity:
    """Write down a call, mail or meeting; the first one begins the work."""
    lead, side = _locked(lead.pk, Verb.LOG_ACTIVITY, by)
    now = timezone.now()
    activity = Activity.objects.create(
        lead=lead,
        author=by,
        organization=by.organization,
        shared_with=_vendor(),
        kind=kind,
        outcome=outcome,
        note=note,
        happened_at=happened_at or now,
    )
    if _begin_work(lead, side):
        _save(lead)
    _note(Event.Kind.LEAD_ACTIVITY, lead, by=by, facts={"activity": str(activity.pk)})
    return activity


@transaction.atomic
def add_file(lead: Lead, file: HandedIn, *, is_internal: bool = False, by: Membership) -> tuple[LeadFile, bool]:
    """Put a file on a lead; with it, whether it is new. A partner's is for the vendor, too.

    What the same side has put there already, to the byte, is not kept twice: that one comes back. Raises Refused
    where there is no more room, NotStored when the disk will not.
    """
    lead, side = _locked(lead.pk, Verb.ADD_FILE, by)
    if is_internal and side is Side.HOLDER:
        raise Refused(_("Only the vendor keeps files to itself."))
    theirs = LeadFile.objects.filter(lead=lead, organization=by.organization)
    same = theirs.filter(is_internal=is_internal, file__sha256=digest_of(file.content))
    if found := same.select_related("file", "author").first():
        return found, False
    most = settings.PRM_FILES_PER_LEAD
    if theirs.count() >= most:
        raise Refused(
            _("Lead %(code)s has %(most)s of your files, which is the most.") % {**_facts(lead), "most": most}
        )
    check_room(file.content.seek(0, 2))
    stored = keep_file(
        file.content,
        purpose=StoredFile.Purpose.LEAD,
        organization=by.organization,
        content_type=file.kind.content_type,
        by=by,
    )
    added = LeadFile.objects.create(
        lead=lead,
        file=stored,
        author=by,
        organization=by.organization,
        is_internal=is_internal,
        name=file.name,
        created_at=timezone.now(),
    )
    _note_file(Event.Kind.LEAD_FILE_ADDED, lead, added, by=by, change=("", added.name))
    return added, True


@transaction.atomic
def remove_file_of_lead(file: LeadFile, *, by: Membership) -> None:
    """Take a file off its lead: for whoever has put it there, and for the vendor. That it was there stays noted."""
    lead, side = _locked(file.lead_id, Verb.REMOVE_FILE, by)
    rows = LeadFile.objects.visible_to(by).select_related("file", "organization", "author")
    found = rows.filter(pk=file.pk).first()
    if found is None:
        raise Gone
    if side is Side.HOLDER and found.author_id != by.pk:
        raise Refused(_("Only %(name)s and the vendor can remove this file.") % {"name": found.author})
    _note_file(Event.Kind.LEAD_FILE_REMOVED, lead, found, by=by, change=(found.name, ""))
    found.delete()
    remove_file(found.file)


@transaction.atomic
def lose_lead(lead: Lead, *, reason: LostReason, by: Actor) -> Lead:
    """Close as lost, for one of the portal's reasons."""
    lead, side = _locked(lead.pk, Verb.CLOSE_LOST, by)
    if not reason.is_active:
        raise Refused(_("The reason %(name)s is no longer in use.") % {"name": reason})
    lead.lost_reason = reason
    _close(lead, Status.LOST)
    _note(Event.Kind.LEAD_LOST, lead, by=by, facts={"reason": reason.name}, tell=_other_side(lead, side))
    return lead


@transaction.atomic
def win_lead(lead: Lead, *, by: Actor) -> Lead:
    """Close as won without a deal, where the portal allows that."""
    lead, side = _locked(lead.pk, Verb.CLOSE_WON, by)
    _close(lead, Status.WON)
    _note(Event.Kind.LEAD_WON, lead, by=by, tell=_other_side(lead, side))
    return lead


@transaction.atomic
def mark_converted(lead: Lead, *, by: Actor) -> Lead:
    """Close as converted: the lead's half of deals.actions.convert_lead, in whose transaction it runs."""
    lead, side = _locked(lead.pk, Verb.CONVERT, by)
    _close(lead, Status.CONVERTED)
    _note(Event.Kind.LEAD_CONVERTED, lead, by=by, tell=_other_side(lead, side))
    return lead


@transaction.atomic
def reopen_lead(lead: Lead, *, by: Actor) -> Lead:
    """Bring a closed lead back to whoever had it, who hears of it; to nobody where they are gone."""
    lead, _side = _locked(lead.pk, Verb.REOPEN, by)
    if lead.organization is not None and _has_nobody(lead):
        _take_away(lead, by=by)
    if lead.opened_at:
        lead.status = Status.WORKING
    else:
        lead.status = Status.ASSIGNED if lead.organization else Status.UNASSIGNED
    lead.closed_at = lead.lost_reason = None
    _save(lead)
    _note(Event.Kind.LEAD_REOPENED, lead, by=by, tell=receivers(lead) if lead.organization else [])
    return lead


# --- What the verbs share --------------------------------------------------------------------------


def _locked(pk: uuid.UUID, verb: Verb, by: Actor) -> tuple[Lead, Side]:
    """The lead, locked, after asking the table. Raises Gone when `by` no longer sees it, Refused for a no."""
    rows = Lead.objects.select_related("organization", "assignee", "assigned_by")
    try:
        lead = (rows if by is None else rows.visible_to(by)).locked(pk)
    except Lead.DoesNotExist as error:
        raise Gone from error
    side = Side.VENDOR if by is None else lead.side_of(by)
    closing_mode = distribution().closing_mode if verb in states.HAPPY_ENDS else ""
    states.check(verb, lead, side=side, closing_mode=closing_mode)
    assert side is not None  # the table has no place for nobody
    return lead, side


def _checked_receiver(to: Membership | Organization, by: Actor) -> tuple[Organization, Membership | None]:
    if isinstance(to, Membership):
        to = Membership.objects.locked(to.pk)  # nobody is disabled between this look and the commit
        if reason := to.why_cannot_receive():
            raise Refused(f"{to}: {reason}")
        organization, person = to.organization, to
    else:
        to = Organization.objects.locked(to.pk)
        people = to.memberships.select_related("user", "organization").prefetch_related("groups")
        allowed = distribution().allow_organization_assignment
        if reason := why_organization_cannot(to, people, allowed=allowed):
            raise Refused(f"{to}: {reason}")
        organization, person = to, None
    if by is not None and not Organization.objects.visible_to(by).filter(pk=organization.pk).exists():
        raise Gone
    return organization, person


def _has_nobody(lead: Lead) -> bool:
    """Whether those who had a lead cannot work it any more: disabled, moved to other groups, inactive."""
    if lead.assignee is not None:
        return bool(lead.assignee.why_cannot_receive())
    assert lead.organization is not None
    people = lead.organization.memberships.select_related("user", "organization").prefetch_related("groups")
    return bool(why_organization_cannot(lead.organization, people, allowed=True))


def _take_away(lead: Lead, *, by: Actor) -> None:
    """End the present organization's time with the lead: it withholds again."""
    if lead.organization is None:
        return
    changes = {"organization": (lead.organization, None), "assignee": (lead.assignee, None)}
    _note(Event.Kind.LEAD_RECALLED, lead, by=by, changes=changes, tell=receivers(lead))
    lead.status = Status.UNASSIGNED
    lead.organization = lead.assignee = lead.assigned_by = lead.assigned_at = None
    lead.opened_at = lead.opened_by = None


def _begin_work(lead: Lead, side: Side) -> bool:
    if side is Side.HOLDER and lead.status == Status.OPENED:
        lead.status = Status.WORKING
        return True
    return False


def _close(lead: Lead, status: Status) -> None:
    lead.status, lead.closed_at = status, timezone.now()
    _save(lead)


def _save(lead: Lead) -> None:
    lead.version += 1
    lead.updated_at = timezone.now()
    lead.save()


def _need_a_name(company: str, last_name: str) -> None:
    if not company and not last_name:
        raise Refused(_("A lead needs a company or a last name."))


def _vendor() -> Organization:
    return Organization.objects.get(kind=Organization.Kind.VENDOR)


def _other_side(lead: Lead, side: Side) -> list[Membership]:
    if side is Side.HOLDER:
        return vendors_watching(lead)
    return receivers(lead) if lead.organization else []


def _facts(lead: Lead) -> dict[str, Any]:
    return {"code": lead.code}


def _note(
    kind: Event.Kind,
    lead: Lead,
    *,
    by: Actor,
    changes: Mapping[str, Change] | None = None,
    facts: Mapping[str, Any] | None = None,
    tell: list[Membership] | None = None,
) -> None:
    """An event of this lead, which concerns the vendor and whoever has the lead."""
    record(
        kind,
        lead,
        by=by,
        organization=lead.organization,
        changes=changes,
        facts=_facts(lead) | dict(facts or {}),
        tell=tell or [],
    )


def _note_file(kind: Event.Kind, lead: Lead, file: LeadFile, *, by: Actor, change: Change) -> None:
    """An event for those who see the file: the vendor, and its partner; where it is the vendor's, the holder."""
    shared_with = lead.organization if file.organization.is_vendor else file.organization
    record(
        kind,
        lead,
        by=by,
        organization=None if file.is_internal else shared_with,
        changes={"file": change},
        facts=_facts(lead) | {"file": str(file.pk), "is_internal": file.is_internal},
    )

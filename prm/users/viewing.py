"""Seeing the portal as one of its members does: who may, as whom, and the verbs. docs/adr/0007 says why so.

What a viewing lets through stands in prm/users/middleware.py: that person's pages, and no change at all.
"""

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.actions import Refused
from prm.events.models import Event
from prm.events.record import Actor, record
from prm.users.access import COVERS, Permission
from prm.users.models import Membership, Viewing

MINUTES = 30
SHORTEST_REASON = 10


def why_cannot_view(member: Membership, *, by: Membership) -> str:
    """Why `by` may not see the portal as this person, in words; empty when it may be.

    Nobody comes to see more in this way than one's own groups show.
    """
    if not by.can(Permission.MANAGE_PORTAL):
        return str(_("Only system administrators view the portal as somebody else."))
    if member.pk == by.pk:
        return str(_("You see the portal as yourself already."))
    if not Membership.objects.signed_up().filter(pk=member.pk).exists():
        return str(_("%(name)s cannot sign in at present.")) % {"name": member}
    if member.can(Permission.MANAGE_PORTAL):
        return str(_("%(name)s manages the portal, too: colleagues do not look through each other's eyes.")) % {
            "name": member
        }
    if not member.permissions <= _reach(by):
        return str(_("%(name)s sees what your own groups do not show you.")) % {"name": member}
    return ""


def _reach(member: Membership) -> frozenset[Permission]:
    """A member's permissions, with those of other sides that show nothing more."""
    return member.permissions.union(*(COVERS.get(held, frozenset()) for held in member.permissions))


@transaction.atomic
def begin_viewing(
    member: Membership, *, reason: str, by: Membership, lasting: timedelta = timedelta(minutes=MINUTES)
) -> Viewing:
    """See the portal as `member` for a while. Whatever else `by` was viewing ends."""
    if why := why_cannot_view(member, by=by):
        raise Refused(why)
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise Refused(_("Give the reason in a few words: %(name)s reads it.") % {"name": member})
    if not timedelta(0) < lasting <= Viewing.LONGEST:
        raise Refused(_("A viewing lasts an hour at most."))
    for other in Viewing.objects.running().filter(viewer=by):
        end_viewing(other, by=by)
    now = timezone.now()
    viewing: Viewing = Viewing.objects.create(
        viewer=by, viewed=member, reason=reason, begun_at=now, ends_at=now + lasting
    )
    _note(Event.Kind.VIEWING_BEGUN, viewing, by=by, changes={"reason": ("", reason)})
    return viewing


@transaction.atomic
def end_viewing(viewing: Viewing, *, by: Actor) -> Viewing:
    """Stop it, or note that it is over. A second time changes nothing."""
    viewing = Viewing.objects.locked(viewing.pk)
    if viewing.ended_at is None:
        viewing.ended_at = min(timezone.now(), viewing.ends_at)
        viewing.save(update_fields=["ended_at"])
        _note(Event.Kind.VIEWING_ENDED, viewing, by=by)
    return viewing


def running_viewing(pk: uuid.UUID, *, viewer: Membership) -> Viewing | None:
    """The viewing, while it lasts and both still are who they were; None ends it."""
    rows = Viewing.objects.running().filter(pk=pk, viewer=viewer)
    viewing: Viewing | None = rows.select_related("viewed__user", "viewed__organization").first()
    if viewing is None or why_cannot_view(viewing.viewed, by=viewer):
        return None
    viewing.viewer = viewing.viewed.viewer = viewer
    return viewing


def _note(
    kind: Event.Kind, viewing: Viewing, *, by: Actor, changes: dict[str, tuple[object, object]] | None = None
) -> None:
    """An event of the person viewed, which that person's organization may know of."""
    viewed = viewing.viewed
    record(
        kind,
        viewed,
        by=by,
        organization=None if viewed.is_vendor else viewed.organization,
        facts={"viewing": str(viewing.pk), "viewer": str(viewing.viewer_id), "viewed": str(viewing.viewed_id)},
        changes=changes,
    )

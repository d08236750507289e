"""Invitation links: signed, never stored, dead once accepted, sent anew, or INVITATION_DAYS old."""

from datetime import timedelta

from django.conf import settings
from django.core import signing

from prm.organizations.context import active_portal
from prm.users.models import Membership

SALT = "prm.users.invitation"


def token_for(member: Membership) -> str:
    """`<portal's code>.<signed membership and time of invitation>`."""
    assert member.invited_at is not None
    value = signing.dumps([str(member.pk), member.invited_at.isoformat()], salt=SALT)
    return f"{active_portal().code}.{value}"


def member_for(token: str) -> Membership | None:
    """The invited person, or None when the link is no longer, or never was, good in this portal."""
    code, _, value = token.partition(".")
    if code != active_portal().code:
        return None
    try:
        pk, invited_at = signing.loads(value, salt=SALT, max_age=timedelta(days=settings.INVITATION_DAYS))
    except signing.BadSignature:
        return None
    people = Membership.objects.select_related("user", "organization").prefetch_related("groups")
    member = people.filter(pk=pk, status=Membership.Status.INVITED).first()
    if member is None or member.invited_at is None or member.invited_at.isoformat() != invited_at:
        return None
    return member

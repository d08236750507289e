"""Links that confirm a new e-mail address: signed, never stored; for an hour, one portal, one change."""

from datetime import timedelta

from django.core import signing

from prm.organizations.context import active_portal
from prm.users.middleware import active_member
from prm.users.models import Membership, User

SALT = "prm.users.addresses"
LASTS = timedelta(hours=1)


def token_for(member: Membership, new: str) -> str:
    """`<portal's code>.<signed account, new address, and the address and password of this moment>`."""
    user, code = member.user, active_portal().code
    return f"{code}.{signing.dumps([code, str(user.pk), new, user.get_session_auth_hash()], salt=SALT)}"


def change_for(token: str) -> tuple[Membership, str] | None:
    """Whose address is to become which; None when the link is no longer, or never was, good in this portal.

    Any change of address or password since then makes it worthless, its own use among them.
    """
    try:
        code, pk, new, stamp = signing.loads(token.partition(".")[2], salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first() if code == active_portal().code else None
    if user is None or not _is_of(user, stamp):
        return None
    member = active_member(user)
    return (member, new) if member else None


def _is_of(user: User, stamp: str) -> bool:
    return stamp in {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}

"""Sessions that began at a provider: good in one portal, and never for the account that all portals share."""

from django.contrib.auth import login
from django.http import HttpRequest

from prm.organizations.context import active_portal_id
from prm.serving.client import client_address
from prm.sso.models import Identity
from prm.users.middleware import SESSION_IDENTITY, SESSION_PORTAL
from prm.users.models import User

SESSION_PROOF = "sso_proof"
"""The identity that an administrator has shown in a test, while in by a password."""
BACKEND = "prm.users.sign_in.PortalBackend"


def begin_session(request: HttpRequest, identity: Identity) -> None:
    """A new session; nothing of an older one in this browser goes on, above all no proof of a password.

    The device is not remembered as the account's own, and no mailed link is followed: both belong to
    whoever has the password.
    """
    request.session.flush()
    user = identity.membership.user
    before = user.last_login
    login(request, user, backend=BACKEND)
    # Not a sign-in of the account: it would end the reset links that wait for their person elsewhere.
    User.objects.filter(pk=user.pk, last_login=user.last_login).update(last_login=before)
    request.session[SESSION_PORTAL] = str(active_portal_id())
    request.session[SESSION_IDENTITY] = str(identity.pk)
    request.session.save()
    agent = request.headers.get("User-Agent", "")
    request.session.note(address=client_address(request), agent=agent)  # type: ignore[attr-defined]


def identity_of(request: HttpRequest) -> Identity | None:
    """The identity that this session began with or has shown, where it still stands."""
    pk = request.session.get(SESSION_IDENTITY) or request.session.get(SESSION_PROOF)
    found: Identity | None = Identity.objects.select_related("provider").filter(pk=pk).first() if pk else None
    return found


def began_at_a_provider(request: HttpRequest) -> bool:
    return SESSION_IDENTITY in request.session

"""Sessions that began at a provider: good in one portal, and never for the account that all portals share."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, QueryDict

from prm.sso.models import Identity

SESSION_IDENTITY = "sso_identity"
"""How the session began: the identity that came in. Absent when it began with a password."""
SESSION_PROOF = "sso_proof"
"""The identity that an administrator has shown in a test, while in by a password."""


def begin_session(request: HttpRequest, identity: Identity) -> None:
    """A new session; nothing of an older one in this browser goes on, above all no proof of a password."""
    request.session.flush()
    request.GET = QueryDict()  # no `next` of the provider's: a mailed link is followed by the sign-in form alone
    get_adapter(request).login(request, identity.membership.user)
    request.session[SESSION_IDENTITY] = str(identity.pk)


def identity_of(request: HttpRequest) -> Identity | None:
    """The identity that this session began with or has shown, where it still stands."""
    pk = request.session.get(SESSION_IDENTITY) or request.session.get(SESSION_PROOF)
    found: Identity | None = Identity.objects.select_related("provider").filter(pk=pk).first() if pk else None
    return found


def began_at_a_provider(request: HttpRequest) -> bool:
    return SESSION_IDENTITY in request.session

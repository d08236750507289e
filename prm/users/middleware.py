"""Who asks: the member behind a session of this portal, or nobody."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from prm.api.problems import problem
from prm.organizations.kept import Kept
from prm.serving.client import client_address
from prm.serving.language import language_for
from prm.users.models import Membership, MembershipQuerySet, User

SESSION_PORTAL = "portal"
"""The session key that binds a session to the portal in which it began."""
SESSION_IDENTITY = "sso_identity"
"""The session key that says by whose word it began: the identity at a provider. Absent after a password."""
ON_THE_WAY = frozenset(
    [
        *("mfa_activate_totp", "account_reauthenticate", "account_logout"),
        *("theme", "script", "manifest", "icon", "favicon"),
    ]
)
"""What somebody reaches who has yet to set up a second factor."""


class MembershipMiddleware:
    """Sets `request.membership`; a session is anonymous in every portal but its own.

    The rest of the request, rendering included, is in the member's language and time zone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        member = find_member(request)
        request.membership = member  # type: ignore[attr-defined]
        if member is None:
            request.user = AnonymousUser()
            return self.get_response(request)
        address, agent = client_address(request), request.headers.get("User-Agent", "")
        request.session.note(address=address, agent=agent, now_and_again=True)  # type: ignore[attr-defined]
        language = language_for(request, member.language)
        with translation.override(language), timezone.override(member.time_zone):
            return self.get_response(request)


class SecondFactorMiddleware:
    """Whoever has to set up a second factor does so before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        from prm.users.second_factor import must_set_up

        viewing = getattr(request, "viewing", None)  # asks the one who signed in, not the one looked at
        member: Membership | None = viewing.viewer if viewing else request.membership  # type: ignore[attr-defined]
        match = request.resolver_match
        if member is None or (match and match.url_name in ON_THE_WAY) or not must_set_up(request, member):
            return None
        if request.path.startswith("/api/"):
            return problem(403, _("Set up a second factor first."), code="second_factor_required")
        return HttpResponseRedirect(reverse("mfa_activate_totp"))


def find_member(request: HttpRequest) -> Membership | None:
    """The active membership of the session's account, if the session was begun in this portal."""
    portal = request.portal  # type: ignore[attr-defined]
    if portal is None or request.session.get(SESSION_PORTAL) != str(portal.pk):
        return None
    return request.user.membership if isinstance(request.user, User) else None


def _members_of(account: uuid.UUID) -> MembershipQuerySet:
    members = Membership.objects.signed_up().with_permissions().filter(user=account)
    return members.select_related("user", "organization").order_by()[:1]


MEMBER_OF = Kept(_members_of, account=uuid.uuid4())


def active_member(user: User | uuid.UUID) -> Membership | None:
    """The account's membership in the active portal, when it may act today."""
    return MEMBER_OF.first(account=user if isinstance(user, uuid.UUID) else user.pk)

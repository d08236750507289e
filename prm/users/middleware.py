"""Who asks: the member behind a session of this portal, or nobody."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from prm.users.models import Membership, User

SESSION_PORTAL = "portal"
"""The session key that binds a session to the portal in which it began."""


class MembershipMiddleware:
    """Sets `request.membership`; a session is anonymous in every portal but its own.

    The rest of the request, rendering included, speaks the member's language and time zone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        member = find_member(request)
        request.membership = member  # type: ignore[attr-defined]
        if member is None:
            request.user = AnonymousUser()
            return self.get_response(request)
        with translation.override(member.language), timezone.override(member.time_zone):
            return self.get_response(request)


def find_member(request: HttpRequest) -> Membership | None:
    """The active membership of the session's account, if the session was begun in this portal."""
    portal = request.portal  # type: ignore[attr-defined]
    if portal is None or request.session.get(SESSION_PORTAL) != str(portal.pk):
        return None
    return active_member(request.user) if isinstance(request.user, User) else None


def active_member(user: User) -> Membership | None:
    """The account's membership in the active portal, when it may act today."""
    members = Membership.objects.signed_up().filter(user=user)
    return members.select_related("user", "organization").prefetch_related("groups").first()

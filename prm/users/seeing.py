"""The request's side of a viewing: through whose eyes a session looks, and what that lets through."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from prm.organizations.context import read_only
from prm.serving.pages import viewing_refuses
from prm.users.models import Membership, Viewing
from prm.users.viewing import end_viewing, running_viewing

SESSION_VIEWING = "viewing"
"""The session key with the Viewing through which this session looks."""
THE_PERSONS_OWN = ("/accounts/", "/profile/", "/notifications/", "/invitations/", "/runs/", "/api/")
"""Not to be seen through somebody else's eyes, whatever stands below these addresses."""


class ViewingMiddleware:
    """Of a request by somebody who views the portal as a member: that member's pages, and no change at all.

    Three times over: what is not a GET never reaches a page, `visible_to` shows what both may see, and
    Postgres refuses to write. What is the person's own (account, profile, API) stays closed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.viewing = None  # type: ignore[attr-defined]
        viewer: Membership | None = request.membership  # type: ignore[attr-defined]
        key = request.session.get(SESSION_VIEWING) if viewer is not None else None
        if viewer is None or key is None:
            return self.get_response(request)
        viewing = running_viewing(uuid.UUID(key), viewer=viewer)
        if viewing is None:
            return self._is_over(request)
        if request.path in _ways_out():
            return self.get_response(request)
        request.viewing = viewing  # type: ignore[attr-defined]
        with translation.override(viewing.viewed.language), timezone.override(viewing.viewed.time_zone):
            if request.path.startswith(THE_PERSONS_OWN):
                return viewing_refuses(request, is_personal=True)
            if request.method not in {"GET", "HEAD"}:
                return viewing_refuses(request)
            request.membership = viewing.viewed  # type: ignore[attr-defined]
            with read_only():
                return self.get_response(request)

    def _is_over(self, request: HttpRequest) -> HttpResponse:
        """Back to oneself: a page is simply shown as one's own, but a form of the other's is not carried out."""
        leave_viewing(request)
        messages.warning(request, _("The viewing is over: this is your own view again."))
        if request.headers.get("HX-Request"):
            return HttpResponseClientRefresh()
        return self.get_response(request) if request.method in {"GET", "HEAD"} else redirect("home")


def _ways_out() -> set[str]:
    return {reverse("users:end_viewing"), reverse("account_logout")}


def enter_viewing(request: HttpRequest, viewing: Viewing) -> None:
    """From the next request on this session sees through the member's eyes. Forms on older pages are dead."""
    request.session[SESSION_VIEWING] = str(viewing.pk)
    rotate_token(request)


def leave_viewing(request: HttpRequest) -> Viewing | None:
    """End what this session views, if anything. Forms that were shown meanwhile are dead."""
    key = request.session.pop(SESSION_VIEWING, None)
    viewer: Membership | None = request.membership  # type: ignore[attr-defined]
    viewing = Viewing.objects.select_related("viewed").filter(pk=key, viewer=viewer).first() if key else None
    if viewing is None:
        return None
    rotate_token(request)
    return end_viewing(viewing, by=viewer)

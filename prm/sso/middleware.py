"""Holds "single sign-on only", and keeps sessions of a portal's provider away from the shared account."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from prm.sso.models import Identity
from prm.sso.sessions import began_at_a_provider
from prm.sso.ways import SHOWN_ALL_THE_SAME, WAYS, Way
from prm.users.middleware import SESSION_IDENTITY
from prm.users.models import policy


class SingleSignOnMiddleware:
    """A session counts while the way in which it began is open; a page, while it is no closed way round."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.membership is not None and not _still_counts(request):  # type: ignore[attr-defined]
            request.membership = None  # type: ignore[attr-defined]
            request.user = AnonymousUser()
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        way = WAYS.get(name)
        if way is None or request.portal is None:  # type: ignore[attr-defined]
            return None
        if name in SHOWN_ALL_THE_SAME and request.method in {"GET", "HEAD"}:
            return None
        if way is Way.ACCOUNT and request.membership is not None and began_at_a_provider(request):  # type: ignore[attr-defined]
            return render(request, "sso/account_closed.html", status=403)
        if way is Way.PASSWORD and policy().is_sso_only:
            return render(request, "sso/closed.html", status=403)
        return None


def _still_counts(request: HttpRequest) -> bool:
    if not began_at_a_provider(request):
        return not request.session.row.is_sso_only  # type: ignore[attr-defined]
    identities = Identity.objects.filter(pk=request.session[SESSION_IDENTITY], provider__is_active=True)
    stands: bool = identities.filter(membership=request.membership).exists()  # type: ignore[attr-defined]
    return stands

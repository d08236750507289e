"""API keys belong into a header. One in an address is refused, and burnt where it was good."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from prm.api.problems import problem
from prm.users.actions import revoke_exposed_key
from prm.users.models import ApiKey


class CredentialMiddleware:
    """Answers 400, the same for good keys and bad ones, under whatever name the key was sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        found = [value for values in request.GET.lists() for value in values[1] if ApiKey.is_like_secret(value)]
        if not found:
            return self.get_response(request)
        if request.portal is not None:  # type: ignore[attr-defined]
            for secret in found:
                revoke_exposed_key(secret)
        title = _("A key belongs into the Authorization header. One that was sent in an address is good no more.")
        return problem(400, title, code="credential_in_url")

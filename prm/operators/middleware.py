"""Who asks at the operators' host."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse

from prm.operators.sessions import SessionStore
from prm.users.models import User


class OperatorMiddleware:
    """Gives a request to /admin its own kind of session, and sets `request.operator`; everywhere else it is None.

    `request.entered` is the portal that a page then enters (prm/operators/access.py).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.operator = request.entered = None  # type: ignore[attr-defined]
        if request.is_for_operators:  # type: ignore[attr-defined]
            request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
            request.user = get_user(request)
            if isinstance(request.user, User):
                request.operator = request.user  # type: ignore[attr-defined]
                request.session.touch()
        return self.get_response(request)

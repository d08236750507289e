"""The operators' way in: the portals' sign-in, with the same counting of guesses, and always a second factor."""

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from prm.operators.people import forget_old_sessions, operators
from prm.users import devices
from prm.users.models import User
from prm.users.second_factor import has_second_factor
from prm.users.sign_in import PortalAdapter, refuse_half_a_sign_in

BACKEND = "prm.operators.sign_in.OperatorBackend"


class OperatorBackend(AuthenticationBackend):
    """Right credentials are wrong ones away from the operators' host, and without a second factor."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        if not getattr(request, "is_for_operators", False):
            return None
        user = super().authenticate(request, **credentials)
        self.unstash_authenticated_user()  # allauth keeps an inactive account aside, to tell it so
        return user if isinstance(user, User) and user.is_staff and has_second_factor(user) else None

    def get_user(self, user_id: Any) -> User | None:
        try:
            return operators().filter(pk=uuid.UUID(str(user_id)), is_active=True).first()
        except ValueError:
            return None


class Adapter(PortalAdapter):
    """A portal's, and at the operators' host what differs there."""

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        if not request.is_for_operators:  # type: ignore[attr-defined]
            return super().login(request, user)
        assert isinstance(user, User)
        refuse_half_a_sign_in(request, user)
        user.backend = BACKEND  # after the second step allauth would take the first
        DefaultAccountAdapter.login(self, request, user)
        request.session.begin()  # type: ignore[attr-defined]
        forget_old_sessions()
        return None

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **words: Any) -> HttpResponse:
        if not request.is_for_operators:  # type: ignore[attr-defined]
            return super().post_login(request, user, **words)
        assert isinstance(user, User)
        response: HttpResponse = DefaultAccountAdapter.post_login(self, request, user, **words)
        devices.remember(request, response, user)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if request.is_for_operators:  # type: ignore[attr-defined]
            return reverse("admin:portals")
        return str(super().get_login_redirect_url(request))

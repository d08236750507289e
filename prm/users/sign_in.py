"""Sign-in by allauth, bound to the portal: credentials are the account's, the way in is the membership."""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from prm.organizations.context import active_portal_id, is_inside_portal
from prm.serving.client import client_address
from prm.users import account, actions, devices
from prm.users.middleware import SESSION_PORTAL, active_member
from prm.users.models import Membership, User
from prm.users.second_factor import has_second_factor, proved_second_factor
from prm.users.seeing import leave_viewing

log = logging.getLogger(__name__)

LinkFollower = Callable[..., None]
_followers: dict[str, LinkFollower] = {}


def follows_sign_in(url_name: str) -> Callable[[LinkFollower], LinkFollower]:
    """Register what happens when somebody follows a mailed link and then signs in on purpose.

    Called with the member and the link's URL arguments, in the POST of the sign-in form. A link that
    a mail scanner opens, or that is opened by somebody already signed in, does not get here.
    """

    def register(follower: LinkFollower) -> LinkFollower:
        _followers[url_name] = follower
        return follower

    return register


class PortalBackend(AuthenticationBackend):
    """Right credentials without an active membership in this portal are wrong credentials here."""

    def authenticate(
        self, request: HttpRequest | None, *, invited: Membership | None = None, **credentials: Any
    ) -> AbstractBaseUser | None:
        """The account, if it may enter this portal: as an active member, or as the one `invited` just now."""
        if not is_inside_portal():
            return None
        user = super().authenticate(request, **credentials)
        self.unstash_authenticated_user()  # allauth keeps an inactive account aside, to tell it so
        if not isinstance(user, User):
            return None
        if invited is not None:
            return user if invited.user_id == user.pk else None
        return user if active_member(user) else None

    def get_user(self, user_id: Any) -> User | None:
        """The session's account with its membership here, in one query, since each request needs both.

        An account that is no active member of this portal is nobody in it.
        """
        try:
            member = active_member(uuid.UUID(str(user_id))) if is_inside_portal() else None
        except ValueError:
            return None
        if member is None:
            return None
        member.user.membership = member
        return member.user


class PortalAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: accounts come from invitations."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only this portal's own pages: the host of another portal, or of nobody, is not followed."""
        try:
            return url_has_allowed_host_and_scheme(url, {self.request.get_host()}, self.request.is_secure())
        except ValueError:  # what is no address at all
            return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The account, or None. Every guess is counted, whichever page it comes from. Raises Slowed."""
        email = str(credentials.get("email", "")).strip().lower()
        claimed = User.objects.filter(email=email).first()
        series = devices.series_of(request, claimed, "password", email)
        series.check(request)
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is None:
            if series.add() and claimed is not None:
                account.warn_of_guesses(claimed)
        else:
            series.end()
        return user

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        assert isinstance(user, User)
        return self.authenticate(self.request, email=user.email, password=password) == user

    def is_reauthentication_required(self, **words: Any) -> bool:
        """Not within five minutes of signing in, which asked for all there is to ask."""
        records = get_authentication_records(self.request, self.request.user)
        return not records or time.time() - records[-1]["at"] > app_settings.REAUTHENTICATION_TIMEOUT

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        assert isinstance(user, User)
        account.change_password(user, password=password)

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        assert isinstance(user, User)
        refuse_half_a_sign_in(request, user)
        browser = account.Browser(client_address(request), request.headers.get("User-Agent", ""))
        if user.last_login is not None and not devices.is_known(request, user):
            account.note_new_device(user, browser)
        super().login(request, user)
        request.session[SESSION_PORTAL] = str(active_portal_id())
        request.session.save()
        request.session.note(address=browser.address, agent=browser.agent)  # type: ignore[attr-defined]

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **words: Any) -> HttpResponse:
        """After all steps: the device is known from now on, and a mailed link is followed."""
        assert isinstance(user, User)
        response: HttpResponse = super().post_login(request, user, **words)
        devices.remember(request, response, user)
        member = active_member(user)
        if member is not None:
            follow_link(member, words.get("redirect_url"))
        return response

    def logout(self, request: HttpRequest) -> None:
        leave_viewing(request)
        super().logout(request)

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Through the outbox like all mail, so that the answer takes as long for a stranger's address."""
        assert isinstance(user, User)
        member = active_member(user)
        if member is not None:
            actions.ask_password_reset(member)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No 'successfully signed in as' toasts: the page itself says so."""


def refuse_half_a_sign_in(request: HttpRequest, user: User) -> None:
    """An account with a second factor gets no session that has seen none of its codes, whatever led here.

    allauth's stages see to that. Should they ever be passed by, it ends here. Raises PermissionDenied.
    """
    if proved_second_factor(request, user) or not has_second_factor(user):
        return
    log.error("a sign-in came by without its second factor and was refused", extra={"user": str(user.pk)})
    raise PermissionDenied


def follow_link(member: Membership, url: str | None) -> None:
    if not url:
        return
    try:
        match = resolve(urlsplit(url).path)
    except Resolver404:
        return
    follower = _followers.get(match.view_name)
    if follower is not None:
        follower(member, **match.kwargs)

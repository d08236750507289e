"""People, and the few of allauth's pages that we open. Signing up is not among them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as allauth
from allauth.account.utils import url_str_to_user_pk
from allauth.mfa.base import views as mfa
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path
from django.views.generic import RedirectView

from prm.users import devices
from prm.users.access import member_page, public_page
from prm.users.guesses import says_when
from prm.users.models import User
from prm.users.views import account as own
from prm.users.views import bulk, people, settings, viewing


def _entrance(view: Callable[..., HttpResponseBase], why: str) -> Callable[..., HttpResponseBase]:
    """One of allauth's pages, which exist inside a portal only."""

    @says_when
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.portal is None:  # type: ignore[attr-defined]
            raise Http404
        return view(request, *args, **kwargs)

    return public_page(why)(page)


def leave(request: HttpRequest) -> HttpResponseBase:
    """Sign-out, after which the browser keeps no page either."""
    response: HttpResponseBase = allauth.logout(request)
    if request.method == "POST":
        response["Clear-Site-Data"] = '"cache"'
    return response


def choose_password(request: HttpRequest, uidb36: str, key: str) -> HttpResponseBase:
    """The page behind a reset link; 410 where the link is no longer good.

    Whoever has read the mail is the owner: on this device nobody else's guessing keeps them out any more.
    """
    response: HttpResponseBase = allauth.password_reset_from_key(request, uidb36=uidb36, key=key)
    if isinstance(response, TemplateResponse) and (response.context_data or {}).get("token_fail"):
        response.status_code = 410
    elif request.method == "POST" and response.status_code == 302:
        devices.remember(request, response, User.objects.get(pk=url_str_to_user_pk(uidb36)))
    return response


FORGOT = "whoever forgot the password cannot sign in"
account = [
    path("login/", _entrance(allauth.login, "the way in"), name="account_login"),
    path("logout/", _entrance(leave, "the way out"), name="account_logout"),
    path("password/change/", member_page()(says_when(allauth.password_change)), name="account_change_password"),
    path("password/reset/", _entrance(allauth.password_reset, FORGOT), name="account_reset_password"),
    path(
        "password/reset/done/",
        _entrance(allauth.password_reset_done, FORGOT),
        name="account_reset_password_done",
    ),
    path(
        "password/reset/key/<str:uidb36>/<str:key>/",
        _entrance(choose_password, FORGOT),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        _entrance(allauth.password_reset_from_key_done, FORGOT),
        name="account_reset_password_from_key_done",
    ),
    path("reauthenticate/", member_page()(says_when(allauth.reauthenticate)), name="account_reauthenticate"),
    path("2fa/", own.second_factor_page, name="mfa_index"),
    path("2fa/code/", _entrance(mfa.authenticate, "the second step of the way in"), name="mfa_authenticate"),
    path("2fa/reauthenticate/", member_page()(says_when(mfa.reauthenticate)), name="mfa_reauthenticate"),
    path("2fa/set-up/", own.second_factor_on, name="mfa_activate_totp"),
    path("2fa/remove/", own.second_factor_off, name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", own.recovery_codes, name="mfa_view_recovery_codes"),
    # allauth's own pages ask for this address; nobody signs up here
    path(
        "signup/",
        _entrance(RedirectView.as_view(pattern_name="account_login"), "leads to sign-in"),
        name="account_signup",
    ),
]

app_name = "users"
urlpatterns = [
    path("profile/", own.profile, name="profile"),
    path("profile/email/", own.email, name="email"),
    path("profile/email/<str:token>/", own.email_confirm, name="email_confirm"),
    path("profile/sessions/", own.sessions, name="sessions"),
    path("profile/sessions/end-others/", own.sessions_end_others, name="end_other_sessions"),
    path("profile/sessions/<uuid:pk>/end/", own.session_end, name="end_session"),
    path("profile/keys/", own.keys, name="keys"),
    path("profile/keys/<uuid:pk>/revoke/", own.key_revoke, name="revoke_key"),
    path("settings/security/", settings.security, name="security"),
    path("people/", people.member_list, name="list"),
    path("people/enable/", bulk.enable_many, name="enable_many"),
    path("people/disable/", bulk.disable_many, name="disable_many"),
    path("people/invite/", bulk.resend_many, name="resend_many"),
    path("people/<uuid:pk>/", people.member_edit, name="edit"),
    path("people/<uuid:pk>/disable/", people.member_disable, name="disable"),
    path("people/<uuid:pk>/enable/", people.member_enable, name="enable"),
    path("people/<uuid:pk>/sign-out/", people.member_sign_out, name="sign_out"),
    path("people/<uuid:pk>/resend/", people.member_resend, name="resend"),
    path("people/<uuid:pk>/view-as/", viewing.view_as, name="view_as"),
    path("viewing/end/", viewing.viewing_end, name="end_viewing"),
    path("organizations/<uuid:pk>/invite/", people.member_invite, name="invite"),
    path("invitations/<str:token>/", people.invitation, name="invitation"),
]

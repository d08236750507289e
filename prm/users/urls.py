"""People, and the few of allauth's pages that we open. Signing up is not among them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as allauth
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path
from django.views.generic import RedirectView

from prm.users.access import member_page, public_page
from prm.users.views import people, settings


def _entrance(view: Callable[..., HttpResponseBase], why: str) -> Callable[..., HttpResponseBase]:
    """One of allauth's pages, which exist inside a portal only."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.portal is None:  # type: ignore[attr-defined]
            raise Http404
        return view(request, *args, **kwargs)

    return public_page(why)(page)


FORGOT = "whoever forgot the password cannot sign in"
account = [
    path("login/", _entrance(allauth.login, "the way in"), name="account_login"),
    path("logout/", _entrance(allauth.logout, "the way out"), name="account_logout"),
    path("password/change/", member_page()(allauth.password_change), name="account_change_password"),
    path("password/reset/", _entrance(allauth.password_reset, FORGOT), name="account_reset_password"),
    path(
        "password/reset/done/",
        _entrance(allauth.password_reset_done, FORGOT),
        name="account_reset_password_done",
    ),
    path(
        "password/reset/key/<str:uidb36>/<str:key>/",
        _entrance(allauth.password_reset_from_key, FORGOT),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        _entrance(allauth.password_reset_from_key_done, FORGOT),
        name="account_reset_password_from_key_done",
    ),
    # allauth's own pages ask for these two addresses; nobody signs up here, and a lapsed sign-in begins anew
    path(
        "signup/",
        _entrance(RedirectView.as_view(pattern_name="account_login"), "leads to sign-in"),
        name="account_signup",
    ),
    path(
        "reauthenticate/",
        _entrance(RedirectView.as_view(pattern_name="account_login"), "leads to sign-in"),
        name="account_reauthenticate",
    ),
]

app_name = "users"
urlpatterns = [
    path("profile/", people.profile, name="profile"),
    path("settings/security/", settings.security, name="security"),
    path("people/", people.member_list, name="list"),
    path("people/<uuid:pk>/", people.member_edit, name="edit"),
    path("people/<uuid:pk>/disable/", people.member_disable, name="disable"),
    path("people/<uuid:pk>/enable/", people.member_enable, name="enable"),
    path("people/<uuid:pk>/resend/", people.member_resend, name="resend"),
    path("organizations/<uuid:pk>/invite/", people.member_invite, name="invite"),
    path("invitations/<str:token>/", people.invitation, name="invitation"),
]

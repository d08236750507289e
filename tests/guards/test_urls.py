"""Every URL says who may enter: members by a decorator or a permission class, everybody by a closed list."""

from collections import Counter

import pytest
from django.urls import Resolver404, get_resolver
from rest_framework.viewsets import GenericViewSet

from prm.api.authentication import IsMember, KeyAuthentication, PortalSession
from prm.api.views import PortalViewSet
from prm.users.access import Permission
from tests.guards.routes import Route, routes

PUBLIC = {
    "home": "the front door: leads to sign-in, or lists the portals of a development machine",
    "account_login": "the way in",
    "account_logout": "the way out",
    "account_signup": "allauth asks for the address; it leads to sign-in",
    "mfa_authenticate": "the second step of the way in: whoever is there has passed the first",
    "account_reset_password": "whoever forgot the password cannot sign in",
    "account_reset_password_done": "whoever forgot the password cannot sign in",
    "account_reset_password_from_key": "the signed key in the address is the proof",
    "account_reset_password_from_key_done": "whoever forgot the password cannot sign in",
    "users:email_confirm": "whoever reads the new mailbox may not be signed in there; the signed token is the key",
    "users:invitation": "an invited person has no account yet; the signed token is the key",
    "events:unsubscribe": "the signed token is for one person, and can only stop mails",
    "sso:login": "leads to the portal's identity provider",
    "sso:callback": "the provider's proven answer is the key",
    "sso:acs": "the provider's page posts the answer here; its signature is the proof",
    "sso:finish": "the provider's proven answer is the key",
    "sso:metadata": "our side of the agreement with a provider, which names nobody",
    "organizations:theme": "the stylesheet with three colours, on sign-in pages too",
    "script": "the script of all pages",
    "organizations:logo": "the present logo, on sign-in pages too, named by its content",
    "home:manifest": "how a phone names and paints the portal: its name, its colour, our drawing",
    "home:icon": "our drawing in the portal's colour",
    "home:favicon": "our drawing in the portal's colour",
    "security_txt": "where to report a security problem",
    "security_policy": "how to report a security problem",
    "robots_txt": "sends search engines away",
    "events:outbox": "development only; 404 in production",
    "events:outbox_mail": "development only; 404 in production",
    "schema": "describes the API and holds no row of anybody",
}
"""All that a stranger may ask for. To add to it is a decision, not a side effect."""

EXEMPT = {
    "events:unsubscribe": "mail programs post it by themselves (RFC 8058); its token is the proof",
    "sso:acs": "a provider's page posts the SAML answer; its signature is the proof",
}
"""Pages that take a POST without Django's CSRF token, none of which looks at a session."""

ROUTES = routes()
each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)


def is_members_only(route: Route) -> bool:
    if route.api is None:
        return route.access is not None and not route.access.is_public
    ways_in = (KeyAuthentication, PortalSession)
    return (
        issubclass(route.api, PortalViewSet)
        and route.api.permission_classes == [IsMember]
        and tuple(route.api.authentication_classes) == ways_in
    )


@each_route
def test_url_says_who_may_enter(route: Route) -> None:
    assert is_members_only(route) != (route.name in PUBLIC)


def test_public_pages_are_the_listed_ones() -> None:
    """An entry that names no URL any more is a door left open for the next one of that name."""
    open_to_all = {route.name for route in ROUTES if not is_members_only(route)}

    assert open_to_all == set(PUBLIC)


def test_public_pages_say_why_in_the_code_too() -> None:
    reasons = {route.name: route.access.why for route in ROUTES if route.access and route.access.is_public}

    assert set(reasons) == set(PUBLIC) - {"schema"}
    assert all(reasons.values())


def test_the_schema_knows_nobody() -> None:
    """Open to everybody, so it must not even try to find out who asks."""
    (schema,) = [route for route in ROUTES if route.name == "schema"]

    assert schema.view.initkwargs["authentication_classes"] == []  # type: ignore[attr-defined]


def test_names_are_unique() -> None:
    """The access matrix is keyed by name."""
    assert [name for name, times in Counter(route.name for route in ROUTES).items() if times > 1] == []


@each_route
def test_only_the_api_goes_without_djangos_csrf_check(route: Route) -> None:
    """DRF exempts its views; PortalSession makes up for it, and a key is sent by no browser on its own."""
    is_exempt = getattr(route.view, "csrf_exempt", False)

    assert is_exempt == (route.api is not None or route.name in EXEMPT)


@each_route
def test_api_resources_are_declared_by_the_router(route: Route) -> None:
    if route.api is not None and route.name != "schema":
        assert issubclass(route.api, GenericViewSet)
        assert route.actions
        assert set(route.actions) <= {"get", "post", "patch", "delete"}


def test_every_permission_opens_some_page() -> None:
    """A permission that no page asks for would be granted for nothing, or forgotten where it is needed."""
    asked: set[Permission] = set()
    for route in ROUTES:
        if route.access is not None:
            asked |= route.access.permissions

    assert asked == set(Permission)


@pytest.mark.parametrize("path", ["admin/", "__debug__/", "api/", "api/v1/", "metrics", "static/../"])
def test_nothing_else_answers(path: str) -> None:
    with pytest.raises(Resolver404):
        get_resolver().resolve(f"/{path}")

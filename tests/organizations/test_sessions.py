"""A session, a key and a page belong to one portal; host names and headers cannot talk them into another."""

from copy import copy
from typing import Any

import pytest
from django.http import HttpRequest
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from prm.organizations.models import Organization, Portal
from prm.users.access import public_page
from prm.users.models import Membership
from tests.browsing import Api, sign_in, visitor
from tests.cast import PASSWORD, Cast


def carried_to(portal: Portal, client: Client) -> Client:
    """The same cookies, sent to another portal's host."""
    other = visitor(portal)
    other.cookies = copy(client.cookies)  # a browser keeps a jar for each host
    return other


def is_let_in(client: Client) -> bool:
    page, api = client.get("/leads/"), client.get("/api/v1/leads/")
    assert (page.status_code, api.status_code) in {(200, 200), (302, 401)}
    return page.status_code == 200


def signed_in_by_form(member: Membership) -> Client:
    client = visitor(member.portal)
    answer = client.post("/accounts/login/", {"login": member.user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


# --- Sessions -------------------------------------------------------------------------------------------


def test_session_is_anonymous_in_the_other_portal(cast: Cast) -> None:
    """Eve is a member of both, with one account and one password."""
    at_acme, at_globex = signed_in_by_form(cast.eve), signed_in_by_form(cast.eve_globex)

    assert is_let_in(at_acme)
    assert is_let_in(at_globex)
    assert not is_let_in(carried_to(cast.globex, at_acme))
    assert not is_let_in(carried_to(cast.acme, at_globex))
    assert is_let_in(at_acme)  # the visit over there has not ended it


def test_session_of_a_stranger_to_the_portal_is_anonymous(cast: Cast) -> None:
    dan = signed_in_by_form(cast.dan)

    assert carried_to(cast.acme, dan).get("/leads/")["Location"] == "/accounts/login/?next=%2Fleads%2F"


def test_session_is_nobodys_on_the_bare_host(cast: Cast, settings: Settings) -> None:
    ben, dan = signed_in_by_form(cast.ben), signed_in_by_form(cast.dan)
    bare = Client(headers={"host": "localhost:8000"})

    bare.cookies = ben.cookies
    assert bare.get("/leads/").status_code == 404
    settings.PRM_DEFAULT_PORTAL = "acme"
    assert is_let_in(bare)
    bare.cookies = dan.cookies
    assert not is_let_in(bare)


def test_sign_in_needs_a_membership_in_this_portal(cast: Cast) -> None:
    """Dan's password is right and his account is good: at Globex."""
    answer = visitor(cast.acme).post("/accounts/login/", {"login": cast.dan.user.email, "password": PASSWORD})

    assert answer.status_code == 422
    assert "not correct" in answer.content.decode()


@pytest.mark.parametrize("name", ["ivan", "dis"])
def test_sign_in_needs_an_active_membership(cast: Cast, name: str) -> None:
    member: Membership = getattr(cast, name)
    member.user.set_password(PASSWORD)  # Ivan has none before he accepts
    member.user.save()

    answer = visitor(cast.acme).post("/accounts/login/", {"login": member.user.email, "password": PASSWORD})

    assert "not correct" in answer.content.decode()
    assert not is_let_in(sign_in(member))


# --- Hosts and headers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "globex.localhost:8000"},
        {"Forwarded": "host=globex.localhost:8000"},
        {"X-Original-Host": "globex.localhost:8000"},
        {"X-Portal": "globex"},
        {"X-Tenant-ID": "globex"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_header_names_no_portal(cast: Cast, headers: dict[str, str]) -> None:
    answer = visitor(cast.acme).get("/accounts/login/", headers=headers)

    assert "Acme" in answer.content.decode()
    assert "Globex" not in answer.content.decode()
    astray = carried_to(cast.acme, sign_in(cast.dan))
    assert astray.get("/leads/", headers=headers)["Location"] == "/accounts/login/?next=%2Fleads%2F"


@pytest.mark.parametrize("parameter", ["portal", "portal_id", "tenant"])
def test_parameter_names_no_portal(cast: Cast, parameter: str) -> None:
    answer = visitor(cast.acme).get("/accounts/login/", {parameter: str(cast.globex.pk)})

    assert "Globex" not in answer.content.decode()


@pytest.mark.parametrize("host", ["acme.localhost.:8000", "acme.localhost.", "globex.acme.localhost"])
def test_host_that_is_almost_a_portals_is_none(cast: Cast, host: str) -> None:
    client = sign_in(cast.ben)

    assert client.get("/leads/", headers={"host": host}).status_code == 404


# --- Keys -----------------------------------------------------------------------------------------------


def test_key_opens_its_own_portal_only(cast: Cast) -> None:
    at_home = Api(cast.dan)
    at_acme = Api(cast.dan)
    at_acme.client = visitor(cast.acme)
    bare = Api(cast.dan)
    bare.client = visitor(None)

    names = {row["name"] for row in bare.get("organizations/").json()["results"]}
    assert at_home.get("organizations/").status_code == 200
    assert at_acme.get("organizations/").status_code == 401
    assert names == {"Globex", "West"}


def test_key_with_the_other_portals_code_is_none(cast: Cast) -> None:
    """On the bare host the key's first letters say which portal: they are no proof."""
    api = Api(cast.dan)
    secret = api.headers["Authorization"].partition("_")[2]
    for client in (visitor(None), visitor(cast.acme)):
        answer = client.get("/api/v1/leads/", headers={"Authorization": f"Bearer {cast.acme.code}_{secret}"})
        assert answer.status_code == 401
        assert answer.json()["code"] == "key_revoked"


def test_key_beats_the_session_beside_it(cast: Cast) -> None:
    """A browser at Acme that sends Ben's cookie and Bea's key asks as Bea: never as a mixture."""
    api = Api(cast.bea)
    api.client = sign_in(cast.ben)

    assert "Ben" in api.get("users/", search="ben").content.decode()
    assert api.patch(f"users/{cast.ben.pk}/", {"groups": []}).status_code == 200  # Bea may, Ben may not


# --- Rendering ------------------------------------------------------------------------------------------


@public_page("a page of this test: its rows are fetched when the template asks, after the view has returned")
def lazy_page(request: HttpRequest) -> TemplateResponse:
    template = engines["django"].from_string("{% for row in rows %}[{{ row.name }}]{% endfor %}")
    rows: Any = Organization.objects.order_by("name")
    return TemplateResponse(request, template, {"rows": rows})


urlpatterns = [path("lazy/", lazy_page), path("", include("prm.urls"))]


def test_template_rendered_after_the_view_still_sees_its_portals_rows(cast: Cast, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__

    assert visitor(cast.acme).get("/lazy/").content.decode() == "[Acme][East][North][South]"
    assert visitor(cast.globex).get("/lazy/").content.decode() == "[Globex][West]"

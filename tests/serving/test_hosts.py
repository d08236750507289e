"""Which portal a host leads to."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import visitor
from tests.cast import Cast
from tests.reading import Page


def at(host: str) -> Client:
    return Client(headers={"host": host})


@pytest.mark.parametrize(
    "host", ["acme.localhost:8000", "ACME.LocalHost:8000", "acme.localhost", "acme.localhost:9"]
)
def test_portal_is_found_by_its_name(cast: Cast, host: str) -> None:
    answer = at(host).get("/accounts/login/")

    assert answer.status_code == 200
    assert "Sign in · Acme" in Page(answer).root.all("title")[0].text


@pytest.mark.parametrize(
    "host", ["evil.example", "acme.localhost.evil.example", "localhost.evil.example", "acme.localhost:port", "a b"]
)
def test_portal_of_a_wrong_host_is_a_bad_request(cast: Cast, host: str) -> None:
    answer = at(host).get("/leads/")

    assert answer.status_code == 400
    assert "Acme" not in answer.content.decode()


@pytest.mark.parametrize(
    "host", ["nobody.localhost:8000", "www.acme.localhost", "acme.acme.localhost", "xn--.localhost"]
)
@pytest.mark.parametrize("path", ["/", "/leads/", "/accounts/login/", "/theme.css", "/outbox/"])
def test_portal_that_does_not_exist_is_not_found(cast: Cast, host: str, path: str) -> None:
    answer = at(host).get(path)

    assert answer.status_code == 404
    assert Page(answer).heading == "There is nothing here"


@pytest.mark.parametrize(
    "host", ["localhost:8000", "localhost", "127.0.0.1:8000", "127.0.0.1", "[::1]:8000", "[::1]"]
)
def test_bare_host_lists_the_portals_in_development(cast: Cast, settings: Settings, host: str) -> None:
    settings.IS_DEVELOPMENT = True

    page = Page(at(host).get("/"))

    links = [link.attributes["href"] for link in page.root.all("a", css="portal-link")]
    assert links == ["http://acme.localhost:8000/", "http://globex.localhost:8000/"]


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000"])
@pytest.mark.parametrize("path", ["/", "/leads/", "/accounts/login/"])
def test_bare_host_shows_no_portal_elsewhere(cast: Cast, host: str, path: str) -> None:
    answer = at(host).get(path)

    assert answer.status_code == 404
    assert "Acme" not in answer.content.decode()


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_bare_host_serves_the_default_portal(cast: Cast, settings: Settings, host: str) -> None:
    settings.PRM_DEFAULT_PORTAL = "globex"

    answer = at(host).get("/accounts/login/")

    assert "Sign in · Globex" in Page(answer).root.all("title")[0].text
    assert at(host).get("/")["Location"] == "/accounts/login/?next=%2F"
    assert "Sign in · Acme" in at("acme.localhost").get("/accounts/login/").content.decode()


def test_bare_host_with_an_unknown_default_portal_is_not_found(cast: Cast, settings: Settings) -> None:
    settings.PRM_DEFAULT_PORTAL = "nobody"

    assert at("localhost").get("/accounts/login/").status_code == 404


def test_a_forgotten_slash_keeps_what_was_sent(cast: Cast) -> None:
    sent = visitor(cast.acme).post("/api/v1/leads", {"company": "Kestrel"}, content_type="application/json")

    assert (sent.status_code, sent["Location"]) == (308, "/api/v1/leads/")

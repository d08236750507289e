"""Headers of every answer, whatever its kind."""

import logging
import re
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from prm.organizations.context import inside
from prm.serving.headers import HEADERS
from prm.serving.health import HEART
from prm.users.models import Membership
from tests.browsing import Api, visitor
from tests.cast import Cast
from tests.factories import opened_lead

ClientOf = Callable[[Membership], Client]
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
ANSWERS = {
    "/leads/": 200,
    "/accounts/login/": 302,
    "/leads/new/": 403,
    "/leads/L-999/": 404,
    "/nothing/": 404,
    "/leads/?ordering=nonsense": 400,
    "/leads/?search=%00": 400,
    "/messages/read/": 405,
    "/theme.css": 200,
    "/static/css/app.css": 200,
    "/static/nothing.css": 404,
    "/api/v1/leads/": 200,
    "/api/v1/nothing/": 404,
    "/api/v1/schema/": 200,
}


@pytest.mark.parametrize(("path", "status"), ANSWERS.items())
def test_headers_guard_every_answer(client_of: ClientOf, cast: Cast, path: str, status: int) -> None:
    answer = client_of(cast.ben).get(path)

    assert answer.status_code == status
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy == POLICY
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "camera=()" in answer["Permissions-Policy"]
    assert [name for name in answer.headers if name.startswith("Access-Control-")] == []
    assert UUID.match(answer["X-Request-ID"])


@pytest.mark.parametrize(("host", "status"), [("evil.example", 400), ("nobody.localhost", 404), ("localhost", 404)])
def test_headers_guard_answers_outside_of_portals(cast: Cast, host: str, status: int) -> None:
    answer = Client(headers={"host": host}).get("/leads/")

    assert answer.status_code == status
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_headers_guard_the_probes(cast: Cast, path: str) -> None:
    answer = Client(headers={"host": "10.1.2.3"}).get(path)

    assert {name: answer[name] for name in HEADERS if name != "Cache-Control"} == {
        name: value for name, value in HEADERS.items() if name != "Cache-Control"
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "NONSENSE"])
@pytest.mark.parametrize("path", ["/leads/", "/accounts/login/", "/healthz", "/api/v1/leads/", "/theme.css"])
def test_unknown_methods_are_not_allowed(client_of: ClientOf, cast: Cast, method: str, path: str) -> None:
    answer = client_of(cast.ben).generic(method, path, headers={"Cookie": "secret=1"})

    assert answer.status_code == 405
    assert "secret" not in answer.content.decode()
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_https_is_remembered_for_a_year(cast: Cast, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600

    answer = Client(headers={"host": "acme.localhost"}).get("/accounts/login/", secure=True)

    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_api_in_the_clear_is_refused_and_not_led_to_https(cast: Cast, settings: Settings, method: str) -> None:
    """ASVS 4.1.2: a program would follow each time without a word, its key in the clear. Pages lead on."""
    settings.SECURE_SSL_REDIRECT, settings.PRM_PROXIES = True, 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    api, client = Api(cast.ada), visitor(cast.acme)

    for forwarded in ({}, {"X-Forwarded-Proto": "http"}):
        answer = getattr(client, method)("/api/v1/leads/", headers={**api.headers, **forwarded})
        assert (answer.status_code, answer.json()["code"]) == (403, "https_required")
        assert "Location" not in answer
    page = client.get("/leads/?search=x")
    assert (page.status_code, page["Location"]) == (301, "https://acme.localhost:8000/leads/?search=x")
    assert client.get("/leads/", headers={"X-Forwarded-Proto": "https"}).status_code == 302
    over_https = client.get("/api/v1/leads/", headers={**api.headers, "X-Forwarded-Proto": "https"})
    assert over_https.status_code == 200


def test_not_ready_is_no_error_line_each_time(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    cache.delete(HEART)

    with caplog.at_level(logging.ERROR):
        answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_request_id_is_each_requests_own(client_of: ClientOf, cast: Cast) -> None:
    client = client_of(cast.ben)

    ids = {
        client.get("/leads/", headers={"X-Request-ID": "chosen-by-the-caller"})["X-Request-ID"] for _ in range(3)
    }

    assert len(ids) == 3
    assert all(UUID.match(id_) for id_ in ids)


def test_personal_answers_are_kept_in_no_cache(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
    client = client_of(cast.ben)

    for path in (f"/leads/{lead.code}/", "/leads/", "/profile/", "/messages/", "/api/v1/leads/", "/"):
        assert client.get(path)["Cache-Control"] == "no-store, private", path


def test_entrance_pages_are_kept_in_no_cache(cast: Cast) -> None:
    client = Client(headers={"host": "acme.localhost"})

    for path in ("/accounts/login/", "/accounts/password/reset/", "/invitations/nonsense/"):
        assert "no-store" in client.get(path)["Cache-Control"], path


def test_shared_files_may_be_cached(cast: Cast) -> None:
    client = Client(headers={"host": "acme.localhost"})

    assert client.get("/theme.css")["Cache-Control"] == "public, max-age=300"
    assert client.get("/script.js")["Cache-Control"] == "public, max-age=300"
    assert "no-store" not in client.get("/static/css/app.css")["Cache-Control"]
    assert "session" not in client.get("/theme.css").cookies

"""Headers of every answer, whatever its kind."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from prm.organizations.context import inside
from prm.users.models import Membership
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
    assert "camera=()" in answer["Permissions-Policy"]
    assert UUID.match(answer["X-Request-ID"])


@pytest.mark.parametrize(("host", "status"), [("evil.example", 400), ("nobody.localhost", 404), ("localhost", 404)])
def test_headers_guard_answers_outside_of_portals(cast: Cast, host: str, status: int) -> None:
    answer = Client(headers={"host": host}).get("/leads/")

    assert answer.status_code == status
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store, private"


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
    assert "no-store" not in client.get("/static/css/app.css")["Cache-Control"]
    assert "session" not in client.get("/theme.css").cookies


def test_theme_holds_the_portals_colours(cast: Cast) -> None:
    answer = Client(headers={"host": "acme.localhost"}).get("/theme.css")

    assert answer["Content-Type"] == "text/css"
    assert answer.content.decode() == f":root{{--brand:{cast.acme.brand};--hue:{cast.acme.hue}}}"

"""Log lines: JSON, with request id and portal, and nothing in them that is nobody's business."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from leads.models import Lead
from prm.organizations.context import inside
from prm.serving.logs import JsonFormatter
from prm.users.invitations import token_for
from prm.users.models import ApiKey, Membership, User
from tests.browsing import Api, visitor
from tests.cast import PASSWORD, Cast

ClientOf = Callable[[Membership], Client]


class Log:
    """What has been logged, as the console has it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["logger"] == "prm.request"]


@pytest.fixture
def log() -> Iterator[Log]:
    found = Log()
    handler = logging.StreamHandler(found.stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield found
    root.removeHandler(handler)


def test_request_is_one_line_with_its_id_and_portal(client_of: ClientOf, cast: Cast, log: Log) -> None:
    answer = client_of(cast.ben).get("/leads/?search=needle")

    (line,) = log.requests
    assert line.pop("at").endswith("+00:00")
    assert line.pop("milliseconds") > 0
    assert line == {
        "level": "info",
        "logger": "prm.request",
        "message": "request",
        "request_id": answer["X-Request-ID"],
        "portal": "acme",
        "member": str(cast.ben.pk),
        "method": "GET",
        "path": "/leads/",
        "status": 200,
    }


def test_request_names_member_and_key_by_their_ids(client_of: ClientOf, cast: Cast, log: Log) -> None:
    """Never by name or address, and nobody for who is not let in."""
    api = Api(cast.ben)
    with inside(cast.acme):
        key = ApiKey.objects.get(membership=cast.ben)

    client_of(cast.ben).get("/api/v1/leads/")
    api.get("leads/")
    visitor(cast.acme).get("/api/v1/leads/")
    visitor(cast.globex).get("/api/v1/leads/", headers=api.headers)

    assert [(line.get("member"), line.get("key")) for line in log.requests] == [
        (str(cast.ben.pk), None),
        (str(cast.ben.pk), str(key.pk)),
        (None, None),
        (None, None),
    ]
    assert not re.search(r"(?i)ben\b|north|@", log.text)


@pytest.mark.parametrize("host", ["localhost", "evil.example", "nobody.localhost"])
def test_request_outside_of_portals_names_none(cast: Cast, log: Log, host: str) -> None:
    Client(headers={"host": host}).get("/leads/")

    (line,) = log.requests
    assert "portal" not in line
    assert line["path"] == "/leads/"


def test_log_holds_no_lead_detail(client_of: ClientOf, cast: Cast, log: Log) -> None:
    details = {"company": "Needle Inc", "last_name": "Needle", "email": "needle@needle.example", "version": "1"}
    client = client_of(cast.ada)

    client.post("/leads/new/", details)
    with inside(cast.acme):
        lead = Lead.objects.get(company="Needle Inc")
    client.post(f"/leads/{lead.code}/edit/", {**details, "city": "Needle City"})
    client.post(f"/leads/{lead.code}/edit/", {**details, "email": "needle"})
    client.post(f"/leads/{lead.code}/comment/", {"text": "needle", "audience": "internal"})
    client.get("/leads/", {"search": "needle"})
    client.get("/leads/", {"search": "needle", "ordering": "needle"})
    Api(cast.ada).patch(f"leads/{lead.pk}/", {"company": "Needle Ltd", "needle": 1})

    assert [line["status"] for line in log.requests] == [302, 302, 422, 302, 200, 400, 400]
    assert "needle" not in log.text.lower()


def test_log_holds_no_secret(cast: Cast, log: Log) -> None:
    with inside(cast.acme):
        token = token_for(Membership.objects.get(pk=cast.ivan.pk))
    client = Client(enforce_csrf_checks=True, headers={"host": "acme.localhost"})
    api = Api(cast.ben)

    client.get(f"/invitations/{token}/")
    client.post(f"/invitations/{token}/", {"name": "Ivan", "password": PASSWORD})
    client.get("/accounts/password/reset/key/abc/1-secret-key/")
    client.post("/accounts/login/", {"login": "ben@north.example", "password": PASSWORD})
    client.get("/leads/", {"token": "secret"})
    api.get("leads/")

    secrets = [token, "1-secret-key", PASSWORD, "secret", api.headers["Authorization"].removeprefix("Bearer ")]
    assert len(log.requests) == 6
    assert [secret for secret in secrets if secret in log.text] == []
    assert [line["path"] for line in log.requests][:3] == [
        *("/invitations/…", "/invitations/…", "/accounts/password/reset/key/…"),
    ]


def test_log_of_a_broken_page_tells_where_and_no_token(cast: Cast, log: Log, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.serving.broken"
    client = visitor(cast.acme)
    client.raise_request_exception = False

    answer = client.get("/invitations/acme00.secret/broken/?search=secret")

    (error,) = [line for line in log.lines if line["level"] == "error"]
    assert "RuntimeError: out of order" in error["exception"]
    assert (error["portal"], error["request_id"]) == ("acme", answer["X-Request-ID"])
    assert "secret" not in log.text


def test_log_of_an_error_of_postgres_names_no_row(cast: Cast, log: Log) -> None:
    email = cast.ben.email
    with pytest.raises(IntegrityError, match=re.escape(f"({email})")) as caught, transaction.atomic():
        User.objects.create(email=email)

    logging.getLogger("prm").error("Out of order: %s", caught.value, exc_info=caught.value)

    (line,) = log.lines
    assert [line[part].count("unique constraint") for part in ("message", "exception")] == [1, 2]
    assert email not in log.text


def test_formatter_writes_one_line_of_json_whatever_it_is_given() -> None:
    log = Log()
    handler = logging.StreamHandler(log.stream)
    handler.setFormatter(JsonFormatter())
    record = logging.makeLogRecord({"msg": "two\nlines of %s", "args": (object,), "lead": object(), "name": "n"})

    handler.emit(record)

    (line,) = log.lines
    assert line["message"] == "two\nlines of <class 'object'>"
    assert line["lead"].startswith("<object object at ")

"""The stage of the access matrix: who asks, for which rows, and what the answer comes to.

Everything is made by the product's own verbs, once per module, in a transaction that is never
committed. Each question is asked in a savepoint of its own, which is rolled back.
"""

import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from prm.organizations.context import APP_ROLE, inside
from prm.organizations.models import Portal
from tests.guards.catalogue import fenced_tables, privileges, rows

READS = ("SELECT", "(SELECT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET LOCAL")


@dataclass(frozen=True)
class Actor:
    """Somebody who asks. `role` is the member of the cast whose rights count, '' for a stranger."""

    name: str
    role: str
    portal: Portal
    cookies: Mapping[str, str] = field(default_factory=dict, hash=False)
    key: str = ""
    is_read_only: bool = False


@dataclass(frozen=True)
class Row:
    """A record somebody may ask for: how pages and the API address it, and by what a list shows it.

    `within`: the record whose address comes before its own.
    """

    code: str
    key: str
    mark: str
    within: "Row | None" = None

    def address(self, *, is_api: bool) -> list[str]:
        """What stands for it in an address."""
        before = self.within.address(is_api=is_api) if self.within else []
        return [*before, self.key if is_api else self.code]


@dataclass(frozen=True)
class Question:
    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


@dataclass(frozen=True)
class Answer:
    """What came back, without what differs from one request to the next or only echoes the address."""

    status: int
    headers: Mapping[str, str]
    body: str
    has_changed: bool


def ask(actor: Actor, question: Question, before: str = "", *, row: Row | None = None) -> Answer:
    """Put the question, in a savepoint. `before` is the fingerprint of the tables as they stand."""
    with transaction.atomic():
        watch = Watch()
        with connection.execute_wrapper(watch):
            response = send(actor, question)
        has_changed = watch.has_written and fingerprint() != before
        transaction.set_rollback(True)
    return Answer(
        response.status_code, _headers(response, question, row), _body(response, question, row), has_changed
    )


def send(actor: Actor, question: Question) -> HttpResponse:
    """The bare question, as this actor's browser or program puts it."""
    client = _client()
    client.cookies = SimpleCookie(dict(actor.cookies))  # none of an earlier answer's
    headers = {"host": f"{actor.portal.slug}.localhost:8000"}
    if actor.key:
        headers["Authorization"] = f"Bearer {actor.key}"
    brings_a_file = any(isinstance(value, UploadedFile) for value in question.body.values())
    if question.is_api and question.method not in {"GET", "HEAD"} and not brings_a_file:
        text = json.dumps(dict(question.body))
        answer = client.generic(question.method, question.path, text, "application/json", headers=headers)
    elif question.method == "POST":
        answer = client.post(question.path, dict(question.body), headers=headers)
    else:
        answer = client.generic(question.method, question.path, headers=headers)
    return answer  # type: ignore[return-value]


@cache
def _client() -> Client:
    """One for all: making the middleware anew for each question would take longer than many an answer."""
    return Client()


# --- What is compared -------------------------------------------------------------------------------

OF_THE_MOMENT = ("X-Request-ID", "Expires")
_TOKEN = re.compile(
    r'(name="csrfmiddlewaretoken" value=")[^"]+|("request_id": ")[^"]+|(hx-headers=\'[^\']*Token": ")[^"]+'
)


def _plain(text: str, question: Question, row: Row | None) -> str:
    for echoed in (question.path, quote(question.path, safe="")):
        text = text.replace(echoed, "<address>")
    while row is not None:
        for echoed in {row.code, row.key} - {""}:
            text = text.replace(echoed, "<row>")
        row = row.within
    return _TOKEN.sub(r"\1\2\3<token>", text)


def _body(response: HttpResponse, question: Question, row: Row | None) -> str:
    return _plain(response.getvalue().decode(errors="replace"), question, row)  # a picture is no text


def _headers(response: HttpResponse, question: Question, row: Row | None) -> dict[str, str]:
    found = {name: _plain(value, question, row) for name, value in response.items() if name not in OF_THE_MOMENT}
    # A browser whose cookie means nothing here is told to drop it, whatever it was.
    kept = {name: morsel for name, morsel in response.cookies.items() if morsel["max-age"] != 0}
    return found | {f"cookie {name}": morsel["path"] for name, morsel in kept.items()}


# --- Whether anything changed -----------------------------------------------------------------------


class Watch:
    """Notices a statement that is more than reading. Nothing in the database writes by itself (test_models)."""

    def __init__(self) -> None:
        self.has_written = False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.has_written |= not str(sql).lstrip().startswith(READS)
        return execute(sql, params, many, context)


def fingerprint() -> str:
    """One word for the content of every table that the serving role can reach, in both portals."""
    reachable = _reachable()
    words = [_digest(reachable - fenced_tables())]
    for portal in Portal.objects.order_by("slug"):
        with inside(portal):
            words.append(_digest(reachable & fenced_tables()))
    return " ".join(words)


@cache
def _reachable() -> frozenset[str]:
    return frozenset(table for table, held in privileges(APP_ROLE).items() if "SELECT" in held)


def _digest(tables: Set[str]) -> str:
    each = " UNION ALL ".join(
        f"SELECT '{table}' AS name, count(*) AS n, md5(string_agg(t::text, '' ORDER BY t::text)) AS sum"
        f" FROM {table} t"
        for table in sorted(tables)
    )
    words = "string_agg(name || n || coalesce(sum, ''), ',' ORDER BY name)"
    ((digest,),) = rows(f"SELECT md5({words}) FROM ({each}) tables")
    return str(digest)

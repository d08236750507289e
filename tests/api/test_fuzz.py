"""Whatever is sent, the API answers with what its description says or with a problem detail; never a 500.

Seeded and bounded for every run: about 2,600 requests of 20 ms. `make soak` goes on for longer, with other seeds,
and writes down what it got. `Caller` looks at every answer.
"""

import base64
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deals.actions import EDITABLE as DEAL_FIELDS
from deals.lists import DEALS
from leads.lists import LEADS
from leads.models import DETAIL_FIELDS
from prm.organizations.actions import EDITABLE as ORGANIZATION_FIELDS
from prm.organizations.lists import ORGANIZATIONS
from prm.users.lists import PEOPLE
from tests import soak
from tests.api.asking import Caller, checked, made
from tests.browsing import unwritten_requests
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal, opened_lead

SOAK = 24  # times the examples of a short run

WORDS = st.sampled_from(
    [
        *(
            "",
            " ",
            "\x00",
            "a\x00",
            "\ud800",
            "'",
            "%",
            "é" * 300,
            "x" * 20_000,
            "null",
            "-1",
            "0",
            "1e999999",
            "NaN",
        ),
        *("9999-99-99", "0001-01-01", "2027-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "24:00"),
        *("DE", "xx", "EUR", "lost", "won", "No budget", "Qualified", "Gold", "Receive Leads", "call", "reached"),
        *("a@b.example", "https://a.example", "http://[::1", "//x", "en", "Europe/Berlin", "L-1001", "inf", "١٢"),
        *("{0}", "{code}", "%(code)s", "\u202e", "\ufeff", "🇨🇿", str(uuid.UUID(int=1)), "-created_at", "name"),
    ]
)
TEXT = WORDS | st.text(max_size=30) | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Co", "Nd"]), max_size=5)
NUMBERS = (
    st.integers() | st.floats() | st.sampled_from([0, -1, 2**31, 2**63, 10**30, 10**400, 1e300, 1e-300, 0.005])
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted(
    {*DETAIL_FIELDS, *DEAL_FIELDS, *ORGANIZATION_FIELDS, "version", "user", "organization", "outcome", "reason"}
    | {"account", "contact", "text", "is_internal", "note", "happened_at", "email", "groups", "phone", "time_zone"}
    | {"list", "format", "query", "rows", "token", "non_field_errors", "message", "code", "id", "portal"}
)
FILTERS = sorted(
    {name for each in (LEADS, DEALS, ORGANIZATIONS, PEOPLE) for one in each.every_filter for name in one.names}
)
BODIES = st.dictionaries(st.sampled_from(FIELDS) | TEXT, VALUES, max_size=6)
ORDERINGS = ["number", "-number", "name", "-name", "created_at", "amount", "close_date", "-updated_at", "status"]


@st.composite
def cursors(draw: st.DrawFn) -> str:
    """A cursor as the lists make them, with something else in it."""
    parts = [
        draw(st.sampled_from(ORDERINGS)),
        draw(st.integers(0, 1) | VALUES),
        draw(VALUES),
        str(uuid.UUID(int=7)),
    ]
    if draw(st.booleans()):
        parts[draw(st.integers(0, 3))] = draw(VALUES)
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


QUERIES = st.lists(
    st.tuples(st.just("cursor"), cursors())
    | st.tuples(st.just("ordering"), st.sampled_from(ORDERINGS) | TEXT)
    | st.tuples(st.sampled_from(FILTERS), TEXT)
    | st.tuples(st.sampled_from(["search", "status", "page_size", "cursor", "page", "format"]) | TEXT, TEXT),
    max_size=4,
)


class Stage:
    """Everybody's door, and a record behind each address."""

    def __init__(self, cast: Cast) -> None:
        lead, waiting = made(opened_lead, cast.ada, cast.ben), made(assigned_lead, cast.ada, cast.ben)
        deal = made(new_deal, cast.ada, cast.ben)
        self.callers = [Caller(member) for member in (cast.ada, cast.ben, cast.bea)]
        verbs = ("assign", "recall", "open", "close", "reopen", "comment", "activity", "convert")
        self.posts = ["leads/", "organizations/", "users/", "exports/"]
        self.posts += [f"leads/{pk}/{verb}/" for pk in (lead.pk, waiting.pk) for verb in verbs]
        self.patches = [f"leads/{lead.pk}/", f"leads/{waiting.pk}/", f"deals/{deal.pk}/"]
        self.patches += [f"organizations/{cast.north.pk}/", f"users/{cast.ben.pk}/"]
        self.lists = ["leads/", "deals/", "organizations/", "users/", "exports/", "runs/"]


@pytest.fixture
def stage(cast: Cast) -> Iterator[Stage]:
    """Each key was used a moment ago: this is noted once a minute, and each request is undone."""
    found = Stage(cast)
    with unwritten_requests():
        for caller in found.callers:
            caller.get("leads/")
        yield found


@contextmanager
def undone() -> Iterator[None]:
    """Each example finds the stage as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


MANY = 1000  # examples of a long run are others each time


def fuzzed(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=examples < MANY,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def ask_with_bodies(stage: Stage, examples: int) -> None:
    @fuzzed(examples)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        method = data.draw(st.sampled_from(["post", "patch"]))
        path = data.draw(st.sampled_from(stage.posts if method == "post" else stage.patches))
        body: Any = data.draw(BODIES | VALUES)
        with undone():
            data.draw(st.sampled_from(stage.callers)).send(method, path, json.dumps(body))

    ask()


def ask_with_one_wrong_value(stage: Stage, examples: int) -> None:
    """Bodies that would do but for one value come further than ones that are wrong throughout."""
    good: dict[str, dict[str, Any]] = {
        "leads/": {"company": "x", "last_name": "y"},
        "organizations/": {"name": "x"},
        "exports/": {"list": "leads", "format": "csv", "query": "status=lost"},
        "close/": {"outcome": "lost", "reason": "No budget"},
        "convert/": {"name": "x", "amount": 1, "currency": "EUR", "close_date": "2027-01-01"},
        "activity/": {"kind": "call", "outcome": "reached", "note": "x"},
        "comment/": {"text": "x"},
    }
    paths = [path for path in stage.posts if path.endswith(tuple(good))]

    @fuzzed(examples)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(paths + stage.patches))
        body = dict(next((body for end, body in good.items() if path.endswith(end) and path in paths), {}))
        fields = [*body, *FIELDS] if path in paths else FIELDS
        body[data.draw(st.sampled_from(fields))] = data.draw(VALUES)
        with undone():
            method = "post" if path in paths else "patch"
            data.draw(st.sampled_from(stage.callers)).send(method, path, json.dumps(body))

    ask()


def ask_with_bytes(stage: Stage, examples: int) -> None:
    @fuzzed(examples)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        path, caller = data.draw(st.sampled_from(stage.posts)), stage.callers[0]
        body = data.draw(st.binary(max_size=40) | BODIES.map(lambda body: json.dumps(body).encode()[:-1]))
        with undone():
            answer = caller.client.post(
                f"/api/v1/{path}", body, content_type="application/json", headers=caller.headers
            )
            checked(answer, "post", path)

    ask()


def ask_for_lists(stage: Stage, examples: int) -> None:
    @fuzzed(examples)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        path, query = data.draw(st.sampled_from(stage.lists)), data.draw(QUERIES)
        text = "&".join("=".join(quote(part, errors="surrogatepass") for part in pair) for pair in query)
        with undone():
            data.draw(st.sampled_from(stage.callers)).at(f"/api/v1/{path}?{text}")

    ask()


ASKING = {
    "bodies": (ask_with_bodies, 500),
    "one wrong value": (ask_with_one_wrong_value, 950),
    "bytes": (ask_with_bytes, 160),
    "lists": (ask_for_lists, 950),
}


@pytest.fixture
def answers(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How many there were of each status."""
    found: Counter[int] = Counter()
    request = Client.request

    def counted(client: Client, **words: Any) -> Any:
        response = request(client, **words)
        found[response.status_code] += 1
        return response

    monkeypatch.setattr(Client, "request", counted)
    return found


@pytest.mark.parametrize("what", ASKING)
def test_the_api_never_breaks(stage: Stage, answers: Counter[int], what: str) -> None:
    ask, examples = ASKING[what]

    ask(stage, examples)

    assert answers.total() >= examples
    assert max(answers) < 500


@pytest.mark.soak
@pytest.mark.parametrize("what", ASKING)
def test_the_api_never_breaks_for_long(stage: Stage, answers: Counter[int], what: str) -> None:
    (ask, examples), begun = ASKING[what], time.monotonic()
    try:
        ask(stage, SOAK * examples)
    finally:
        figures = {
            "requests": answers.total(),
            **{f"answers {status}": count for status, count in sorted(answers.items())},
            "minutes": round((time.monotonic() - begun) / 60, 1),
        }
        soak.write(f"requests_{what.replace(' ', '_')}", figures, packages=("hypothesis", "djangorestframework"))

"""Pages take whatever is sent to them: every address that a form is sent to, found by the resolver.

Generated forms hold the fields of the page's own form, so that they come further than the first look; a
handful of bodies are no form at all. Whatever it is, the answer is below 500, and a 500 tells nothing.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.browsing import served, sign_in
from tests.guards.routes import routes
from tests.reading import Page
from tests.stage import Stage

FORMS = sorted(
    route.name
    for route in routes()
    if route.api is None and route.name not in {"schema", "organizations:theme", "home"}
)
ROWS: dict[str, tuple[str, str]] = {
    "leads": ("lead", "opened"),
    "deals": ("deal", ""),
    "users": ("member", "active"),
}
WORDS = st.sampled_from(
    [
        *("", " ", "\x00", "a\x00b", "'", "%", "é" * 300, "x" * 20_000, "-1", "0", "1e999999", "NaN", "9" * 400),
        *("9999-99-99", "0001-01-01", "2027-01-01", "0001-01-01T00:00", "9999-12-31T23:59", "24:00", "on", "1"),
        *("DE", "EUR", "lost", "won", "call", "reached", "shared", "internal", "partner", "vendor", "add_stage"),
        *(
            "toggle_stage",
            "add_reason",
            "rename_reason",
            "toggle_reason",
            "change_stage",
            "save",
            "\u202e",
            "\ud800",
        ),
        *("a@b.example", "a@b\nBcc: c@d.example", "https://a.example", "http://[::1", "//x", "en", "Europe/Berlin"),
    ]
)
VALUES = (
    WORDS | st.text(max_size=20) | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Nd"]), max_size=5)
)
MULTIPART = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="company"\r\n\r\n'
ODDITIES: dict[str, tuple[int, str, bytes]] = {
    "no boundary": (400, "multipart/form-data", b"--x\r\n"),
    "another boundary": (422, MULTIPART, PART.replace(b"--x", b"--y") + b"Kestrel\r\n--y--\r\n"),
    "a boundary that is no text": (400, "multipart/form-data; boundary=\xff\xfe", PART),
    "a boundary of 300": (400, f"multipart/form-data; boundary={'x' * 300}", PART),
    "cut off": (422, MULTIPART, PART),
    "no name": (200, MULTIPART, b"--x\r\nContent-Disposition: form-data\r\n\r\nKestrel\r\n--x--\r\n"),
    "a header without end": (400, MULTIPART, b"--x\r\nContent-Disposition: " + b"x" * 20_000),
    "base64 that is none": (
        422,
        MULTIPART,
        PART.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b"!\r\n--x--",
    ),
    "a charset that is none": (302, "application/x-www-form-urlencoded; charset=nonsense", b"company=x"),
    "a charset of no text": (302, "application/x-www-form-urlencoded; charset=rot13", b"company=x"),
    "a charset of two bytes": (
        422,
        "application/x-www-form-urlencoded; charset=utf-16",
        "company=x".encode("utf-16"),
    ),
    "bytes that are no text": (422, "application/x-www-form-urlencoded", b"company=%ED%A0%80&city=%FF%00\xff"),
    "text": (200, "text/plain", b"company=x"),
    "json": (200, "application/json", b'{"company": "x"}'),
    "no type at all": (200, "", b"company=x"),
    "a type that is none": (200, "nonsense", b"company=x"),
    "1,500 fields": (400, "application/x-www-form-urlencoded", b"&".join(b"a%d=" % n for n in range(1500))),
    "1,500 times the same": (400, "application/x-www-form-urlencoded", b"&".join([b"company=x"] * 1500)),
    "1,500 parts": (400, MULTIPART, PART.replace(b"\r\n\r\n", b"\r\n\r\nx\r\n") * 1500 + b"--x--"),
    "200 files": (200, MULTIPART, PART.replace(b'"company"', b'"f"; filename="x"') * 200 + b"--x--"),
}
"""With what the form for a new lead answers: 200 is the empty form again, where nothing could be read."""


@pytest.fixture(scope="module")
def addresses(application: WSGIHandler, stage: Stage) -> dict[str, str]:
    """Where each page is, with a row of Ben's in it. The application comes first: its import ends a connection."""
    return {name: address for name in FORMS if (address := _address(stage, name))}


def _address(stage: Stage, name: str) -> str:
    space, _, verb = name.rpartition(":")
    row = stage.rows.get(("lead", "assigned") if verb == "open" else ROWS.get(space, ("", "")), {}).get("north")
    if name == "deals:convert":
        row = stage.rows["lead", "opened"]["north"]
    if space == "organizations" or name == "users:invite":
        row = stage.rows["organization", ""]["north"]
    of_row = [row.code] if row else []
    for args in (
        [],
        of_row,
        [*of_row, "phone"],
        [*of_row, uuid.uuid4()],
        [uuid.uuid4()],
        ["x"],
        ["1", "x"],
        ["x", 1],
    ):
        try:
            return reverse(name, args=args)
        except NoReverseMatch:  # asked for with the other arguments, or not at all
            continue
    return ""


def test_every_form_has_an_address(addresses: Mapping[str, str]) -> None:
    """Of a row where the stage has one; else of one that never was."""
    assert set(addresses) == set(FORMS)


def test_a_body_that_is_no_form_breaks_no_page(
    stage: Stage, addresses: Mapping[str, str], application: WSGIHandler
) -> None:
    """Asked as a server asks: the test client has a request class of its own. A page gets every sixth of them,
    and the form for a new lead gets all: what reads a body is the same everywhere.
    """
    client = _client(stage, "ada")
    token = Page(client.get("/profile/")).value("csrfmiddlewaretoken")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    answers: dict[tuple[str, str], int] = {}
    for number, (name, address) in enumerate(addresses.items()):
        some = list(ODDITIES) if name == "leads:new" else list(ODDITIES)[number % 6 :: 6]
        for what, (_status, kind, body) in ((what, ODDITIES[what]) for what in some):
            headers = {"Cookie": cookies, "X-CSRFToken": token, "Content-Type": kind}
            with undone():
                status, _text = served(application, "POST", address, body=body, headers=headers)
            answers[name, what] = status

    assert {asked: status for asked, status in answers.items() if not 200 <= status < 500} == {}
    for what, (expected, _kind, _body) in ODDITIES.items():
        assert answers["leads:new", what] == expected, what


@pytest.mark.parametrize("who", ["ada", "bea", "ben"])
def test_a_generated_form_breaks_no_page(stage: Stage, addresses: Mapping[str, str], who: str) -> None:
    client = _client(stage, who)
    fields = {name: _fields(client, address) for name, address in addresses.items()}
    shared = sorted({field for found in fields.values() for field in found} | {"action", "stage", "reason", "user"})

    @settings(
        max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(addresses)))
        names = st.sampled_from([*fields[name], *fields[name], *shared])
        sent = {**fields[name], **data.draw(st.dictionaries(names, VALUES, max_size=4))}
        body = urlencode(sent, errors="surrogatepass")
        with undone():
            answer = client.post(addresses[name], body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code < 500, (name, sent)

    ask()


def _fields(client: Client, address: str) -> dict[str, str]:
    """What a page's forms would send if nothing was typed."""
    answer = client.get(address)
    if answer.status_code != 200 or "html" not in answer["Content-Type"]:
        return {}
    page = Page(answer)
    inputs = [e for tag in ("input", "select", "textarea") for e in page.root.all(tag) if e.attributes.get("name")]
    return {e.attributes["name"]: page.value(e.attributes["name"]) for e in inputs}


def _client(stage: Stage, who: str) -> Client:
    client = sign_in(getattr(stage.cast, who))
    client.raise_request_exception = False
    return client


@contextmanager
def undone() -> Iterator[None]:
    """Each question finds the stage as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

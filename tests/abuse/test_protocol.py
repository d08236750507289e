"""Abuse cases 62 to 64: requests that are wrong as such, at the pages, at the API and at the wire.

What granian answers before anything of ours sees the request has no body: 400 for a malformed one, lengths
that contradict each other among them, 414 for an address and 431 for headers that are too long. Of an
absolute-form request it passes on the path alone, so `Host` decides, as for any other: the case's 400 is
not to be had there, and the foreign name has no effect. Of `Transfer-Encoding` beside `Content-Length` it
passes on the former, which we answer 411: nothing of ours streams, and no proxy has to send it.
"""

import json
import re
import socket
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import NoReverseMatch, reverse

from deals.models import Deal
from leads.models import Lead
from prm.local.stack import Stack
from prm.organizations.context import inside
from prm.runs.exports import start_export
from prm.runs.models import Run
from prm.serving.protocol import OF_THE_API
from prm.users.models import Membership
from tests.api.asking import Caller, browser_of, code_of, faults, made, problem_in
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import new_deal, opened_lead
from tests.guards.access_table import TABLE
from tests.reading import Page

# --- 62: changes need a token and a method that changes ------------------------------------------------


def test_case_62_a_page_changes_nothing_without_its_token(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    client = browser_of(cast.ada)

    refused = client.post(f"/leads/{lead.code}/recall/")
    taken = client.post(f"/leads/{lead.code}/recall/", headers={"X-CSRFToken": client.cookies["csrftoken"].value})

    assert (refused.status_code, Page(refused).heading) == (403, "This form is too old")
    assert (taken.status_code, now(lead).status) == (302, "unassigned")


def test_case_62_the_api_changes_nothing_by_a_session_without_its_token(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    client = browser_of(cast.ada)
    path = f"/api/v1/leads/{lead.pk}/recall/"

    refused = client.post(path, {}, content_type="application/json")
    before = now(lead).status
    taken = client.post(
        path, {}, content_type="application/json", headers={"X-CSRFToken": client.cookies["csrftoken"].value}
    )

    assert (code_of(refused, 403), before) == ("permission_denied", "opened")
    assert (taken.status_code, now(lead).status) == (200, "unassigned")


ONLY_POST = sorted(
    {name for name, method in TABLE if method == "POST"} - {name for name, method in TABLE if method == "GET"}
)


@pytest.mark.parametrize("name", ONLY_POST)
def test_case_62_an_address_that_changes_is_no_page(cast: Cast, name: str) -> None:
    """By GET it is 405, in the API as well; the matrix shows that POST there does change something."""
    lead = made(opened_lead, cast.ada, cast.ben)
    record = _row_of(name, lead, cast)

    answer = sign_in(cast.ben if name == "leads:activity" else cast.ada).get(address_of(name, record))

    assert answer.status_code == 405
    assert "GET" not in answer["Allow"]
    assert now(lead).version == lead.version


def _row_of(name: str, lead: Lead, cast: Cast) -> Lead | Deal | Run:
    """What the address names: of the API's, one that is there."""
    if name.startswith("api:deal-"):
        return made(new_deal, cast.ada, cast.ben)
    return made(_new_export, cast.ada) if name.startswith("api:run-") else lead


def _new_export(by: Membership) -> Run:
    return start_export("leads", query=QueryDict(), sheet="csv", token=uuid.uuid4(), by=by)


def address_of(name: str, record: Lead | Deal | Run) -> str:
    """With whatever it takes: nothing, the record's id, which stands for any other's too, or its number."""
    for args in ([], [record.pk], [getattr(record, "number", None)]):
        with suppress(NoReverseMatch):
            return reverse(name, args=args)
    raise AssertionError(name)


def now(lead: Lead) -> Lead:
    with inside(lead.portal):
        found: Lead = Lead.objects.get(pk=lead.pk)
        return found


# --- 63: numbers and parameters ------------------------------------------------------------------------

API_LISTS = ["leads", "deals", "organizations", "users"]
PAGE_LISTS = ["/leads/", "/deals/", "/organizations/", "/people/", "/messages/"]
EXTREMES = ["0", "-1", f"{10**20}", "1e999999", "1000000", "9" * 400, "NaN", "", "１", "0x10", "1;2", "' OR 1=1"]
QUICK = 0.1  # seconds


@pytest.mark.parametrize("path", API_LISTS)
def test_case_63_an_impossible_page_of_the_api_names_the_parameter(ada: Membership, path: str) -> None:
    api = Caller(ada)

    for value in EXTREMES:
        assert faults(api.get(f"{path}/", page_size=value)) == {"page_size": "invalid_filter"}, value
        assert faults(api.get(f"{path}/", page=value)) == {"page": "invalid_filter"}, value
        assert faults(api.get(f"{path}/", cursor=value or "x")) == {"cursor": "invalid_filter"}, value
    for name in ("search", "ordering", "status", "cursor", "page_size"):
        assert faults(api.at(f"/api/v1/{path}/?{name}=1&{name}=1")) == {name: "invalid_filter"}
    assert faults(api.get(f"{path}/", format="csv")) == {"format": "invalid_filter"}
    assert problem_in(api.get(f"{path}/", page="0"))["code"] == "invalid_filter"
    assert api.get(f"{path}/", page_size="1").status_code == 200


@pytest.mark.parametrize("path", PAGE_LISTS)
def test_case_63_an_impossible_page_is_refused(ada: Membership, path: str) -> None:
    """A list takes no parameter that it has not declared (case 9), and none is declared for numbers of pages."""
    client = sign_in(ada)
    plain = client.get(path)

    for value in EXTREMES:
        for name in ("page", "per_page", "page_size", "limit", "offset"):
            assert client.get(path, {name: value}).status_code == 400, (name, value)
        assert client.get(path, {"cursor": value or "x"}).status_code == 400, value
    for name in ("status", "search", "cursor", "ordering"):
        assert client.get(f"{path}?{name}=x&{name}=").status_code in {200, 400}, name
    assert plain.status_code == 200


@pytest.mark.parametrize("path", [f"/api/v1/{path}/" for path in API_LISTS] + PAGE_LISTS)
def test_case_63_an_impossible_number_takes_no_longer_than_a_good_request(ada: Membership, path: str) -> None:
    client = sign_in(ada)

    def seconds(value: str) -> float:
        taken = []
        for _ in range(3):
            begun = time.thread_time()  # of ours: the machine may be busy
            client.get(path, {"cursor": value, "page_size": value})
            taken.append(time.thread_time() - begun)
        return median(taken)

    assert max(seconds(value) for value in ("1e999999", "9" * 400, f"{10**20}")) < QUICK


# --- 64: at the wire -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wire:
    """The portal's real server, spoken to byte by byte."""

    port: int
    key: str

    def ask(self, request: str, *headers: str, host: str = "wire.localhost", body: bytes = b"") -> "Heard":
        lines = [f"{request} HTTP/1.1", f"Host: {host}:{self.port}", "Connection: close", *headers, "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            link.sendall("\r\n".join(lines).encode("latin-1") + body)
            heard = b""
            while part := link.recv(65536):
                heard += part
        return Heard(heard)

    @property
    def as_ada(self) -> tuple[str, str]:
        return f"Authorization: Bearer {self.key}", "Content-Type: application/json"


@dataclass(frozen=True)
class Heard:
    raw: bytes

    @property
    def status(self) -> int:
        return int(self.raw[9:12])

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}: (.*?)\r$", self.raw.decode("latin-1"), re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""

    @property
    def problem(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw[self.raw.index(b"{") : self.raw.rindex(b"}") + 1])
        return found


@pytest.fixture(scope="module")
def wire(stack: Stack) -> Wire:
    admin = "ada@wire.example"
    stack.manage("create_portal", "wire", "--name", "Wire", "--admin", admin, "--password", "a-long-test-password")
    key = stack.manage("create_api_key", "--portal", "wire", "--user", admin, "--name", "wire").split()[-1]
    return Wire(stack.port, key)


def test_case_64_a_good_request_is_answered(wire: Wire) -> None:
    """The control of all others, and HEAD: the same headers with no body."""
    got, head = (wire.ask(f"{method} /api/v1/leads/", *wire.as_ada) for method in ("GET", "HEAD"))

    assert (got.status, head.status) == (200, 200)
    assert got.raw.endswith(b"}")
    assert head.raw.endswith(b"\r\n\r\n")
    assert head.header("Content-Length") == got.header("Content-Length")


@pytest.mark.parametrize("method", ["TRACE", "BREW", "CONNECT", "PROPFIND", "PUT", "DELETE"])
def test_case_64_a_method_that_is_none_here_is_not_allowed(wire: Wire, method: str) -> None:
    for path in ("/leads/", "/accounts/login/", "/nothing/"):
        page = wire.ask(f"{method} {path}" if method != "CONNECT" else "CONNECT evil.example:443")
        assert (page.status, page.header("Allow")) == (405, "GET, HEAD, POST")
        assert b"evil" not in page.raw
    if method != "CONNECT":
        api = wire.ask(f"{method} /api/v1/leads/", *wire.as_ada)
        assert (api.status, api.problem["code"]) == (405, "method_not_allowed")
        known = "GET, POST, HEAD, OPTIONS" if method in {"PUT", "DELETE"} else ", ".join(OF_THE_API)
        assert api.header("Allow") == known


def test_case_64_options_tell_the_methods_and_nothing_else(wire: Wire) -> None:
    heard = wire.ask("OPTIONS /api/v1/leads/", *wire.as_ada)

    assert (heard.status, heard.header("Allow")) == (204, "GET, POST, HEAD, OPTIONS")
    assert heard.raw.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "host", ["evil.example", "wire.localhost.evil.example", "wire.localhost@evil.example", "", "a b"]
)
def test_case_64_a_wrong_host_is_a_bad_request(wire: Wire, host: str) -> None:
    assert wire.ask("GET /leads/", host=host).status == 400
    api = wire.ask("GET /api/v1/leads/", *wire.as_ada, host=host)
    assert (api.status, api.problem["code"]) == (400, "invalid")


@pytest.mark.parametrize("second", ["Host: evil.example", "Host: wire.localhost"])
def test_case_64_two_hosts_are_a_bad_request(wire: Wire, second: str) -> None:
    assert wire.ask("GET /leads/", second).status == 400


@pytest.mark.parametrize("target", ["http://evil.example", "https://user@evil.example:1", "http://other.localhost"])
def test_case_64_a_foreign_name_in_an_absolute_address_has_no_effect(wire: Wire, target: str) -> None:
    """granian: what stands before the path never reaches us, so it cannot be refused with the 400 of the case.

    `Host` is looked at as always and alone says which portal it is; no answer may be kept by a cache in between.
    """
    heard, wrong = wire.ask(f"GET {target}/leads/"), wire.ask(f"GET {target}/leads/", host="evil.example")

    assert (heard.status, heard.header("Location")) == (302, "/accounts/login/?next=%2Fleads%2F")
    assert b"evil" not in heard.raw
    assert wrong.status == 400


BODY = b'{"company": "Smuggled"}'
LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (["Content-Length: 5", LENGTH], BODY, 400),  # granian
        (["Content-Length: -5"], BODY, 400),  # granian
        ([f"Content-Length: +{len(BODY)}"], BODY, 400),  # granian
        (["Content-Length: 1e2"], BODY, 400),  # granian
        (["Transfer-Encoding: xchunked"], CHUNKED, 400),  # granian
        (["Transfer-Encoding: chunked", LENGTH], CHUNKED, 411),
        ([LENGTH, "Transfer-Encoding: chunked"], CHUNKED, 411),
        (["Transfer-Encoding: chunked"], CHUNKED, 411),
        (["X-Folded: a\r\n b", LENGTH], BODY, 400),  # granian
        (["X-Nul: a\0b", LENGTH], BODY, 400),  # granian
        (["X-Space : a", LENGTH], BODY, 400),  # granian
    ],
)
def test_case_64_a_request_that_can_be_read_in_two_ways_is_refused(
    wire: Wire, headers: list[str], body: bytes, status: int
) -> None:
    heard = wire.ask("POST /api/v1/leads/", *wire.as_ada, *headers, body=body)

    assert heard.status == status
    assert heard.raw.count(b"HTTP/1.1 ") == 1
    assert wire.ask("GET /api/v1/leads/?search=Smuggled", *wire.as_ada).problem["results"] == []


@pytest.mark.parametrize(
    ("headers", "body", "statuses", "is_closed"),
    [
        (["Content-Length: 90", "Transfer-Encoding: chunked"], b"0\r\n\r\n", ["411"], True),
        (["Content-Length: 3", "Transfer-Encoding: chunked"], CHUNKED, ["411"], True),
        (["Content-Length: 5", "Content-Length: 6"], b"xxxxx", ["400"], True),  # granian
        (["Content-Length: 30000000"], BODY, ["413"], True),
        (["Transfer-Encoding: chunked"], CHUNKED, ["411", "401"], False),
        ([LENGTH], BODY, ["401", "401"], False),
    ],
)
def test_case_64_nothing_behind_an_unclear_end_is_taken_for_a_request(
    wire: Wire, headers: list[str], body: bytes, statuses: list[str], is_closed: bool
) -> None:
    """What a proxy in front takes for a body must not be the next visitor's request: the connection ends.

    The case asks for 400 where two lengths are told. We never see the second: granian has dropped it.
    """
    lines = ["POST /api/v1/leads/ HTTP/1.1", f"Host: wire.localhost:{wire.port}", *headers]
    hidden = f"GET /api/v1/leads/ HTTP/1.1\r\nHost: wire.localhost:{wire.port}\r\n\r\n"
    heard = b""
    with socket.create_connection(("127.0.0.1", wire.port), timeout=2) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode() + body + hidden.encode())
        try:
            while part := link.recv(65536):
                heard += part
            is_at_an_end = True
        except TimeoutError:
            is_at_an_end = False

    assert re.findall(r"HTTP/1\.1 (\d+)", heard.decode()) == statuses
    assert is_at_an_end == is_closed


def test_case_64_headers_and_addresses_have_a_largest_size(wire: Wire) -> None:
    """granian answers."""
    assert wire.ask("GET /leads/", f"X-Large: {'x' * 600_000}").status == 431
    assert wire.ask("GET /leads/", *(f"X-{number}: x" for number in range(500))).status == 431
    assert wire.ask(f"GET /leads/?search={'x' * 100_000}").status == 414


def test_case_64_a_body_that_is_too_large_is_refused_before_it_is_sent(wire: Wire) -> None:
    length = "Content-Length: 30000000"
    api = wire.ask("POST /api/v1/leads/", *wire.as_ada, length, body=b"x" * 1000)
    page = wire.ask("POST /accounts/login/", "Content-Type: application/x-www-form-urlencoded", length)
    upload = wire.ask("POST /accounts/login/", "Content-Type: multipart/form-data; boundary=x", length)

    assert (api.status, api.problem["code"], api.header("Content-Type")) == (
        413,
        "too_large",
        "application/problem+json",
    )
    assert api.problem["request_id"] == api.header("X-Request-ID")
    assert (page.status, upload.status) == (413, 413)
    assert b"This is too large" in page.raw


def test_case_64_what_is_no_http_is_a_bad_request(wire: Wire) -> None:
    """granian answers."""
    for said in (b"\x16\x03\x01\x00\xa5\x01\x00\x00" * 10, b"GET /leads/\r\n\r\n", b"GET /leads/ HTTP/3.0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as link:
            link.sendall(said)
            assert link.recv(100).startswith(b"HTTP/1.1 400")


def test_case_64_no_answer_names_what_runs_here(wire: Wire) -> None:
    """Neither versions nor paths: the server's name is granian's default and tells its make only."""
    for heard in (wire.ask("GET /nothing/"), wire.ask("GET /api/v1/nothing/"), wire.ask("BREW /leads/")):
        assert heard.header("Server") == "granian"
        assert not re.search(rb"(?i)python|django[/ ]|traceback|site-packages|/prm/|postgres", heard.raw)

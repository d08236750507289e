"""Errors of the protocol: unknown addresses, verbs, media types, hosts and unreadable bodies, in one shape."""

import json
from itertools import product
from urllib.parse import urlencode

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from leads.models import Lead
from prm.organizations.context import inside
from prm.serving.protocol import OF_THE_API
from prm.users.models import Membership
from tests.api.asking import Caller, browser_of, code_of, faults, made, problem_in
from tests.browsing import Answer, served, sign_in, visitor
from tests.cast import Cast
from tests.factories import new_lead, opened_lead

NOWHERE = [
    "",
    "v1/",
    "v1/nothing/",
    "v1/leads/x/y/z/",
    "v2/leads/",
    "v1/leads/../users/x/",
    "v1//leads/",
    "v1/leads//",
]


@pytest.mark.parametrize("who", ["ada", "nobody", "bare host", "no portal"])
def test_an_unknown_address_is_not_found(cast: Cast, who: str) -> None:
    clients = {"ada": lambda: sign_in(cast.ada), "nobody": lambda: visitor(cast.acme)}
    client = clients.get(who, lambda: visitor(None))()
    host = {"headers": {"host": "nowhere.localhost:8000"}} if who == "no portal" else {}

    for path, method in product(NOWHERE, ("get", "post", "delete")):
        answer = getattr(client, method)(f"/api/{path}", **host)
        assert code_of(answer, 404) == "not_found", path


def test_a_known_address_of_no_portal_is_not_found(cast: Cast) -> None:
    answer = visitor(None).get("/api/v1/leads/", headers={"host": "nowhere.localhost:8000"})

    assert code_of(answer, 404) == "not_found"


def test_the_bare_host_knows_nobody_without_a_key(cast: Cast) -> None:
    made(new_lead, cast.ada)

    assert code_of(visitor(None).get("/api/v1/leads/"), 401) == "not_authenticated"


@pytest.mark.parametrize("host", ["evil.example", "acme.localhost.evil.example", "a b", "acme.localhost:x", "[::1"])
def test_a_wrong_host_is_a_bad_request(cast: Cast, host: str) -> None:
    answer = Client(headers={"host": host}).get("/api/v1/leads/")

    assert code_of(answer, 400) == "invalid"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("put", "leads/", {"GET", "POST", "HEAD", "OPTIONS"}),
        ("patch", "leads/", {"GET", "POST", "HEAD", "OPTIONS"}),
        ("delete", "leads/", {"GET", "POST", "HEAD", "OPTIONS"}),
        ("trace", "leads/", set(OF_THE_API)),
        ("brew", "leads/", set(OF_THE_API)),
        ("post", "deals/", {"GET", "HEAD", "OPTIONS"}),
        ("post", "leads/ID/", {"GET", "PATCH", "HEAD", "OPTIONS"}),
        ("put", "leads/ID/", {"GET", "PATCH", "HEAD", "OPTIONS"}),
        ("delete", "leads/ID/", {"GET", "PATCH", "HEAD", "OPTIONS"}),
        ("trace", "leads/ID/", set(OF_THE_API)),
        ("get", "leads/ID/open/", {"POST", "OPTIONS"}),
        ("put", "leads/ID/assign/", {"POST", "OPTIONS"}),
        ("delete", "organizations/ID/", {"GET", "PATCH", "HEAD", "OPTIONS"}),
        ("delete", "users/ID/", {"GET", "PATCH", "HEAD", "OPTIONS"}),
        ("post", "schema/", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_verb_that_is_none_here_is_not_allowed(cast: Cast, method: str, path: str, allowed: set[str]) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    ids = {"organizations": cast.north.pk, "users": cast.ben.pk}
    api = Caller(cast.ada)
    address = f"/api/v1/{path.replace('ID', str(ids.get(path.partition('/')[0], lead.pk)))}"

    answer = api.client.generic(method.upper(), address, "{}", content_type="application/json", headers=api.headers)

    assert code_of(answer, 405) == "method_not_allowed"
    assert set(answer["Allow"].split(", ")) == allowed
    with inside(cast.acme):
        assert Lead.objects.get().version == lead.version


def test_head_answers_like_get_without_its_body(cast: Cast) -> None:
    lead = made(new_lead, cast.ada)
    api = Caller(cast.ada)

    for path in ("/api/v1/leads/", f"/api/v1/leads/{lead.pk}/"):
        answer = api.client.head(path, headers=api.headers)
        assert (answer.status_code, answer.content) == (200, b"")
    assert answer["ETag"] == '"1"'


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/csv", "x"]
)
def test_a_body_that_is_no_json_is_an_unsupported_media_type(cast: Cast, kind: str) -> None:
    lead = made(new_lead, cast.ada)
    api = Caller(cast.ada)

    for path in ("leads/", f"leads/{lead.pk}/assign/", f"leads/{lead.pk}/comment/", "users/", "organizations/"):
        answer = posted(api, path, b"company=Kestrel", kind)
        assert code_of(answer, 415) == "unsupported_media_type", path


def test_a_form_with_its_csrf_token_creates_nothing(ada: Membership) -> None:
    """The CSRF check reads a multipart body before the API does, which then finds an empty one."""
    client = browser_of(ada)
    form = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value, "company": "Kestrel"}

    sent = [
        client.post("/api/v1/leads/", form),
        client.post("/api/v1/leads/", urlencode(form), content_type="application/x-www-form-urlencoded"),
    ]

    assert [problem_in(answer)["status"] for answer in sent] == [400, 415]
    with inside(ada.portal):
        assert Lead.objects.count() == 0


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=é"]
)
def test_a_form_that_is_none_is_a_client_error(ada: Membership, kind: str) -> None:
    answer = browser_of(ada).generic("POST", "/api/v1/leads/", "company=Kestrel", content_type=kind)

    assert problem_in(answer)["status"] in {400, 403, 415}


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "text/csv;q=1"])
def test_an_answer_in_another_format_is_not_acceptable(ada: Membership, accept: str) -> None:
    api = Caller(ada)

    answer = api.client.get("/api/v1/leads/", headers={**api.headers, "Accept": accept})

    assert code_of(answer, 406) == "not_acceptable"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, */*;q=0.1", "application/*"])
def test_an_answer_in_json_is_given(ada: Membership, accept: str) -> None:
    api = Caller(ada)

    answer = api.client.get("/api/v1/leads/", headers={**api.headers, "Accept": accept})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


# --- Bodies ---------------------------------------------------------------------------------------------

BROKEN: dict[str, bytes] = {
    "half an object": b'{"company": "Kes',
    "two objects": b"{} {}",
    "no quotes": b"{company: 1}",
    "a comma too many": b'{"company": "x",}',
    "not a number": b'{"budget": NaN}',
    "infinity": b'{"budget": -Infinity}',
    "five thousand digits": b'{"employees": %s}' % (b"9" * 5000),
    "latin-1": '{"company": "Café"}'.encode("latin-1"),
    "utf-16": '{"company": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"company": "x"}',
    "a raw NUL": b'{"company": "a\x00b"}',
    "NULs": b"\x00" * 100,
    "a raw line end": b'{"company": "a\nb"}',
    "lists in lists": b"[" * 100_000,
    "closed lists in lists": b"[" * 100_000 + b"]" * 100_000,
    "objects in objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in a field": b'{"company": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("path", ["leads/", "leads/ID/close/", "leads/ID/convert/"])
def test_an_unreadable_body_is_malformed(cast: Cast, path: str) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    api = Caller(cast.ben if "ID" in path else cast.ada)

    for what, body in BROKEN.items():
        answer = posted(api, path.replace("ID", str(lead.pk)), body)
        assert code_of(answer, 400) == "malformed_body", what
    with inside(cast.acme):
        assert Lead.objects.get().status == "opened"


@pytest.mark.parametrize("path", ["leads/", "leads/ID/assign/", "leads/ID/convert/", "leads/ID/recall/", "users/"])
def test_a_body_that_is_no_object_is_invalid(cast: Cast, path: str) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    api = Caller(cast.ada)

    for body in ("[]", "[{}]", '"text"', "5", "true", "0.5", "[1]", '[{"company": "x"}]'):
        answer = api.post(path.replace("ID", str(lead.pk)), body)
        assert faults(answer) == {"": "invalid"}, body


def test_a_body_near_the_depth_python_can_read_breaks_nothing(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    api = Caller(cast.ben)

    for depth in [*range(800, 1000, 20), 990, 995, 999]:
        nested = "[" * depth + "]" * depth
        assert api.post(f"leads/{lead.pk}/close/", f'{{"outcome": {nested}}}').status_code == 400
        assert api.patch(f"leads/{lead.pk}/", f'{{"employees": {nested}, "budget": {nested}}}').status_code == 400


def test_a_body_of_three_megabytes_is_not_read(ada: Membership) -> None:
    answer = posted(Caller(ada), "leads/", b" " * 3_000_000 + b'{"company": "x"}')

    assert answer.status_code in {400, 413}
    with inside(ada.portal):
        assert Lead.objects.count() == 0


@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF8", "latin-1", "utf-16", "rot13", "hex", "zlib", "idna", "punycode"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_charset_changes_nothing(application: WSGIHandler, cast: Cast, method: str, charset: str) -> None:
    """JSON is UTF-8 (RFC 8259, 8.1). Asked as a server asks: Django's test client has a request of its own."""
    api = Caller(cast.ada)
    made(new_lead, cast.ada, company="Café")
    body = json.dumps({"company": "Café"}, ensure_ascii=False).encode()

    status, text = served(
        application,
        method,
        "/api/v1/leads/",
        query="search=caf%C3%A9" if method == "GET" else "",
        body=body if method == "POST" else b"",
        headers={**api.headers, "Content-Type": f"application/json; charset={charset}"},
    )
    answer = json.loads(text)

    if method == "GET":
        assert (status, [row["company"] for row in answer["results"]]) == (200, ["Café"])
    else:
        assert (status, answer.get("company", answer.get("code"))) in {(201, "Café"), (400, "malformed_body")}


def posted(api: Caller, path: str, body: bytes, kind: str = "application/json") -> Answer:
    """Any bytes in any content type."""
    address = f"/api/v1/{path}"
    answer: Answer = api.client.generic("POST", address, body, kind, headers=api.headers)
    return answer

"""What people see when something is not as it should be."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from leads.models import Lead
from prm.organizations.context import inside
from prm.users.models import Membership, Session
from tests.browsing import sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.factories import opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/nothing/", 404, "There is nothing here"),
        ("/leads/L-0/", 404, "There is nothing here"),
        ("/leads/L-01/", 404, "There is nothing here"),
        ("/leads/L-99999999999999999999/", 404, "There is nothing here"),
        ("/people/nonsense/", 404, "There is nothing here"),
        ("/leads/new/", 403, "Your groups do not allow this"),
        ("/leads/?status=nonsense", 400, "This address could not be read"),
    ],
)
def test_error_page_says_what_is_wrong(
    client_of: ClientOf, ben: Membership, path: str, status: int, heading: str
) -> None:
    answer = client_of(ben).get(path)

    page = Page(answer)
    assert (answer.status_code, page.heading) == (status, heading)
    assert page.links("Go to the start") == ["/"]


@pytest.mark.parametrize(
    "path",
    [
        "/leads/?search=%00",
        "/leads/?a%00b=c",
        "/people/?x=%00",
        "/accounts/login/?next=%00",
        "/leads/L-1%00/",
        "/invitations/%00/",
        "/outbox/%00/",
        "/nothing/%00/",
    ],
)
def test_nul_in_an_address_is_a_bad_request(cast: Cast, path: str) -> None:
    for client in (visitor(cast.acme), sign_in(cast.ada)):
        answer = client.get(path)

        assert answer.status_code == 400
        assert Page(answer).heading == "This address could not be read"


@pytest.mark.parametrize("path", ["/leads/%ED%A0%80/", "/leads/?search=%ED%A0%80", "/leads/?search=%FF%FE"])
def test_bytes_that_are_no_text_do_no_harm(client_of: ClientOf, ada: Membership, path: str) -> None:
    assert client_of(ada).get(path).status_code in {200, 400, 404}


def test_form_without_its_token_is_refused_and_changes_nothing(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
    client = Client(enforce_csrf_checks=True, headers={"host": "acme.localhost:8000"})
    client.cookies = sign_in(cast.ada).cookies

    answer = client.post(f"/leads/{lead.code}/recall/")

    assert answer.status_code == 403
    assert Page(answer).heading == "This form is too old"
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).organization == cast.north


def test_form_of_another_portal_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "acme.localhost:8000"})
    token = Page(client.get("/accounts/login/")).value("csrfmiddlewaretoken")
    values = {"login": "ben@north.example", "password": PASSWORD, "csrfmiddlewaretoken": token}

    foreign = client.post("/accounts/login/", values, headers={"origin": "http://globex.localhost:8000"})
    own = client.post("/accounts/login/", values, headers={"origin": "http://acme.localhost:8000"})

    assert (foreign.status_code, own.status_code) == (403, 302)


def test_session_that_ran_out_leads_to_sign_in_and_back(cast: Cast) -> None:
    client = sign_in(cast.ben)
    before = client.get("/people/").status_code
    with inside(cast.acme):
        Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = client.get("/people/?search=b")

    assert before == 200
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=%2Fpeople%2F%3Fsearch%3Db")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"company=" + b"x" * 1024 * 1024, 413),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=" % n for n in range(1001)), 400),
        ("application/x-www-form-urlencoded", b"company=\xff\xfe\xed\xa0\x80", 422),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense", 200),
        ("multipart/form-data", b"no boundary", 400),
        ("text/nonsense", b"company=x", 200),
    ],
)
def test_body_that_is_too_large_or_broken_is_no_crash(
    client_of: ClientOf, ada: Membership, content_type: str, body: bytes, status: int
) -> None:
    answer = client_of(ada).post("/leads/new/", body, content_type=content_type)

    assert answer.status_code == status  # 200: nothing of it was read, so here is the form


def test_broken_page_says_so_with_its_number_and_keeps_nothing(cast: Cast, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.serving.broken"
    client = sign_in(cast.ben)
    client.raise_request_exception = False

    answer = client.get("/broken/")

    assert answer.status_code == 500
    page = Page(answer)
    assert page.heading == "Something broke on our side"
    assert page.root.all("code")[0].text == answer["X-Request-ID"]
    assert "out of order" not in page.html
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    with inside(cast.acme):
        assert not Lead.objects.filter(company="Half done").exists()


def test_broken_api_says_so_as_a_problem(cast: Cast, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.serving.broken"
    client = sign_in(cast.ben)
    client.raise_request_exception = False

    answer = client.get("/api/v1/broken/")

    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert "out of order" not in answer.content.decode()

"""The bell: portal messages in pages, and the outbox of a development machine."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from leads.models import Lead
from prm.events.delivery import deliver_due
from prm.events.mail_files import EmailBackend
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.browsing import sign_in, visitor
from tests.cast import Cast
from tests.factories import assigned_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def leads(cast: Cast) -> list[Lead]:
    """Three that wait for Ben and one for Cleo, and everybody has heard of them."""
    found = []
    for member, company in [
        (cast.ben, "Secret 1"),
        (cast.ben, "Secret 2"),
        (cast.ben, "Secret 3"),
        (cast.cleo, ""),
    ]:
        with inside(cast.acme):
            found.append(assigned_lead(cast.ada, member, company=company or "Secret"))
    deliver_due(cast.acme)
    return found[:3]


def bell(page: Page) -> str:
    return page.root.all("a", href="/messages/")[0].all(css="hidden-text")[0].text


def test_messages_say_the_number_and_nothing_else(client_of: ClientOf, cast: Cast, leads: list[Lead]) -> None:
    client = client_of(cast.ben)

    page = Page(client.get("/messages/"))

    assert page.rows == [f"Lead {lead.code} waits for you" for lead in reversed(leads)]
    assert [link.attributes["href"] for link in page.root.all("a", css="row-link")] == [
        f"/leads/{lead.code}/open/" for lead in reversed(leads)
    ]
    assert "Secret" not in page.html
    assert bell(page) == "Messages, 3 unread"


def test_messages_are_marked_as_read(client_of: ClientOf, cast: Cast, leads: list[Lead]) -> None:
    client = client_of(cast.ben)

    answer = client.post("/messages/read/", follow=True)

    assert answer.redirect_chain == [("/messages/", 302)]
    assert bell(Page(answer)) == "Messages, 0 unread"
    assert len(Page(answer).rows) == 3
    assert bell(Page(client_of(cast.cleo).get("/messages/"))) == "Messages, 1 unread"


def test_messages_when_there_are_none_say_what_this_is_for(
    client_of: ClientOf, cast: Cast, leads: list[Lead]
) -> None:
    page = Page(client_of(cast.dora).get("/messages/"))

    assert page.rows == []
    assert "When a lead waits for you" in page.text


@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=%00"])
def test_messages_say_400_to_a_bad_address(client_of: ClientOf, ben: Membership, query: str) -> None:
    assert client_of(ben).get(f"/messages/?{query}").status_code == 400


@pytest.mark.parametrize("name", ["cleo", "ben"])
def test_messages_ask_the_same_for_one_and_three(
    cast: Cast, leads: list[Lead], django_assert_num_queries: DjangoAssertNumQueries, name: str
) -> None:
    client = sign_in(getattr(cast, name))

    with django_assert_num_queries(14):
        answer = client.get("/messages/")

    assert len(Page(answer).rows) == {"cleo": 1, "ben": 3}[name]


# --- The outbox ------------------------------------------------------------------------------------


@pytest.fixture
def outbox(tmp_path: Path, settings: Settings, cast: Cast, leads: list[Lead]) -> Path:
    """The folder with a mail in it, as the worker writes it."""
    settings.PRM_MAIL_DIR = settings.EMAIL_FILE_PATH = str(tmp_path)
    settings.EMAIL_BACKEND = "prm.events.mail_files.EmailBackend"
    assert get_connection().__module__ == "prm.events.mail_files"
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben, number=77, company="Secret Inc")
    deliver_due(cast.acme)
    return tmp_path


def test_mails_of_one_second_are_files_of_their_own(tmp_path: Path) -> None:
    """Each is sent and forgotten before the next one: that one then stands where it stood in memory."""
    for number in range(20):
        EmailBackend(file_path=str(tmp_path)).send_messages(
            [EmailMessage(f"Mail {number}", "…", to=["x@y.example"])]
        )

    assert len(list(tmp_path.glob("*.log"))) == 20


def test_outbox_shows_the_mail_with_its_link(outbox: Path, cast: Cast) -> None:
    client = visitor(cast.acme)

    page = Page(client.get("/outbox/"))
    mail = Page(client.get(page.root.all("a", css="row-link")[0].attributes["href"]))

    assert len(page.rows) == 1
    assert "ben@north.example" in page.text
    assert mail.heading == page.rows[0]
    code = page.rows[0].split()[1]
    assert mail.links(f"http://acme.localhost:8000/leads/{code}/open/") == [
        f"http://acme.localhost:8000/leads/{code}/open/"
    ]


def test_outbox_of_another_portal_is_empty(outbox: Path, cast: Cast) -> None:
    assert Page(visitor(cast.globex).get("/outbox/")).rows == []


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "absent.log", "%2e%2e.log", "a%00.log"])
def test_outbox_reads_nothing_but_mail(outbox: Path, cast: Cast, name: str) -> None:
    (outbox.parent / "passwd").write_text("secret")

    assert visitor(cast.acme).get(f"/outbox/{name}/").status_code in {400, 404}


def test_outbox_is_no_part_of_production(outbox: Path, cast: Cast, settings: Settings) -> None:
    settings.IS_PRODUCTION = True

    assert visitor(cast.acme).get("/outbox/").status_code == 404
    assert visitor(cast.acme).get(f"/outbox/{next(outbox.iterdir()).name}/").status_code == 404

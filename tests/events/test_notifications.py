"""Choosing what one is mailed about, and the link that declines."""

import re

import pytest
from django.test import Client

from prm.events.delivery import deliver_due
from prm.events.models import Event, NotificationChoice
from prm.events.unsubscribing import optional_kinds, unsubscribe_url
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.events.last_hop import LastHop
from tests.factories import assigned_lead
from tests.reading import Page

pytestmark = pytest.mark.usefixtures("nothing_waits")


def choices(member: Membership) -> NotificationChoice | None:
    with inside(member.portal):
        found: NotificationChoice | None = NotificationChoice.objects.filter(membership=member).first()
        return found


def body(**changed: str) -> dict[str, str]:
    return {f"how_{kind}": "at_once" for kind in optional_kinds()} | changed


def test_choices_are_kept_and_shown(cast: Cast) -> None:
    client = sign_in(cast.ben)

    sent = body(how_lead_assigned="digest", how_lead_won="none", quiet_from="22:00", quiet_until="07:00")
    answer = client.post("/notifications/", sent)

    assert answer.status_code == 302
    found = choices(cast.ben)
    assert found is not None
    assert found.by_kind == {"lead_assigned": "digest", "lead_won": "none"}
    page = Page(client.get("/notifications/"))
    chosen = {
        select.attributes["name"]: option.attributes["value"]
        for select in page.root.all("select")
        for option in select.all("option")
        if "selected" in option.attributes
    }
    assert chosen["how_lead_assigned"] == "digest"
    assert [field.attributes["value"] for field in page.root.all("input", type="time")] == ["22:00", "07:00"]
    with inside(cast.acme):
        assert Event.objects.filter(kind="notifications_changed", actor=cast.ben).count() == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"quiet_from": "22:00"}, "need a beginning and an end"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "cannot last all day"),
        ({"how_lead_assigned": "sometimes"}, "sometimes"),
        ({"quiet_from": "25:99", "quiet_until": "07:00"}, "valid time"),
    ],
)
def test_choices_that_make_no_sense_are_said_to(cast: Cast, wrong: dict[str, str], words: str) -> None:
    answer = sign_in(cast.ben).post("/notifications/", body(**wrong))

    assert answer.status_code == 422
    assert words in Page(answer).text
    assert choices(cast.ben) is None


def test_mail_offers_to_be_declined(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
    deliver_due(cast.acme)

    headers = hop.taken[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Auto-Submitted"] == "auto-generated"
    link = re.fullmatch(r"<(http://acme\.localhost:8000/unsubscribe/.+/)>", headers["List-Unsubscribe"])
    assert link is not None
    one_click = Client(enforce_csrf_checks=True, headers={"host": "acme.localhost:8000"})
    answer = one_click.post(link[1].partition(":8000")[2], {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "no longer mailed about" in Page(answer).text
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
    deliver_due(cast.acme)
    assert len(hop.taken) == 1


def test_what_was_asked_for_cannot_be_declined(cast: Cast, hop: LastHop) -> None:
    Client(headers={"host": "acme.localhost:8000"}).post(
        "/accounts/password/reset/", {"email": cast.ben.user.email}
    )
    deliver_due(cast.acme)

    (mail,) = hop.taken
    assert "List-Unsubscribe" not in mail.extra_headers
    assert "Choose what you are mailed about" not in str(mail.body)


def path_for(member: Membership, kind: str) -> str:
    with inside(member.portal):
        return unsubscribe_url(member, kind).partition(":8000")[2]


def test_unsubscribe_asks_first_and_then_declines_all(cast: Cast) -> None:
    browser = Client(headers={"host": "acme.localhost:8000"})
    address = path_for(cast.ben, "")

    assert "Stop these mails?" in Page(browser.get(address)).text  # a scanner's look changes nothing
    assert choices(cast.ben) is None
    browser.post(address)
    browser.post(address)

    found = choices(cast.ben)
    assert found is not None
    assert set(found.by_kind) == set(optional_kinds())
    with inside(cast.acme):
        assert Event.objects.filter(kind="notifications_changed").count() == 1


@pytest.mark.parametrize("host", ["acme.localhost:8000", "globex.localhost:8000"])
def test_unsubscribe_knows_only_links_of_its_own_portal(cast: Cast, host: str) -> None:
    browser = Client(headers={"host": host})
    own = path_for(cast.ben, "lead_assigned")
    forged = own[:-3] + ("aa/" if own[-3:] != "aa/" else "bb/")

    assert browser.post(own).status_code == (200 if host.startswith("acme") else 404)
    assert browser.post(forged).status_code == 404
    assert browser.post("/unsubscribe/x.y/").status_code == 404

"""The e-mail log: the vendor sees what became of each mail, and sends it again."""

import smtplib

import pytest

from leads import actions as lead_actions
from prm.actions import Refused
from prm.events.actions import resend_delivery, retry_dead
from prm.events.delivery import deliver_due
from prm.events.models import Delivery, DueWork, Event
from prm.events.record import deliver
from prm.organizations.context import inside
from tests.browsing import sign_in
from tests.cast import Cast
from tests.events.last_hop import LastHop
from tests.factories import assigned_lead
from tests.reading import Page

pytestmark = pytest.mark.usefixtures("nothing_waits")
REFUSED = smtplib.SMTPRecipientsRefused({"ben@north.example": (550, b"no such user here")})


@pytest.fixture
def bounced(cast: Cast, hop: LastHop) -> Delivery:
    """A mail to Ben that his server will never take."""
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
    hop.fails(REFUSED)
    deliver_due(cast.acme)
    with inside(cast.acme):
        found: Delivery = Delivery.objects.get(recipient=cast.ben, channel="email", status="bounced")
        return found


def log(cast: Cast, **query: str) -> str:
    answer = sign_in(cast.ada).get("/operations/mail/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_log_says_who_what_and_why_not(cast: Cast, bounced: Delivery) -> None:
    (row,) = Page(log(cast, status="bounced")).root.all("tbody")[0].all("tr")

    assert "ben@north.example" in row.text
    assert "Bounced" in row.text
    assert "waits for you" in row.text
    assert "no such user here" in row.text


def test_log_is_filtered_and_searched(cast: Cast, bounced: Delivery) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.cleo)
    deliver_due(cast.acme)

    assert "cleo@south.example" not in log(cast, status="bounced")
    assert "ben@north.example" not in log(cast, search="cleo")
    assert "cleo@south.example" in log(cast, search="cleo", status="sent")
    assert sign_in(cast.ada).get("/operations/mail/", {"status": "lost"}).status_code == 400


def test_log_tells_the_vendor_nothing_of_a_partners_own_affairs(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)
        lead_actions.open_lead(lead, by=cast.ben)
    deliver_due(cast.acme)
    with inside(cast.acme):
        lead_actions.comment_lead(lead, text="Between us", is_internal=True, by=cast.bea)
        deliver(Event.objects.get(is_private=True), to=[cast.ben])

    page = log(cast, search="ben@north")

    assert "A notice within North" in page
    assert f"commented on lead {lead.code}" not in page


def test_resend_sends_once_more_under_a_new_message_id(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
    deliver_due(cast.acme)
    with inside(cast.acme):
        delivery = Delivery.objects.get(recipient=cast.ben, channel="email", event__kind="lead_assigned")
    client = sign_in(cast.ada)

    answer = client.post(f"/operations/mail/{delivery.pk}/resend/")
    deliver_due(cast.acme)

    assert answer.status_code == 302
    assert hop.receivers == ["ben@north.example"] * 2
    first, again = (mail.extra_headers["Message-ID"] for mail in hop.taken)
    assert again == first.replace("@", ".1@")
    with inside(cast.acme):
        delivery.refresh_from_db()
        event = Event.objects.get(kind="delivery_resent")
        assert (delivery.status, delivery.resends, event.actor) == ("sent", 1, cast.ada)


def test_resend_of_what_bounced_goes_out_when_the_address_is_right(
    cast: Cast, hop: LastHop, bounced: Delivery
) -> None:
    with inside(cast.acme):
        resend_delivery(bounced, by=cast.ada)
        assert DueWork.objects.filter(portal=cast.acme).exists()
    deliver_due(cast.acme)

    assert hop.receivers == ["ben@north.example"]
    with inside(cast.acme):
        bounced.refresh_from_db()
        assert (bounced.status, bounced.last_error, bounced.attempts) == ("sent", "", 1)


def test_resend_refuses_what_is_still_queued(cast: Cast) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
        delivery = Delivery.objects.get(recipient=cast.ben, channel="email", event__kind="lead_assigned")

        with pytest.raises(Refused):
            resend_delivery(delivery, by=cast.ada)


def test_resend_is_for_administrators_only(cast: Cast, bounced: Delivery) -> None:
    with inside(cast.acme), pytest.raises(Refused):
        resend_delivery(bounced, by=cast.vic)


def test_retry_queues_all_that_was_given_up(cast: Cast, hop: LastHop) -> None:
    for member in (cast.ben, cast.cleo):
        with inside(cast.acme):
            assigned_lead(cast.ada, member)
    with inside(cast.acme):
        Delivery.objects.filter(event__kind="lead_assigned", channel="email").update(status="dead")
    assert "Try again what was given up (2)" in log(cast)

    sign_in(cast.ada).post("/operations/mail/retry/")
    deliver_due(cast.acme)

    assert hop.receivers == ["ben@north.example", "cleo@south.example"]
    with inside(cast.acme):
        assert retry_dead(by=cast.ada) == 0

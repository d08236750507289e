"""How full the outbox is and how late, per kind and channel, in one portal."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from prm.events.delivery import deliver_due
from prm.events.models import Delivery, DueWork
from prm.events.queue import Line, Sent, queue_of_portal, sent_of_portal
from prm.organizations.context import inside
from tests.cast import Cast
from tests.events.last_hop import LastHop
from tests.factories import assigned_lead

ASSIGNED = ("lead_assigned", "email")


@pytest.fixture(autouse=True)
def nothing_waits(cast: Cast, hop: LastHop) -> None:
    for portal in (cast.acme, cast.globex):
        deliver_due(portal)
        with inside(portal):
            Delivery.objects.all().delete()
    DueWork.objects.all().delete()


def line(cast: Cast, key: tuple[str, str] = ASSIGNED) -> Line:
    with inside(cast.acme):
        (found,) = [line for line in queue_of_portal() if (line.kind, line.channel) == key]
    return found


def assign(cast: Cast, *statuses: str) -> list[Delivery]:
    """A lead assigned for each, its mail in this state."""
    made = []
    with inside(cast.acme):
        for status in statuses:
            lead = assigned_lead(cast.ada, cast.ben)
            mail = Delivery.objects.get(event__subject_id=lead.pk, channel="email")
            mail.status = status
            mail.save()
            made.append(mail)
    return made


def test_queue_of_portal_counts_each_state_of_a_kind(cast: Cast) -> None:
    states = ["pending", "pending", "claimed", "dead", "bounced", "bounced", "held", "sent", "cancelled"]
    assign(cast, *states)

    found = line(cast)

    assert (found.waiting, found.dead, found.bounced, found.held) == (3, 1, 2, 1)


def test_queue_of_portal_is_of_this_portal_only(cast: Cast) -> None:
    assign(cast, "pending", "dead")

    with inside(cast.globex):
        elsewhere = queue_of_portal()

    assert {(line.waiting, line.dead, line.late) for line in elsewhere} == {(0, 0, timedelta())}
    assert [(line.kind, line.channel) for line in elsewhere if line.kind == "lead_assigned"] == [
        ("lead_assigned", "email"),
        ("lead_assigned", "message"),
    ]


def test_queue_of_portal_knows_by_how_much_the_oldest_is_late(cast: Cast) -> None:
    first, second, later, done = assign(cast, "pending", "claimed", "pending", "sent")
    with inside(cast.acme):
        for mail, delay in ((first, -60), (second, -300), (later, 7200), (done, -9000)):
            Delivery.objects.filter(pk=mail.pk).update(not_before=Now() + timedelta(seconds=delay))

    assert round(line(cast).late.total_seconds()) == 300


def test_queue_of_portal_does_not_call_late_what_waits_on_purpose(cast: Cast) -> None:
    (digest,) = assign(cast, "pending")
    with inside(cast.acme):
        Delivery.objects.filter(pk=digest.pk).update(not_before=Now() + timedelta(hours=1))

    assert (line(cast).waiting, line(cast).late) == (1, timedelta())


def test_sent_of_portal_counts_the_last_hour_and_day(cast: Cast) -> None:
    mails = assign(cast, *["sent"] * 4, "dead")
    with inside(cast.acme):
        for mail, hours in zip(mails, (0.5, 0.9, 5, 30, 0.5), strict=True):
            Delivery.objects.filter(pk=mail.pk).update(done_at=Now() - timedelta(hours=hours))

        assert sent_of_portal()[ASSIGNED] == Sent(hour=2, day=3)
        assert sent_of_portal()["lead_opened", "email"] == Sent()

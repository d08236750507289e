"""What people want by e-mail, and when: at once, in a digest, not at all, not at night."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leads import actions as lead_actions
from prm.events.actions import choose_notifications
from prm.events.collecting import DIGEST_AFTER, end_of_quiet
from prm.events.delivery import deliver_due
from prm.events.models import Delivery, DueWork, Event, Message, NotificationChoice
from prm.organizations.context import inside
from prm.users.actions import ask_password_reset
from prm.users.models import Membership
from tests.cast import Cast
from tests.events.conftest import PassTime
from tests.events.last_hop import LastHop
from tests.factories import assigned_lead

pytestmark = pytest.mark.usefixtures("nothing_waits")

ASSIGNED, RECALLED = Event.Kind.LEAD_ASSIGNED.value, Event.Kind.LEAD_RECALLED.value
MINUTE = timedelta(minutes=1)


def choose(
    member: Membership, by_kind: dict[str, str] | None = None, quiet: tuple[time, time] | None = None
) -> None:
    with inside(member.portal):
        start, end = quiet or (None, None)
        choose_notifications(member, by_kind=by_kind or {}, quiet_from=start, quiet_until=end, by=member)


def assign(cast: Cast, to: Membership) -> Any:
    with inside(cast.acme):
        return assigned_lead(cast.ada, to)


def states(member: Membership) -> list[tuple[str, int, str]]:
    with inside(member.portal):
        rows = Delivery.objects.filter(recipient=member, channel="email", event__kind__startswith="lead_")
        return list(rows.order_by("queued_at").values_list("status", "attempts", "last_error"))


def test_none_means_no_mail_and_still_a_message(cast: Cast, hop: LastHop) -> None:
    choose(cast.ben, {ASSIGNED: "none"})
    lead = assign(cast, cast.ben)

    deliver_due(cast.acme)

    assert (hop.taken, states(cast.ben)) == ([], [("cancelled", 1, "unwanted")])
    with inside(cast.acme):
        assert Message.objects.get(recipient=cast.ben).event.subject_id == lead.pk
        lead_actions.recall_lead(lead, by=cast.ada)
    deliver_due(cast.acme)
    assert hop.subjects == [f"Lead {lead.code} was taken back"]  # of another kind, and at once


def test_digest_collects_for_about_an_hour_and_comes_as_one(cast: Cast, hop: LastHop, pass_time: PassTime) -> None:
    choose(cast.ben, {ASSIGNED: "digest", RECALLED: "digest"})
    first = assign(cast, cast.ben)
    deliver_due(cast.acme)
    pass_time(DIGEST_AFTER / 2)
    assign(cast, cast.ben)
    assign(cast, cast.cleo)
    deliver_due(cast.acme)
    with inside(cast.acme):
        lead_actions.recall_lead(first, by=cast.ada)
    deliver_due(cast.acme)

    assert hop.receivers == ["cleo@south.example"]
    assert {(status, attempts) for status, attempts, _error in states(cast.ben)} == {("pending", 0)}
    with inside(cast.acme):
        assert Message.objects.filter(recipient=cast.ben).count() == 3  # messages wait for nothing
    pass_time(DIGEST_AFTER / 2 - MINUTE)
    deliver_due(cast.acme)
    assert hop.receivers == ["cleo@south.example"]

    pass_time(2 * MINUTE)
    assert DueWork.objects.filter(portal=cast.acme).exists()
    deliver_due(cast.acme)

    assert hop.receivers == ["ben@north.example", "cleo@south.example"]
    digest = str(hop.taken[-1].body)
    assert f"Lead {first.code} was taken back" in digest
    assert f"Lead {first.code} waits for you" not in digest  # by now it is not so
    assert sorted(status for status, *_ in states(cast.ben)) == ["cancelled", "sent", "sent"]


def test_digest_of_two_workers_is_one(cast: Cast, hop: LastHop, pass_time: PassTime) -> None:
    choose(cast.ben, {ASSIGNED: "digest"})
    for _ in range(3):
        assign(cast, cast.ben)
        deliver_due(cast.acme)

    with inside(cast.acme):
        rows = Delivery.objects.filter(recipient=cast.ben, channel="email", status="pending")
        assert rows.count() == 3
        assert rows.values("parcel").distinct().count() == 1
    pass_time(DIGEST_AFTER + MINUTE)
    deliver_due(cast.acme)

    assert hop.subjects == ["3 leads wait for you"]


def test_digest_gathers_anew_after_it_was_sent(cast: Cast, hop: LastHop, pass_time: PassTime) -> None:
    choose(cast.ben, {ASSIGNED: "digest"})
    first = assign(cast, cast.ben)
    deliver_due(cast.acme)
    pass_time(DIGEST_AFTER + MINUTE)
    second = assign(cast, cast.ben)
    deliver_due(cast.acme)

    assert hop.subjects == [f"Lead {first.code} waits for you"]
    pass_time(DIGEST_AFTER + MINUTE)
    deliver_due(cast.acme)
    assert hop.subjects[1:] == [f"Lead {second.code} waits for you"]


def quiet_now(member: Membership) -> tuple[time, time]:
    """Quiet hours around this moment, at the person's place."""
    now = datetime.now(UTC)
    return (now - timedelta(hours=2)).time(), (now + timedelta(hours=2)).time()


def test_quiet_hours_hold_mails_until_they_end(cast: Cast, hop: LastHop, pass_time: PassTime) -> None:
    choose(cast.ben, quiet=quiet_now(cast.ben))
    for _ in range(2):
        assign(cast, cast.ben)
        deliver_due(cast.acme)

    assert hop.taken == []
    assert {(status, attempts) for status, attempts, _error in states(cast.ben)} == {("pending", 0)}
    now = datetime.now(UTC)
    choose(cast.ben, quiet=((now - timedelta(hours=4)).time(), (now - timedelta(hours=1)).time()))
    pass_time(timedelta(hours=2, minutes=1))
    deliver_due(cast.acme)

    assert hop.subjects == ["2 leads wait for you"]


def test_quiet_hours_never_hold_what_was_asked_for(cast: Cast, hop: LastHop) -> None:
    choose(cast.ben, quiet=quiet_now(cast.ben))
    with inside(cast.acme):
        ask_password_reset(cast.ben)

    deliver_due(cast.acme)

    assert hop.receivers == ["ben@north.example"]


BERLIN_NIGHT = (time(22), time(7))


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "end"),
    [
        (BERLIN_NIGHT, "Europe/Berlin", "2026-11-21T21:30+00:00", "2026-11-22T06:00+00:00"),
        (BERLIN_NIGHT, "Europe/Berlin", "2026-11-22T05:59+00:00", "2026-11-22T06:00+00:00"),
        (BERLIN_NIGHT, "Europe/Berlin", "2026-11-22T06:00+00:00", None),
        (BERLIN_NIGHT, "Europe/Berlin", "2026-11-21T20:59+00:00", None),
        (BERLIN_NIGHT, "Asia/Tokyo", "2026-11-21T13:00+00:00", "2026-11-21T22:00+00:00"),
        # the clocks go forward at 2:00 and back at 3:00
        (BERLIN_NIGHT, "Europe/Berlin", "2027-03-27T22:00+00:00", "2027-03-28T05:00+00:00"),
        (BERLIN_NIGHT, "Europe/Berlin", "2027-10-30T22:00+00:00", "2027-10-31T06:00+00:00"),
        ((time(12), time(13)), "UTC", "2026-11-21T12:00+00:00", "2026-11-21T13:00+00:00"),
        ((time(12), time(13)), "UTC", "2026-11-21T13:00+00:00", None),
    ],
)
def test_end_of_quiet(cast: Cast, quiet: tuple[time, time], zone: str, now: str, end: str | None) -> None:
    with inside(cast.acme):
        choice = NotificationChoice(quiet_from=quiet[0], quiet_until=quiet[1])

    found = end_of_quiet(choice, datetime.fromisoformat(now).astimezone(ZoneInfo(zone)))

    assert found == (datetime.fromisoformat(end) if end else None)

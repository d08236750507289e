"""The outbox: claimed, sent, tried again, given up, taken over."""

import smtplib
from datetime import datetime, timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from leads import actions
from leads.models import Lead
from prm.events import delivery
from prm.events.delivery import LEASE, RETRY_AFTER, deliver_due
from prm.events.models import Delivery, DueWork, Event, Message
from prm.events.record import deliver, record
from prm.organizations.actions import update_organization
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.actions import accept_invitation, disable_member, invite_member
from prm.users.models import Group, Membership
from tests.cast import Cast
from tests.events.conftest import PassTime
from tests.events.last_hop import LastHop, WorkerKilled
from tests.factories import assigned_lead, opened_lead

ABOUT_LEADS = Q(event__kind__startswith="lead_")


pytestmark = pytest.mark.usefixtures("nothing_waits")


@pytest.fixture
def lead(cast: Cast) -> Lead:
    """One that was just assigned to Ben."""
    with inside(cast.acme):
        return assigned_lead(cast.ada, cast.ben)


def rows(cast: Cast, channel: str = "email") -> list[tuple[str, int]]:
    """Status and attempts of the deliveries to Ben, oldest first."""
    with inside(cast.acme):
        found = Delivery.objects.filter(ABOUT_LEADS, recipient=cast.ben, channel=channel).order_by("pk")
        return list(found.values_list("status", "attempts"))


def one(cast: Cast) -> Delivery:
    with inside(cast.acme):
        found: Delivery = Delivery.objects.get(ABOUT_LEADS, recipient=cast.ben, channel="email")
        return found


def dues(cast: Cast) -> set[datetime]:
    return set(DueWork.objects.filter(portal=cast.acme).values_list("due_at", flat=True))


def test_deliver_due_sends_mail_and_message_once(cast: Cast, hop: LastHop, lead: Lead) -> None:
    assert deliver_due(cast.acme) is False
    assert deliver_due(cast.acme) is False

    assert (hop.receivers, hop.tries) == (["ben@north.example"], 1)
    assert rows(cast) == rows(cast, "message") == [("sent", 1)]
    assert (one(cast).claim, one(cast).lease_until, one(cast).last_error) == (None, None, "")
    with inside(cast.acme):
        message = Message.objects.get()
        assert (message.recipient, message.event.subject_id, message.read_at) == (cast.ben, lead.pk, None)


def test_deliver_due_leaves_other_portals_alone(cast: Cast, hop: LastHop, lead: Lead) -> None:
    deliver_due(cast.globex)

    assert (hop.taken, rows(cast)) == ([], [("pending", 0)])


def test_deliver_due_leaves_what_is_not_due_yet(cast: Cast, hop: LastHop, lead: Lead, pass_time: PassTime) -> None:
    with inside(cast.acme):
        Delivery.objects.update(not_before=Now() + timedelta(minutes=1))

    deliver_due(cast.acme)
    assert hop.taken == []
    pass_time(timedelta(minutes=1))
    deliver_due(cast.acme)

    assert hop.receivers == ["ben@north.example"]


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError("too slow"),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPRecipientsRefused({"ben@north.example": (450, b"busy")}),
        smtplib.SMTPDataError(451, b"later"),
    ],
)
def test_deliver_due_tries_again_after_a_mail_was_not_taken(
    cast: Cast, hop: LastHop, lead: Lead, pass_time: PassTime, error: Exception
) -> None:
    hop.fails(error)

    deliver_due(cast.acme)
    failed = one(cast)
    deliver_due(cast.acme)
    assert hop.tries == 1

    assert (failed.status, failed.attempts, failed.claim, failed.done_at) == ("pending", 1, None, None)
    assert failed.last_error == f"{type(error).__name__}: {error}"
    assert RETRY_AFTER[0] * 0.7 < failed.not_before - timezone.now() < RETRY_AFTER[0] * 1.3
    assert max(dues(cast)) >= failed.not_before
    pass_time(RETRY_AFTER[0] * 1.3)
    deliver_due(cast.acme)

    assert (rows(cast), hop.receivers, one(cast).last_error) == ([("sent", 2)], ["ben@north.example"], "")


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({"ben@north.example": (550, b"no such user")}),
        smtplib.SMTPDataError(554, b"we do not want this"),
    ],
)
def test_deliver_due_does_not_insist_when_refused_for_good(
    cast: Cast, hop: LastHop, lead: Lead, pass_time: PassTime, error: Exception
) -> None:
    hop.fails(error)

    deliver_due(cast.acme)
    pass_time(timedelta(days=4))
    deliver_due(cast.acme)

    assert (hop.tries, rows(cast)) == (1, [("bounced", 1)])
    assert one(cast).last_error == f"{type(error).__name__}: {error}"


def test_deliver_due_waits_longer_each_time_and_gives_up_after_three_days(
    cast: Cast, hop: LastHop, lead: Lead, pass_time: PassTime
) -> None:
    hop.fails(*[OSError("broken")] * 100)
    waited: list[timedelta] = []

    for _ in range(100):
        deliver_due(cast.acme)
        row = one(cast)
        if row.status == "dead":
            break
        waited.append(row.not_before - timezone.now())
        pass_time(waited[-1] - timedelta(seconds=1))
        deliver_due(cast.acme)
        assert hop.tries == len(waited)
        pass_time(timedelta(seconds=2))

    for seen, planned in zip(waited, RETRY_AFTER, strict=False):
        assert planned * 0.75 < seen < planned * 1.25
    assert sorted(RETRY_AFTER) == RETRY_AFTER
    assert sum(waited[:10], timedelta()) < timedelta(minutes=8)
    assert timedelta(days=3) < sum(waited, timedelta()) < timedelta(days=3, hours=13)
    assert (one(cast).status, one(cast).attempts, one(cast).last_error) == ("dead", hop.tries, "OSError: broken")
    pass_time(timedelta(days=365))
    deliver_due(cast.acme)
    assert hop.tries == len(waited) + 1


def test_deliver_due_does_not_try_mail_after_mail_while_the_server_is_away(
    cast: Cast, hop: LastHop, pass_time: PassTime
) -> None:
    for member in (cast.ben, cast.bea, cast.eve):
        with inside(cast.acme):
            assigned_lead(cast.ada, member)
    hop.is_away = True

    assert deliver_due(cast.acme) is False
    assert deliver_due(cast.acme) is False

    assert (hop.calls, hop.tries) == (1, 0)
    with inside(cast.acme):
        mails = Delivery.objects.filter(channel="email", event__kind="lead_assigned").order_by("pk")
        assert list(mails.values_list("status", "attempts")) == [("pending", 1), ("pending", 0), ("pending", 0)]
        assert Message.objects.count() == 3  # the portal's own messages need no server
    assert max(dues(cast)) <= timezone.now() + timedelta(seconds=50)
    hop.is_away = False
    pass_time(timedelta(seconds=15))
    deliver_due(cast.acme)

    assert hop.receivers == ["bea@north.example", "ben@north.example", "eve@north.example"]


def test_deliver_due_sends_the_others_when_one_fails(cast: Cast, hop: LastHop) -> None:
    for member in (cast.ben, cast.bea, cast.eve):
        with inside(cast.acme):
            assigned_lead(cast.ada, member)
    hop.fails(OSError("broken"))

    deliver_due(cast.acme)

    with inside(cast.acme):
        mails = Delivery.objects.filter(channel="email", event__kind="lead_assigned").order_by("pk")
        assert list(mails.values_list("status", flat=True)) == ["pending", "sent", "sent"]
        assert Message.objects.count() == 3


def test_deliver_due_goes_on_after_a_mistake_of_our_own(cast: Cast, hop: LastHop) -> None:
    """A kind that nobody has words for: its row waits, and the others are sent."""
    with inside(cast.acme):
        event = record(Event.Kind.SETTINGS_CHANGED, cast.north, by=cast.ada)
        deliver(event, to=[cast.bea])
        assigned_lead(cast.ada, cast.ben)

    deliver_due(cast.acme)

    assert hop.receivers == ["ben@north.example"]
    with inside(cast.acme):
        broken = Delivery.objects.filter(event=event)
        assert set(broken.values_list("status", "attempts")) == {("pending", 1)}
        assert {row.last_error for row in broken} == {"KeyError: our own mistake, see the log"}


def test_deliver_due_carries_out_more_than_a_batch_and_says_when_more_waits(
    cast: Cast, hop: LastHop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 6)
    monkeypatch.setattr(delivery, "ENOUGH", 0)
    for _ in range(4):
        with inside(cast.acme):
            assigned_lead(cast.ada, cast.ben)  # two rows each

    assert deliver_due(cast.acme) is True
    assert len([row for row in rows(cast) + rows(cast, "message") if row == ("sent", 1)]) == 6
    assert deliver_due(cast.acme) is True
    assert deliver_due(cast.acme) is False

    assert rows(cast) == rows(cast, "message") == [("sent", 1)] * 4
    assert hop.tries == 4


# --- Workers that die or come late ---------------------------------------------------------------------


def test_deliver_due_takes_over_from_a_worker_that_died(
    cast: Cast, hop: LastHop, lead: Lead, pass_time: PassTime
) -> None:
    hop.fails(WorkerKilled())

    with pytest.raises(WorkerKilled):
        deliver_due(cast.acme)
    assert (one(cast).status, one(cast).losses) == ("claimed", 0)
    pass_time(LEASE - timedelta(seconds=5))
    deliver_due(cast.acme)
    assert (hop.taken, rows(cast)) == ([], [("claimed", 1)])
    lease_until = one(cast).lease_until
    assert lease_until is not None
    assert abs(min(dues(cast)) - lease_until) < timedelta(seconds=1)  # somebody will look again

    pass_time(timedelta(seconds=5))
    deliver_due(cast.acme)

    assert (hop.receivers, rows(cast), one(cast).losses) == (["ben@north.example"], [("sent", 2)], 1)


@pytest.mark.parametrize("is_lost", [True, False])
def test_deliver_due_that_comes_late_does_not_overwrite_the_next_workers_result(
    cast: Cast, hop: LastHop, lead: Lead, pass_time: PassTime, is_lost: bool
) -> None:
    settled: list[datetime | None] = []

    def hangs(mail: EmailMultiAlternatives) -> None:
        pass_time(LEASE)
        deliver_due(cast.acme)  # another worker takes over and is through first
        assert rows(cast) == [("sent", 2)]
        settled.append(one(cast).done_at)
        if is_lost:
            raise OSError("lost the line in the end")

    hop.answers.append(hangs)
    deliver_due(cast.acme)

    assert rows(cast) == [("sent", 2)]
    assert (one(cast).last_error, [one(cast).done_at]) == ("", settled)


@pytest.mark.parametrize("is_lost", [True, False])
def test_deliver_due_that_comes_late_leaves_the_next_worker_its_claim(
    cast: Cast, hop: LastHop, lead: Lead, pass_time: PassTime, is_lost: bool
) -> None:
    """Neither finished nor given back: the next worker is still at it."""
    claims: list[delivery.Claim | None] = []

    def hangs(mail: EmailMultiAlternatives) -> None:
        pass_time(LEASE)
        claims.append(delivery._claim(cast.acme))  # another worker takes over and is not through yet
        if is_lost:
            raise OSError("lost the line in the end")

    hop.answers.append(hangs)
    deliver_due(cast.acme)

    (claim,) = claims
    row = one(cast)
    assert claim is not None
    assert (row.status, row.attempts, row.claim, row.last_error) == ("claimed", 2, claim.token, "")


def test_deliver_due_sends_nothing_that_was_taken_over_before_its_turn(
    cast: Cast, hop: LastHop, pass_time: PassTime
) -> None:
    """A batch is claimed at once: when its first mail hangs, the rest may be another worker's by now."""
    for member in (cast.ben, cast.bea, cast.eve):
        with inside(cast.acme):
            assigned_lead(cast.ada, member)

    def hangs(mail: EmailMultiAlternatives) -> None:
        pass_time(LEASE)
        deliver_due(cast.acme)
        raise OSError("lost")

    hop.answers.append(hangs)
    deliver_due(cast.acme)

    assert hop.receivers == ["bea@north.example", "ben@north.example", "eve@north.example"]


# --- Who no longer has to hear of it ---------------------------------------------------------------------


def test_deliver_due_cancels_what_was_taken_back_meanwhile(cast: Cast, hop: LastHop, lead: Lead) -> None:
    with inside(cast.acme):
        actions.recall_lead(lead, by=cast.ada)

    deliver_due(cast.acme)

    assert rows(cast) == rows(cast, "message") == [("cancelled", 1), ("sent", 1)]
    assert [mail.subject for mail in hop.taken] == [f"Lead {lead.code} was taken back"]


@pytest.mark.parametrize("how", ["disabled", "inactive", "no group"])
def test_deliver_due_cancels_for_who_may_no_longer_see_it(cast: Cast, hop: LastHop, lead: Lead, how: str) -> None:
    with inside(cast.acme):
        if how == "disabled":
            disable_member(cast.ben, by=cast.ada)
        elif how == "inactive":
            update_organization(cast.north, values={"status": Organization.Status.INACTIVE}, by=cast.ada)
        else:
            cast.ben.groups.clear()

    deliver_due(cast.acme)

    assert rows(cast) == rows(cast, "message") == [("cancelled", 1)]
    assert hop.taken == []
    with inside(cast.acme):
        assert Message.objects.count() == 0


def test_deliver_due_cancels_an_invitation_that_was_accepted_meanwhile(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        nina = invite_member(cast.north, email="nina@north.example", name="Nina", groups=[], by=cast.bea)
        accept_invitation(nina, name="Nina", password="a quiet harbour at noon")

    deliver_due(cast.acme)

    assert hop.taken == []


def test_deliver_due_sends_an_invitation_by_mail_only(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        group = Group.objects.filter(kind="partner", name="Receive Leads")
        nina = invite_member(cast.north, email="nina@north.example", name="Nina", groups=group, by=cast.bea)

    deliver_due(cast.acme)

    assert hop.receivers == ["nina@north.example"]
    with inside(cast.acme):
        found = Delivery.objects.filter(recipient=nina).values_list("channel", "status")
        assert set(found) == {("email", "sent"), ("message", "cancelled")}


def test_deliver_due_tells_the_vendor_who_opened_at_once(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)

    deliver_due(cast.acme)

    opened = [mail for mail in hop.taken if mail.subject == f"Ben opened lead {lead.code}"]
    assert sorted(mail.to[0] for mail in opened) == ["ada@acme.example", "vic@acme.example"]


def test_deliver_due_tells_each_member_of_an_organization(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.north)

    deliver_due(cast.acme)

    assert hop.receivers == ["bea@north.example", "eve@north.example"]


def messages_of(member: Membership) -> int:
    return Message.objects.visible_to(member).count()


def test_messages_are_seen_by_their_receiver_only(cast: Cast, lead: Lead) -> None:
    deliver_due(cast.acme)

    with inside(cast.acme):
        assert {name: messages_of(getattr(cast, name)) for name in ("ben", "bea", "ada", "cleo")} == {
            "ben": 1, "bea": 0, "ada": 0, "cleo": 0,
        }  # fmt: skip

"""Lanes keep their order, parcels travel together, and what kills its workers is parked alone."""

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet

from leads import actions
from leads.models import Lead
from prm.events.delivery import LEASE, MOST_LOSSES, deliver_due
from prm.events.models import Delivery, Message
from prm.events.notices import text_of
from prm.organizations.context import inside
from prm.users.actions import invite_member
from prm.users.models import Membership
from tests.cast import Cast
from tests.events.conftest import PassTime
from tests.events.last_hop import LastHop, WorkerKilled
from tests.factories import assigned_lead, new_lead

pytestmark = pytest.mark.usefixtures("nothing_waits")


def mails() -> QuerySet[Delivery]:
    return Delivery.objects.filter(channel="email", event__kind__startswith="lead_").order_by("queued_at", "pk")


def comment(cast: Cast, lead: Lead, by: Membership) -> None:
    with inside(cast.acme):
        actions.comment_lead(lead, text="Hello", is_internal=False, by=by)


def states(cast: Cast) -> list[str]:
    with inside(cast.acme):
        return list(mails().values_list("status", flat=True))


# --- Lanes ----------------------------------------------------------------------------------------------


def test_deliver_due_holds_later_notices_of_a_record_behind_an_earlier_one(
    cast: Cast, hop: LastHop, pass_time: PassTime
) -> None:
    with inside(cast.acme):
        lead, other = assigned_lead(cast.ada, cast.cleo), assigned_lead(cast.ada, cast.dora)
        actions.open_lead(lead, by=cast.cleo)
    deliver_due(cast.acme)
    hop.taken.clear()
    hop.fails(OSError("broken"))
    comment(cast, lead, cast.ada)
    deliver_due(cast.acme)
    with inside(cast.acme):
        actions.recall_lead(lead, by=cast.ada)
        actions.recall_lead(other, by=cast.ada)

    deliver_due(cast.acme)

    assert [(mail.to, mail.subject) for mail in hop.taken] == [
        (["dora@east.example"], f"Lead {other.code} was taken back")
    ]
    pass_time(LEASE)
    deliver_due(cast.acme)
    # The comment is no longer Cleo's to read; what came after it is.
    assert [mail.subject for mail in hop.taken[1:]] == [f"Lead {lead.code} was taken back"]
    with inside(cast.acme):
        to_cleo = mails().filter(recipient=cast.cleo, event__kind__in=["lead_commented", "lead_recalled"])
        assert list(to_cleo.values_list("status", flat=True)) == ["cancelled", "sent"]


def test_deliver_due_keeps_the_order_of_a_lane_through_failures(
    cast: Cast, hop: LastHop, pass_time: PassTime
) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)
        actions.open_lead(lead, by=cast.ben)
    deliver_due(cast.acme)
    hop.taken.clear()
    hop.fails(OSError("broken"), OSError("broken"))
    for name in ("first", "second", "third"):
        with inside(cast.acme):
            actions.comment_lead(lead, text=name, is_internal=False, by=cast.ada)

    sent_after = []
    for _ in range(4):
        deliver_due(cast.acme)
        sent_after.append(len(hop.taken))
        pass_time(LEASE)

    assert sent_after == [0, 0, 3, 3]
    with inside(cast.acme):
        done = mails().filter(recipient=cast.ben, event__kind="lead_commented").order_by("done_at")
        assert list(done.values_list("pk")) == list(done.order_by("queued_at").values_list("pk"))


def test_deliver_due_frees_a_lane_when_it_gives_up(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)
    with inside(cast.acme):
        Delivery.objects.filter(channel="email", recipient=cast.ben).update(status="dead")
        actions.recall_lead(lead, by=cast.ada)

    deliver_due(cast.acme)

    assert hop.subjects == [f"Lead {lead.code} was taken back"]


# --- Parcels --------------------------------------------------------------------------------------------


def assign_many(cast: Cast, count: int) -> list[Lead]:
    with inside(cast.acme):
        leads = [new_lead(cast.ada) for _ in range(count)]
    with inside(cast.acme):
        return [actions.assign_lead(lead, to=cast.ben, by=cast.ada) for lead in leads]


def test_deliver_due_makes_one_mail_and_message_of_one_cause(cast: Cast, hop: LastHop) -> None:
    leads = assign_many(cast, 12)

    deliver_due(cast.acme)

    assert hop.subjects == ["12 leads wait for you"]
    assert "http://acme.localhost:8000/leads/" in str(hop.taken[0].body)
    assert all(lead.code not in str(hop.taken[0].body) for lead in leads)
    with inside(cast.acme):
        message = Message.objects.get(recipient=cast.ben)
        assert text_of(message.event, count=message.count) == "12 leads wait for you"
        assert set(mails().values_list("status", "attempts")) == {("sent", 1)}


def test_deliver_due_lists_different_notices_of_one_cause(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        first, second = assigned_lead(cast.ada, cast.ben), assigned_lead(cast.ada, cast.ben)
    deliver_due(cast.acme)
    hop.taken.clear()

    with inside(cast.acme):
        actions.recall_lead(first, by=cast.ada)
        third = assigned_lead(cast.ada, cast.ben)
    deliver_due(cast.acme)

    (mail,) = hop.taken
    assert mail.subject == "2 notices"
    for line in (f"Lead {first.code} was taken back", f"Lead {third.code} waits for you"):
        assert line in str(mail.body)
        assert line in str(mail.alternatives[0][0])
    assert second.code not in str(mail.body)


def test_deliver_due_leaves_out_of_a_parcel_what_was_taken_back(cast: Cast, hop: LastHop) -> None:
    leads = assign_many(cast, 3)
    with inside(cast.acme):
        actions.recall_lead(leads[0], by=cast.ada)

    deliver_due(cast.acme)

    assert sorted(hop.subjects) == ["2 leads wait for you", f"Lead {leads[0].code} was taken back"]


def test_deliver_due_retries_a_parcel_as_one_with_the_same_message_id(
    cast: Cast, hop: LastHop, pass_time: PassTime
) -> None:
    assign_many(cast, 3)
    ids: list[str] = []

    def hang_up(mail: EmailMultiAlternatives) -> None:
        ids.append(mail.extra_headers["Message-ID"])
        raise OSError("hung up after the text")

    hop.answers.append(hang_up)

    deliver_due(cast.acme)
    assert states(cast) == ["pending"] * 3
    pass_time(LEASE)
    deliver_due(cast.acme)

    assert (hop.subjects, states(cast)) == (["3 leads wait for you"], ["sent"] * 3)
    assert ids == [hop.taken[0].extra_headers["Message-ID"]]


def test_an_invitation_never_travels_with_others(cast: Cast, hop: LastHop) -> None:
    """Its link is for one person, and can be told in no other words."""
    with inside(cast.acme):
        for name in ("nina", "nora"):
            invite_member(cast.north, email=f"{name}@north.example", name=name, groups=[], by=cast.bea)
        assigned_lead(cast.ada, cast.ben)

    deliver_due(cast.acme)

    assert hop.receivers == ["ben@north.example", "nina@north.example", "nora@north.example"]


# --- Poison ---------------------------------------------------------------------------------------------


def die(cast: Cast) -> None:
    with pytest.raises(WorkerKilled):
        deliver_due(cast.acme)


def test_deliver_due_parks_what_kills_its_workers_and_sends_the_rest(
    cast: Cast, hop: LastHop, pass_time: PassTime
) -> None:
    for member in (cast.ben, cast.bea, cast.cleo):
        with inside(cast.acme):
            assigned_lead(cast.ada, member)

    def deadly(mail: object) -> None:
        if mail.to == ["ben@north.example"]:  # type: ignore[attr-defined]
            raise WorkerKilled

    deaths = 0
    for _ in range(10):
        hop.answers = [deadly] * 10
        try:
            deliver_due(cast.acme)
        except WorkerKilled:
            deaths += 1
        pass_time(LEASE)

    assert deaths == MOST_LOSSES
    assert hop.receivers == ["bea@north.example", "cleo@south.example"]
    with inside(cast.acme):
        parked = mails().get(recipient=cast.ben)
        assert (parked.status, parked.attempts) == ("dead", MOST_LOSSES)
        assert parked.last_error == "Parked: 5 workers died while they carried this out."
        assert set(mails().exclude(recipient=cast.ben).values_list("status", flat=True)) == {"sent"}

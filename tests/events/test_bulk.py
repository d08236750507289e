"""Sending many mails again: what was given up or came back, and a parcel once for all of its rows."""

import pytest

from leads.bulk import ASSIGN
from prm.events.bulk import RESEND
from prm.events.delivery import deliver_due
from prm.events.models import Delivery, Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
from tests.cast import Cast
from tests.events.last_hop import LastHop
from tests.factories import assigned_lead, new_lead
from tests.runs.many import came_of, carried_out, reasons

pytestmark = pytest.mark.usefixtures("nothing_waits")


@pytest.fixture
def portal(cast: Cast) -> Portal:
    return cast.acme


def mails(portal: Portal, **which: str) -> list[Delivery]:
    with inside(portal):
        rows = Delivery.objects.filter(channel="email", event__kind="lead_assigned", **which)
        return list(rows.order_by("queued_at", "pk"))


def test_resend_many_sends_what_was_given_up_and_leaves_what_waits(
    cast: Cast, portal: Portal, hop: LastHop
) -> None:
    with inside(portal):
        for member in (cast.ben, cast.cleo, cast.bea):
            assigned_lead(cast.ada, member)
        Delivery.objects.filter(recipient=cast.ben, event__kind="lead_assigned").update(status="dead")
        Delivery.objects.filter(recipient=cast.cleo, event__kind="lead_assigned").update(status="bounced")

    run = carried_out(RESEND.kind, mails(portal), cast.ada)
    deliver_due(portal)

    assert came_of(run) == (2, 1, 0)
    assert list(reasons(run).values()) == ["Only what was sent, came back or was given up can be sent again."]
    assert hop.receivers == ["bea@north.example", "ben@north.example", "cleo@south.example"]
    with inside(portal):
        events = Event.objects.filter(kind="delivery_resent", request_id=str(run.pk))
        assert [event.actor for event in events] == [cast.ada, cast.ada]


def test_resend_many_sends_a_parcel_once(cast: Cast, portal: Portal, hop: LastHop) -> None:
    with inside(portal):
        leads = [new_lead(cast.ada) for _ in range(3)]
    carried_out(ASSIGN.kind, leads, cast.ada, user=str(cast.ben.pk))
    deliver_due(portal)
    rows = mails(portal, status="sent")
    assert (len(rows), len({row.parcel for row in rows}), hop.receivers) == (3, 1, ["ben@north.example"])

    run = carried_out(RESEND.kind, rows, cast.ada)
    deliver_due(portal)

    assert came_of(run) == (3, 0, 0)
    assert hop.receivers == ["ben@north.example"] * 2
    assert [row.resends for row in mails(portal)] == [1, 1, 1]


def test_resend_many_sends_a_parcel_once_though_it_went_out_meanwhile(
    cast: Cast, portal: Portal, hop: LastHop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker is quick: what the first row has queued is sent before the second is looked at."""
    from prm.events import actions

    with inside(portal):
        leads = [new_lead(cast.ada) for _ in range(2)]
    carried_out(ASSIGN.kind, leads, cast.ada, user=str(cast.ben.pk))
    deliver_due(portal)
    resend = actions.resend_delivery

    def and_send(delivery: Delivery, **words: object) -> Delivery:
        found = resend(delivery, **words)  # type: ignore[arg-type]
        Delivery.objects.filter(parcel=delivery.parcel).update(status="sent")
        return found

    monkeypatch.setattr(actions, "resend_delivery", and_send)

    run = carried_out(RESEND.kind, mails(portal), cast.ada)

    assert came_of(run) == (2, 0, 0)
    assert [row.resends for row in mails(portal)] == [1, 1]


def test_resend_many_asked_for_anew_sends_anew(cast: Cast, portal: Portal, hop: LastHop) -> None:
    with inside(portal):
        assigned_lead(cast.ada, cast.ben)
    for _ in range(3):
        deliver_due(portal)
        carried_out(RESEND.kind, mails(portal), cast.ada)

    assert [row.resends for row in mails(portal)] == [3]


def test_resend_many_knows_no_rows_of_another_portal(cast: Cast, portal: Portal, hop: LastHop) -> None:
    with inside(cast.globex):
        assigned_lead(cast.dan, cast.eve_globex)
        Delivery.objects.filter(event__kind="lead_assigned").update(status="dead")

    run = carried_out(RESEND.kind, mails(cast.globex), cast.ada)

    assert came_of(run) == (0, 0, 1)
    assert {row.status for row in mails(cast.globex)} == {"dead"}

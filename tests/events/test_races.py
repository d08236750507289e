"""Many workers of one portal at once, with connections of their own: everything is sent, and once."""

from collections import Counter
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection

from leads.actions import assign_lead
from prm.events.delivery import _claim, deliver_due
from prm.events.models import Delivery, DueWork, Message
from prm.organizations.context import inside
from tests.cast import Cast
from tests.events.last_hop import LastHop
from tests.factories import assigned_lead, new_lead
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
WORKERS = 5
LEADS = 40


def test_deliver_due_by_five_workers_sends_everything_once(
    cast: Cast, hop: LastHop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prm.events.delivery.BATCH", 7)  # so that they meet often
    for portal in (cast.acme, cast.globex):
        deliver_due(portal)
    hop.taken.clear()
    leads = []
    for _ in range(LEADS):
        with inside(cast.acme):
            leads.append(assigned_lead(cast.ada, cast.ben))

    def work(start: Barrier) -> int:
        start.wait()
        deliver_due(cast.acme)
        return 0

    assert together(*[work] * WORKERS) == [0] * WORKERS
    deliver_due(cast.acme)  # whoever stops early trusts that the bell rings again

    subjects = Counter(str(mail.subject) for mail in hop.taken)
    assert subjects == Counter({f"Lead {lead.code} waits for you": 1 for lead in leads})
    with inside(cast.acme):
        rows = Delivery.objects.filter(event__kind="lead_assigned")
        assert Counter(rows.values_list("channel", "status", "attempts")) == {
            ("email", "sent", 1): LEADS,
            ("message", "sent", 1): LEADS,
        }
        assert Message.objects.filter(recipient=cast.ben).count() == LEADS


def test_claims_of_two_workers_at_once_share_no_parcel(
    cast: Cast, hop: LastHop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has not committed yet when the second claims, and the second does not wait for it."""
    for portal in (cast.acme, cast.globex):
        deliver_due(portal)
    monkeypatch.setattr("prm.events.delivery.BATCH", 2)
    for _ in range(2):
        with inside(cast.acme):
            assigned_lead(cast.ada, cast.ben)  # two parcels each
    DueWork.objects.all().delete()  # as after the first batch: whoever deletes these goes first

    def claim(both_have_claimed: Barrier) -> list[UUID]:
        with inside(cast.acme):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
            found = _claim(cast.acme)
            both_have_claimed.wait()
        assert found is not None
        return found.parcels

    first, second = together(claim, claim)

    assert isinstance(first, list), first
    assert isinstance(second, list), second
    assert (len(first), len(second), set(first) & set(second)) == (2, 2, set())


def test_deliver_due_while_leads_come_in_misses_none(cast: Cast, hop: LastHop) -> None:
    deliver_due(cast.acme)
    hop.taken.clear()

    def enter(start: Barrier) -> int:
        start.wait()
        for _ in range(10):
            with inside(cast.acme):
                assign_lead(new_lead(cast.ada), to=cast.ben, by=cast.ada)
        return 0

    def work(start: Barrier) -> int:
        start.wait()
        for _ in range(10):
            deliver_due(cast.acme)
        return 0

    assert together(enter, enter, work, work) == [0] * 4
    deliver_due(cast.acme)

    assert len(hop.taken) == len({mail.subject for mail in hop.taken}) == 20

"""Two transactions that wait for each other: who is ended for it has done nothing and is told to come again."""

import time
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from leads.models import Lead
from leads.states import Status
from prm.events.models import Event as HappenedEvent
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import assigned_lead
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool((cursor.fetchone() or (0,))[0])


@pytest.mark.parametrize("path", ["/leads/{lead.code}/open/", "/api/v1/leads/{lead.pk}/open/"])
def test_request_in_a_deadlock_is_503_and_has_done_nothing(cast: Cast, path: str) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)
    client = sign_in(cast.ben)
    client.raise_request_exception = False
    holds = Event()

    def stand_in_the_way(start: Barrier) -> None:
        with inside(cast.acme), transaction.atomic():
            Membership.objects.locked(cast.ben.pk)
            Organization.objects.locked(cast.north.pk)
            holds.set()
            until = time.monotonic() + 10
            while not somebody_waits():
                assert time.monotonic() < until, "The request waits for nothing."
                time.sleep(0.02)
            Lead.objects.locked(lead.pk)  # Postgres looks for a circle from the one that has waited longest

    def ask(start: Barrier) -> Any:
        assert holds.wait(10)
        return client.post(path.format(lead=lead), "{}", content_type="application/json")

    _nothing, answer = together(stand_in_the_way, ask)

    assert not isinstance(answer, Exception)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).status == Status.ASSIGNED
        assert not HappenedEvent.objects.filter(subject_id=lead.pk, kind="lead_opened").exists()
    assert (
        client.post(path.format(lead=lead), "{}", content_type="application/json").status_code < 400
    )  # as it was told to
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).status == Status.OPENED

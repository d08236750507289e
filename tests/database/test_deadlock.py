"""Two transactions that wait for each other: who is ended for it has done nothing and is told to come again."""

import time
from collections.abc import Callable
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

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
    """For this connection: others of the same server, of another test worker's, wait for each other as well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return bool((cursor.fetchone() or (0,))[0])


@pytest.mark.parametrize("path", ["/leads/{lead.code}/open/", "/api/v1/leads/{lead.pk}/open/"])
def test_request_in_a_deadlock_is_503_and_has_done_nothing(cast: Cast, path: str) -> None:
    client = sign_in(cast.ben)
    client.raise_request_exception = False

    for _attempt in range(5):  # whom Postgres ends is a matter of when it looks: who has waited for a second
        lead, ask, answer = in_each_others_way(cast, client, path)
        if answer.status_code >= 400:
            break

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).status == Status.ASSIGNED
        assert not HappenedEvent.objects.filter(subject_id=lead.pk, kind="lead_opened").exists()
    assert ask().status_code < 400  # as it was told to
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).status == Status.OPENED


def in_each_others_way(cast: Cast, client: Client, path: str) -> tuple[Lead, Callable[[], Any], Any]:
    """Ben opens a lead while somebody holds what that needs last and wants what it needed first."""
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)
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
            Lead.objects.locked(lead.pk)

    def ask() -> Any:
        return client.post(path.format(lead=lead), "{}", content_type="application/json")

    def ask_then(start: Barrier) -> Any:
        assert holds.wait(10)
        return ask()

    _nothing, answer = together(stand_in_the_way, ask_then)
    assert not isinstance(answer, Exception)
    return lead, ask, answer

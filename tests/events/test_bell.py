"""The bell: the broker wakes the workers; lost or away, it costs seconds and never the work."""

import base64
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from kombu import pools

from prm.celery import app
from prm.events import delivery, tasks
from prm.events.bell import Ringer, ring, settle
from prm.events.delivery import LEASE
from prm.events.models import Delivery, DueWork
from prm.events.tasks import sweep
from prm.organizations.context import inside
from prm.organizations.models import Portal
from tests.browsing import sign_in
from tests.cast import Cast
from tests.events.conftest import PassTime
from tests.events.last_hop import LastHop, WorkerKilled
from tests.factories import assigned_lead, new_lead

Commit = Callable[..., Any]
Rung = Callable[[], list[tuple[str, Any]]]

pytestmark = pytest.mark.usefixtures("nothing_waits")


@pytest.fixture
def rung() -> Iterator[Rung]:
    """What stands in the broker's queue: each task's name and arguments."""
    with app.connection_for_read() as broker:
        queue = broker.default_channel.client

        def read() -> list[tuple[str, Any]]:
            assert settle(5)
            found = []
            while raw := queue.rpop("celery"):
                message = json.loads(raw)
                arguments, keywords, _embedded = json.loads(base64.b64decode(message["body"]))
                found.append((message["headers"]["task"], [*arguments, *keywords]))
            return found

        read()
        yield read
        read()


def test_ring_gives_the_broker_the_portals_id_and_nothing_else(cast: Cast, rung: Rung) -> None:
    ring(cast.acme.pk)

    assert rung() == [("prm.events.tasks.deliver_due", [str(cast.acme.pk)])]


def test_ring_comes_after_the_commit_only(
    cast: Cast, rung: Rung, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True), inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
        assert rung() == []

    assert rung() == [("prm.events.tasks.deliver_due", [str(cast.acme.pk)])]


@pytest.fixture
def work(rung: Rung) -> Callable[[], None]:
    """A worker: does whatever is rung for, until nothing is."""

    def work() -> None:
        while found := rung():
            for _task, (portal_id,) in found:
                tasks.deliver_due(portal_id)

    return work


def test_ring_has_the_work_done(
    cast: Cast, hop: LastHop, work: Callable[[], None], django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True), inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)

    work()

    assert hop.receivers == ["ben@north.example"]


def test_ring_goes_on_until_nothing_waits(
    cast: Cast, hop: LastHop, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 1)
    monkeypatch.setattr(delivery, "ENOUGH", 0)
    for _ in range(3):
        with inside(cast.acme):
            assigned_lead(cast.ada, cast.ben)

    ring(cast.acme.pk)
    work()

    assert len(hop.taken) == 3


def test_ring_rings_once_for_a_portal_that_waits_already(cast: Cast, rung: Rung, deaf: int) -> None:
    """While the broker is slow, a busy portal does not pile up bells."""
    ringer = Ringer()
    for _ in range(100):
        ringer.ring(cast.acme.pk)

    assert ringer.settle(5)
    assert 1 <= len(rung()) <= 10


# --- The sweeper ----------------------------------------------------------------------------------------


def test_sweep_finds_what_a_lost_bell_left(cast: Cast, hop: LastHop, work: Callable[[], None]) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)  # this transaction never commits: nobody is rung for

    sweep()
    work()

    assert hop.receivers == ["ben@north.example"]


def test_sweep_finds_what_failed_and_what_a_dead_worker_left(
    cast: Cast, hop: LastHop, work: Callable[[], None], pass_time: PassTime
) -> None:
    for member in (cast.ben, cast.bea):
        with inside(cast.acme):
            assigned_lead(cast.ada, member)
    hop.fails(OSError("broken"), WorkerKilled())
    sweep()
    with pytest.raises(WorkerKilled):
        work()
    assert hop.taken == []

    pass_time(timedelta(seconds=10))
    sweep()
    work()
    assert len(hop.taken) == 1
    pass_time(LEASE)
    sweep()
    work()

    assert hop.receivers == ["bea@north.example", "ben@north.example"]


def test_sweep_leaves_no_due_work_behind_once_all_is_done(
    cast: Cast, work: Callable[[], None], pass_time: PassTime
) -> None:
    for _ in range(3):
        with inside(cast.acme):
            assigned_lead(cast.ada, cast.ben)
    assert DueWork.objects.filter(portal=cast.acme).count() == 3

    sweep()
    work()
    pass_time(LEASE)
    sweep()
    work()

    assert DueWork.objects.count() == 0


def test_sweep_rings_once_for_each_portal_with_work_due(cast: Cast, rung: Rung) -> None:
    with inside(cast.acme):
        for _ in range(3):
            assigned_lead(cast.ada, cast.ben)
    DueWork.objects.create(portal=cast.globex, due_at=Now() + timedelta(minutes=1))

    sweep()

    assert rung() == [("prm.events.tasks.deliver_due", [str(cast.acme.pk)])]


def test_sweep_leaves_portals_that_are_switched_off(cast: Cast, rung: Rung) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
    Portal.objects.filter(pk=cast.acme.pk).update(is_active=False)

    sweep()

    assert rung() == []


# --- A broker that is away ---------------------------------------------------------------------------------


@pytest.fixture
def broker_at() -> Iterator[Callable[[str], None]]:
    """Sends this process to another broker."""
    usual = app.conf.broker_url

    def go(url: str) -> None:
        pools.reset()  # type: ignore[no-untyped-call]
        app._pool = app.amqp._producer_pool = None
        app.conf["broker_url"] = url

    yield go
    go(usual)


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of somebody who takes calls and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_ring_without_a_broker_is_a_warning(
    cast: Cast, broker_at: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    broker_at("redis://127.0.0.1:1/0")

    with caplog.at_level(logging.WARNING, "prm.events.bell"):
        ring(cast.acme.pk)
        assert settle(5)

    assert [record.message for record in caplog.records] == [
        "the broker did not take the bell; the sweeper will find the rows"
    ]


@pytest.mark.parametrize("is_deaf", [False, True])
def test_a_page_without_a_broker_is_answered_and_its_work_is_kept(
    cast: Cast,
    broker_at: Callable[[str], None],
    deaf: int,
    django_capture_on_commit_callbacks: Commit,
    is_deaf: bool,
) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)
    client = sign_in(cast.ada)
    broker_at(f"redis://127.0.0.1:{deaf if is_deaf else 1}/0")

    started = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/leads/{lead.code}/assign/", {"user": str(cast.ben.pk)})

    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{lead.code}/")
    assert time.monotonic() - started < 1
    with inside(cast.acme):
        waiting = Delivery.objects.filter(event__subject_id=lead.pk, status="pending")
        assert set(waiting.values_list("channel", flat=True)) == {"email", "message"}
    assert DueWork.objects.filter(portal=cast.acme).exists()


# --- Once per transaction ------------------------------------------------------------------------------


def test_record_rings_once_for_all_of_a_transaction(cast: Cast, django_capture_on_commit_callbacks: Commit) -> None:
    with django_capture_on_commit_callbacks() as callbacks, inside(cast.acme):
        for _ in range(3):
            assigned_lead(cast.ada, cast.ben)

    assert len(callbacks) == 1

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
from django.utils import timezone
from kombu import pools

from prm.celery import app
from prm.events import delivery
from prm.events.delivery import LEASE, deliver_due
from prm.events.models import Delivery, DueWork
from prm.events.tasks import ring, sweep
from prm.organizations.context import inside
from prm.organizations.models import Portal
from tests.browsing import sign_in
from tests.cast import Cast
from tests.events.conftest import Clock
from tests.events.last_hop import LastHop, WorkerKilled
from tests.factories import assigned_lead, new_lead

Commit = Callable[..., Any]
Rung = Callable[[], list[tuple[str, Any]]]


@pytest.fixture(autouse=True)
def nothing_waits(cast: Cast, hop: LastHop) -> None:
    for portal in (cast.acme, cast.globex):
        deliver_due(portal)
    DueWork.objects.all().delete()
    hop.taken.clear()


@pytest.fixture
def at_once() -> Iterator[None]:
    """Whatever is rung for is done in this process."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def rung() -> Iterator[Rung]:
    """What stands in the broker's queue: each task's name and arguments."""
    with app.connection_for_read() as broker:
        queue = broker.default_channel.client

        def read() -> list[tuple[str, Any]]:
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


@pytest.mark.usefixtures("at_once")
def test_ring_has_the_work_done(cast: Cast, hop: LastHop, django_capture_on_commit_callbacks: Commit) -> None:
    with django_capture_on_commit_callbacks(execute=True), inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)

    assert hop.receivers == ["ben@north.example"]


@pytest.mark.usefixtures("at_once")
def test_ring_goes_on_until_nothing_waits(cast: Cast, hop: LastHop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 1)
    monkeypatch.setattr(delivery, "ENOUGH", 0)
    with inside(cast.acme):
        for _ in range(3):
            assigned_lead(cast.ada, cast.ben)

    ring(cast.acme.pk)

    assert len(hop.taken) == 3


# --- The sweeper ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
def test_sweep_finds_what_a_lost_bell_left(cast: Cast, hop: LastHop) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)  # this transaction never commits: nobody is rung for

    sweep()

    assert hop.receivers == ["ben@north.example"]


@pytest.mark.usefixtures("at_once")
def test_sweep_finds_what_failed_and_what_a_dead_worker_left(cast: Cast, hop: LastHop, clock: Clock) -> None:
    with inside(cast.acme):
        for member in (cast.ben, cast.bea):
            assigned_lead(cast.ada, member)
    hop.fails(OSError("away"), WorkerKilled())
    with pytest.raises(WorkerKilled):
        sweep()
    assert hop.taken == []

    clock.forward(timedelta(seconds=5))
    sweep()
    assert len(hop.taken) == 1
    clock.forward(LEASE)
    sweep()

    assert hop.receivers == ["bea@north.example", "ben@north.example"]


@pytest.mark.usefixtures("at_once")
def test_sweep_leaves_no_due_work_behind_once_all_is_done(cast: Cast, hop: LastHop, clock: Clock) -> None:
    with inside(cast.acme):
        for _ in range(3):
            assigned_lead(cast.ada, cast.ben)
    assert DueWork.objects.filter(portal=cast.acme).count() == 3

    sweep()
    clock.forward(LEASE)
    sweep()

    assert DueWork.objects.count() == 0


def test_sweep_rings_once_for_each_portal_with_work_due(cast: Cast, rung: Rung) -> None:
    with inside(cast.acme):
        for _ in range(3):
            assigned_lead(cast.ada, cast.ben)
    DueWork.objects.create(portal=cast.globex, due_at=timezone.now() + timedelta(minutes=1))

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

    with caplog.at_level(logging.WARNING, "prm.events.tasks"):
        ring(cast.acme.pk)

    assert [record.message for record in caplog.records] == [
        "the broker did not take the bell; the sweeper will find the rows"
    ]


@pytest.mark.parametrize(
    ("is_deaf", "seconds"),
    [(False, 1), pytest.param(True, 8, marks=pytest.mark.soak)],  # it waits for five
)
def test_a_page_without_a_broker_is_answered_and_its_work_is_kept(
    cast: Cast,
    broker_at: Callable[[str], None],
    deaf: int,
    django_capture_on_commit_callbacks: Commit,
    is_deaf: bool,
    seconds: int,
) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)
    client = sign_in(cast.ada)
    broker_at(f"redis://127.0.0.1:{deaf if is_deaf else 1}/0")

    started = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/leads/{lead.code}/assign/", {"user": str(cast.ben.pk)})

    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{lead.code}/")
    assert time.monotonic() - started < seconds
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

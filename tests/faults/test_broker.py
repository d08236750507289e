"""The broker is emptied, stopped, hung or full: pages go on, and the work is done all the same."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from celery import Celery

from prm import environment
from prm.local.processes import wait_until
from tests.cast import PASSWORD
from tests.fakes.mail import slow
from tests.faults.conftest import SOAK, long_with_make_soak
from tests.faults.ledger import Balance, Ledger
from tests.faults.site import Site

pytestmark = long_with_make_soak

Fault = Callable[[Site], AbstractContextManager[None]]
A_PAGE_TAKES_LESS = 1.0  # seconds
BUSY = 1 if SOAK else 2.5  # so much slower may the slowest be where other tests have the machine
PAUSE = 2.0 if SOAK else 0.05  # seconds between two leads: what five minutes heap up is to be done within one


@contextmanager
def emptied(site: Site) -> Iterator[None]:
    """Again and again, and once more at the end: whatever was rung for is forgotten."""
    with site.broker() as broker:
        for _ in range(200 if SOAK else 10):
            broker.flushall()
            time.sleep(0.2)
        yield
        broker.flushall()


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    site["valkey"].stop()
    try:
        yield
    finally:
        site["valkey"].start()


@contextmanager
def hung(site: Site) -> Iterator[None]:
    with site["valkey"].frozen():
        yield


@contextmanager
def full(site: Site) -> Iterator[None]:
    with site.broker() as broker:
        broker.config_set("maxmemory-policy", "noeviction")
        broker.config_set("maxmemory", "1")
        try:
            yield
        finally:
            broker.config_set("maxmemory", "0")


@pytest.mark.parametrize(
    ("fault", "seconds_in_soak"),
    [(emptied, 0), (stopped, 300), (hung, 60), (full, 60)],
    ids=["emptied", "stopped", "hung", "full"],
)
def test_broker_that_fails_delays_and_loses_nothing(
    site: Site, ledger: Ledger, fault: Fault, seconds_in_soak: int
) -> None:
    for receiver in ledger.receivers:
        site.mail.next_for(site.people[receiver].email, *[slow(0.5)] * 5)  # a task is under way when it begins
    with ledger.load(pause=PAUSE):
        time.sleep(1)
        with fault(site):
            time.sleep(seconds_in_soak if SOAK else 2)
            seconds = [_sign_in(site), _sign_in(site)]
        time.sleep(0.5)

    assert ledger.balance() == Balance()
    assert set(ledger.statuses) == {200, 201}
    assert ledger.slowest_but(30) < A_PAGE_TAKES_LESS
    assert ledger.slowest_but(5) < A_PAGE_TAKES_LESS * BUSY
    assert min(seconds) < A_PAGE_TAKES_LESS * 2  # a page and a form
    assert len(ledger.stored) > 5


def test_message_that_comes_five_times_at_once_has_one_effect(site: Site, ledger: Ledger) -> None:
    """So does the broker with a task that runs longer than its visibility timeout: the lease minds that."""
    (portal,) = site.sql("SELECT id FROM organizations_portal WHERE slug = 'acme'")[0]
    messenger = Celery(broker=environment.broker(site.valkey.url))
    for receiver in ledger.receivers:
        site.mail.next_for(site.people[receiver].email, *[slow(0.2)] * 4)  # long enough for them to meet

    with ledger.load():
        for _ in range(5):
            for _ in range(5):
                messenger.send_task("prm.events.tasks.deliver_due", [str(portal)])
            time.sleep(0.3)
        assert wait_until(lambda: len(ledger.stored) > 5, seconds=30)

    assert ledger.balance() == Balance()
    assert ledger.repetitions() == 0


def test_worker_that_hears_nothing_ends_and_the_next_one_does_the_work(site: Site, ledger: Ledger) -> None:
    worker = site["worker"].process
    assert worker is not None
    messenger = Celery(broker=environment.broker(site.valkey.url))

    with ledger.load():
        messenger.control.cancel_consumer("celery")  # the broker is well, and so is the link
        assert wait_until(lambda: worker.poll() is not None, seconds=90, step=0.1)
    assert worker.returncode == 1
    assert "this worker hears nothing although work waits" in site.log("worker")
    site.restart_hard("worker")  # as its supervisor does

    assert ledger.balance() == Balance()
    assert len(ledger.stored) > 5


def _sign_in(site: Site) -> float:
    """How long Ben takes to come in, by the page and the form, as a browser would."""
    began = time.monotonic()
    page = site.ask("GET", "/accounts/login/")
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.body)
    cookies = SimpleCookie("; ".join(page.headers.get_all("Set-Cookie", [])))
    form = {"login": site.people["ben"].email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = site.ask(
        "POST",
        "/accounts/login/",
        body=urlencode(form),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
        },
    )
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    return time.monotonic() - began

"""Postgres restarts, freezes, or has no connection left: 503 and when to come back, and on it goes by itself."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from prm.database.patience import PAGE
from prm.local.postgres import APP
from prm.local.processes import wait_until
from tests.faults.conftest import SOAK, long_with_make_soak
from tests.faults.ledger import Balance, Ledger
from tests.faults.site import Answer, Site

pytestmark = long_with_make_soak


@contextmanager
def asked_meanwhile(site: Site, path: str, who: str = "") -> Iterator[list[Answer]]:
    """Somebody asks for a page all the time; yields the answers."""
    answers: list[Answer] = []
    is_over = Event()

    def ask() -> None:
        while not is_over.is_set():
            answers.append(site.ask("GET", path, who=who, timeout=30))
            time.sleep(0.05)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGKILL], ids=["immediate", "kill"])
def test_postgres_that_restarts_hard_loses_nothing(site: Site, ledger: Ledger, how: signal.Signals) -> None:
    postgres = site["postgres"]
    assert postgres.process is not None
    with (
        asked_meanwhile(site, "/accounts/login/") as pages,
        asked_meanwhile(site, "/api/v1/leads/", "ada") as api,
        ledger.load(),
    ):
        time.sleep(1)
        postgres.process.send_signal(how)
        postgres.process.wait()
        time.sleep(1)
        postgres.start()
        time.sleep(2)

    assert ledger.balance() == Balance()
    assert set(ledger.statuses) == {200, 201, 503}
    for answers in (pages, api):
        assert {answer.status for answer in answers} == {200, 503}
        assert answers[-1].status == 200
        assert all(answer.headers["Retry-After"] == "5" for answer in answers if answer.status == 503)
    (page, *_), (problem, *_) = ([a for a in answers if a.status == 503] for answers in (pages, api))
    assert "The portal takes a short break" in page.body
    assert problem.json()["code"] == "unavailable"


def test_postgres_that_freezes_is_503_and_over_when_it_thaws(site: Site, ledger: Ledger) -> None:
    """As behind a network that swallows everything: who asks hears nothing, not even a refusal."""
    with (
        asked_meanwhile(site, "/accounts/login/") as pages,
        asked_meanwhile(site, "/api/v1/leads/", "ada") as api,
        ledger.load(),
    ):
        time.sleep(0.5)
        with site["postgres"].frozen():
            began = time.monotonic()
            assert wait_until(lambda: not site.is_ready(), seconds=10)
            assert wait_until(lambda: site.readyz_of("database") == "does not answer", seconds=30)
            for answers in (pages, api):
                assert wait_until(lambda answers=answers: answers[-1].status == 503, seconds=30)  # type: ignore[misc]
            time.sleep(max(0, began + 60 - time.monotonic()) if SOAK else 0)
        time.sleep(2)

    assert ledger.balance() == Balance()
    assert set(ledger.statuses) <= {200, 201, 409, 503}
    assert max(ledger.seconds) < PAGE.answer + 2 * PAGE.connection + 5  # to wait for a thread, and for this machine
    for answers in (pages, api):
        assert {answer.status for answer in answers} == {200, 503}
        assert answers[-1].status == 200
        assert all(answer.headers["Retry-After"] == "5" for answer in answers if answer.status == 503)


def test_connections_used_up_are_503_and_not_500(site: Site, ledger: Ledger) -> None:
    with ledger.load():
        time.sleep(0.5)
        site.sql(f"ALTER ROLE {APP} CONNECTION LIMIT 1")
        try:
            site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", APP)
            answers = Counter(site.ask("GET", "/accounts/login/").status for _ in range(30))
        finally:
            site.sql(f"ALTER ROLE {APP} CONNECTION LIMIT -1")

    assert set(answers) <= {200, 503}
    assert set(ledger.statuses) == {200, 201, 503}
    assert ledger.balance() == Balance()


def test_disk_full_is_503_and_over_when_there_is_room_again(site: Site, ledger: Ledger) -> None:
    if site.disk is None:
        pytest.skip("Only root may mount a small disk.")
    with ledger.load(), asked_meanwhile(site, "/api/v1/leads/", "ada") as readers:
        time.sleep(0.5)
        with site.disk.full():
            assert wait_until(lambda: ledger.statuses[503] > 2, seconds=30)  # pages have some room left
        time.sleep(1)

    assert set(ledger.statuses) == {200, 201, 503}
    assert {answer.status for answer in readers} == {200}
    assert ledger.balance() == Balance()

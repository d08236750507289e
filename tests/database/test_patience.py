"""A serving process gives up on a database that does not answer; commands wait."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from prm.database import patience
from prm.database.base import DatabaseWrapper
from prm.database.outage import is_outage
from prm.database.patience import PAGE, WORK, Patience

pytestmark = pytest.mark.django_db(databases=["default", "owner"])

SHORT = Patience(statement=2, lock=1, transaction=2, answer=1, connection=1)


@pytest.fixture
def short() -> Iterator[None]:
    patience.have(SHORT)
    yield
    patience.have(None)


def new_connection(alias: str = "default", **settings: Any) -> BaseDatabaseWrapper:
    return DatabaseWrapper({**connections[alias].settings_dict, **settings}, alias)


def shown(link: BaseDatabaseWrapper, name: str) -> str:
    with link.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("alias", "expected"), [("default", ["10s", "5s", "5min"]), ("owner", ["0", "0", "0"])], ids=["serves", "owns"]
)
def test_have_limits_what_a_page_may_ask(alias: str, expected: list[str]) -> None:
    patience.have(PAGE)
    try:
        link = new_connection(alias)
        limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        assert [shown(link, name) for name in limits] == expected
        link.close()
    finally:
        patience.have(None)


def test_have_keeps_the_options_of_the_address(short: None) -> None:
    options = {**connections["default"].settings_dict["OPTIONS"], "options": "-c work_mem=7MB"}
    link = new_connection(OPTIONS=options)

    assert (shown(link, "work_mem"), shown(link, "statement_timeout")) == ("7MB", "2s")
    link.close()


def test_command_without_patience_has_no_limits() -> None:
    link = new_connection()

    assert shown(link, "statement_timeout") == "0"
    link.close()


def test_worker_may_take_longer_than_a_page_and_waits_longer_than_postgres() -> None:
    for limits in (PAGE, WORK):
        assert limits.lock < limits.statement < limits.answer
    assert PAGE.statement < WORK.statement


def test_at_most_shortens_and_never_lengthens(short: None) -> None:
    link = new_connection()
    for outer, inner in ((0.2, 30), (30, 0.2)):
        link.ensure_connection()
        began = time.monotonic()
        with patience.at_most(outer), patience.at_most(inner), pytest.raises(OperationalError):
            link.cursor().execute("SELECT pg_sleep(0.9)")
        assert time.monotonic() - began < 0.8
        link.close()


def test_statement_is_ended_by_postgres_when_it_can(short: None) -> None:
    patience.have(Patience(statement=1, lock=1, transaction=9, answer=9, connection=1))
    link = new_connection()

    with pytest.raises(OperationalError, match="statement timeout") as caught:
        link.cursor().execute("SELECT pg_sleep(5)")

    assert is_outage(caught.value)
    assert shown(link, "statement_timeout") == "1s"  # the connection lives
    link.close()


def test_silent_server_costs_the_connection_and_a_second(short: None) -> None:
    link = new_connection()
    link.ensure_connection()
    began = time.monotonic()

    with pytest.raises(OperationalError, match="did not answer within 1 s") as caught:
        link.cursor().execute("SELECT pg_sleep(1.9)")

    assert time.monotonic() - began < 1.5
    assert is_outage(caught.value)
    assert not link.is_usable()
    link.close()
    assert shown(link, "statement_timeout") == "2s"  # the next one asks anew


def test_owner_waits_even_in_a_process_with_patience(short: None) -> None:
    link = new_connection("owner")

    with patience.at_most(0.1), link.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1.2)")

    assert link.is_usable()
    link.close()


def test_server_that_takes_calls_and_says_nothing_is_given_up(short: None, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / ".s.PGSQL.5432"))
        deaf.listen()
        link = new_connection(HOST=str(tmp_path), PORT="5432")
        began = time.monotonic()

        with pytest.raises(OperationalError, match="did not answer within 1 s"):
            link.ensure_connection()

    assert time.monotonic() - began < 1.5


def test_wait_lets_other_threads_work(short: None) -> None:
    """And a signal through: that is how a task's time limit reaches it."""
    counted = 0
    is_over = threading.Event()

    def count() -> None:
        nonlocal counted
        while not is_over.wait(0.01):
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    link = new_connection()
    link.cursor().execute("SELECT pg_sleep(0.5)")
    is_over.set()
    thread.join()
    link.close()

    assert counted > 10


def test_serving_processes_have_patience_and_commands_do_not() -> None:
    script = "import {}; from prm.database import patience; print(patience.parameters(dict()).get('options', ''))"
    found = {
        module: subprocess.run(
            [sys.executable, "-c", script.format(module)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "prm.settings"},
            text=True,
            capture_output=True,
            check=True,
        ).stdout.strip()
        for module in ("prm.wsgi", "prm.celery")
    }

    assert found == {"prm.wsgi": PAGE.options, "prm.celery": ""}  # beat loads that, too; a worker's start has it

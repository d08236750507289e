"""Postgres and Valkey as we drive them: the roles' rights, and life after a kill."""

import os
import socket
import threading
from collections.abc import Iterator

import psycopg2
import pytest

from prm.local import paths, portal
from prm.local.paths import State
from prm.local.postgres import APP, DATABASE, OWNER, Postgres
from prm.local.processes import stop
from prm.local.valkey import Valkey


@pytest.fixture
def state() -> Iterator[State]:
    made = paths.throw_away_state()
    made.prepare()
    yield made
    paths.remove(made)


@pytest.mark.parametrize(
    ("address", "role", "may_create_databases"),
    [("DATABASE_URL", APP, False), ("DATABASE_OWNER_URL", OWNER, True)],
)
def test_roles_cannot_pass_row_level_security(address: str, role: str, may_create_databases: bool) -> None:
    with psycopg2.connect(os.environ[address]) as link, link.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolcreatedb, rolsuper, rolbypassrls, rolcreaterole, rolreplication"
            " FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (role, may_create_databases, False, False, False, False)
    link.close()


def test_app_cannot_make_tables() -> None:
    link = psycopg2.connect(os.environ["DATABASE_URL"])
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        link.cursor().execute("CREATE TABLE public.planted (id int)")
    link.close()


def test_case_and_order_are_the_same_on_every_machine() -> None:
    with psycopg2.connect(os.environ["DATABASE_URL"]) as link, link.cursor() as cursor:
        cursor.execute("SELECT upper('é'), 'À' ILIKE 'à', 'B' < 'a'")
        assert cursor.fetchone() == ("É", True, True)
    link.close()


def test_postgres_starts_again_right_after_a_kill(state: State) -> None:
    postgres = Postgres.of(state, is_throw_away=True)
    postgres.make_data()
    process = postgres.start()
    postgres.make_roles()
    process.kill()  # stays in the process table, and so in the way, until somebody reaps it
    threading.Timer(0.3, process.wait).start()
    again = postgres.start()
    try:
        postgres.make_roles()
        with postgres._superuser(DATABASE) as cursor:
            cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s)", [APP, OWNER])
            assert cursor.fetchone() == (2,)
    finally:
        stop(again, postgres.child)


def test_valkey_answers_and_stops(state: State) -> None:
    valkey = Valkey.of(state, is_throw_away=True, name="other")
    assert not valkey.answers()
    process = valkey.start()
    assert valkey.answers()
    stop(process, valkey.child)
    assert not valkey.answers()


def test_free_port_passes_over_a_taken_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert portal.free_port(number) > number


def test_free_port_takes_the_wished_one_when_it_can() -> None:
    number = portal.free_port(23000)
    assert portal.free_port(number) == number


def test_free_port_passes_over_one_that_is_taken_for_ipv6() -> None:
    try:
        taken = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with taken:
        number = taken.getsockname()[1]
        assert portal.free_port(number) > number

"""/healthz and /readyz: for any Host, part by part, and not ready when a part is missing."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from prm.local.paths import PROJECT
from prm.serving.health import HEART, HEART_STOPS_AFTER, MOST_SKEW, WRONG_CLOCK, beat_heart

pytestmark = pytest.mark.django_db

ALL_WELL = {"status": "ok", "database": "ok", "migrations": "ok", "clock": "ok", "broker": "ok", "worker": "ok"}
HOSTS = ["acme.localhost:8000", "localhost", "10.1.2.3:80", "portal.evil.example", "-not_a_host!", "[::", ""]


@pytest.fixture(autouse=True)
def no_heartbeat() -> None:
    caches["shared"].delete_many([HEART, WRONG_CLOCK])


@pytest.mark.parametrize("host", HOSTS)
def test_healthz_answers_any_host_without_the_database(
    host: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = Client(headers={"host": host}).get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("host", HOSTS)
def test_readyz_names_each_part_for_any_host(host: str) -> None:
    beat_heart()

    answer = Client(headers={"host": host}).get("/readyz")

    assert (answer.status_code, answer.json()) == (200, ALL_WELL)
    assert answer["Cache-Control"] == "no-store"


def test_readyz_waits_for_the_first_heartbeat() -> None:
    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {**ALL_WELL, "status": "not ready", "worker": "no heartbeat yet"}


@pytest.mark.parametrize(("age", "status"), [(HEART_STOPS_AFTER - 5, 200), (HEART_STOPS_AFTER + 5, 503)])
def test_readyz_says_no_when_the_heart_has_stopped(age: int, status: int) -> None:
    caches["shared"].set(HEART, time.time() - age)

    answer = Client().get("/readyz")

    assert answer.status_code == status
    assert answer.json()["worker"] == ("ok" if status == 200 else f"silent for {age} s")


SKEWS = [(MOST_SKEW - 5, ""), (MOST_SKEW + 5, "35 s ahead of"), (5 - MOST_SKEW, ""), (-86400, "86400 s behind")]


@pytest.mark.parametrize(("skew", "words"), SKEWS)
def test_readyz_says_no_when_the_webs_clock_is_wrong(skew: int, words: str) -> None:
    beat_heart()

    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=skew), tick=True):
        answer = Client().get("/readyz")

    assert answer.status_code == (503 if words else 200)
    assert answer.json()["clock"] == (f"{words} the database's" if words else "ok")
    assert answer.json()["worker"] == "ok"  # whose age goes by the database's clock


@pytest.mark.parametrize(("skew", "words"), SKEWS)
def test_readyz_says_no_when_a_workers_clock_is_wrong(skew: int, words: str) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=skew), tick=True):
        beat_heart()
    beat_heart()  # another worker, whose clock is right

    answer = Client().get("/readyz")

    assert answer.status_code == (503 if words else 200)
    assert answer.json()["worker"] == (f"its clock is {words} the database's" if words else "ok")
    assert answer.json()["clock"] == "ok"


def test_readyz_says_no_without_the_broker(settings: Settings) -> None:
    beat_heart()
    nowhere = "unix:///nonexistent/valkey.sock?db=1"
    settings.CACHES = {name: {**cache, "LOCATION": nowhere} for name, cache in settings.CACHES.items()}

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        **ALL_WELL,
        "status": "not ready",
        "broker": "does not answer",
        "worker": "unknown",
    }


def test_readyz_says_no_while_a_migration_is_missing(settings: Settings) -> None:
    beat_heart()
    settings.MIGRATION_MODULES = {"heroicons": "tests.serving.ahead"}

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {**ALL_WELL, "status": "not ready", "migrations": "1 to be applied"}


def test_readyz_says_no_without_the_database() -> None:
    beat_heart()
    script = (
        "import django; django.setup(); from django.test import Client; answer = Client().get('/readyz');"
        "print(answer.status_code, answer.content.decode())"
    )
    nowhere = "postgresql://prm_app@/prm?host=/nonexistent"

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "prm.settings", "DATABASE_URL": nowhere},
        text=True,
        capture_output=True,
        check=True,
    )

    status, _, body = done.stdout.partition(" ")
    assert status == "503"
    assert json.loads(body) == {
        **ALL_WELL,
        "status": "not ready",
        "database": "does not answer",
        "migrations": "unknown",
        "clock": "unknown",
    }

"""/metrics: figures over all portals, for whoever has the token, and no page at all for others."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connections, transaction
from django.db.models.functions import Now
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from prm.events.delivery import deliver_due
from prm.events.models import Delivery, DueWork
from prm.local.paths import PROJECT
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.serving import metrics
from prm.serving.health import HEART, beat_heart
from tests.browsing import Answer, sign_in
from tests.cast import Cast
from tests.events.conftest import hop  # noqa: F401
from tests.factories import assigned_lead
from tests.racing import together

TOKEN = "a-token-of-the-scraper"
Figures = dict[tuple[str, str, str], float]  # name, kind, channel


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.PRM_METRICS_TOKEN = TOKEN


@pytest.fixture
def queues(cast: Cast, hop: object) -> Cast:  # noqa: F811
    """Nothing waits but what stands here: at Acme two mails, one of them late; at Globex one, and a dead one."""
    for portal, by, to in ((cast.acme, cast.ada, cast.ben), (cast.globex, cast.dan, cast.eve_globex)):
        deliver_due(portal)
        with inside(portal):
            Delivery.objects.all().delete()
            for _ in range(2):
                assigned_lead(by, to)
    with inside(cast.acme):
        Delivery.objects.filter(channel="email").update(not_before=Now() - timedelta(seconds=90))
    with inside(cast.globex):
        dead = Delivery.objects.filter(channel="email").order_by("pk")[:1]
        Delivery.objects.filter(pk__in=dead).update(status="dead")
    return cast


def scrape(token: str = TOKEN, **headers: str) -> Answer:
    return Client(headers={"host": "10.1.2.3:80", "authorization": f"Bearer {token}", **headers}).get("/metrics")


def figures(answer: Answer) -> Figures:
    families = text_string_to_metric_families(answer.content.decode())
    samples = [sample for family in families for sample in family.samples]
    return {(s.name, s.labels.get("kind", ""), s.labels.get("channel", "")): s.value for s in samples}


def test_metrics_add_up_all_portals_by_kind_and_channel(queues: Cast) -> None:
    answer = scrape()

    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer["Content-Type"].startswith("text/plain")
    found = figures(answer)
    assert found["prm_deliveries_waiting", "lead_assigned", "email"] == 3
    assert found["prm_deliveries_waiting", "lead_assigned", "message"] == 4
    assert found["prm_deliveries_dead", "lead_assigned", "email"] == 1
    assert found["prm_deliveries_bounced", "lead_assigned", "email"] == 0
    assert 90 <= found["prm_deliveries_oldest_age_seconds", "lead_assigned", "email"] < 120
    assert found["prm_deliveries_oldest_age_seconds", "lead_assigned", "message"] < 30
    assert found["prm_deliveries_waiting", "lead_opened", "email"] == 0  # there, so that an alarm can rely on it
    assert (found["prm_portals", "", ""], found["prm_metrics_portals_skipped", "", ""]) == (2, 0)
    assert (found["prm_database_up", "", ""], found["prm_broker_up", "", ""]) == (1, 1)
    assert 0 < found["prm_metrics_seconds", "", ""] < metrics.SECONDS


def test_metrics_find_dead_letters_where_no_work_is_due(queues: Cast) -> None:
    DueWork.objects.all().delete()

    assert figures(scrape())["prm_deliveries_dead", "lead_assigned", "email"] == 1


def test_metrics_leave_out_portals_that_are_switched_off(queues: Cast) -> None:
    Portal.objects.filter(pk=queues.globex.pk).update(is_active=False)

    found = figures(scrape())

    assert found["prm_deliveries_waiting", "lead_assigned", "email"] == 2
    assert found["prm_portals", "", ""] == 1


def test_metrics_name_nobody(queues: Cast) -> None:
    text = scrape().content.decode()

    names = r"acme|globex|north|ben|eve|kestrel"
    assert "lead_assigned" in text
    assert re.findall(names, text, re.IGNORECASE) == []


def test_metrics_know_how_far_the_workers_are_behind(queues: Cast) -> None:
    DueWork.objects.all().delete()
    assert figures(scrape())["prm_sweep_age_seconds", "", ""] == 0
    for seconds in (-75, -20, 60):
        DueWork.objects.create(portal=queues.acme, due_at=Now() + timedelta(seconds=seconds))

    assert 75 <= figures(scrape())["prm_sweep_age_seconds", "", ""] < 90


def test_metrics_know_the_heartbeats_age(queues: Cast) -> None:
    caches["shared"].set(HEART, time.time() - 33)
    assert 33 <= figures(scrape())["prm_worker_heartbeat_age_seconds", "", ""] < 40

    beat_heart()
    assert figures(scrape())["prm_worker_heartbeat_age_seconds", "", ""] < 5

    caches["shared"].delete(HEART)
    assert ("prm_worker_heartbeat_age_seconds", "", "") not in figures(scrape())


def test_metrics_without_the_broker_say_so(queues: Cast, settings: Settings) -> None:
    nowhere = "unix:///nonexistent/valkey.sock?db=1"
    settings.CACHES = {name: {**cache, "LOCATION": nowhere} for name, cache in settings.CACHES.items()}

    found = figures(scrape())

    assert (found["prm_broker_up", "", ""], found["prm_database_up", "", ""]) == (0, 1)
    assert found["prm_deliveries_waiting", "lead_assigned", "email"] == 3


def test_metrics_without_the_database_say_so() -> None:
    script = (
        "import django; django.setup(); from django.test import Client;"
        "print(Client(headers={'authorization': 'Bearer x'}).get('/metrics').content.decode())"
    )
    nowhere = {"DATABASE_URL": "postgresql://prm_app@/prm?host=/nonexistent", "PRM_METRICS_TOKEN": "x"}

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "prm.settings", **nowhere},
        text=True,
        capture_output=True,
        check=True,
    )

    assert "prm_database_up 0.0" in done.stdout
    assert "prm_broker_up 1.0" in done.stdout


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_metrics_do_not_wait_longer_than_they_may(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SECONDS", 0.3)
    with connections["owner"].cursor() as owner, transaction.atomic("owner"):
        owner.execute("LOCK TABLE events_delivery")  # as a migration does
        (found,) = together(lambda start: figures(scrape()))

    assert not isinstance(found, Exception)
    assert (found["prm_metrics_portals_skipped", "", ""], found["prm_database_up", "", ""]) == (2, 1)
    assert found["prm_metrics_seconds", "", ""] < 1


def test_metrics_stop_counting_when_their_time_is_over(queues: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SECONDS", 0)

    found = figures(scrape())

    assert found["prm_metrics_portals_skipped", "", ""] == 2


def test_metrics_say_what_runs(cast: Cast) -> None:
    version = re.search(r'^version = "(.+)"$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)

    assert version
    assert 'prm_build_info{django="5.2' in scrape().content.decode()
    assert f'version="{version[1]}"' in scrape().content.decode()


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], TOKEN + "x", "ä"])
def test_metrics_do_not_exist_for_a_wrong_token(wrong: str, cast: Cast) -> None:
    client = sign_in(cast.ada)

    answer = client.get("/metrics", headers={"authorization": f"Bearer {wrong}"})
    nothing = client.get("/nothing", headers={"authorization": f"Bearer {wrong}"})

    assert answer.status_code == nothing.status_code
    assert b"prm_" not in answer.content


@pytest.mark.parametrize("method", ["post", "put", "delete", "head"])
def test_metrics_are_only_read(method: str, cast: Cast) -> None:
    client = Client(headers={"host": "localhost:8000", "authorization": f"Bearer {TOKEN}"})

    assert getattr(client, method)("/metrics").status_code in {404, 405, 308}


def test_metrics_do_not_exist_without_a_token(cast: Cast, settings: Settings) -> None:
    settings.PRM_METRICS_TOKEN = ""

    answers: list[Callable[[], Answer]] = [lambda: scrape(""), lambda: scrape("x")]

    assert all(b"prm_" not in answer().content for answer in answers)

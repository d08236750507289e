"""No process serves as a database role that could look over the walls."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

ROOT = Path(__file__).parents[2]
REFUSED = "Serve as prm_app."
# Each is the beginning of a process as it is started for real, up to where it would begin to work.
PROCESSES = {
    "web": "import prm.wsgi",
    "worker": "from celery.signals import worker_init; import prm.celery as c; worker_init.send(sender=c.app)",
    "beat": "from celery.signals import beat_init; import prm.celery as c; beat_init.send(sender=c.app)",
}

pytestmark = pytest.mark.django_db


def url_as(role: str) -> str:
    """The test database's own address, for a role."""
    words = connection.settings_dict
    return f"postgresql://{role}@/{words['NAME']}?host={words['HOST']}"


def begin(process: str, role: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            f"import django; {'' if process == 'web' else 'django.setup(); '}{PROCESSES[process]}",
        ],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "prm.settings", "DATABASE_URL": url_as(role)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextlib.contextmanager
def role(name: str, rights: str) -> Iterator[str]:
    """A role of the whole throw-away server, made and removed by its superuser."""
    words = connection.settings_dict
    link = psycopg2.connect(host=words["HOST"], user="postgres", dbname=words["NAME"])
    link.autocommit = True
    name = f"{name}_{words['NAME']}"  # each worker its own
    with link.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN {rights}")
        try:
            yield name
        finally:
            cursor.execute(f"DROP ROLE {name}")
    link.close()


@pytest.mark.parametrize("process", PROCESSES)
def test_process_serves_as_prm_app(process: str) -> None:
    done = begin(process, "prm_app")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("process", PROCESSES)
def test_process_refuses_to_serve_as_the_owner(process: str) -> None:
    done = begin(process, "prm_owner")

    assert done.returncode != 0
    assert REFUSED in done.stderr


@pytest.mark.parametrize("rights", ["SUPERUSER", "BYPASSRLS", "CREATEROLE", "IN ROLE prm_owner"])
def test_process_refuses_every_role_that_could_look_over_the_walls(rights: str) -> None:
    with role("over_the_walls", rights) as name:
        done = begin("web", name)

    assert done.returncode != 0
    assert REFUSED in done.stderr

"""The database of a fresh folder, brought up to date by the process that `make up` starts for it."""

import os
from pathlib import Path

import psycopg2
import pytest

from prm.local import SetupError
from prm.local.paths import State
from prm.local.preparation import Preparation
from prm.local.supervisor import Supervisor


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path, tmp_path / "run", account=None)
    made.prepare()
    return made


def test_preparation_migrates_an_empty_database(state: State) -> None:
    with Preparation(state, os.environ) as preparation:
        preparation.wait_for_migrations()
        said = preparation.wait_for_demo(Supervisor())
    assert said == ""  # a demo is for development only
    with psycopg2.connect(os.environ["DATABASE_URL"]) as link, link.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM organizations_portal")
        assert cursor.fetchone() == (0,)
    link.close()


def test_preparation_tells_why_it_failed(state: State) -> None:
    environment = {**os.environ, "DATABASE_OWNER_URL": "postgresql://prm_owner@/prm?host=/nonexistent"}
    with pytest.raises(SetupError, match=r"/nonexistent/"), Preparation(state, environment) as preparation:
        preparation.wait_for_migrations()

"""The environment's names and values."""

import json
import re
from pathlib import Path

import pytest

from prm.local import SetupError, contract
from prm.local.paths import PROJECT, State

SERVERS = {
    "DATABASE_URL": "postgresql://prm_app@/prm?host=/run",
    "DATABASE_OWNER_URL": "postgresql://prm_owner@/prm?host=/run",
    "REDIS_URL": "unix:///run/valkey.sock",
}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    for name in contract.NAMES:
        monkeypatch.delenv(name, raising=False)
    return State(tmp_path, tmp_path / "run", account=None)


def test_names_are_those_that_the_settings_read() -> None:
    source = (PROJECT / "prm" / "settings.py").read_text()
    assert set(re.findall(r'env\.(?:text|listed|keys)\(\s*"(\w+)"', source)) == set(contract.NAMES)


def test_development_follows_the_port(state: State) -> None:
    values = contract.development(state, SERVERS, port=8003)
    assert values["PRM_BASE_DOMAIN"] == "localhost:8003"
    assert values["PRM_ENVIRONMENT"] == "development"
    assert values["DATABASE_URL"] == SERVERS["DATABASE_URL"]


def test_development_leaves_what_the_caller_has_set(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRM_BASE_DOMAIN", "portal.example")
    assert contract.development(state, SERVERS, port=8000)["PRM_BASE_DOMAIN"] == "portal.example"


def test_secret_key_is_made_once(state: State, tmp_path: Path) -> None:
    first = contract.secret_key(state)
    other = State(tmp_path / "other", tmp_path, account=None)
    other.folder.mkdir()
    assert len(first) >= 50
    assert contract.secret_key(state) == first
    assert contract.secret_key(other) != first


def test_given_database_refuses_half_of_it(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", SERVERS["DATABASE_URL"])
    with pytest.raises(SetupError, match="only DATABASE_URL is set"):
        contract.given_database()


def test_save_keeps_only_the_contract(state: State) -> None:
    contract.save(state, {**SERVERS, "PATH": "/bin", "AWS_SECRET": "x"})
    assert json.loads(state.environment_file.read_text()) == SERVERS


def test_adopt_finds_the_servers_of_this_folder(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    contract.save(state, {**SERVERS, "PRM_ENVIRONMENT": "development"})
    monkeypatch.setattr(contract, "state_of", lambda: state)
    contract.adopt()
    assert contract.given() == {**SERVERS, "PRM_ENVIRONMENT": "development"}


def test_adopt_leaves_an_environment_that_was_brought(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    contract.save(state, SERVERS)
    monkeypatch.setattr(contract, "state_of", lambda: state)
    monkeypatch.setenv("PRM_ENVIRONMENT", "production")
    contract.adopt()
    assert contract.given() == {"PRM_ENVIRONMENT": "production"}

"""The stamp, what is installed when, and pip's settings in uv's words."""

import json
import re
import sys
import sysconfig
from pathlib import Path

import pytest

from prm.local import venv
from prm.local.paths import PROJECT

LOCKS = [*venv.LOCKS, "uv"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with lock files and an existing, empty environment."""
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    for lock in LOCKS:
        (requirements / f"{lock}.txt").write_text(f"# {lock}\n")
    monkeypatch.setattr(venv, "PROJECT", tmp_path)
    monkeypatch.setattr(venv, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(venv, "PYTHON", python)
    monkeypatch.setattr(venv, "STAMP", tmp_path / ".venv" / "prm-stamp.json")
    monkeypatch.setattr(venv, "REQUIREMENTS", requirements)
    return tmp_path


@pytest.fixture
def installed(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lists that were installed, instead of installing them."""
    names: list[str] = []
    monkeypatch.setattr(venv, "_make_folder", lambda: None)
    monkeypatch.setattr(venv, "_install", lambda path: names.append(path.name))
    return names


def test_ensure_installs_once(installed: list[str]) -> None:
    venv.ensure("local")
    venv.ensure("local")
    assert installed == ["local.txt"]


def test_ensure_installs_more_for_a_richer_wish(installed: list[str]) -> None:
    venv.ensure("local")
    venv.ensure("test")
    assert installed == ["local.txt", "test.txt"]


def test_ensure_takes_nothing_from_a_richer_environment(installed: list[str]) -> None:
    venv.ensure("test")
    venv.ensure("local")
    assert installed == ["test.txt"]


def test_ensure_brings_a_richer_environment_up_to_date(project: Path, installed: list[str]) -> None:
    venv.ensure("test")
    (project / "requirements" / "test.txt").write_text("# changed\n")
    venv.ensure("local")
    assert installed == ["test.txt", "test.txt"]


def test_ensure_installs_anew_for_another_python(project: Path, installed: list[str]) -> None:
    venv.ensure("local")
    stamp = project / ".venv" / "prm-stamp.json"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"python": "3.9"}))
    venv.ensure("local")
    assert installed == ["local.txt", "local.txt"]


def test_ensure_survives_a_broken_stamp(project: Path, installed: list[str]) -> None:
    (project / ".venv" / "prm-stamp.json").write_text("{")
    venv.ensure("local")
    assert installed == ["local.txt"]


def test_uv_names_for_translates_pips_settings() -> None:
    listed = "\n".join(
        [
            ":env:.index-url='https://from-the-environment.example/simple'",
            "global.cert='/etc/ssl/our.pem'",
            "global.index-url='https://from-a-file.example/simple'",
            "global.extra-index-url='https://a.example https://b.example'",
            "global.find-links='/wheels /more'",
            "global.timeout='60'",
            "list.index-url='https://for-another-command.example'",
        ]
    )
    assert venv.uv_names_for(listed) == {
        "UV_DEFAULT_INDEX": "https://from-the-environment.example/simple",
        "SSL_CERT_FILE": "/etc/ssl/our.pem",
        "UV_INDEX": "https://a.example https://b.example",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_uv_names_for_a_machine_without_settings() -> None:
    assert venv.uv_names_for("") == {}


def test_pip_runs_from_the_wheel_that_comes_with_python() -> None:
    command = venv.pip_command()
    folder = Path(command[1]).parent.parent
    expected = {"_bundled", Path(str(sysconfig.get_config_var("WHEEL_PKG_DIR"))).name}
    assert folder.name in expected or command[1:] == ["-m", "pip"]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_no_address(lock: str) -> None:
    text = (PROJECT / "requirements" / f"{lock}.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-(-index|-extra|-find|-trusted|i|f)\b", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_everything_with_hashes(lock: str) -> None:
    text = (PROJECT / "requirements" / f"{lock}.txt").read_text()
    pinned = re.findall(r"^[a-z0-9][^\n]*", text, re.MULTILINE)
    assert pinned
    assert [line for line in pinned if not re.match(r"[\w.-]+==\S+ (;.+ )?\\$", line)] == []
    assert text.count("--hash=sha256:") >= len(pinned)


def test_each_lock_holds_the_poorer_ones() -> None:
    packages = [
        set(re.findall(r"^[\w.-]+==\S+", (PROJECT / "requirements" / f"{lock}.txt").read_text(), re.M))
        for lock in venv.LOCKS
    ]
    assert packages[0] < packages[1] < packages[2]

"""Where state lies, and who may go there."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from prm.local import SetupError, paths
from prm.local.paths import Account, State

STRANGER = Account(uid=os.geteuid() + 4711, gid=os.getegid() + 4711)


def test_state_lies_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "server_account", lambda earlier=None: None)
    assert paths.state_of(tmp_path).folder == tmp_path / ".data"


def test_state_of_root_leaves_a_closed_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "server_account", lambda earlier=None: STRANGER)
    tmp_path.chmod(0o700)
    projects = [tmp_path / "one" / "project", tmp_path / "two" / "project"]
    for project in projects:
        project.mkdir(parents=True)
    one, two = (paths.state_of(project).folder for project in projects)
    assert one.parent == two.parent == paths.SYSTEM_STATE
    assert one != two


def test_can_traverse_asks_every_folder_above(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    outer.chmod(0o700)
    assert paths.can_traverse(inner, Account(os.geteuid(), os.getegid()))
    assert not paths.can_traverse(inner, STRANGER)


@pytest.mark.parametrize("name", ["x" * 90, "with a space", "ümlaut"])
def test_sockets_of_an_unfit_folder_lie_in_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(paths, "server_account", lambda earlier=None: None)
    sockets = paths.state_of(tmp_path / name).sockets
    assert paths.is_fit_for_sockets(sockets)
    assert sockets.parent == paths.temporary_folder()
    assert sockets != paths.state_of(tmp_path / (name + "2")).sockets


def test_sockets_of_a_short_folder_lie_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "server_account", lambda earlier=None: None)
    assert paths.state_of(Path("/srv/portal")).sockets == Path("/srv/portal/.data/run")


def test_temporary_folder_that_is_too_long_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(long))
    assert paths.temporary_folder() == Path("/tmp")


def test_prepare_closes_what_is_private(tmp_path: Path) -> None:
    state = State(tmp_path / "state", tmp_path / "state" / "run", account=None)
    state.prepare()
    state.prepare()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.folder.iterdir()}
    assert modes == {"files": 0o700, "logs": 0o700, "mail": 0o700, "run": 0o700}


def test_make_folder_refuses_a_planted_link(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "prm").symlink_to(tmp_path / "theirs")
    with pytest.raises(SetupError, match="belongs to somebody else"):
        paths.make_folder(tmp_path / "prm", mode=0o700)


def test_write_private_is_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    paths.write_private(path, "one")
    paths.write_private(path, "two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_remove_takes_the_sockets_too(tmp_path: Path) -> None:
    state = State(tmp_path / "state", tmp_path / "sockets", account=None)
    state.prepare()
    paths.remove(state)
    assert list(tmp_path.iterdir()) == []

"""Children: restarted, stopped in order, and never left behind. With real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prm.local import processes, running, supervisor
from prm.local.paths import PROJECT, State
from prm.local.processes import Child, wait_until
from prm.local.supervisor import Supervisor

# A child with a child of its own in the same group, as granian and Celery have.
FAMILY = "sleep 300 & echo $! >> pids; echo $$ >> pids; wait"


@pytest.fixture
def kept() -> Iterator[Supervisor]:
    keeper = Supervisor(say=lambda words: None)
    yield keeper
    keeper.stop()


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., Child]:
    def child(script: str, name: str = "child", grace: float = 1.0) -> Child:
        log = tmp_path / f"{name}.log"
        return Child(name, ["/bin/sh", "-c", script], log, folder=tmp_path, grace=grace)

    return child


def is_alive(pid: int) -> bool:
    return running._birth(pid) is not None


def pids_in(folder: Path, count: int) -> list[int]:
    file = folder / "pids"
    assert wait_until(lambda: file.exists() and len(file.read_text().split()) >= count, seconds=20)
    return [int(pid) for pid in file.read_text().split()]


def test_tend_restarts_a_killed_child(
    kept: Supervisor, shell: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.05)
    kept.start(shell("sleep 300"))
    before = kept.pids()["child"]
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        kept.tend()
        return kept.pids().get("child", before) != before

    assert wait_until(is_back, seconds=20)


def test_tend_waits_longer_for_each_death_in_a_row(
    kept: Supervisor, shell: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.02)
    said: list[str] = []
    kept.say = said.append
    kept.start(shell("exit 3"))

    def has_died_thrice() -> bool:
        kept.tend()
        return len(said) == 3

    assert wait_until(has_died_thrice, seconds=20)
    assert [words.partition(" (")[0] for words in said] == [
        f"child ended with code 3; starting it again in {pause} s" for pause in ("0.02", "0.04", "0.08")
    ]


def test_a_dead_child_takes_its_own_children_along(
    kept: Supervisor, shell: Callable[..., Child], tmp_path: Path
) -> None:
    kept.start(shell(FAMILY))
    grandchild, child = pids_in(tmp_path, 2)
    os.kill(child, signal.SIGKILL)

    def is_gone() -> bool:
        kept.tend()
        return not is_alive(grandchild)

    assert wait_until(is_gone, seconds=20)


def test_stop_ends_the_last_started_first(kept: Supervisor, shell: Callable[..., Child], tmp_path: Path) -> None:
    for name in ("first", "second"):
        script = f"trap 'echo {name} >> order; exit' TERM; touch {name}; while :; do sleep .02; done"
        kept.start(shell(script, name))
    assert wait_until(lambda: all((tmp_path / n).exists() for n in ("first", "second")), seconds=20)
    kept.stop()
    assert (tmp_path / "order").read_text().split() == ["second", "first"]


def test_stop_kills_what_does_not_listen(kept: Supervisor, shell: Callable[..., Child], tmp_path: Path) -> None:
    kept.start(shell("trap '' TERM; touch up; while :; do sleep .02; done", grace=0.2))
    assert wait_until((tmp_path / "up").exists, seconds=20)
    pid = kept.pids()["child"]
    kept.stop()
    assert not is_alive(pid)


def test_a_killed_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from prm.local.processes import Child
from prm.local.supervisor import Supervisor
kept, folder = Supervisor(), Path({str(tmp_path)!r})
script = "trap 'kill $!; exit' TERM; " + {FAMILY!r}
for name in ("one", "two"):
    kept.start(Child(name, ["/bin/sh", "-c", script], folder / "log", folder=folder))
time.sleep(300)
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT)
    family = pids_in(tmp_path, 4)
    assert all(is_alive(pid) for pid in family)
    process.kill()
    process.wait()
    assert wait_until(lambda: not any(is_alive(pid) for pid in family), seconds=20)


def test_hold_is_for_one_at_a_time(tmp_path: Path) -> None:
    state = State(tmp_path, tmp_path / "run", account=None)
    with running.hold(state) as first, running.hold(state) as second:
        assert (first, second) == (True, False)
    with running.hold(state) as again:
        assert again


def test_hold_clears_what_a_killed_supervisor_left(
    tmp_path: Path, kept: Supervisor, shell: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LEFTOVER_SECONDS", 0.1)
    state = State(tmp_path, tmp_path / "run", account=None)
    kept.start(shell("sleep 300"))
    running.note(state, kept, address="http://localhost:8000/")
    assert running.address_of_other(state) == "http://localhost:8000/"
    with running.hold(state):
        assert wait_until(lambda: not is_alive(kept.pids()["child"]), seconds=20)
    assert running.address_of_other(state) == ""


def test_hold_spares_a_stranger_with_an_old_number(
    tmp_path: Path, kept: Supervisor, shell: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LEFTOVER_SECONDS", 0.1)
    state = State(tmp_path, tmp_path / "run", account=None)
    kept.start(shell("sleep 300"))
    births = running._birth
    monkeypatch.setattr(running, "_birth", lambda pid: "1")
    running.note(state, kept)
    monkeypatch.setattr(running, "_birth", births)
    with running.hold(state):
        assert is_alive(kept.pids()["child"])


def test_start_gives_the_child_a_session_of_its_own(kept: Supervisor, shell: Callable[..., Child]) -> None:
    kept.start(shell("sleep 300"))
    pid = kept.pids()["child"]
    assert os.getsid(pid) == pid  # Ctrl-C in the terminal does not reach it


def test_wait_until_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    assert not processes.wait_until(lambda: False, seconds=0.05)
    assert time.monotonic() - began < 1

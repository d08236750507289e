"""What is running for a state folder: one supervisor at most, known by its lock and its note."""

import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prm.local.paths import State, write_private
from prm.local.processes import wait_until
from prm.local.supervisor import Supervisor

# Children of a killed supervisor get their stop signal at once; this long they may take over it.
LEFTOVER_SECONDS = 8.0


@contextlib.contextmanager
def hold(state: State) -> Iterator[bool]:
    """Be the folder's one supervisor while the block runs; False when another process is.

    The kernel lets go of the lock when its holder dies, however it dies.
    """
    descriptor = os.open(state.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        _clear_leftovers(state)
        try:
            yield True
        finally:
            state.running_file.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def note(state: State, supervisor: Supervisor, *, address: str = "") -> None:
    """Write down what runs, for a second `make up` and for whoever comes after a kill."""
    children = {name: [pid, _birth(pid)] for name, pid in supervisor.pids().items()}
    words = {"pid": os.getpid(), "address": address, "children": children}
    write_private(state.running_file, json.dumps(words))


def pids(state: State) -> dict[str, int]:
    """The children's process numbers by name, from the note."""
    return {name: pid for name, (pid, _) in _read(state).get("children", {}).items()}


def address_of_other(state: State) -> str:
    """The address that the other supervisor serves, or '' while it is still starting."""
    found = _read(state)
    alive = _birth(int(found.get("pid", 0))) is not None
    return str(found.get("address", "")) if alive else ""


def _clear_leftovers(state: State) -> None:
    """Wait for the children of a killed supervisor, which are on their way out, then insist."""
    children = _read(state).get("children", {})
    left = [pid for pid, birth in children.values() if birth is not None and _birth(pid) == birth]
    if not wait_until(lambda: not any(map(_birth, left)), seconds=LEFTOVER_SECONDS):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    state.running_file.unlink(missing_ok=True)


def _read(state: State) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(state.running_file.read_text())
    except (OSError, ValueError):
        return {}
    return found


def _birth(pid: int) -> str | None:
    """When the process was born, in the kernel's ticks; None when it is gone or a zombie.

    Numbers come back, births do not: together they name one process.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]  # proc(5): fields 3 and 22

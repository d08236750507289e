"""Child processes that never outlive us."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prm.local.paths import Account

PR_SET_PDEATHSIG = 1  # from linux/prctl.h: the signal a process gets when its parent dies

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """What to run and how to end it."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 5.0  # seconds between the stop signal and the kill


def start(child: Child) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, its output going to its log.

    When this process dies, however it dies, the child gets its stop signal. That holds for the
    thread that calls this: call it from the main thread.
    """
    account = child.account
    with child.log.open("ab") as log:
        return subprocess.Popen(
            child.command,
            env=child.environment,
            cwd=child.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_follow_into_death(os.getpid(), child.stop_signal),
        )


def _follow_into_death(parent: int, by: signal.Signals) -> Callable[[], None]:
    """For the new process: die with the parent. Popen calls it after the change of account,
    which would clear the setting."""

    def follow() -> None:
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return follow


def end_with_make() -> None:
    """When `make` has started us, end with it: a killed `make up` leaves nothing."""
    with contextlib.suppress(OSError):
        name = Path(f"/proc/{os.getppid()}/comm").read_text().strip()
        if name in {"make", "gmake"}:
            end_with_parent()


def end_with_parent() -> None:
    """Get SIGTERM when our parent dies, however it dies."""
    parent = os.getppid()
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), signal.SIGTERM)


def stop(process: subprocess.Popen[bytes], child: Child) -> None:
    """End a child and whatever it has started, gently first."""
    if process.poll() is None:
        process.send_signal(child.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(child.grace)
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a child and what is left of its session's first process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_as(account: Account | None, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a short command under the account, both outputs captured as one text."""
    return subprocess.run(
        command,
        cwd="/",
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        check=False,
    )


def wait_until(is_so: Callable[[], bool], *, seconds: float, step: float = 0.02) -> bool:
    """Ask until the answer is yes, or the time is over."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message that has to explain a failure."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])

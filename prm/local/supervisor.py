"""Keeps children running until told to stop: restarts the dead, ends all in good order."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from prm.local import processes
from prm.local.processes import Child

FIRST_PAUSE = 0.5  # seconds before a dead child's first restart; doubled each time
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0  # a child that lived this long starts counting afresh


@dataclass
class Kept:
    """A child under supervision."""

    child: Child
    process: subprocess.Popen[bytes]
    started_at: float
    deaths: int = 0
    restart_at: float | None = None  # None: it runs


class Supervisor:
    """Starts children, restarts those that die, and stops all, the last started first.

    Everything happens in the caller's thread: call `tend` often.
    """

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self.say = say
        self.kept: list[Kept] = []

    def start(self, child: Child) -> None:
        self.keep(child, processes.start(child))

    def keep(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        """Take over a child that runs already."""
        self.kept.append(Kept(child, process, time.monotonic()))

    def tend(self) -> None:
        """Notice the dead and restart those whose pause is over."""
        now = time.monotonic()
        for kept in self.kept:
            if kept.restart_at is None and kept.process.poll() is not None:
                self._note_death(kept, now)
            elif kept.restart_at is not None and now >= kept.restart_at:
                kept.process = processes.start(kept.child)
                kept.started_at, kept.restart_at = now, None

    def _note_death(self, kept: Kept, now: float) -> None:
        processes.kill_group(kept.process)  # what it left behind would fight the next one
        lived = now - kept.started_at
        kept.deaths = 1 if lived > HEALTHY_AFTER else kept.deaths + 1
        pause = min(FIRST_PAUSE * 2 ** (kept.deaths - 1), LONGEST_PAUSE)
        kept.restart_at = now + pause
        ending = _ending(kept.process.returncode)
        self.say(f"{kept.child.name} {ending}; starting it again in {pause:g} s ({kept.child.log})")

    def deaths(self) -> dict[str, int]:
        """How often each child has died in a row."""
        return {kept.child.name: kept.deaths for kept in self.kept}

    def pids(self) -> dict[str, int]:
        """The living children's process numbers."""
        return {k.child.name: k.process.pid for k in self.kept if k.restart_at is None}

    def stay(self, *, on_change: Callable[[], None]) -> None:
        """Tend the children until a signal ends it. `on_change` hears of new process numbers."""
        before = self.pids()
        while True:
            self.tend()
            if self.pids() != before:
                before = self.pids()
                on_change()
            time.sleep(0.2)

    def stop(self) -> None:
        while self.kept:
            kept = self.kept.pop()
            processes.stop(kept.process, kept.child)


def _ending(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with code {returncode}"


def stop_on_signals() -> None:
    """Let a closed terminal and a polite kill end it as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def ignore_signals() -> None:
    """Nothing interrupts the stopping; each of its steps is bounded in time."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

"""A whole portal for tests of faults: every part is a real process that a test may kill, freeze or fill."""

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import psycopg2
import redis

from prm.local import SetupError, portal, processes
from prm.local.paths import PROJECT, THROW_AWAY, Account, State, make_folder
from prm.local.postgres import APP, DATABASE, OWNER, SUPERUSER, Postgres
from prm.local.processes import Child, wait_until
from prm.local.valkey import Valkey
from tests.fakes.mail import MailServer

READY_SECONDS = 60.0  # the other tests keep the machine busy meanwhile

# Killed, not unplugged: what was committed must be with the kernel, the disk may come later.
SURVIVES_A_KILL = ("synchronous_commit=on",)


@dataclass
class Part:
    """One process with its children. `start` begins it anew and, for a server, waits until it answers."""

    child: Child
    begin: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = self.begin()

    def kill(self) -> None:
        """As the kernel does when memory is short: nobody of it runs another line."""
        if self.process is not None:
            processes.kill_group(self.process)

    def kill_one_child(self, which: random.Random) -> None:
        """One of the processes below the first."""
        os.kill(which.choice(self._children()), signal.SIGKILL)

    def _children(self) -> list[int]:
        assert self.process is not None
        return [
            int(pid)
            for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process, self.child)
        self.process = None

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Takes calls and never answers, for as long as the block lasts."""
        assert self.process is not None
        self._signal([self.process.pid], signal.SIGSTOP)  # first, or it has more children meanwhile
        everybody = [self.process.pid, *self._children()]
        self._signal(everybody, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(everybody, signal.SIGCONT)

    def _signal(self, pids: list[int], which: signal.Signals) -> None:
        """To each by itself: those of Postgres have groups of their own."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, which)


@dataclass(frozen=True)
class SmallDisk:
    """A disk of its own for the tables, so that it can be full. Mounting takes root."""

    folder: Path

    @classmethod
    def mount(cls, folder: Path, account: Account | None) -> "SmallDisk | None":
        for left in folder.parent.parent.glob(f"{THROW_AWAY}*/{folder.name}"):
            if left.is_mount() and not (left.parent / "up.lock").exists():
                cls(left).unmount()  # of a run that was killed
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "prm-test", folder], check=False)
        if done.returncode != 0:
            return None
        make_folder(folder, mode=0o700, account=account)
        return cls(folder)

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte more, for as long as the block lasts."""
        assert wait_until(self._leave_no_room, seconds=10)
        try:
            yield
        finally:
            assert self._resize(2**30)

    def _leave_no_room(self) -> bool:
        """Fails when somebody writes between the question and the answer: no disk is smaller than what is on it."""
        found = os.statvfs(self.folder)
        return self._resize((found.f_blocks - found.f_bfree) * found.f_frsize)

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def _resize(self, size: int) -> bool:
        done = subprocess.run(
            ["mount", "-o", f"remount,size={size}", self.folder], check=False, capture_output=True
        )
        return done.returncode == 0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Person:
    """One of the cast, at Acme."""

    id: str
    email: str
    key: str


@dataclass
class Site:
    """Postgres, Valkey, a mail server, web, worker and beat, for nobody but the caller.

    Parts are started from the main thread, which they follow into death.
    """

    state: State
    port: int
    mail: MailServer
    people: dict[str, Person] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    disk: "SmallDisk | None" = None

    def start(self) -> None:
        """Returns when /readyz says yes; the cast is there, and its invitations are sent."""
        self.state.prepare()
        self.postgres = Postgres.of(self.state, is_throw_away=True, settings=SURVIVES_A_KILL)
        self.postgres.make_data()
        self._add("postgres", self.postgres.child, self.postgres.start)
        self.postgres.make_roles()
        self.disk = SmallDisk.mount(self.state.folder / "disk", self.state.account)
        if self.disk:
            self.sql(f"CREATE TABLESPACE disk LOCATION '{self.disk.folder}'", at="postgres")
            self.sql(f"ALTER DATABASE {DATABASE} SET TABLESPACE disk", at="postgres")
        self.valkey = Valkey.of(self.state, is_throw_away=True)
        self._add("valkey", self.valkey.child, self.valkey.start)
        self.mail.start()
        self.env = self._environment()
        self._furnish()
        for child in portal.children(self.env, port=self.port, folder=self.state.folder):
            self._add(child.name, child, lambda child=child: processes.start(child))  # type: ignore[misc]
        self.wait_until_ready()
        for _ in range(8):  # each of the web's processes has to read its code once
            self.ask("GET", "/accounts/login/")
            self.ask("GET", "/api/v1/leads/", who="ada")

    def stop(self) -> None:
        for name, part in reversed(self.parts.items()):
            part.stop() if name == "postgres" else part.kill()  # whose children outlive a kill by a moment
        self.mail.stop()
        if self.disk:
            self.disk.unmount()

    def __getitem__(self, name: str) -> Part:
        return self.parts[name]

    def restart_hard(self, name: str) -> None:
        """Kill the web or the worker, start it anew, and return when it is at work."""
        part = self[name]
        part.kill()
        before = part.child.log.stat().st_size
        part.start()

        def is_at_work() -> bool:
            said = part.child.log.read_bytes()[before:]
            return portal.ask(self.port, "/healthz")[0] if name == "web" else b" ready." in said

        assert wait_until(is_at_work, seconds=READY_SECONDS, step=0.1)

    def revive(self) -> None:
        """Start what a test that broke off has left dead: the next one finds the site whole."""
        for part in self.parts.values():
            if part.process is not None and part.process.poll() is not None:
                part.kill()  # whom it has left behind
                part.start()

    @contextlib.contextmanager
    def another_worker(self, *command: str) -> Iterator[Part]:
        """One more worker beside the usual one: `python -m <command>` with Celery's arguments behind."""
        arguments = ("worker", "--concurrency", "2", "--without-mingle", "--without-gossip", "-n", "another@%h")
        log = self.state.logs / "another.log"
        child = Child("another", [sys.executable, "-m", *command, *arguments], log, self.env, PROJECT, grace=10)
        self._add("another", child, lambda: processes.start(child))
        try:
            assert wait_until(lambda: "another@" in log.read_text(), seconds=READY_SECONDS)
            yield self.parts["another"]
        finally:
            self.parts.pop("another").stop()

    # --- Looking at it from outside -------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        *,
        who: str = "",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10,
    ) -> Answer:
        """One request to Acme, with this person's key. Raises OSError or HTTPException when none comes back."""
        link = http.client.HTTPConnection(portal.HOST, self.port, timeout=timeout)
        headers = {**(headers or {}), "Host": f"acme.localhost:{self.port}"}
        if who:
            headers["Authorization"] = f"Bearer {self.people[who].key}"
        if body is not None and not isinstance(body, str):
            headers["Content-Type"], body = "application/json", json.dumps(body)
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
        finally:
            link.close()

    def sql(self, statement: str, *values: object, at: str = DATABASE) -> list[tuple[Any, ...]]:
        """As the superuser, past every wall: what really stands in the tables."""
        link = psycopg2.connect(host=str(self.state.sockets), user=SUPERUSER, dbname=at, connect_timeout=5)
        try:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            link.close()

    @contextlib.contextmanager
    def broker(self) -> Iterator["redis.Redis"]:
        with redis.Redis.from_url(self.valkey.url) as client:
            yield client

    def log(self, name: str) -> str:
        return (self.state.logs / f"{name}.log").read_text(errors="replace")

    def is_ready(self) -> bool:
        return portal.ask(self.port)[0]

    def readyz_of(self, part: str) -> str:
        """What /readyz says of it; '' when all threads of the web wait for something else."""
        try:
            return str(json.loads(portal.ask(self.port)[1])[part])
        except ValueError:
            return ""

    def wait_until_ready(self) -> None:
        if not wait_until(self.is_ready, seconds=READY_SECONDS, step=0.1):
            logs = "\n".join(f"{part.child.log}:\n{processes.tail(part.child.log)}" for part in self.parts.values())
            raise SetupError(f"/readyz: {portal.ask(self.port)[1]}\n{logs}")

    # --- Making it ------------------------------------------------------------------------------------

    def _add(self, name: str, child: Child, begin: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.parts[name] = Part(child, begin)
        self.parts[name].start()

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": self.postgres.url(APP),
            "DATABASE_OWNER_URL": self.postgres.url(OWNER),
            "REDIS_URL": self.valkey.url,
            "PRM_BASE_DOMAIN": f"localhost:{self.port}",
            "PRM_MAIL_DIR": "",
            "EMAIL_URL": self.mail.url,
        }

    def _furnish(self) -> None:
        command = [sys.executable, "-m", "tests.faults.furnish"]
        done = subprocess.run(command, cwd=PROJECT, env=self.env, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise SetupError(done.stdout + done.stderr)
        made = json.loads(done.stdout.splitlines()[-1])
        self.people = {name: Person(**values) for name, values in made.items()}

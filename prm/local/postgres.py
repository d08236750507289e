"""Our own Postgres: a data folder, a unix socket, two roles and a database."""

import contextlib
import locale
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from prm.local import SetupError
from prm.local.binaries import Program, find_postgres
from prm.local.paths import State, make_folder
from prm.local.processes import Child, run_as, start, tail, wait_until

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor

DATABASE = "prm"
OWNER = "prm_owner"  # migrates
APP = "prm_app"  # serves; owns nothing
SUPERUSER = "postgres"  # makes the two others, and is used for nothing else

# What makes each role harmless; docker-compose.yml says the same, and a test compares them.
ROLE_RIGHTS = {
    OWNER: "LOGIN CREATEDB NOCREATEROLE NOSUPERUSER NOBYPASSRLS NOREPLICATION",
    APP: "LOGIN NOCREATEDB NOCREATEROLE NOSUPERUSER NOBYPASSRLS NOREPLICATION",
}

# A throw-away database need not survive a power cut, nor, unless a test kills it, its own end.
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

START_SECONDS = 20.0
STILL_HELD = ("lock file", "shared memory block")  # by one that was killed a moment ago


@dataclass(frozen=True)
class Postgres:
    """One cluster of one state folder."""

    program: Program
    state: State
    is_throw_away: bool = False
    settings: tuple[str, ...] = ()  # further ones; they win

    @classmethod
    def of(cls, state: State, *, is_throw_away: bool = False, settings: tuple[str, ...] = ()) -> "Postgres":
        """The cluster of this state folder, with a program that can run its data."""
        version_file = state.folder / "postgres" / "PG_VERSION"
        data_version = int(version_file.read_text()) if version_file.exists() else None
        program = find_postgres(state.account, copies=state.folder / "programs", data_version=data_version)
        return cls(program, state, is_throw_away, settings)

    @property
    def data(self) -> Path:
        return self.state.folder / "postgres"

    @property
    def child(self) -> Child:
        options = [f"unix_socket_directories={self.state.sockets}", "listen_addresses="]
        options += HASTY if self.is_throw_away else ()
        options += self.settings
        return Child(
            name="postgres",
            command=[
                str(self.program.path),
                *("-D", str(self.data)),
                *(word for option in options for word in ("-c", option)),
            ],
            log=self.state.logs / "postgres.log",
            account=self.state.account,
            # Postgres' words for "now, in good order" and "now".
            stop_signal=signal.SIGQUIT if self.is_throw_away else signal.SIGINT,
        )

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.state.sockets))}"

    def make_data(self) -> None:
        """Make the data folder, unless there is one. A half-made one never gets its name."""
        if self.data.exists():
            return
        new = self.data.with_name("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        make_folder(new, mode=0o700, account=self.state.account)
        initdb = str(self.program.path.with_name("initdb"))
        command = [initdb, "-D", str(new), "-U", SUPERUSER, "-A", "trust", "--auth-host=reject"]
        command += ["-E", "UTF8", f"--locale={_c_locale()}"]
        if self.program.major >= 17:  # the same order and case rules on every machine
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.is_throw_away:
            command.append("--no-sync")
        done = run_as(self.state.account, command)
        if done.returncode != 0:
            raise SetupError(f"initdb failed:\n{done.stdout}")
        new.rename(self.data)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers.

        A server killed a moment ago can still hold the data; Postgres then gives up at once, so it
        is asked again for some seconds.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            process = start(self.child)
            if self._comes_up(process):
                return process
            last_words = tail(self.child.log)
            if not any(words in last_words for words in STILL_HELD) or time.monotonic() > deadline:
                process.kill()
                raise SetupError(f"Postgres did not start. Its log ends with:\n{last_words}")
            time.sleep(0.2)

    def _comes_up(self, process: subprocess.Popen[bytes]) -> bool:
        wait_until(lambda: process.poll() is not None or self.answers(), seconds=START_SECONDS)
        return process.poll() is None and self.answers()

    def answers(self) -> bool:
        import psycopg2

        try:
            with self._superuser("postgres"):
                return True
        except psycopg2.OperationalError:
            return False

    def make_roles(self) -> None:
        """Make both roles and the database, or put their rights back where they belong."""
        with self._superuser("template1") as to:  # later databases, such as tests', inherit this
            for role, rights in ROLE_RIGHTS.items():
                to.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
                verb = "ALTER" if to.rowcount else "CREATE"
                to.execute(f"{verb} ROLE {role} {rights}")
            _close_public_schema(to)
        with self._superuser("postgres") as to:
            to.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
            if not to.rowcount:
                to.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
            to.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}")
        with self._superuser(DATABASE) as to:
            _close_public_schema(to)

    @contextlib.contextmanager
    def _superuser(self, database: str) -> Iterator["cursor"]:
        import psycopg2

        link: connection = psycopg2.connect(
            host=str(self.state.sockets), user=SUPERUSER, dbname=database, connect_timeout=5
        )
        try:
            link.autocommit = True  # CREATE DATABASE refuses to run inside a transaction
            with link.cursor() as cursor:
                yield cursor
        finally:
            link.close()


def _close_public_schema(to: "cursor") -> None:
    """Only the owner makes tables; Postgres before 15 let everybody."""
    to.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    to.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER}")
    to.execute(f"GRANT USAGE ON SCHEMA public TO {APP}")


def _c_locale() -> str:
    """The C library's part of the locale; small systems lack C.UTF-8."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"

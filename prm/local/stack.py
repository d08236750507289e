"""The whole portal for a test: what `make up` runs, on throw-away servers."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from prm.local import SetupError, portal, running
from prm.local.paths import PROJECT, State
from prm.local.postgres import DATABASE
from prm.local.processes import Child
from prm.local.supervisor import Supervisor
from prm.local.valkey import Valkey

READY_SECONDS = 90.0  # the other tests keep the machine busy meanwhile


@dataclass
class Stack:
    """Web, worker and beat as real processes, with a database and a Valkey of their own.

    Nothing is shared with the tests that run beside it: a task sent here is run here. The database
    is migrated and empty; fill it with `manage`. Everything stays as it is between tests.

        stack.manage("create_portal", "acme", "--name", "Acme", "--admin", "ada@acme.example")
        page.goto(stack.base_url("acme"))
    """

    servers: State  # the throw-away Postgres' folder
    name: str = "stack"  # tells several stacks of one Postgres apart
    first_port: int = 21000
    port: int = 0
    env: dict[str, str] = field(default_factory=dict)  # for a process that belongs to the stack
    supervisor: Supervisor = field(default_factory=Supervisor)

    @property
    def state(self) -> State:
        return State(self.servers.folder / self.name, self.servers.sockets, self.servers.account)

    @property
    def mail_dir(self) -> Path:
        """Where its mail lands: one file per message."""
        return self.state.mail

    def base_url(self, slug: str = "") -> str:
        """The address of a portal, or of the bare host, without a slash at its end."""
        return f"http://{slug}.localhost:{self.port}" if slug else f"http://localhost:{self.port}"

    def start(self) -> None:
        """Make the database and start everything; returns when /readyz says yes."""
        self.state.prepare()
        self.port = portal.free_port(self.first_port)
        valkey = Valkey.of(self.state, is_throw_away=True, name=f"{self.name}-valkey")
        self.supervisor.keep(valkey.child, valkey.start())
        self._make_database()
        self.env = {
            **os.environ,
            "DATABASE_URL": self._own_database(os.environ["DATABASE_URL"]),
            "DATABASE_OWNER_URL": self._own_database(os.environ["DATABASE_OWNER_URL"]),
            "REDIS_URL": valkey.url,
            "PRM_BASE_DOMAIN": f"localhost:{self.port}",
            "PRM_MAIL_DIR": str(self.mail_dir),
            "PRM_FILES_DIR": str(self.state.files),
        }
        self.manage("migrate", "--verbosity", "0")
        # A supervisor in a process of its own restarts the dead while a test waits for something.
        command = [sys.executable, "-m", "prm.local.portal", str(self.port), str(self.state.folder)]
        log = self.state.logs / "supervisor.log"
        self.supervisor.start(Child("portal", command, log, self.env, PROJECT, grace=20))
        portal.wait_until_ready(self.supervisor, port=self.port, seconds=READY_SECONDS)

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command on the stack; returns what it prints on stdout."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=PROJECT, env=self.env, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise SetupError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def pid(self, name: str) -> int | None:
        """The process number of `web`, `worker` or `beat`, which a test may kill; None when dead.

        Who has killed it waits for another number: the news of its death takes a moment.
        """
        return running.pids(self.state).get(name)

    def log(self, name: str) -> str:
        """What `web`, `worker` or `beat` has logged so far."""
        return (self.state.logs / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        self.supervisor.stop()

    def _own_database(self, url: str) -> str:
        return url.replace(f"/{DATABASE}?", f"/{DATABASE}_{self.name}?", 1)

    def _make_database(self) -> None:
        import psycopg2

        link = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
        try:
            link.autocommit = True
            link.cursor().execute(f'CREATE DATABASE "{DATABASE}_{self.name}"')
        finally:
            link.close()

"""What is measured: the portal as it runs in production, on servers of its own that are thrown away afterwards.

Postgres keeps its promises here (fsync and synchronous commits are on), the web process runs with production's
settings and two workers, and nothing else runs beside it.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from prm.local import paths, portal, running
from prm.local.paths import PROJECT, State
from prm.local.postgres import SUPERUSER, Postgres
from prm.local.servers import Servers
from prm.local.supervisor import Supervisor, stop_on_signals
from prm.local.valkey import Valkey

DOMAIN = "portal.example"
FIRST_PORT = 23000
POSTGRES = (
    *("fsync=on", "synchronous_commit=on", "full_page_writes=on"),
    *("shared_buffers=1GB", "effective_cache_size=3GB", "work_mem=16MB", "maintenance_work_mem=256MB"),
    *("max_wal_size=4GB", "random_page_cost=1.1", "jit=off", "autovacuum_naptime=10min"),
)
PRODUCTION = {
    "PRM_ENVIRONMENT": "production",
    "PRM_SECRET_KEY": "only-for-the-benchmark-" + "0123456789abcdef" * 4,
    "PRM_ENCRYPTION_KEYS": "only-for-the-benchmark-" + "fedcba9876543210" * 4,
    "PRM_BASE_DOMAIN": DOMAIN,
    "PRM_SCHEME": "https",
    "PRM_PROXIES": "1",
    "PRM_FROM_EMAIL": f"portal@{DOMAIN}",
    "PRM_SECURITY_CONTACT": f"security@{DOMAIN}",
    "EMAIL_URL": "smtp://localhost:9",
}


@dataclass
class Site:
    """Servers and web process of one run."""

    state: State
    supervisor: Supervisor
    servers: Servers
    port: int = 0

    def superuser(self) -> "psycopg2.extensions.connection":
        """For filling the tables and reading the catalogue; the product never signs in like this."""
        return psycopg2.connect(host=str(self.state.sockets), user=SUPERUSER, dbname="prm")

    def app(self) -> "psycopg2.extensions.connection":
        """As the product's own role: raw limits are measured behind the same walls."""
        return psycopg2.connect(self.servers.addresses["DATABASE_URL"])

    def start_web(self) -> None:
        """The web process alone; returns when it answers."""
        self.port = portal.free_port(FIRST_PORT)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        web = portal.children(environment, port=self.port, folder=self.state.folder)[0]
        self.supervisor.start(web)
        running.note(self.state, self.supervisor)
        portal.wait_until_answers(self.supervisor, port=self.port)

    def web_workers(self) -> list[int]:
        """The process numbers of granian's workers."""
        web = self.supervisor.pids()["web"]
        children = Path(f"/proc/{web}/task/{web}/children").read_text().split()
        return [int(pid) for pid in children if b"tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()]


@contextlib.contextmanager
def site(folder: Path | None = None) -> Iterator[Site]:
    """The servers, empty, or with what an earlier run has left in `folder`. This process becomes their owner's."""
    state = paths.throw_away_state() if folder is None else _kept_state(folder)
    state.prepare()
    supervisor = Supervisor()
    stop_on_signals()
    with running.hold(state):
        try:
            servers = Servers(supervisor)
            servers.add_postgres(Postgres.of(state, is_throw_away=True, settings=POSTGRES))
            servers.add_valkey(Valkey.of(state, is_throw_away=True))
            files = {"PRM_FILES_DIR": str(state.files), "DJANGO_SETTINGS_MODULE": "prm.settings"}
            os.environ |= {**PRODUCTION, **servers.addresses, **files}
            yield Site(state, supervisor, servers)
        finally:
            supervisor.stop()
            if folder is None:
                paths.remove(state)


def _kept_state(folder: Path) -> State:
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    return State(folder=folder, sockets=folder / "run", account=paths.server_account(folder / "postgres"))


def collect_static() -> None:
    """The style and script under their hashed names, compressed, as whoever deploys it does."""
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"], cwd=PROJECT, check=True
    )

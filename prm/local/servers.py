"""The two servers that the portal stands on: the caller's own, or ours in the state folder."""

from dataclasses import dataclass, field

from prm.local import contract
from prm.local.paths import State
from prm.local.postgres import APP, OWNER, Postgres
from prm.local.supervisor import Supervisor
from prm.local.valkey import Valkey


@dataclass
class Servers:
    """Starts the servers, hands them to the supervisor, and keeps what others need to know."""

    supervisor: Supervisor
    addresses: dict[str, str] = field(default_factory=dict)  # by the names that settings read
    names: list[str] = field(default_factory=list)  # for people: "Postgres 18.6"

    def start(self, state: State) -> None:
        """Start what the caller's environment does not name already."""
        self.addresses |= contract.given_database() | contract.given(("REDIS_URL",))
        if "DATABASE_URL" not in self.addresses:
            self.add_postgres(Postgres.of(state))
        if "REDIS_URL" not in self.addresses:
            self.add_valkey(Valkey.of(state))

    def start_throw_away(self, state: State) -> None:
        """Start both for a test run: fast, empty, and whatever the environment says."""
        self.add_postgres(Postgres.of(state, is_throw_away=True))
        self.add_valkey(Valkey.of(state, is_throw_away=True))

    def add_postgres(self, postgres: Postgres) -> None:
        postgres.make_data()
        self.supervisor.keep(postgres.child, postgres.start())
        postgres.make_roles()
        self.names.append(f"Postgres {postgres.program.version}")
        self.addresses["DATABASE_URL"] = postgres.url(APP)
        self.addresses["DATABASE_OWNER_URL"] = postgres.url(OWNER)

    def add_valkey(self, valkey: Valkey) -> None:
        self.supervisor.keep(valkey.child, valkey.start())
        self.names.append(f"Valkey {valkey.program.version}")
        self.addresses["REDIS_URL"] = valkey.url

"""`make up`: everything from an empty machine to a served page, and its orderly end."""

import os
import time
from pathlib import Path

from prm.local import SetupError, contract, demo, portal, running
from prm.local.paths import State, state_of
from prm.local.preparation import Preparation
from prm.local.processes import end_with_make
from prm.local.servers import Servers
from prm.local.supervisor import Supervisor, ignore_signals, stop_on_signals

DEFAULT_PORT = 8000


def say(words: str) -> None:
    print(words, flush=True)


def up() -> int:
    """Start all of it, stay until told to stop, stop all of it. Returns the exit code."""
    state = state_of()
    state.prepare()
    is_waiting = False
    while True:
        with running.hold(state) as is_ours:
            if is_ours:
                return _up(state)
        if address := running.address_of_other(state):
            say(f"It runs already, started by another `make up` of this folder.\nready {address}")
            return 0
        if not is_waiting:
            say("Another `make up` of this folder is just starting or stopping; waiting for it ...")
            is_waiting = True
        time.sleep(0.2)


def _up(state: State) -> int:
    supervisor = Supervisor(say)
    stop_on_signals()
    end_with_make()
    try:
        port = choose_port(os.environ.get("PORT", ""))
        settings = start_everything(supervisor, state, port)
        address = f"{settings['PRM_SCHEME']}://{settings['PRM_BASE_DOMAIN']}/"
        running.note(state, supervisor, address=address)
        announce(address, has_demo=has_demo(settings, port), logs=state.logs)
        supervisor.stay(on_change=lambda: running.note(state, supervisor, address=address))
    except KeyboardInterrupt:
        say("\nStopping ...")
    finally:
        ignore_signals()
        supervisor.stop()
    say("Stopped.")
    return 0


def start_everything(supervisor: Supervisor, state: State, port: int) -> dict[str, str]:
    """Servers, database, then the portal itself, ready to serve. Returns its settings."""
    began = time.monotonic()

    def done(what: str) -> None:
        running.note(state, supervisor)
        say(f"{what} ({time.monotonic() - began:.1f} s)")

    servers = Servers(supervisor)
    servers.start(state)
    done(f"{' and '.join(servers.names) or 'Your own servers'}: up")
    settings = contract.development(state, servers.addresses, port=port)
    contract.save(state, settings)
    environment = {**os.environ, **settings, "PYTHONUNBUFFERED": "1"}
    with Preparation(state, environment) as preparation:
        preparation.wait_for_migrations()
        done("Database: migrated")
        for child in portal.children(environment, port=port, folder=state.folder):
            supervisor.start(child)
        running.note(state, supervisor)
        portal.wait_until_ready(supervisor, port=port)
        done("Web, worker and beat: up")
        if words := preparation.wait_for_demo(supervisor):
            done(f"Demo data: {words}")
    return settings


def choose_port(wished: str) -> int:
    """PORT when it is free, else the next free one; says so when it differs."""
    try:
        first = int(wished or DEFAULT_PORT)
    except ValueError:
        raise SetupError(f"PORT is a number, not {wished!r}.") from None
    port = portal.free_port(first)
    if port != first:
        say(f"Port {first} is taken; using {port}.")
    return port


def has_demo(settings: dict[str, str], port: int) -> bool:
    """Whether the demo's portal is there to be signed in to."""
    host = f"{demo.LOGINS[0].portal}.{settings['PRM_BASE_DOMAIN']}"
    is_there, _ = portal.ask(port, "/accounts/login/", host=host)
    return is_there and settings["PRM_ENVIRONMENT"] == "development"


def announce(address: str, *, has_demo: bool, logs: Path) -> None:
    """Where to go and as whom. The last line is for programs as much as for people."""
    if has_demo:
        say(f"\nSign in with the password {demo.PASSWORD}:")
        for slug, email, role in demo.LOGINS:
            portal_address = address.replace("://", f"://{slug}.", 1)
            say(f"  {role:<16} {email:<20} {portal_address}")
    say(f"\nCtrl-C stops everything. Logs: {logs}")
    say(f"ready {address}")

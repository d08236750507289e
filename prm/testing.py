"""The pytest plugin of this project: throw-away servers, no network, and the whole stack on demand.

pyproject.toml loads it with `-p prm.testing`, before pytest-django reads the settings. Whatever the
caller's environment says, tests run on servers that this plugin has started, in a folder that goes
away with them. Each worker of pytest-xdist has a Valkey of its own.
"""

import contextlib
import ipaddress
import os
import socket
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from prm.local import paths, throw_away, words
from prm.local.paths import State
from prm.local.processes import end_with_parent
from prm.local.servers import Servers
from prm.local.stack import Stack
from prm.local.supervisor import Supervisor
from prm.local.valkey import Valkey

FOLDER = "PRM_TEST_FOLDER"  # how the controller tells its workers where the servers are

TOGETHER = ("tests/browser/", "tests/faults/")  # the tests of each share real processes

_servers_key = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start the servers. A wrapper comes before pytest-django's hook of the same name."""
    stopping = contextlib.ExitStack()
    early_config.add_cleanup(stopping.close)  # runs after Ctrl-C and usage errors, too
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _start_for_worker(worker, stopping)
    else:
        words.make_current()
        early_config.stash[_servers_key] = _start_servers(stopping)
    return (yield)


def pytest_report_header(config: pytest.Config) -> str | None:
    names = config.stash.get(_servers_key, None)
    return f"servers: {names}, thrown away afterwards" if names else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal the tests out one by one, but those that share processes all to one worker, first.

    xdist's own groups do not reach its scheduler under pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Dealer(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)

    return Dealer(config, log)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole portal as real processes, one per xdist worker; see prm/local/stack.py."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    number = int(worker.removeprefix("gw"))
    portal = Stack(_state(), name=f"stack_{worker}", first_port=21000 + 100 * number)
    try:
        portal.start()
        yield portal
    finally:
        portal.stop()


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Let this process talk to nobody but this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _only_near(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _only_near_names(socket.getaddrinfo))
        yield


def _start_servers(stopping: contextlib.ExitStack) -> str:
    """Servers for this run and the environment that leads to them. Returns their names."""
    state, names = throw_away.start_servers(stopping)
    os.environ[FOLDER] = str(state.folder)
    return ", ".join(names)


def _start_for_worker(worker: str, stopping: contextlib.ExitStack) -> None:
    end_with_parent()  # a worker would else finish its test before it notices
    supervisor = Supervisor()
    stopping.callback(supervisor.stop)
    servers = Servers(supervisor)
    servers.add_valkey(Valkey.of(_state(), is_throw_away=True, name=worker))
    os.environ |= servers.addresses


def _state() -> State:
    folder = Path(os.environ[FOLDER])
    return State(folder=folder, sockets=folder / "run", account=paths.server_account())


def _only_near(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any, /) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_near(address[0]):
            raise NetworkRefusedError(f"A test tried to reach {address[0]}; tests have no network.")
        return connect(self, address)

    return guarded


def _only_near_names(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not is_near(host):
            raise NetworkRefusedError(f"A test tried to look up {host!r}; tests have no network.")
        return look_up(host, *args, **kwargs)

    return guarded


def is_near(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


class NetworkRefusedError(RuntimeError):
    """A test tried to leave this machine. Not an OSError: nothing may take it for a lost link."""

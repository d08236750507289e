"""The portal's own three processes - web, worker, beat - and the question whether they are ready.

`python -m prm.local.portal PORT FOLDER` keeps them running on servers named by the environment;
`make up` and the tests' whole stack (prm/local/stack.py) stand on the same code.
"""

import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from prm.local import SetupError, exit_plainly, running
from prm.local.paths import PROJECT, State
from prm.local.processes import Child, tail, wait_until
from prm.local.supervisor import Supervisor, ignore_signals, stop_on_signals

# Chromium, Firefox and curl take every name below localhost for this machine.
HOST = "127.0.0.1"
READY_SECONDS = 60.0
TOO_MANY_DEATHS = 3


def children(environment: Mapping[str, str], *, port: int, folder: Path) -> list[Child]:
    """Web, worker and beat, in starting order. `folder` takes their logs and beat's clock."""

    def child(name: str, *command: str, grace: float) -> Child:
        return Child(
            name=name,
            command=[sys.executable, "-m", *command],
            log=folder / "logs" / f"{name}.log",
            environment=environment,
            folder=PROJECT,
            grace=grace,
        )

    listen = ("--host", HOST, "--port", str(port))
    web = ("granian", "--interface", "wsgi", *listen, "--workers", "2", "--blocking-threads", "2")
    celery = ("celery", "-A", "prm.celery:app")
    # Mingling and gossiping are for many workers, and cost the start a second.
    worker = (*celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip")
    beat = (*celery, "beat", "--schedule", str(folder / "beat-schedule"), "--pidfile", "")
    return [
        child("web", *web, "--no-ws", "prm.wsgi:application", grace=5),
        child("worker", *worker, "--loglevel", "INFO", grace=10),
        child("beat", *beat, "--loglevel", "INFO", grace=3),
    ]


def wait_until_ready(supervisor: Supervisor, *, port: int, seconds: float = READY_SECONDS) -> None:
    """Return when /readyz says yes. Raises SetupError, with the reason, when it takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        is_ready, answer = ask(port)
        if is_ready:
            return
        supervisor.tend()
        broken = [name for name, deaths in supervisor.deaths().items() if deaths >= TOO_MANY_DEATHS]
        if broken or time.monotonic() > deadline:
            raise SetupError(_why_not_ready(supervisor, broken, answer))
        time.sleep(0.05)


def wait_until_answers(supervisor: Supervisor, *, port: int, seconds: float = READY_SECONDS) -> None:
    """Return when the web process lives, whatever else is missing. Raises SetupError when it does not."""
    if not wait_until(lambda: ask(port, "/healthz")[0], seconds=seconds, step=0.05):
        raise SetupError(_why_not_ready(supervisor, [], ask(port, "/healthz")[1]))


def ask(port: int, path: str = "/readyz", *, host: str = HOST) -> tuple[bool, str]:
    """Whether the web process answers 200 for this host, and its words."""
    link = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        link.request("GET", path, headers={"Host": host})
        response = link.getresponse()
        return response.status == 200, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer ({error})"
    finally:
        link.close()


def _why_not_ready(supervisor: Supervisor, broken: list[str], answer: str) -> str:
    try:
        parts = json.loads(answer)
        answer = ", ".join(f"{name}: {state}" for name, state in parts.items())
    except ValueError:
        pass
    words = [f"The portal did not get ready. /readyz: {answer}"]
    for kept in supervisor.kept:
        if kept.child.name in broken or (not broken and kept.child.name == "web"):
            words.append(f"{kept.child.log} ends with:\n{tail(kept.child.log)}")
    return "\n".join(words)


def free_port(wished: int) -> int:
    """The wished port, or the next one that nobody listens on, by either kind of address."""
    for port in range(wished, min(wished + 200, 65536)):
        if _is_free(port):
            return port
    raise SetupError(f"No port is free from {wished} on. Choose another: make up PORT=9000")


def _is_free(port: int) -> bool:
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError:
            if family == socket.AF_INET or _answers(host, port):
                return False
    return True


def _answers(host: str, port: int) -> bool:
    """Whether somebody listens there. Binding alone fails as well where there is no IPv6."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def main(port: int, state: State) -> None:
    """Start the three and keep them, until a signal ends it."""
    supervisor = Supervisor()
    stop_on_signals()
    try:
        for child in children(os.environ, port=port, folder=state.folder):
            supervisor.start(child)
        running.note(state, supervisor)
        supervisor.stay(on_change=lambda: running.note(state, supervisor))
    finally:
        ignore_signals()
        supervisor.stop()


if __name__ == "__main__":
    with exit_plainly():
        folder_ = Path(sys.argv[2])
        main(int(sys.argv[1]), State(folder=folder_, sockets=folder_, account=None))

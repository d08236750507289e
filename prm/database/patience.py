"""How long a serving process waits for Postgres.

psycopg2 alone waits for ever for a server that neither answers nor hangs up: one that is frozen, or
behind a network that swallows everything. Web and workers give up after some seconds, and the page
is answered 503. Commands (migrate, backup, export) wait for as long as it takes.
"""

import contextlib
import math
import select
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from psycopg2 import OperationalError, extensions


@dataclass(frozen=True)
class Patience:
    """Seconds. Postgres itself minds the first three; the others end our waiting when it does not."""

    statement: int
    lock: int
    transaction: int  # that nobody says anything in
    answer: int  # longer than a statement: Postgres' own word is the better one
    connection: int

    @property
    def options(self) -> str:
        """In libpq's words."""
        limits = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.transaction,
        }
        return " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())


PAGE = Patience(statement=10, lock=5, transaction=300, answer=12, connection=3)  # a slow upload is in one
WORK = Patience(statement=60, lock=30, transaction=300, answer=65, connection=5)

_ours: Patience | None = None
_at_most: ContextVar[float | None] = ContextVar("at_most", default=None)


def have(patience: Patience | None) -> None:
    """From now on, for each new connection of the serving role in this process; None waits for ever."""
    global _ours
    _ours = patience
    extensions.set_wait_callback(_wait if patience else None)


class Limited(extensions.connection):
    """One of the serving role. Whoever else is connected, from the same process, waits for ever."""


def parameters(given: dict[str, Any]) -> dict[str, Any]:
    """For psycopg2: what makes a new connection a limited one, in a process that has limits."""
    if _ours is None:
        return given
    options = f"{given.get('options', '')} {_ours.options}".strip()
    return {**given, "options": options, "connection_factory": Limited}


@contextlib.contextmanager
def for_a_connection() -> Iterator[None]:
    """In the block it is found out whether there is anybody to ask."""
    with at_most(_ours.connection) if _ours else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Wait no longer than this for any one answer in the block, in a process that has its limits."""
    token = _at_most.set(min(seconds, _at_most.get() or seconds))
    try:
        yield
    finally:
        _at_most.reset(token)


def _wait(link: "extensions.connection") -> None:
    """Called by psycopg2 wherever it would block. What is raised here costs the connection, as it should."""
    seconds = math.inf
    if isinstance(link, Limited) and _ours is not None:
        seconds = _at_most.get() or _ours.answer
    deadline = time.monotonic() + seconds
    while (state := link.poll()) != extensions.POLL_OK:
        poller = select.poll()
        poller.register(link.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        left = None if seconds == math.inf else max(0, deadline - time.monotonic()) * 1000
        if not poller.poll(left):
            raise OperationalError(f"Postgres did not answer within {seconds:g} s.")

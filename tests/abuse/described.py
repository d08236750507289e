"""Requests made by schemathesis from the API's own description, put to the application in this process.

What is sent for an id that nobody has goes, three times in four, to a record that exists: made-up ids
would prove little more than 404. Each request is undone, except in a story of several.
"""

import itertools
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from django.core.signals import request_started
from django.db import close_old_connections, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

from tests.api.asking import description
from tests.browsing import unwritten_requests

Share = tuple[int, int]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance"),
    *("response_schema_conformance", "unsupported_method", "allow_header_conformance"),
)
"""Not ignored_auth, which breaks over a WSGI application: a run as a stranger asks for that."""
PHASES = ("examples", "coverage", "fuzzing", "stateful")
ID = re.compile(r"(?<=/api/v1/)(\w+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/)")


@dataclass
class Seen:
    """What came of a run."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


@dataclass
class Door:
    """The application as one caller reaches it, in the transaction of the test."""

    application: Application
    host: str
    records: dict[str, list[str]]  # by resource
    is_story: bool = False
    seen: Seen = field(default_factory=Seen)
    link: BaseDatabaseWrapper = field(default_factory=lambda: connections["default"])

    def __call__(self, environ: dict[str, Any], begin: Callable[..., Any]) -> Iterable[bytes]:
        connections["default"] = self.link  # a thread of schemathesis asks; the transaction is the test's
        environ["HTTP_HOST"] = self.host
        environ["HTTP_ACCEPT_ENCODING"] = "identity"  # schemathesis unpacks nothing of an application's
        if not self.is_story:
            environ["PATH_INFO"] = ID.sub(self._real, environ["PATH_INFO"])
        self.seen.requests += 1

        def noted(status: str, headers: Any, error: Any = None) -> Any:
            self.seen.statuses[int(status[:3])] += 1
            return begin(status, headers, error)

        with transaction.atomic():
            parts = list(self.application(environ, noted))
            transaction.set_rollback(not self.is_story)
        return parts

    def _real(self, found: re.Match[str]) -> str:
        resource, made_up = found.groups()
        number, records = uuid.UUID(made_up).int, self.records.get(resource, [])
        return f"{resource}/{made_up if number % 4 == 0 or not records else records[number // 4 % len(records)]}"


def ask(
    door: Door, key: str, phase: str, *, examples: int = 1, seed: int = 1, share: Share = (0, 1), one_in: int = 1
) -> Seen:
    """Run a phase of schemathesis for one caller, `examples` per operation; adds to what the door has seen.

    `share` is (1, 3) for the second third of the operations, `one_in` 2 for every other request.
    """
    all_of_it = schemathesis.openapi.from_dict(description(), config=_config(key, door, phase, examples, seed))
    mine, numbers = sorted(operations())[share[0] :: share[1]], itertools.count()
    schema = all_of_it.include(lambda context: (context.operation.method.upper(), context.operation.path) in mine)
    schema.hook("filter_case")(lambda context, case: next(numbers) % one_in == 0)
    schema.app, schema.location = door, "/api/v1/schema/"
    door.is_story = phase == "stateful"
    with _in_this_process():
        for event in engine.from_schema(schema).execute():
            door.seen.findings += _findings(event)
    return door.seen


def operations() -> set[tuple[str, str]]:
    """Every method and path of the description."""
    return {(method.upper(), path) for path, methods in description()["paths"].items() for method in methods}


def _config(key: str, door: Door, phase: str, examples: int, seed: int) -> SchemathesisConfig:
    ids = [one for records in door.records.values() for one in records]
    references = ("user", "organization", "reason", "stage", "tier", "distributor")
    config: dict[str, Any] = {
        "seed": seed,
        "base-url": f"http://{door.host}",
        "continue-on-failure": True,
        "generation": {"max-examples": examples, "deterministic": True, "database": "none", "no-shrink": True},
        "checks": {"enabled": False, **{check: {"enabled": True} for check in CHECKS}},
        "phases": {name: {"enabled": name == phase} for name in PHASES},
        "dictionaries": {"ids": {"values": ids}},
        "parameters": {f"body.{name}": {"dictionary": "ids", "probability": 0.5} for name in references},
    }
    if key:
        config["headers"] = {"Authorization": f"Bearer {key}"}
    return SchemathesisConfig.from_dict(config)


def _findings(event: Any) -> Iterator[str]:
    if isinstance(event, events.ScenarioFinished):
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure, sample = check.failure_info.failure, check.failure_info.code_sample
                    yield f"{event.label}: {check.name}: {failure.title}: {failure.message}\n{sample}"
    elif isinstance(event, events.NonFatalError):
        yield f"{event.label}: {event.value!r}"
    elif isinstance(event, events.FatalError):
        yield repr(event.exception)


@contextmanager
def _in_this_process() -> Iterator[None]:
    """Many threads, one after the other, in one transaction, without a line of log for each request."""
    connection.inc_thread_sharing()
    request_started.disconnect(close_old_connections)
    try:
        with unwritten_requests():
            yield
    finally:
        request_started.connect(close_old_connections)
        connection.dec_thread_sharing()

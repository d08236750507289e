"""One JSON line per log record, with the request's id and portal; one line per request."""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from prm.organizations.context import active_portal, is_inside_portal
from prm.organizations.ids import uuid7

log = logging.getLogger("prm.request")
_request_id: ContextVar[str] = ContextVar("request_id", default="")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request", "taskName"}
_DETAIL = re.compile(r"^DETAIL: .*$", re.MULTILINE)
_TOKENS = re.compile(r"(/invitations/|/unsubscribe/|/accounts/password/reset/key/|/profile/email/)[^\s'\"]+")


def current_request_id() -> str:
    """The id of the request being answered, or '' outside of one."""
    return _request_id.get()


@contextmanager
def on_behalf_of(cause: uuid.UUID) -> Iterator[None]:
    """What is logged and recorded in here, outside of any request, bears this id in the place of a request's."""
    token = _request_id.set(str(cause))
    try:
        yield
    finally:
        _request_id.reset(token)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _without_tokens(record.getMessage()),
            "request_id": current_request_id(),
            "portal": active_portal().slug if is_inside_portal() else "",
        }
        line |= {k: v for k, v in record.__dict__.items() if k not in _STANDARD and not line.get(k)}
        if record.exc_info:
            line["exception"] = _without_tokens(self.formatException(record.exc_info))
        return json.dumps({k: v for k, v in line.items() if v != ""}, default=str, ensure_ascii=False)


class NotDeliberate(logging.Filter):
    """Drops Django's error line for a 503 that nothing broke for: said by /readyz, and for a suspended portal."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != 503 or bool(record.exc_info)


def _who_asks(request: HttpRequest) -> dict[str, str]:
    """Ids of memberships, keys and operators' accounts, which name nobody: who is signed in, by which key, and
    through whose eyes."""
    names = ("viewing", "membership", "key", "operator")
    viewing, member, key, operator = (getattr(request, name, None) for name in names)
    if viewing:
        return {"member": str(viewing.viewer_id), "viewing_as": str(viewing.viewed_id)}
    found = {"member": member, "key": key, "operator": operator}
    return {name: str(row.pk) for name, row in found.items() if row is not None}


def _where(request: HttpRequest) -> object:
    """The host's portal, or the one that an operator has entered."""
    return getattr(request, "portal", None) or getattr(request, "entered", None)


def _without_tokens(text: str) -> str:
    """Django's own messages name paths too, and some paths are keys; Postgres' details name whole rows."""
    return _DETAIL.sub("DETAIL: …", _TOKENS.sub(r"\1…", text))


class RequestLogMiddleware:
    """Gives each request an id, answers it in X-Request-ID, and logs who asked, method, path, status and time.

    Never logged: names and addresses of people, the query string and bodies, which may hold a lead's details,
    and the tokens in paths.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request_id.set(str(uuid7()))
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = current_request_id()
            log.info(
                "request",
                extra={
                    "method": request.method,
                    "path": _without_tokens(request.path),
                    "status": response.status_code,
                    "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                    "portal": getattr(_where(request), "slug", ""),
                    **_who_asks(request),
                },
            )
            return response
        finally:
            _request_id.reset(token)

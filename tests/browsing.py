"""Clients for pages and the API: signed in as one of the cast, on the portal's own host."""

import io
import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client

from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import create_api_key
from prm.users.middleware import SESSION_PORTAL
from prm.users.models import ApiKey, Membership

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

    Answer = _MonkeyPatchedWSGIResponse
else:
    Answer = HttpResponse  # to which the test client adds `.json()` and the like


LONG = 600  # seconds; whole modules are asked with one session, and nobody has to prove anew who it is


def visitor(portal: Portal | None) -> Client:
    """Nobody in particular, at a portal or at the bare host."""
    host = f"{portal.slug}.localhost:8000" if portal else "localhost:8000"
    return Client(headers={"host": host})


def sign_in(member: Membership) -> Client:
    """A client with this member's session, begun in the member's portal."""
    client = visitor(member.portal)
    with inside(member.portal):
        session = client.session
        session[SESSION_KEY] = str(member.user.pk)
        session[BACKEND_SESSION_KEY] = "prm.users.sign_in.PortalBackend"
        session[HASH_SESSION_KEY] = member.user.get_session_auth_hash()
        session[SESSION_PORTAL] = str(member.portal_id)
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() + LONG}]
        session["account_authentication_methods_user"] = user_id_to_str(member.user)
        session.save()
    return client


@contextmanager
def unwritten_requests() -> Iterator[None]:
    """Nobody reads thousands of lines about requests; the canaries hear them all the same."""
    log = logging.getLogger("prm.request")
    log.addFilter(_nothing)
    try:
        yield
    finally:
        log.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return False


def served(
    application: WSGIHandler,
    method: str,
    path: str,
    *,
    query: str = "",
    body: bytes = b"",
    length: int | None = None,
    headers: Mapping[str, str],
) -> tuple[int, bytes]:
    """What the WSGI application answers at Acme, asked as a server asks: Django's client makes other requests.

    `length` is what the sender promises, if that is not what comes.
    """
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "acme.localhost:8000",
        "CONTENT_LENGTH": str(len(body) if length is None else length),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    status: list[str] = []

    def begin(line: str, _headers: Any, _error: Any = None) -> Any:
        status.append(line)

    request_started.disconnect(close_old_connections)  # as the test client does: the test's own is in use
    try:
        parts = b"".join(application(environ, begin))
    finally:
        request_started.connect(close_old_connections)
    return int(status[0][:3]), parts


class Api:
    """The API as one member's key sees it. Answers are Django's, with `.json()`."""

    def __init__(self, member: Membership | None, *, portal: Portal | None = None, scope: str = "write") -> None:
        self.client = visitor(portal or (member.portal if member else None))
        self.headers: dict[str, str] = {}
        if member is not None:
            with inside(member.portal):
                _key, secret = create_api_key(member, name="test", scope=ApiKey.Scope(scope), by=None)
            self.headers["Authorization"] = f"Bearer {secret}"

    def get(self, path: str, **parameters: Any) -> Answer:
        return self.client.get(f"/api/v1/{path}", parameters, headers=self.headers)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.send("post", path, body)

    def patch(self, path: str, body: Any) -> Answer:
        return self.send("patch", path, body)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`body` is sent as JSON; a str goes as it is."""
        text = body if isinstance(body, str) else json.dumps({} if body is None else body)
        call = getattr(self.client, method)
        answer: Answer = call(
            f"/api/v1/{path}", text, content_type="application/json", headers={**self.headers, **headers}
        )
        return answer

"""Listens at every way out of the portal, through the whole suite, for words that the reader may not read.

Each HTTP answer, each mail, each line of the log and each value in the cache is looked through for
the canaries of tests/planting.py. Another portal's is a leak wherever it shows; one of the own portal
where planting's rules say so; in the log and the cache there may be none at all. The test during
which a leak was heard fails, with where and what.

tests/conftest.py takes the fixture and the hook from here; tests/browser asks for `heard_in_browser`.
"""

import base64
import binascii
import logging
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache.backends.redis import RedisSerializer
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.test import Client

from prm.events import mail_server
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.serving.logs import JsonFormatter
from prm.users.models import Membership
from tests.planting import WORD, is_public, planted, unreadable

OURS = ("prm", "leads", "deals", "integrations", "referrals")
heard: list[str] = []
"""What was heard since it was last looked at."""
_PACKED = re.compile(rb"cursor=([\w-]{8,})|(?:^|[\s=\"])(\.?[\w-]{24,}):")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """The test fails during which a leak was heard, or before which: while its fixtures were made."""
    try:
        return (yield)
    finally:
        if complaints := complain():
            pytest.fail("Canaries where they do not belong:\n" + "\n".join(complaints), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """What is heard while a test is cleared away is its own, and so is a log that it leaves behind silent."""
    result = yield
    if found := [*complain(), *(f"{name} is left silent" for name in silenced())]:
        pytest.fail("Canaries after the test:\n" + "\n".join(found), pytrace=False)
    return result


def complain() -> list[str]:
    """What was heard, once."""
    found = sorted(set(heard))
    heard.clear()
    return found


@pytest.fixture(scope="session", autouse=True)
def canaries() -> Iterator[None]:
    """Listen, until the last test is done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", _listening_to_answers(Client.request))
        patch.setattr(mail_server, "send", _listening_to_mail(mail_server.send))
        patch.setattr(EmailMessage, "message", _listening_to_mail(EmailMessage.message))
        patch.setattr(RedisSerializer, "dumps", _listening_to_cache(RedisSerializer.dumps))
        patch.setattr(logging.Logger, "handle", _listening_to_log(logging.Logger.handle))
        yield
    assert left_in_the_broker() == []


# --- Answers --------------------------------------------------------------------------------------------


def _listening_to_answers(request: Callable[..., Any]) -> Callable[..., Any]:
    def answered(client: Client, **words: Any) -> Any:
        response = request(client, **words)
        listen(response)
        return response

    return answered


def listen(response: HttpResponseBase) -> None:
    """Look an answer through: its status line, headers, cookies and body."""
    http: HttpRequest = response.wsgi_request  # type: ignore[attr-defined]
    head = [response.reason_phrase, *(f"{name}: {value}" for name, value in response.items())]
    head += [morsel.OutputString() for morsel in response.cookies.values()]
    text = "\n".join(head).encode()
    if response.streaming:
        parts: Any = response.streaming_content  # type: ignore[attr-defined]
        response.streaming_content = _passing_on(parts, http)  # type: ignore[attr-defined]
    else:
        text += b"\n" + response.content  # type: ignore[attr-defined]
    _look_through(text, http)


def _passing_on(parts: Iterator[bytes], http: HttpRequest) -> Iterator[bytes]:
    before = b""
    for part in parts:
        _look_through(before + part, http)  # a word may lie across two parts
        before = part[-64:]
        yield part


def _look_through(text: bytes, http: HttpRequest) -> None:
    found = words_in(text)
    if found:
        portal, member = getattr(http, "portal", None), getattr(http, "membership", None)
        match = http.resolver_match
        where = f"{http.method} {http.path} for {member.email if member else 'nobody'} at {portal}"
        if entered := getattr(http, "entered", None):  # by an operator, who reads all of it
            found = {(code, number) for code, number in found if code != entered.code}
            portal, where = entered, f"{where}, entered {entered}"
        judge(found, portal, member, where, view=match.view_name if match else "")


def words_in(text: bytes) -> set[tuple[str, int]]:
    """The portals' codes and numbers of all canaries in a text, those in cursors and signed cookies among them."""
    for packed in _PACKED.finditer(text):
        text += b"\n" + _unpacked(packed[1] or packed[2])
    if b"zq" not in text and b"ZQ" not in text:
        return set()
    return {(code.decode().lower(), int(number, 16)) for code, number in WORD.findall(text)}


def _unpacked(text: bytes) -> bytes:
    """As Django packs what it signs: base64, compressed after a leading dot."""
    try:
        raw = base64.urlsafe_b64decode(text.lstrip(b".") + b"===")
        return zlib.decompress(raw) if text.startswith(b".") else raw
    except (binascii.Error, ValueError, zlib.error):
        return b""


def judge(
    found: set[tuple[str, int]],
    portal: Portal | None,
    member: Membership | None,
    where: str,
    *,
    view: str = "",
) -> None:
    """Note those of the words that this reader may not read."""
    if portal is None:
        heard.extend(f"{where}: {planted.get(number)}" for _code, number in found)
        return
    own = {planted[number] for code, number in found if code == portal.code and number in planted}
    own = {plant for plant in own if not is_public(plant, view)}
    heard.extend(
        f"{where}: another portal's {planted.get(number)}" for code, number in found if code != portal.code
    )
    if member is None:
        heard.extend(f"{where}: {plant}" for plant in own)
    elif own:
        with _unnoticed(), inside(portal):
            heard.extend(f"{where}: {plant}" for plant in unreadable(member, own))


@contextmanager
def _unnoticed() -> Iterator[None]:
    """Our own queries count in no test of how many there are."""
    before, connection.force_debug_cursor = connection.force_debug_cursor, False
    try:
        yield
    finally:
        connection.force_debug_cursor = before


# --- Mail, log, cache -----------------------------------------------------------------------------------


def _listening_to_mail(handed_over: Callable[..., Any]) -> Callable[..., Any]:
    def listened(mail: EmailMessage, *args: Any, **words: Any) -> Any:
        text = "\n".join([str(mail.subject), str(mail.extra_headers), str(mail.body), *_alternatives(mail)])
        found = words_in(text.encode())
        if found:
            portal = Portal.objects.filter(slug=mail.extra_headers.get("X-Portal")).first()
            for address in mail.recipients():
                judge(found, portal, _receiver(address, portal), f"Mail {mail.subject!r} to {address}")
        return handed_over(mail, *args, **words)

    return listened


def _alternatives(mail: EmailMessage) -> list[str]:
    return [str(alternative[0]) for alternative in getattr(mail, "alternatives", [])]


def _receiver(address: str, portal: Portal | None) -> Membership | None:
    if portal is None:
        return None
    with _unnoticed(), inside(portal):
        people = Membership.objects.select_related("user", "organization").prefetch_related("groups")
        return people.filter(user__email=address).first()


def _listening_to_log(handle: Callable[..., None]) -> Callable[..., None]:
    """Nothing that stands in a row belongs into the log, whosever portal it is.

    No handler: whoever configures the logging anew, as importing prm.wsgi does, takes the root's away. This
    hears every logger, whatever its handlers and filters say, and whether it passes on what it is told.
    """
    written = JsonFormatter()

    def listened(logger: logging.Logger, record: logging.LogRecord) -> None:
        line = written.format(record)
        heard.extend(f"Log: {planted.get(number)} in {line[:300]}" for _code, number in words_in(line.encode()))
        handle(logger, record)

    return listened


def silenced() -> list[str]:
    """Our loggers that say less than in production, by what a test has left behind."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith(OURS)]
    return [name for name in sorted(names) if not logging.getLogger(name).isEnabledFor(logging.INFO)]


def _listening_to_cache(dumps: Callable[..., Any]) -> Callable[..., Any]:
    def written(serializer: RedisSerializer, value: Any) -> Any:
        packed = dumps(serializer, value)
        if isinstance(packed, bytes):
            heard.extend(f"Cache: {planted.get(number)}" for _code, number in words_in(packed))
        return packed

    return written


def left_in_the_broker() -> list[str]:
    """What lies in cache and broker at the end: keys as well as values, whoever has put them there."""
    found = []
    for url in (settings.REDIS_URL, settings.CACHES["default"]["LOCATION"]):
        client: Any = redis.Redis.from_url(str(url))
        for key in client.scan_iter():
            kind = client.type(key)
            value = client.get(key) if kind == b"string" else b""
            value = b"".join(client.lrange(key, 0, -1)) if kind == b"list" else value
            found += [f"{key!r}: {planted.get(number)}" for _code, number in words_in(key + b"\n" + value)]
    return found

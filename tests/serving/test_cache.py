"""The cache while Redis is stopped, hung, unreachable or full: slower by a moment, and never an error."""

import logging
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import redis
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from prm import environment
from prm.local import paths
from prm.local.processes import stop
from prm.local.valkey import Valkey
from prm.serving import cache as cache_module
from prm.serving.cache import ForgivingCache
from tests.browsing import visitor
from tests.cast import PASSWORD, Cast

PAUSE = 0.2
SHORT = 0.3 + 0.2  # seconds: one timeout, and a busy machine


@dataclass
class Server:
    """A real one, for these tests to torment."""

    valkey: Valkey
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return environment.cache(self.valkey.url)

    def stop(self) -> None:
        stop(self.process, self.valkey.child)

    def start(self) -> None:
        self.process = self.valkey.start()

    def hang(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def fill(self, *, bytes_: int = 1) -> None:
        with redis.Redis.from_url(self.valkey.url) as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", str(bytes_))

    def repair(self, how: str) -> None:
        if how == "stop":
            self.start()
        elif how == "hang":
            self.go_on()
        else:
            self.fill(bytes_=0)


@pytest.fixture
def server() -> Iterator[Server]:
    state = paths.throw_away_state()
    state.prepare()
    valkey = Valkey.of(state, is_throw_away=True)
    made = Server(valkey, valkey.start())
    yield made
    made.stop()
    paths.remove(state)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "PAUSE", PAUSE)
    monkeypatch.setattr(cache_module, "_breakers", {})


def cache_at(url: str) -> ForgivingCache:
    options = {"socket_connect_timeout": 0.3, "socket_timeout": 0.3}
    found = ForgivingCache(url, {"KEY_PREFIX": "test", "OPTIONS": options})
    found.near.clear()
    return found


def count(cache: ForgivingCache, key: str = "wrong-passwords") -> int:
    """As a rate limit counts."""
    cache.add(key, 0)
    return int(cache.incr(key))


@pytest.mark.parametrize("how", ["stop", "hang", "fill"])
def test_cache_counts_on_while_redis_is_away_and_comes_back_by_itself(
    how: str, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    cache = cache_at(server.url)
    assert [count(cache), count(cache)] == [1, 2]

    getattr(server, how)()
    with caplog.at_level(logging.WARNING, "prm.serving.cache"):
        began = time.monotonic()
        assert [count(cache) for _ in range(50)] == list(range(1, 51))  # not none, and not for ever
        assert time.monotonic() - began < SHORT
        time.sleep(PAUSE)
        assert count(cache) == 51  # asks again, and goes on here
        server.repair(how)
        time.sleep(PAUSE)
        count(cache, "another")

    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert cache.far.get("another") == 1
    assert cache.get("wrong-passwords") == (None if how == "stop" else 2)  # Redis' own, where it kept it


def test_cache_does_not_wait_for_a_server_that_never_takes_the_call(caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as stack:
        hole = stack.enter_context(socket.socket())
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        for _ in range(3):  # fill its backlog: from now on packets go nowhere
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(hole.getsockname())
        cache = cache_at(f"redis://127.0.0.1:{hole.getsockname()[1]}/1")

        began = time.monotonic()
        cache.set("a", 1)
        seconds = time.monotonic() - began

        assert 0.2 < seconds < SHORT  # it did wait, and not long
        assert cache.get("a") == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_every_operation_works_without_redis() -> None:
    cache = cache_at("unix:///nonexistent/valkey.sock?db=1")

    cache.set_many({"a": 1, "b": "two"})
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": "two"}
    assert (cache.add("a", 9), cache.touch("a", 60), cache.has_key("a"), "c" in cache) == (False, True, True, False)
    assert (cache.incr("a", 4), cache.decr("a"), cache.get_or_set("d", 7)) == (5, 4, 7)
    with pytest.raises(ValueError, match="not found"):
        cache.incr("nothing")
    cache.delete_many(["b"])
    assert (cache.delete("a"), cache.delete("a"), cache.get("b", "gone")) == (True, False, "gone")
    cache.clear()
    assert cache.get("d") is None


def test_what_was_remembered_in_an_outage_is_forgotten_after_it(server: Server) -> None:
    cache = cache_at(server.url)
    server.hang()
    count(cache)
    server.go_on()
    time.sleep(PAUSE)
    assert cache.get("wrong-passwords") is None

    server.hang()

    assert count(cache) == 1
    server.go_on()


def test_threads_share_what_they_know_of_an_outage(server: Server) -> None:
    first, second = cache_at(server.url), cache_at(server.url)
    server.hang()
    count(first)

    began = time.monotonic()
    assert count(second) == 2

    assert time.monotonic() - began < 0.1
    server.go_on()


@pytest.mark.parametrize("how", ["stop", "hang", "fill"])
def test_people_sign_in_and_guessers_are_stopped_without_redis(
    how: str, cast: Cast, server: Server, settings: Settings
) -> None:
    settings.CACHES = {name: {**cache, "LOCATION": server.url} for name, cache in settings.CACHES.items()}
    found = caches["default"]
    assert isinstance(found, ForgivingCache)
    found.near.clear()
    getattr(server, how)()

    began = time.monotonic()
    good = _sign_in(visitor(cast.acme), "ben@north.example", PASSWORD)
    guesses = [_sign_in(visitor(cast.acme), "ben@north.example", f"a guess no. {n}")[1] for n in range(16)]

    assert good == (302, "")
    assert "Too many tries that were wrong" not in guesses[0]
    assert "Too many tries that were wrong" in guesses[-1]
    assert time.monotonic() - began < 5  # not a timeout each
    if how == "hang":
        server.go_on()


def _sign_in(client: Client, who: str, password: str) -> tuple[int, str]:
    answer = client.post("/accounts/login/", {"login": who, "password": password})
    return answer.status_code, answer.content.decode()

"""Clients that ask as fast as they are answered, and what their waiting comes to."""

import http.client
import json
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench.site import DOMAIN
from prm.local.portal import HOST

Ask = Callable[[], None]
IDLE = 2.0  # seconds after which a connection is made anew


class Unexpected(Exception):
    """The product answered something else than it should: what was measured would mean nothing."""


@dataclass
class Client:
    """One connection that stays open, as a browser's behind the proxy that speaks TLS."""

    port: int
    portal: str
    headers: Mapping[str, str]
    link: http.client.HTTPConnection = field(init=False)
    used_at: float = 0

    def __post_init__(self) -> None:
        self.link = http.client.HTTPConnection(HOST, self.port, timeout=30)

    def get(self, path: str, *, expect: int = 200) -> http.client.HTTPResponse:
        """The answer, read whole; `content` keeps its bytes as they came over the wire."""
        return self._ask("GET", path, None, expect)

    def ask(self, path: str) -> http.client.HTTPResponse:
        """Whatever the answer is."""
        return self._ask("GET", path, None, 0)

    def post(self, path: str, body: Any) -> http.client.HTTPResponse:
        return self._ask("POST", path, json.dumps(body), 201)

    def _ask(self, method: str, path: str, body: str | None, expect: int) -> http.client.HTTPResponse:
        headers = {
            "Host": f"{self.portal}.{DOMAIN}" if self.portal else DOMAIN,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.7",
            "Accept-Encoding": "gzip",
            "User-Agent": "bench",
            **({"Content-Type": "application/json"} if body else {}),
            **self.headers,
        }
        if time.monotonic() - self.used_at > IDLE:
            self.link.close()  # the server may have done so already
        self.link.request(method, path, body, headers)
        answer = self.link.getresponse()
        answer.content = answer.read()  # type: ignore[attr-defined]
        self.used_at = time.monotonic()
        if expect and answer.status != expect:
            raise Unexpected(f"{method} {path} was answered {answer.status}, not {expect}")
        return answer


@dataclass(frozen=True)
class Times:
    """The milliseconds that each of many took, and how long all of them took together."""

    each: list[float]
    seconds: float

    @property
    def p50(self) -> float:
        return statistics.median(self.each)

    @property
    def p95(self) -> float:
        return sorted(self.each)[max(0, round(0.95 * len(self.each)) - 1)]

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds


def one_after_another(asks: "list[Ask]") -> Times:
    began, each = time.perf_counter(), []
    for ask in asks:
        start = time.perf_counter()
        ask()
        each.append((time.perf_counter() - start) * 1000)
    return Times(each, time.perf_counter() - began)


def at_once(queues: "list[list[Ask]]") -> Times:
    """Each queue by a client of its own, all beginning together."""
    with ThreadPoolExecutor(len(queues)) as pool:
        began = time.perf_counter()
        results = list(pool.map(one_after_another, queues))
        seconds = time.perf_counter() - began
    return Times([ms for result in results for ms in result.each], seconds)


def noise() -> float:
    """How often a second this machine does a piece of plain work just now: it is shared with others."""
    began = time.perf_counter()
    total = 0
    for number in range(400_000):
        total += number * number % 7
    return 1 / (time.perf_counter() - began)

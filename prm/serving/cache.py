"""A cache that forgives: while Redis is away, hung or full, each process remembers for itself.

What is counted in it stays limited meanwhile, per process instead of for all of them. What must be the
same for every process or not be there at all belongs to `caches["shared"]`, the same Redis without the
forgiveness.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

PAUSE = 5.0  # seconds between two questions to a Redis that is away; each may cost one request its timeout
MOST = 10_000  # entries remembered meanwhile; the longest unused go first


@dataclass
class Breaker:
    """Whether Redis is to be asked, for all threads of this process."""

    is_open: bool = False
    next_try: float = 0.0
    lock: Lock = field(default_factory=Lock)

    def may_ask(self) -> bool:
        """Always while all is well; during an outage by one thread at a time, after each PAUSE."""
        if not self.is_open:
            return True
        with self.lock:
            if time.monotonic() < self.next_try:
                return False
            self.next_try = time.monotonic() + PAUSE
            return True

    def failed(self, error: Exception) -> None:
        with self.lock:
            was_open, self.is_open = self.is_open, True
            self.next_try = time.monotonic() + PAUSE
        if not was_open:
            log.error("the cache is away; this process remembers for itself", extra={"error": str(error)})

    def succeeded(self) -> bool:
        """Note an answer; returns whether it ends an outage."""
        if not self.is_open:
            return False
        with self.lock:
            was_open, self.is_open = self.is_open, False
        if was_open:
            log.warning("the cache is back")
        return was_open


_breakers: dict[str, Breaker] = {}


def _forgiving(name: str) -> Callable[..., Any]:
    def operation(self: "ForgivingCache", *args: Any, **kwargs: Any) -> Any:
        return self.ask(name, *args, **kwargs)

    return operation


class ForgivingCache(BaseCache):
    """Django's Redis cache, and its memory cache while Redis does not answer.

    OPTIONS go to Redis' connections: keep their timeouts short, a request may have to wait for one.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.far = RedisCache(server, params)
        self.near = LocMemCache(server, {**params, "OPTIONS": {"MAX_ENTRIES": MOST}})
        self.breaker = _breakers.setdefault(server, Breaker())

    def ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Do one operation, there or here."""
        if self.breaker.may_ask():
            try:
                answer = getattr(self.far, name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self.breaker.failed(error)
            else:
                if self.breaker.succeeded():
                    self.near.clear()  # would be old news in the next outage
                return answer
        return getattr(self.near, name)(*args, **kwargs)

    # All that BaseCache does not build from the others.
    add = _forgiving("add")
    get = _forgiving("get")
    set = _forgiving("set")
    touch = _forgiving("touch")
    delete = _forgiving("delete")
    get_many = _forgiving("get_many")
    set_many = _forgiving("set_many")
    delete_many = _forgiving("delete_many")
    has_key = _forgiving("has_key")
    incr = _forgiving("incr")
    clear = _forgiving("clear")

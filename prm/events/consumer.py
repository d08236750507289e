"""The worker's ear: lives through a broker that goes away, and ends the process when it has gone deaf.

What a worker has not acknowledged when its broker goes is gone with the connection, and nothing is lost
by that: the work is rows, and the sweeper rings again.
"""

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from celery.signals import task_received
from celery.worker import consumer, state
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

QUEUE = "celery"  # its default one, and the only one here
RECONNECT_EVERY = 4  # seconds
LOOK_EVERY = 5  # seconds
DEAF_AFTER = 30  # seconds with work waiting and none under way
STUCK_AFTER = 240  # seconds with work waiting, whatever is under way: longer than any task may take


class Consumer(consumer.Consumer):
    """Celery's, which ends when the broker goes while tasks are under way.

    kombu 5.7 then gives back, or acknowledges, over a connection that it has taken apart already, and
    nobody expects the AttributeError that comes of it.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.connection_errors += (OperationalError,)  # a broker that comes, and goes while we sign in

    def ensure_connected(self, conn: Any) -> Any:
        """Ask every few seconds for a broker that is away, not ever more rarely: mail waits for it."""
        conn.ensure_connection = partial(conn.ensure_connection, interval_max=RECONNECT_EVERY)
        return super().ensure_connected(conn)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        for request in tuple(state.reserved_requests | state.active_requests):
            request.acknowledged = True
        if self.task_consumer is not None:
            self.task_consumer.channel.do_restore = False
        super().on_connection_error_after_connected(exc)


@dataclass
class Hearing:
    """Judges from what waits and what is heard whether this worker has gone deaf."""

    heard: int = 0  # messages, ever
    _known: int = field(default=0, init=False)
    _silent_since: float | None = field(default=None, init=False)

    def is_deaf(self, *, waiting: int, is_busy: bool, now: float) -> bool:
        """Call it every few seconds with how much waits at the broker, and whether a task is under way here."""
        has_heard, self._known = self.heard != self._known, self.heard
        if has_heard or not waiting:
            self._silent_since = None
            return False
        if self._silent_since is None:
            self._silent_since = now
        return now - self._silent_since >= (STUCK_AFTER if is_busy else DEAF_AFTER)


def watch() -> None:
    """Have a thread of this worker end it when it hears nothing of what waits. Its supervisor starts it anew."""
    hearing = Hearing()

    def hear(**kwargs: object) -> None:
        hearing.heard += 1

    task_received.connect(hear, weak=False)
    threading.Thread(target=_watch, args=(hearing,), name="hearing", daemon=True).start()


def _watch(hearing: Hearing) -> None:
    broker = Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    while True:
        time.sleep(LOOK_EVERY)
        waiting = _waiting(broker)
        if hearing.is_deaf(waiting=waiting, is_busy=bool(state.reserved_requests), now=time.monotonic()):
            log.critical("this worker hears nothing although work waits; it ends", extra={"waiting": waiting})
            os._exit(1)  # whatever is stuck would keep an orderly end from coming


def _waiting(broker: Redis) -> int:
    """Messages at the broker; none when it does not answer, which is not the worker's fault."""
    try:
        return int(broker.llen(QUEUE))
    except RedisError:
        return 0

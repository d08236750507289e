"""The bell: tells the workers that a portal has work. Nobody ever waits for it.

A thread of this process talks to the broker, so that a page is answered at once even when the broker
is hung or unreachable. What is not rung, because the broker or this process is gone, the sweeper
finds in the rows.
"""

import atexit
import logging
import os
import threading
import uuid

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class Ringer:
    """Rings for one portal after the other; a portal that is waiting already is rung for once."""

    def __init__(self) -> None:
        self._waiting: dict[uuid.UUID, None] = {}  # a set that keeps its order
        self._changed = threading.Condition()
        self._is_ringing = False
        threading.Thread(target=self._run, name="bell", daemon=True).start()

    def ring(self, portal_id: uuid.UUID) -> None:
        with self._changed:
            self._waiting[portal_id] = None
            self._changed.notify_all()

    def settle(self, timeout: float) -> bool:
        """Wait until all is rung; returns whether it is, after `timeout` seconds at most."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_ringing, timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_ringing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                portal_id = next(iter(self._waiting))
                del self._waiting[portal_id]
                self._is_ringing = True
            _publish(portal_id)


_ringers: dict[int, Ringer] = {}  # by process: threads do not survive a fork


def ring(portal_id: uuid.UUID) -> None:
    """Have the workers look into a portal, soon; returns at once."""
    if os.getpid() not in _ringers:
        _ringers[os.getpid()] = Ringer()
    _ringers[os.getpid()].ring(portal_id)


def settle(timeout: float) -> bool:
    """Wait until everything this process has rung for is with the broker, `timeout` seconds at most."""
    ringer = _ringers.get(os.getpid())
    return ringer is None or ringer.settle(timeout)


def _publish(portal_id: uuid.UUID) -> None:
    from prm.events.tasks import deliver_due

    try:
        deliver_due.delay(str(portal_id))
    except (OperationalError, RedisError, OSError):
        log.warning("the broker did not take the bell; the sweeper will find the rows")


atexit.register(settle, 2)  # seconds: a command that ends now has its bell rung still

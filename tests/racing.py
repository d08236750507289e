"""Several people at the same moment: threads, each with a database connection of its own.

For transactional tests only (`django_db(transaction=True, databases=["default", "owner"])`): other
connections see what is committed.
"""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
PATIENCE = 20  # seconds, after which a test of this kind has hung


def together(*calls: Callable[[Barrier], T]) -> list[T | Exception]:
    """What each call returns or raises. They get a barrier at which all of them meet before the race begins."""
    start = Barrier(len(calls), timeout=PATIENCE)
    found: dict[int, T | Exception] = {}

    def run(number: int, call: Callable[[Barrier], T]) -> None:
        try:
            found[number] = call(start)
        except Exception as error:  # noqa: BLE001  (handed to the test)
            start.abort()
            found[number] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(number, call), daemon=True) for number, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == len(calls), "A thread hangs."
    return [found[number] for number in range(len(calls))]

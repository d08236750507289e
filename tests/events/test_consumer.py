"""A worker that hears nothing of what waits for it is told from one that is busy, idle or without a broker."""

import pytest
from pytest_django import Settings

from prm.events.consumer import DEAF_AFTER, LOOK_EVERY, STUCK_AFTER, Hearing


def first_deaf(hearing: Hearing, *, waiting: int = 1, is_busy: bool = False, hears_every: int = 0) -> int | None:
    """The second at which it is taken for deaf, within ten minutes."""
    for second in range(0, 600, LOOK_EVERY):
        if hears_every and second % hears_every == 0:
            hearing.heard += 1
        if hearing.is_deaf(waiting=waiting, is_busy=is_busy, now=1000.0 + second):
            return second
    return None


def test_is_deaf_when_work_waits_and_nothing_is_heard() -> None:
    assert first_deaf(Hearing()) == DEAF_AFTER


def test_is_deaf_much_later_while_a_task_is_under_way() -> None:
    assert first_deaf(Hearing(), is_busy=True) == STUCK_AFTER


@pytest.mark.parametrize("is_busy", [False, True])
def test_is_deaf_never_without_work_that_waits(is_busy: bool) -> None:
    assert first_deaf(Hearing(), waiting=0, is_busy=is_busy) is None


@pytest.mark.parametrize(("hears_every", "is_busy"), [(30, False), (150, True)])
def test_is_deaf_never_while_now_and_then_something_is_heard(hears_every: int, is_busy: bool) -> None:
    """150 s is the time limit of a task: two at a time, each as long as may be, leave it in peace."""
    assert first_deaf(Hearing(), waiting=1000, is_busy=is_busy, hears_every=hears_every) is None


def test_is_deaf_counts_anew_after_the_queue_was_empty() -> None:
    hearing = Hearing()
    for second in range(0, 10 * DEAF_AFTER, LOOK_EVERY):
        waiting = 0 if second % (DEAF_AFTER - LOOK_EVERY) == 0 else 5
        assert not hearing.is_deaf(waiting=waiting, is_busy=False, now=float(second))


def test_stuck_is_longer_than_any_task(settings: Settings) -> None:
    assert STUCK_AFTER > settings.CELERY_TASK_TIME_LIMIT + DEAF_AFTER

"""What is thrown away when its time is over."""

from celery import shared_task

from prm.users import guesses
from prm.users.sessions import SessionStore


@shared_task
def forget() -> None:
    """Sessions that have ended, and counts of guesses after a day of quiet."""
    SessionStore.clear_expired()
    guesses.forget_old()

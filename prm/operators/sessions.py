"""Operators' sessions: rows of Django's own table, since they begin at no portal. Shorter than a member's.

The cookie holds the key, the row its digest, as with members (prm/users/sessions.py).
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from prm.users.sessions import digest_of

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
BEGAN = "began"
"""The session key that says when an operator signed in, in seconds; it ends LONGEST after that."""


class SessionStore(db.SessionStore):
    """One browser's session at the operators' host. Every page puts its end off, up to LONGEST."""

    def begin(self) -> None:
        self[BEGAN] = timezone.now().timestamp()

    def touch(self) -> None:
        """Only the end is written: the rest may have changed in another window meanwhile."""
        Session.objects.filter(session_key=stored(self.session_key)).update(expire_date=self.end)

    @property
    def end(self) -> datetime:
        idle = timezone.now() + IDLE
        began: float | None = self.get(BEGAN)
        return idle if began is None else min(idle, datetime.fromtimestamp(began, idle.tzinfo) + LONGEST)

    def load(self) -> dict[str, Any]:
        rows = Session.objects.filter(session_key=stored(self.session_key), expire_date__gt=timezone.now())
        found = rows.first() if self.session_key else None
        if found is None:
            self._session_key = None
            return {}
        loaded: dict[str, Any] = self.decode(found.session_data)
        return loaded

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=stored(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        key = self._get_or_create_session_key()  # type: ignore[attr-defined]
        return Session(session_key=stored(key), session_data=self.encode(data), expire_date=self.end)

    def delete(self, session_key: str | None = None) -> None:
        Session.objects.filter(session_key=stored(session_key or self.session_key)).delete()


def stored(key: str | None) -> str:
    """As many signs of the digest as the column holds: 160 bits."""
    return digest_of(key)[:40]

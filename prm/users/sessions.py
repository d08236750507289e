"""Sessions as rows behind the walls: one that began in a portal does not exist in any other.

Django's SESSION_ENGINE. The cookie holds the key, the row only its digest, so that nobody who reads
the table can take a session over.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.db.models import Exists, QuerySet, Subquery
from django.utils import timezone

from prm.organizations.context import inside, is_inside_portal
from prm.organizations.kept import Kept
from prm.organizations.models import Portal
from prm.users.models import SecurityPolicy, Session, policy
from prm.users.models.security import asks_second_factor

NOTED_AT_MOST_EVERY = timedelta(minutes=1)


class SessionStore(SessionBase):
    """One browser's session in the active portal; on the bare host everybody's is empty."""

    @cached_property
    def row(self) -> Session | None:
        """What the database has of a session that has not ended, as this request found it.

        With it comes what the portal's policy asks of it: needed in each request.
        """
        if not self.session_key or not is_inside_portal():
            return None
        return GOING_ON.first(digest=digest_of(self.session_key), now=timezone.now())

    @property
    def asks_second_factor(self) -> bool:
        """Whether this portal asks one of its administrators."""
        asks = getattr(self.row, "asks_second_factor", None)
        return asks_second_factor() if asks is None else bool(asks)

    def load(self) -> dict[str, Any]:
        if self.row is None:
            self._session_key = None
            return {}
        loaded: dict[str, Any] = self.decode(self.row.data)
        return loaded

    def exists(self, session_key: str) -> bool:
        return bool(_rows(session_key).exists())

    def create(self) -> None:
        self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        content = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        columns = {"data": self.encode(content), "user_id": content.get(SESSION_KEY)}
        if must_create:
            self._insert(columns)
        elif not _rows(self.session_key).update(**columns):
            raise UpdateError  # ended meanwhile, in another window or by somebody else
        return None

    def _insert(self, columns: dict[str, Any]) -> None:
        now = timezone.now()
        row = Session(digest=digest_of(self.session_key), expires_at=policy().end_of(now, now), **columns)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as taken:
            raise CreateError from taken
        self.__dict__["row"] = row

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            _rows(key).delete()

    def note(self, *, address: str, agent: str, now_and_again: bool = False) -> None:
        """Somebody is there: moves the end. With `now_and_again` at most once a minute."""
        now = timezone.now()
        if self.row is None or (now_and_again and now - self.row.seen_at < NOTED_AT_MOST_EVERY):
            return
        seen = {"seen_at": now, "address": address, "agent": agent[:300]}
        _rows(self.session_key).update(expires_at=policy().end_of(self.row.begun_at, now), **seen)

    @classmethod
    def clear_expired(cls) -> None:
        """Remove what has ended, portal by portal. Called outside of any."""
        for portal in Portal.objects.all():
            with inside(portal):
                Session.objects.filter(expires_at__lte=timezone.now()).delete()


def digest_of(key: str | None) -> str:
    """A key is 32 random characters: a fast hash is enough."""
    return hashlib.sha256((key or "").encode()).hexdigest()


def _rows(key: str | None) -> Any:
    return Session.objects.filter(digest=digest_of(key))


def _going_on(digest: str, now: datetime) -> QuerySet[Session]:
    is_sso_only = Exists(SecurityPolicy.objects.filter(is_sso_only=True))
    asks = SecurityPolicy.objects.values("require_second_factor")[:1]
    rows = Session.objects.filter(digest=digest, expires_at__gt=now)
    asked: QuerySet[Session] = rows.annotate(is_sso_only=is_sso_only, asks_second_factor=Subquery(asks))
    return asked.order_by()[:1]


GOING_ON = Kept(_going_on, digest="(the session's)", now=datetime.min.replace(tzinfo=UTC))

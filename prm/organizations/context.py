"""Which portal the running transaction is inside of: for the ORM and for Postgres alike."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

if TYPE_CHECKING:
    from prm.organizations.models import Portal

APP_ROLE = "prm_app"

_active: ContextVar["Portal | None"] = ContextVar("active_portal", default=None)
_cause: ContextVar[uuid.UUID | None] = ContextVar("active_cause", default=None)


class FenceError(RuntimeError):
    """Code tried to reach portal-owned rows from outside a portal, or another portal's from inside one."""


def active_portal() -> "Portal":
    """The portal that this transaction is inside of. Raises FenceError when there is none."""
    portal = _active.get()
    if portal is None:
        raise FenceError("No portal is active: wrap this in `with inside(portal):`.")
    return portal


def active_portal_id() -> uuid.UUID:
    """The default of every `portal` column."""
    return active_portal().pk


def is_inside_portal() -> bool:
    """Whether a portal is active; for code that serves both sides, such as the log formatter."""
    return _active.get() is not None


def active_cause() -> uuid.UUID:
    """The id of this stay inside the portal, which is one transaction: what happens in it has one cause."""
    cause = _cause.get()
    if cause is None:
        raise FenceError("No portal is active: wrap this in `with inside(portal):`.")
    return cause


@contextmanager
def inside(portal: "Portal") -> Iterator["Portal"]:
    """One transaction inside `portal`, for the ORM and for the database alike.

    May be nested in itself, for the same portal only. Rows fetched inside are not to be queried
    further outside: the transaction that may see them is over.
    """
    outer = _active.get()
    if outer is not None and outer.pk != portal.pk:
        raise FenceError("Another portal is active: leave it first.")
    in_transaction = connection.in_atomic_block
    with transaction.atomic():
        _set_local(str(portal.pk))
        token, caused = _active.set(portal), _cause.set(_cause.get() or uuid.uuid4())
        try:
            yield portal
        finally:
            _active.reset(token)
            _cause.reset(caused)
    if outer is None and in_transaction:  # else commit or rollback forgets it
        _set_local("")


@contextmanager
def read_only() -> Iterator[None]:
    """Whatever runs in here cannot change a row: Postgres refuses. What follows in the transaction may again.

    A savepoint: when it ends, either way, Postgres restores the access mode of the transaction around it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        yield


def _set_local(value: str) -> None:
    # SET LOCAL, not set_config(): distributed Postgres passes only the former on to its nodes.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL app.portal_id = %s", [value])


def refuse_wrong_role() -> None:
    """Stop a serving process whose database role could look over the walls."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR EXISTS (SELECT FROM pg_class"
            " WHERE pg_has_role(pg_roles.oid, relowner, 'MEMBER') AND relnamespace = 'public'::regnamespace)"
            " FROM pg_roles WHERE rolname = current_user"
        )
        if cursor.fetchone()[0]:
            raise ImproperlyConfigured(
                f"DATABASE_URL signs in as a role that could look over the walls. Serve as {APP_ROLE}."
            )
    connection.close()  # the processes forked from here open their own

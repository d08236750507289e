"""The owner's eyes: migrations, backups and the removal of a portal see every portal's rows, nothing else does.

Row-level security is forced on the owner of the tables too. Only `app.migrating` opens the second policy
(prm/organizations/fence.py), only for the role `prm_owner`, which no serving process signs in as.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

ALIAS = "owner"
OPTIONS = "-c app.migrating=on"
"""The same for a program of its own, such as pg_dump: its environment's PGOPTIONS."""


def connection() -> BaseDatabaseWrapper:
    """The owner's connection. Raises CommandError, in words, where no DATABASE_OWNER_URL is set."""
    if ALIAS not in connections.settings:
        raise CommandError("Set DATABASE_OWNER_URL: this is done as prm_owner.")
    found: BaseDatabaseWrapper = connections[ALIAS]
    return found


@contextmanager
def seeing_all(database: str = ALIAS) -> Iterator[None]:
    """The connection sees every portal's rows while the block runs, across its transactions."""
    with connections[database].cursor() as cursor:
        cursor.execute("SET app.migrating = 'on'")
    try:
        yield
    finally:
        with connections[database].cursor() as cursor:
            cursor.execute("RESET app.migrating")


@contextmanager
def still_moment() -> Iterator[tuple[str, CursorWrapper]]:
    """One moment of the whole database, and the name under which pg_dump can see the same one.

    On a connection of its own, whatever the caller's is in the midst of.
    """
    link = connections.create_connection(ALIAS)
    try:
        link.set_autocommit(False)
        with link.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL app.migrating = 'on'")
            cursor.execute("SELECT pg_export_snapshot()")
            yield cursor.fetchone()[0], cursor
        link.rollback()
    finally:
        link.close()


@contextmanager
def transaction_seeing_all() -> Iterator[CursorWrapper]:
    """One transaction of the owner's that sees every portal's rows."""
    with transaction.atomic(using=ALIAS), connection().cursor() as cursor:
        cursor.execute("SET LOCAL app.migrating = 'on'")
        yield cursor

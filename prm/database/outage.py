"""Tells a database that could not from a program that asked for nonsense."""

import psycopg2
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.transaction import TransactionManagementError


def is_outage(error: BaseException | None) -> bool:
    """Whether it was the database: away, restarting, full, too slow, or gone in the middle of an answer."""
    if isinstance(error, TransactionManagementError):  # the second query after the one that found it away
        return is_outage(error.__cause__)
    return isinstance(error, (OperationalError, InterfaceError)) or _is_cut_off(error)


def _is_cut_off(error: BaseException | None) -> bool:
    """The link broke while rows came: psycopg2 has no better class for it, and Postgres gave no code."""
    cause = error.__cause__ if type(error) is DatabaseError else None
    return type(cause) is psycopg2.DatabaseError and cause.pgcode is None

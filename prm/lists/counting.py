"""Counts for tabs: exact up to a thousand, and one query for all of them, however long the list is."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import formats

MOST = 1000


def capped_counts(every: QuerySet[Any], conditions: Mapping[str, Q]) -> dict[str, int]:
    """For how many rows each condition holds; MOST + 1 where it does for more than MOST."""
    bare = every.order_by().values("pk")
    found, parts = dict.fromkeys(conditions, 0), {}
    parameters: list[Any] = []
    for name, condition in conditions.items():
        try:
            parts[name], given = bare.filter(condition)[: MOST + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        parameters += given
    if parts:
        counts = ", ".join(f"(SELECT count(*) FROM ({sql}) counted)" for sql in parts.values())  # noqa: S608  Django's own, values apart
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {counts}", parameters)
            found |= dict(zip(parts, cursor.fetchone(), strict=True))
    return found


def count_words(count: int) -> str:
    """12, or 1,000+."""
    if count > MOST:
        return f"{formats.number_format(MOST, force_grouping=True)}+"
    return formats.number_format(count, force_grouping=True)

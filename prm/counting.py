"""Counting that ends, exact up to a thousand, and other small questions: all that a page asks in one query.

Nobody works off more at once, and an exact count would read every row of however long a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.constants import LOOKUP_SEP

from prm import world

MOST = 1000


@dataclass(frozen=True)
class Question:
    """An expression in SQL and the values in it."""

    sql: str
    given: tuple[Any, ...] = ()

    @classmethod
    def how_many(cls, rows: QuerySet[Any]) -> Self:
        """MOST + 1 at most: Postgres stops reading there, in the order of the rows, which an index may give."""
        return cls._of("(SELECT count(*) FROM ({}) counted)", rows.values_list("pk")[: MOST + 1], nothing="0")

    @classmethod
    def whether(cls, rows: QuerySet[Any]) -> Self:
        """Whether there is any."""
        return cls._of("EXISTS ({})", rows.order_by().values_list("pk")[:1], nothing="FALSE")

    @classmethod
    def first(cls, rows: QuerySet[Any], column: str) -> Self:
        """What the first row has there; None where there is no row."""
        return cls._of("({})", rows.values_list(column)[:1], nothing="NULL")

    @classmethod
    def how_many_by(cls, rows: QuerySet[Any], column: str, values: Mapping[str, Any]) -> dict[str, Self]:
        """As `how_many`, for each value of a column. Written once for all: writing takes longer than counting."""
        every = cls._of("({}) rows(value)", rows.order_by().values_list(column), nothing="")
        if not every.sql:
            return dict.fromkeys(values, cls("0"))
        counted = f"(SELECT count(*) FROM (SELECT 1 FROM {every.sql} WHERE value = %s LIMIT {MOST + 1}) counted)"  # noqa: S608  Django's own, values apart
        return {name: cls(counted, (*every.given, value)) for name, value in values.items()}

    @classmethod
    def _of(cls, around: str, rows: QuerySet[Any], *, nothing: str) -> Self:
        try:
            sql, given = rows.query.sql_with_params()
        except EmptyResultSet:
            return cls(nothing)
        return cls(around.format(sql), given)


def asked(questions: Mapping[str, Question]) -> dict[str, Any]:
    """The answers, in one query."""
    if not questions:
        return {}
    columns = ", ".join(question.sql for question in questions.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", [value for each in questions.values() for value in each.given])
        return dict(zip(questions, cursor.fetchone(), strict=True))


def counts_by(every: QuerySet[Any], conditions: Mapping[str, Q]) -> dict[str, int]:
    """For how many rows each condition holds, MOST + 1 at most."""
    sides = {name: _equation(condition) for name, condition in conditions.items()}
    columns = {column for column, _value in sides.values()}
    if len(columns) == 1 and "" not in columns:
        values = {name: value for name, (_column, value) in sides.items()}
        return asked(Question.how_many_by(every, columns.pop(), values))
    bare = every.order_by()
    return asked({name: Question.how_many(bare.filter(condition)) for name, condition in conditions.items()})


def capped(count: int) -> str:
    """The count as people read it: "1,000+" above MOST."""
    number = world.number(min(count, MOST))
    return f"{number}+" if count > MOST else number


def _equation(condition: Q) -> tuple[str, Any]:
    """The column and the value that it is to have, where a condition says no more; else ''."""
    [only, *more] = condition.children or [condition]
    if more or condition.negated or not isinstance(only, tuple) or LOOKUP_SEP in only[0]:
        return "", None
    return only

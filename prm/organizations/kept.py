"""Queries that begin every request, whose SQL is written once in a process.

Django writes the SQL of a query anew each time it is asked. For the few that each request begins with, which
differ from one to the next by nothing but values, that is as much work as all the rest of asking.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django.db import connections, models
from django.db.models.sql.compiler import SQLCompiler

from prm.organizations.context import active_portal_id, is_inside_portal

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class _Given:
    """A place among the parameters, for a value of this name."""

    name: str


PORTAL = _Given("the active portal")


@dataclass(frozen=True)
class _Written:
    """SQL as Django has written it, and what makes objects of its rows."""

    queryset: models.QuerySet[Any]
    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]


class Kept(Generic[M]):
    """`rows` makes the query from values by name. No value may decide how the query is built.

    `marks` are other values, one for each name, that mean nothing and are like no other: where they come out in
    the parameters, the values of each request go in. So does the active portal, which a fenced query names by
    itself; outside of a portal a fenced query refuses as ever. A test holds each against the query made anew.
    """

    every: "ClassVar[list[Kept[Any]]]" = []

    def __init__(self, rows: "Callable[..., models.QuerySet[M]]", **marks: Any) -> None:
        self.rows, self.marks = rows, marks
        self.every.append(self)
        self._written: _Written | None = None

    def first(self, **given: Any) -> M | None:
        """The first of the rows, if there is one. `given` has the names of the marks."""
        written = self._written or self._write()
        return next(iter(_asking(written, self._filled(written, given))), None)

    def sql(self, **given: Any) -> tuple[str, tuple[Any, ...]]:
        """What is asked for these values."""
        written = self._written or self._write()
        return written.sql, self._filled(written, given)

    def _write(self) -> _Written:
        queryset = self.rows(**self.marks)
        compiler = queryset.query.get_compiler(queryset.db)
        sql, parameters = compiler.as_sql()
        places = {value: _Given(name) for name, value in self.marks.items()}
        if is_inside_portal():
            places[active_portal_id()] = PORTAL
        self._written = _Written(queryset, compiler, sql, tuple(places.get(value, value) for value in parameters))
        return self._written

    @staticmethod
    def _filled(written: _Written, given: dict[str, Any]) -> tuple[Any, ...]:
        def value_of(place: _Given) -> Any:
            return active_portal_id() if place is PORTAL else given[place.name]

        return tuple(value_of(each) if isinstance(each, _Given) else each for each in written.parameters)


def _asking(written: _Written, parameters: tuple[Any, ...]) -> models.QuerySet[Any]:
    """The query with its SQL in hand; a connection belongs to one thread, so each gets its own compiler."""
    compiler: Any = copy.copy(written.compiler)
    compiler.connection = connections[written.queryset.db]
    compiler.as_sql = lambda: (written.sql, parameters)
    query: Any = copy.copy(written.queryset.query)
    query.get_compiler = lambda using=None: compiler
    return type(written.queryset)(written.queryset.model, query=query, using=written.queryset.db)

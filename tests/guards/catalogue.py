"""What Postgres itself says about the tables, for the guards. Models may promise; the catalogue knows."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models

from prm.organizations.fence import FencedModel

OUR_APPS = ("organizations", "users", "events", "lists", "files", "runs", "sso", "leads", "deals")
TABLES = (
    "SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'f')"
)


def rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())


def our_models() -> list[type[models.Model]]:
    """Every model of our apps, those that Django makes by itself among them."""
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in OUR_APPS]


def fenced_models() -> list[type[FencedModel]]:
    return [model for model in our_models() if issubclass(model, FencedModel)]


def fenced_tables() -> set[str]:
    return {model._meta.db_table for model in fenced_models()}


@dataclass(frozen=True)
class ForeignKey:
    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


def foreign_keys() -> set[ForeignKey]:
    found = rows(
        "SELECT source.relname,"
        " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(attnum, n)"
        "  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum)::text[], target.relname,"
        " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(attnum, n)"
        "  JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum)::text[]"
        " FROM pg_constraint c JOIN pg_class source ON source.oid = c.conrelid"
        " JOIN pg_class target ON target.oid = c.confrelid"
        " WHERE c.contype = 'f' AND c.convalidated AND c.connamespace = 'public'::regnamespace"
    )
    return {ForeignKey(table, tuple(columns), target, tuple(to)) for table, columns, target, to in found}


@dataclass(frozen=True)
class Index:
    table: str
    name: str
    columns: tuple[str, ...]
    is_unique: bool
    is_primary: bool


def indexes() -> list[Index]:
    """An index on an expression has `None` in the place of the column's name."""
    found = rows(
        "SELECT t.relname, i.relname, x.indisunique, x.indisprimary,"
        " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(x.indkey) WITH ORDINALITY k(attnum, n)"
        "  LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum)::text[]"
        " FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid"
        " WHERE t.relnamespace = 'public'::regnamespace"
    )
    return [Index(table, name, tuple(columns), unique, primary) for table, name, unique, primary, columns in found]


def privileges(role: str) -> dict[str, frozenset[str]]:
    """What a role may do with each table, whichever way it came by the right."""
    found = rows(
        f"SELECT t.relname, array_remove(array_agg(CASE WHEN has_table_privilege(%s, t.oid, p) THEN p END), NULL)"
        f" FROM ({TABLES}) t,"
        " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p GROUP BY 1",
        role,
    )
    return {table: frozenset(held) for table, held in found}

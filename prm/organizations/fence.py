"""The walls between portals, twice over. This module is the security core of the product.

Ring one, here in the ORM: a query for a portal-owned model runs inside one portal or not at all.
Ring two, in Postgres: forced row-level security keyed on the transaction's `app.portal_id`, a
primary key of `(portal_id, id)`, and foreign keys of `(portal_id, x_id)`, so that a row can neither
be read nor pointed at from elsewhere. Each ring holds alone (tests/organizations/test_fence.py).
docs/adr/0001-walls.md says why it is built this way.
"""

import uuid
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunSQL
from django.db.models.constraints import BaseConstraint

from prm.organizations.context import APP_ROLE, FenceError, active_portal_id
from prm.organizations.ids import uuid7

OWNER_ROLE = "prm_owner"
# nullif: after a transaction a local setting reads '' and not NULL, and ''::uuid would be an error.
_INSIDE = "portal_id = nullif(current_setting('app.portal_id', true), '')::uuid"
# A migration must see every row; only our migrate command switches this on, only for the owner.
_MIGRATING = "current_setting('app.migrating', true) = 'on'"

M = TypeVar("M", bound=models.Model)
Table = type[models.Model]
Schema = BaseDatabaseSchemaEditor

# --- Models: ring one ------------------------------------------------------------------------------


class FencedQuerySet(models.QuerySet[M]):
    """Queries of a portal-owned model. `visible_to` of a subclass says which rows a member sees."""

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            _refuse_foreign(row)
        return super().bulk_create(rows, *args, **kwargs)

    def locked(self, pk: uuid.UUID) -> M:
        """The row, locked until the end of the transaction. Actions begin with it.

        Without joins: after waiting for a lock Postgres looks at the new row but at the old ones joined to it.
        """
        return self.select_related(None).select_for_update(of=("self",)).get(pk=pk)


class FencedManager(models.Manager[M]):
    """Starts every query with the active portal; with none it raises before any SQL is written."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(portal_id=active_portal_id())

    def locked(self, pk: uuid.UUID) -> M:
        """The row, locked until the end of the transaction."""
        return FencedQuerySet.locked(self.get_queryset(), pk)  # type: ignore[arg-type]


def _refuse_foreign(row: models.Model) -> None:
    if row.portal_id != active_portal_id():  # type: ignore[attr-defined]
        raise FenceError("This row belongs to another portal.")


class PortalForeignKey(models.ForeignKey):
    """A reference between portal-owned models. `SamePortal` puts the real foreign key in the database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_constraint", False)
        kwargs.setdefault("db_index", False)  # an index begins with the portal: declare it in Meta
        super().__init__(*args, **kwargs)


# --- Constraints: ring two -------------------------------------------------------------------------


class _SchemaConstraint(BaseConstraint):
    """A constraint of which Python has nothing to validate: the database holds it."""

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing here: the form and the ORM cannot break it without the database saying so."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)


class Fenced(_SchemaConstraint):
    """The key `(portal_id, id)`, forced row-level security, and the serving role's grants for one table."""

    def __init__(self, *, name: str = "%(app_label)s_%(class)s_fenced", append_only: bool = False) -> None:
        super().__init__(name=name)
        self.append_only = append_only

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "append_only": self.append_only}

    def constraint_sql(self, model: Table, schema_editor: Schema) -> None:  # type: ignore[override]
        # Before the deferred foreign keys of the same migration, which need the key as their target.
        schema_editor.deferred_sql.insert(0, self.create_sql(model, schema_editor))

    def create_sql(self, model: Table, schema_editor: Schema) -> str:  # type: ignore[override]
        table, key = model._meta.db_table, f"{model._meta.db_table}_pkey"
        grants = "SELECT, INSERT" if self.append_only else "SELECT, INSERT, UPDATE, DELETE"
        return (
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{key}", ADD CONSTRAINT "{key}" PRIMARY KEY (portal_id, id);'
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;'
            f'CREATE POLICY inside ON "{table}" USING ({_INSIDE}) WITH CHECK ({_INSIDE});'
            f'CREATE POLICY migrating ON "{table}" TO {OWNER_ROLE} USING ({_MIGRATING}) WITH CHECK ({_MIGRATING});'
            f'GRANT {grants} ON "{table}" TO {APP_ROLE};'
        )

    def remove_sql(self, model: Table, schema_editor: Schema) -> str:  # type: ignore[override]
        table, key = model._meta.db_table, f"{model._meta.db_table}_pkey"
        return (
            f'REVOKE ALL ON "{table}" FROM {APP_ROLE};'
            f'DROP POLICY migrating ON "{table}"; DROP POLICY inside ON "{table}";'
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;'
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{key}", ADD CONSTRAINT "{key}" PRIMARY KEY (id);'
        )


class SamePortal(_SchemaConstraint):
    """The foreign key `(portal_id, <field>_id)`: a reference into another portal is an integrity error."""

    def __init__(self, field: str, *, name: str = "") -> None:
        super().__init__(name=name or f"%(app_label)s_%(class)s_{field}_same_portal")
        self.field = field

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        return path, (self.field,), kwargs

    def constraint_sql(self, model: Table, schema_editor: Schema) -> None:  # type: ignore[override]
        self.create_sql(model, schema_editor)

    def create_sql(self, model: Table, schema_editor: Schema) -> None:  # type: ignore[override]
        field = model._meta.get_field(self.field)
        assert isinstance(field, models.ForeignKey)
        target = field.related_model._meta.db_table
        # At the end of the migration: run directly it would come before its target has the key.
        schema_editor.deferred_sql.append(
            f'ALTER TABLE "{model._meta.db_table}" ADD CONSTRAINT "{self.name}"'
            f' FOREIGN KEY (portal_id, "{field.column}") REFERENCES "{target}" (portal_id, id)'
            " DEFERRABLE INITIALLY DEFERRED"
        )

    def remove_sql(self, model: Table, schema_editor: Schema) -> str:  # type: ignore[override]
        return f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{self.name}"'


def grant_shared(table: str, privileges: str) -> RunSQL:
    """A migration operation that lets the serving role use a table which no portal owns."""
    return RunSQL(f'GRANT {privileges} ON "{table}" TO {APP_ROLE}', f'REVOKE ALL ON "{table}" FROM {APP_ROLE}')


@cache
def _labels(field: Any) -> dict[Any, Any]:
    """A column's choices; their words are put into the reader's language when they are read."""
    return dict(field.flatchoices)


class FencedModel(models.Model):
    """Base of every portal-owned model.

    A child's own Meta derives from `FencedModel.Meta` and repeats its constraints, then names a
    `SamePortal` for each PortalForeignKey (tests/guards/test_models.py minds both).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    portal = models.ForeignKey(
        "organizations.Portal",
        on_delete=models.PROTECT,
        default=active_portal_id,
        editable=False,
        db_index=False,
        related_name="+",
    )

    objects: FencedManager[Any] = FencedManager.from_queryset(FencedQuerySet)()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        constraints = [Fenced()]

    def save(self, *args: Any, **kwargs: Any) -> None:
        _refuse_foreign(self)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        _refuse_foreign(self)
        return super().delete(*args, **kwargs)

    def _get_FIELD_display(self, field: Any) -> str:
        """Behind each `get_..._display`: Django makes a new table of all choices for every row of a list."""
        value = getattr(self, field.attname)
        return str(_labels(field).get(value, "" if value is None else value))

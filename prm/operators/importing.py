"""Import and export of a small table by django-import-export, with our form and our verbs in the places of its own.

Imported by the pages that need it, when they do: the package is large, and no other page wants it in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tablib  # type: ignore[import-untyped]
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import model_to_dict, modelform_factory
from django.utils.translation import gettext as _
from import_export.resources import ModelResource, modelresource_factory  # type: ignore[import-untyped]
from import_export.results import RowResult  # type: ignore[import-untyped]

from prm.operators.csv_files import Table
from prm.operators.small_tables import RowForm, SmallTableAdmin

NEW, CHANGED, SAME = RowResult.IMPORT_TYPE_NEW, RowResult.IMPORT_TYPE_UPDATE, RowResult.IMPORT_TYPE_SKIP
YES = frozenset({"1", "true", "yes", "x"})
NO = frozenset({"0", "false", "no", ""})


class TableResource(ModelResource):
    """One small table. A row is read by its form, and written by its verb."""

    def __init__(self, small_table: SmallTableAdmin, given: Sequence[str]) -> None:
        super().__init__()
        self.small_table, self.given = small_table, given
        self.form = modelform_factory(small_table.model, form=RowForm, fields=small_table.columns)

    def import_instance(self, instance: models.Model, row: Mapping[str, str], **kwargs: Any) -> None:
        values = {name: self._read(name, row[name]) for name in self.given}
        form = self.form({**model_to_dict(instance, self.small_table.columns), **values}, instance=instance)
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())

    def _read(self, name: str, text: str) -> Any:
        field = self._meta.model._meta.get_field(name)
        if isinstance(field, models.BooleanField):
            return _yes_or_no(name, text)
        if field.choices and text not in dict(field.flatchoices):  # by its word, as people read it
            return {str(label).lower(): value for value, label in field.flatchoices}.get(text.strip().lower(), text)
        return text

    def do_instance_save(self, instance: models.Model, is_create: bool) -> None:
        values = {name: getattr(instance, name) for name in self.given}
        if is_create:
            self.small_table.add_row(values)
        else:
            self.small_table.change_row(instance, values)


@dataclass(frozen=True)
class Line:
    """What becomes of one row. Each cell is `(before, now)`; before is empty for a new row."""

    number: int
    kind: str
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class Outcome:
    """What an import did, or would do. With errors it did nothing."""

    lines: list[Line]
    errors: list[tuple[int, str]]
    counts: dict[str, int]


def resource_of(small_table: SmallTableAdmin, given: Sequence[str] = ()) -> TableResource:
    """For an export, or for an import of a file with the columns that are `given`."""
    options = {
        "fields": small_table.columns,
        "import_order": small_table.columns,
        "export_order": small_table.columns,
        "import_id_fields": ("name",),
        "skip_unchanged": True,
        "report_skipped": True,
        "skip_html_diff": True,  # its HTML has styles inside
        "store_instance": True,
        "use_transactions": True,
    }
    made: TableResource = modelresource_factory(small_table.model, TableResource, options)(small_table, given)
    return made


def import_table(small_table: SmallTableAdmin, table: Table, *, is_trial: bool) -> Outcome:
    """All rows or none; a trial carries everything out and takes it back."""
    if twice := _named_twice(table):
        return Outcome([], twice, {})
    rows = tablib.Dataset(*table.rows, headers=table.columns)
    resource = resource_of(small_table, table.columns)
    result = resource.import_data(rows, dry_run=is_trial, rollback_on_validation_errors=True)
    errors = [(0, str(error.error)) for error in result.base_errors]
    errors += [(table.lines[row.number - 1], _in_words(row.error)) for row in result.invalid_rows]
    errors += [(table.lines[row.number - 1], str(error.error)) for row in result.error_rows for error in row.errors]
    lines = [
        Line(table.lines[place], row.import_type, _cells(row, small_table.columns))
        for place, row in enumerate(result.rows)
        if row.is_valid()
    ]
    totals = result.totals
    counts = {"new": totals[NEW], "changed": totals[CHANGED], "same": totals[SAME]}
    return Outcome(lines, sorted(errors), counts)


def _named_twice(table: Table) -> list[tuple[int, str]]:
    """Rows with a name that stands further up: which of the two is meant, nobody knows."""
    place, seen, twice = table.columns.index("name"), set(), []
    for line, row in zip(table.lines, table.rows, strict=True):
        if row[place] in seen:
            twice.append((line, _("%(name)s is there twice.") % {"name": row[place]}))
        seen.add(row[place])
    return twice


def _cells(row: RowResult, columns: tuple[str, ...]) -> list[tuple[str, str]]:
    before = row.original if row.import_type == CHANGED else None
    return [("" if before is None else _word(before, name), _word(row.instance, name)) for name in columns]


def _word(row: Any, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    display = getattr(row, f"get_{name}_display", None)
    return str(display() if display else value)


def _in_words(error: ValidationError) -> str:
    by_field = getattr(error, "message_dict", None)
    if by_field is None:
        return " ".join(error.messages)
    return " ".join(
        " ".join(words) if name == "__all__" else f"{name}: {' '.join(words)}" for name, words in by_field.items()
    )


def _yes_or_no(name: str, text: str) -> bool:
    word = text.strip().lower()
    if word in YES | {_("Yes").lower()}:
        return True
    if word in NO | {_("No").lower()}:
        return False
    raise ValidationError({name: _("Write 1 or 0.")})

"""What is known about a record, piece by piece: each is shown in its place, and edited there by who may.

A floor above declares the pieces of its record (`leads/facts.py`); components/facts.html shows them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import models
from django.forms import BoundField
from django.utils.functional import Promise

MONEY = "money"  # an amount, then its currency


@dataclass(frozen=True)
class Piece:
    """A field, or a few that are one thing together: an address, an amount with its currency.

    `kind` says how components/fact_value.html shows it. `together` names the fields, each with its width in a form.
    """

    name: str  # in addresses and ids
    label: str | Promise
    kind: str = "text"
    together: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> Sequence[str]:
        return list(self.together) or [self.name]

    def lines(self, form: forms.BaseForm) -> list[tuple[BoundField, str]]:
        """The form's fields with their widths."""
        return [(form[name], self.together.get(name, "")) for name in self.fields]


@dataclass(frozen=True)
class Group:
    """Pieces under one heading."""

    label: str | Promise
    icon: str
    pieces: tuple[Piece, ...]
    is_wide: bool = False


@dataclass(frozen=True)
class Fact:
    """A piece of one record. `edit_url` is empty where it cannot be edited by whoever reads it."""

    piece: Piece
    values: list[Any]
    edit_url: str = ""

    @property
    def value(self) -> Any:
        return self.values[0]

    @property
    def words(self) -> str:
        """All of it in one line."""
        return " ".join(str(value) for value in self.values if value not in ("", None))

    @property
    def is_empty(self) -> bool:
        told = self.values[:1] if self.piece.kind == MONEY else self.values  # a currency alone says nothing
        return all(value in ("", None) for value in told)

    @property
    def is_shown(self) -> bool:
        """Empty ones only to whoever may fill them."""
        return bool(self.edit_url) or not self.is_empty


@dataclass(frozen=True)
class Section:
    """What a page shows under one heading: what is known first, then what may still be said."""

    group: Group
    facts: list[Fact]


def fact_of(
    record: models.Model, piece: Piece, *, written: Collection[str], edit_url: Callable[[Piece], str]
) -> Fact:
    """A piece of this record; with its address where all of its fields are among the `written` ones."""
    values = [getattr(record, name) for name in piece.fields]
    return Fact(piece, values, edit_url(piece) if set(piece.fields) <= set(written) else "")


def sections_of(
    record: models.Model, groups: Iterable[Group], *, written: Collection[str], edit_url: Callable[[Piece], str]
) -> list[Section]:
    """The groups with something to show."""
    sections = []
    for group in groups:
        facts = [fact_of(record, piece, written=written, edit_url=edit_url) for piece in group.pieces]
        shown = sorted((fact for fact in facts if fact.is_shown), key=lambda fact: fact.is_empty)
        sections.append(Section(group, shown))
    return [section for section in sections if section.facts]

"""A list's filters as the API's description has them: each parameter's name, type, and what may stand in it."""

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from prm.lists.columns import everybody
from prm.lists.filters import (
    EMPTY,
    FILLED,
    WHETHER,
    Cases,
    Choice,
    Day,
    Filter,
    Number,
    Range,
    Reference,
    Text,
    YesNo,
)
from prm.lists.listing import Listing
from prm.serving.paging import MAX_TEXT

Schema = dict[str, Any]
NOT_YOURS = "Not for everybody: who may not ask for it gets 400."
UUID: Schema = {"type": "string", "format": "uuid"}


def parameter(name: str, schema: Schema, description: str) -> Schema:
    """A query parameter. One that is a list is given once for each of its values."""
    found = {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
    return {**found, "style": "form", "explode": True} if schema["type"] == "array" else found


def parameters_of(declared: Listing) -> Iterator[Schema]:
    """All that a list's filters read of an address, in the order of their declaration.

    A filter that is declared twice, in other words for other people, is described as it is the first time.
    """
    keys: set[str] = set()
    for each in declared.every_filter:
        if each.key in keys:
            continue
        keys.add(each.key)
        note = "" if each.is_for is everybody else f" {NOT_YOURS}"
        for name, schema, words in _described(each):
            yield parameter(name, schema, f"{each.label}: {words}.{note}")
        if each.can_be_empty:
            schema = {"type": "string", "enum": [EMPTY, FILLED]}
            yield parameter(f"{each.key}{WHETHER}", schema, f"{each.label}: whether there is any.{note}")


Described = Iterator[tuple[str, Schema, str]]
"""Name, schema, and in words which rows it keeps."""


@singledispatch
def _described(asked: Filter) -> Described:
    raise NotImplementedError(f"The API does not know how to describe {asked!r}.")


@_described.register
def _text(asked: Text) -> Described:
    yield asked.key, {"type": "string", "maxLength": MAX_TEXT}, "holds these words"


@_described.register
def _choice(asked: Choice) -> Described:
    yield asked.key, _any_of([value for value, _label in asked.choices() if value]), "one of these"


@_described.register
def _cases(asked: Cases) -> Described:
    yield asked.key, _any_of(list(asked.labels)), "one of these"


@_described.register
def _yes_no(asked: YesNo) -> Described:
    yes, no = asked.words
    yield asked.key, {"type": "string", "enum": ["yes", "no"]}, f"{yes}, or {no}"


@_described.register
def _number(asked: Number) -> Described:
    yield from _ends(asked, {"type": "number"})


@_described.register
def _day(asked: Day) -> Described:
    yield asked.key, {"type": "string", "enum": list(asked.spans)}, "in this stretch of days"
    yield from _ends(asked, {"type": "string", "format": "date"})


@_described.register
def _reference(asked: Reference) -> Described:
    one = {"oneOf": [UUID, {"type": "string", "enum": ["me"]}]} if asked.is_person else UUID
    yield asked.key, {"type": "array", "items": one}, "one of these, by id"


def _any_of(values: list[str]) -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": values}}


def _ends(asked: Range, schema: Schema) -> Described:
    yield f"{asked.key}_from", schema, "this or later" if isinstance(asked, Day) else "this or more"
    yield f"{asked.key}_to", schema, "this or earlier" if isinstance(asked, Day) else "this or less"

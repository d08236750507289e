"""Keyset paging in both directions, for pages and the API alike: any depth costs the same."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from prm.serving.headers import is_plain

M = TypeVar("M", bound=models.Model)
PAGE_SIZE = 50
MAX_TEXT = 200  # characters of a search


class InvalidParameter(BadRequest):
    """A query parameter that means nothing here. Pages answer 400, the API 400 naming the parameter."""

    def __init__(self, parameter: str, message: str, *, code: str = "invalid_filter") -> None:
        super().__init__(message)
        self.parameter, self.message, self.code = parameter, message, code


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of rows and the cursors beside it; a cursor is '' where there is nothing on that side."""

    rows: list[M]
    next: str = ""
    previous: str = ""


def page_of(
    rows: "models.QuerySet[M]",
    *,
    ordering: str,
    allowed: Mapping[str, str],
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> Page[M]:
    """A page of `rows`, sorted by `ordering` ("number" or "-number"), beginning at `cursor`.

    `allowed` maps the public name of an ordering to a column or annotation that is never null.
    Raises InvalidParameter for an unknown ordering or a cursor that this ordering did not make.
    """
    field, descending = ordered_by(ordering, allowed)
    backward = False
    if cursor:
        backward, value, key = _decode(cursor, ordering, _output_field(rows, field))
        rows = rows.filter(_beyond(field, value, key, greater=descending == backward))
    sign = "" if descending == backward else "-"
    found = list(rows.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backward:
        found.reverse()
    has_next, has_previous = (True, more) if backward else (more, bool(cursor))
    if not found:
        return Page([])
    return Page(
        found,
        next=_encode(found[-1], ordering, field, backward=False) if has_next else "",
        previous=_encode(found[0], ordering, field, backward=True) if has_previous else "",
    )


def ordered_by(ordering: str, allowed: Mapping[str, str]) -> tuple[str, bool]:
    """The column of an ordering, and whether it runs downwards. Raises InvalidParameter for an unknown one."""
    name = ordering.removeprefix("-")
    if name not in allowed:
        raise InvalidParameter("ordering", _("Sort by one of: %(names)s.") % {"names": ", ".join(sorted(allowed))})
    return allowed[name], ordering.startswith("-")


def neighbours(
    rows: "models.QuerySet[M]", *, of: M, ordering: str, allowed: Mapping[str, str], name: str
) -> tuple[Any, Any]:
    """What a list of `rows` has before and after the place of one, each by its column `name`; None at an end.

    Raises InvalidParameter for an unknown ordering.
    """
    field, descending = ordered_by(ordering, allowed)
    value = (
        getattr(of, field) if hasattr(of, field) else rows.values_list(field, flat=True).filter(pk=of.pk).first()
    )
    if value is None:
        return None, None
    sides = []
    for backward in (True, False):
        sign = "" if descending == backward else "-"
        side = rows.filter(_beyond(field, value, str(of.pk), greater=descending == backward))
        side = side.order_by(f"{sign}{field}", f"{sign}pk")
        sides.append(side.annotate(is_before=models.Value(backward)).values_list("is_before", name)[:1])
    found = dict(sides[0].union(sides[1], all=True))
    return found.get(True), found.get(False)


def search_text(parameters: Mapping[str, str], name: str = "search") -> str:
    """The words of a search, trimmed. Raises InvalidParameter when they are no text or too long."""
    text = parameters.get(name, "").strip()
    if not is_plain(text):
        raise InvalidParameter(name, _("This holds characters that are no text."))
    if len(text) > MAX_TEXT:
        raise InvalidParameter(name, _("Search for %(max)d characters at most.") % {"max": MAX_TEXT})
    return text


def choice_of(parameters: Mapping[str, str], name: str, choices: type[models.TextChoices]) -> str:
    """A parameter that is one of the choices, or ''. Raises InvalidParameter for anything else."""
    value = parameters.get(name, "")
    if value and value not in choices.values:
        raise InvalidParameter(name, _("Choose one of: %(names)s.") % {"names": ", ".join(choices.values)})
    return value


def _beyond(field: str, value: Any, key: str, *, greater: bool) -> Q:
    word = "gt" if greater else "lt"
    # The first condition says nothing new; it lets the database start in the middle of an index.
    return Q(**{f"{field}__{word}e": value}) & (
        Q(**{f"{field}__{word}": value}) | Q(**{field: value, f"pk__{word}": key})
    )


def _output_field(rows: "models.QuerySet[M]", field: str) -> "models.Field[Any, Any]":
    annotation = rows.query.annotations.get(field)
    found: models.Field[Any, Any] = annotation.output_field if annotation else rows.model._meta.get_field(field)  # type: ignore[assignment]
    return found


def _encode(row: models.Model, ordering: str, field: str, *, backward: bool) -> str:
    parts = [ordering, int(backward), getattr(row, field), row.pk]
    return base64.urlsafe_b64encode(json.dumps(parts, default=str).encode()).decode().rstrip("=")


def _decode(cursor: str, ordering: str, field: "models.Field[Any, Any]") -> tuple[bool, Any, str]:
    try:
        made_for, backward, text, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        value = field.to_python(text)
        if made_for != ordering or not isinstance(key, str) or value is None or not is_plain(f"{key}{value}"):
            raise ValueError
        models.UUIDField().to_python(key)
        field.run_validators(value)  # a number too large for its column is an error in the database
        return bool(backward), value, key
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError, ValidationError) as error:
        raise InvalidParameter("cursor", _("This is no cursor of this list.")) from error

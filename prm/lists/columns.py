"""What of a row a list shows, in plain values for programs and in cells for pages."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from prm.lists.drawing import Drawing
    from prm.users.models import Membership

Plain = str | Decimal | int | date | datetime | None
Words = str | Promise


def everybody(member: "Membership") -> bool:
    return True


def nobody(member: "Membership") -> bool:
    return False


def vendor_only(member: "Membership") -> bool:
    return member.is_vendor


def partners_only(member: "Membership") -> bool:
    return not member.is_vendor


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. `value` reads a row that was `shown` to its reader; `draw` or `template` draws the page's cell.

    With neither the cell holds the plain value. Where rows share a cell, `same_for` says what makes it the
    same: on one page it is drawn once for each.
    """

    key: str
    label: Words
    value: Callable[[Any], Plain]
    draw: "Callable[[Any, Drawing], SafeString] | None" = None
    template: str = ""
    same_for: Callable[[Any], Hashable] | None = None
    css: str = "line"  # on a phone: main, state, line (a line of its own) or spare (left out)
    ordering: str = ""  # by which its heading sorts
    first: str = ""  # "-" where the largest or newest comes first
    needs: tuple[str, ...] = ()  # related rows, loaded with the list
    is_fixed: bool = False  # always there
    is_within: bool = False  # on the page part of the first cell
    is_verb: bool = False  # a button at the end of the page's row, and nothing of the record
    is_detail: bool = False  # empty where a record is withheld
    is_for: Callable[["Membership"], bool] = everybody
    by_default: Callable[["Membership"], bool] = nobody  # shown to whoever has chosen nothing

    @property
    def is_choosable(self) -> bool:
        return not (self.is_fixed or self.is_verb)

    @property
    def is_end(self) -> bool:
        return "end" in self.css.split()


@dataclass(frozen=True, kw_only=True)
class BulkVerb:
    """A verb for many rows: a button that posts `row` or `all`, and `query`, to the `path`."""

    key: str
    label: Words
    icon: str
    url_name: str
    url_args: tuple[str, ...] = ()
    is_for: Callable[["Membership"], bool] = everybody

    @property
    def path(self) -> str:
        return reverse(self.url_name, args=self.url_args)

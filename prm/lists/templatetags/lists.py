"""The cells of a list's rows."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import template
from django.template.base import Template
from django.template.context import Context
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from prm.lists.columns import Column, Plain
from prm.lists.drawing import Drawing
from prm.markup import joined, markup
from prm.organizations.templatetags.portal import moment
from prm.users.models import Membership

if TYPE_CHECKING:
    from prm.lists.pages import Chip

register = template.Library()
LONGEST = 80  # characters of a cell
MASKS = {
    is_end: markup('<span class="mask{}" aria-hidden="true"></span>', " short" if is_end else "")
    for is_end in (False, True)
}
"""In place of what is withheld."""


@register.simple_tag(takes_context=True)
def drawn_rows(context: Context) -> SafeString:
    """The body of a list's table. Context: listing, columns, rows, verbs, query."""
    member, row_name = context["membership"], context["listing"].row_name
    pen = _Pen(context, Drawing(member, str(context.get("query", ""))))
    columns = context["columns"]
    line = _line(columns, member)
    words = gettext("Select %(row)s") if context["verbs"] else ""
    drawn = []
    for row in context["rows"]:
        with context.push(**{row_name: row}):
            cells = [pen.cell(column, row) for column in columns]
        drawn.append(markup(line, _pick(row, words) if words else "", *cells))
    return joined(drawn)


def _line(columns: list[Column], member: Membership) -> str:
    """A row of the table, with a place for the box and for each cell."""
    begins = (markup('<td class="{}"{}>', column.css, _label(column, member)) for column in columns)
    cells = (begin.replace("{", "{{").replace("}", "}}") + "{}</td>" for begin in begins)
    return f"<tr>{{}}{''.join(cells)}</tr>"


def _label(column: Column, member: Membership) -> str:
    """On a phone, where there are no headings, a column that was asked for says what it is."""
    return markup(' data-label="{}"', column.label) if chosen_by(column, member) else ""


def _pick(row: Any, words: str) -> SafeString:
    """The box by which a row is chosen for a verb."""
    return markup(
        '<td class="pick"><label>'
        '<input type="checkbox" name="row" value="{}" form="bulk" aria-label="{}">'
        "</label></td>",
        row.pk,
        words % {"row": row},
    )


@register.simple_tag
def addable_filters(chips: "list[Chip]") -> SafeString:
    """The items of the menu of filters, of which a list may have forty."""
    link = '<a class="menu-item" href="{}" hx-get="{}" hx-target="#chooser" hx-swap="outerHTML">{}</a>'
    return joined(markup(link, chip.href, chip.href, chip.label) for chip in chips)


@register.filter
def chosen_by(column: Column, member: Membership) -> bool:
    """Whether somebody has asked for it: it is none of those that are there by themselves."""
    return column.is_choosable and not column.by_default(member)


@dataclass
class _Pen:
    """Draws the cells of one page. `drawn` are those that later rows may share."""

    context: Context
    to: Drawing
    templates: dict[str, Template] = field(default_factory=dict)
    drawn: dict[tuple[str, Hashable], str] = field(default_factory=dict)

    def cell(self, column: Column, row: Any) -> str:
        """Markup, or a text that is yet to be escaped."""
        if column.is_detail and getattr(row, "is_withheld", False):
            return MASKS[column.is_end]
        if not column.same_for:
            return self._drawn(column, row)
        key = (column.key, column.same_for(row))
        if key not in self.drawn:
            self.drawn[key] = self._drawn(column, row)
        return self.drawn[key]

    def _drawn(self, column: Column, row: Any) -> str:
        if column.draw:
            return column.draw(row, self.to)
        return self._by_template(column) if column.template else plain(column.value(row))

    def _by_template(self, column: Column) -> SafeString:
        """The row stands in the context."""
        if column.template not in self.templates:
            engine: Any = self.context.template.engine  # type: ignore[union-attr]
            self.templates[column.template] = engine.get_template(column.template)
        return self.templates[column.template].render(self.context)


def plain(value: Plain) -> str:
    """A plain value as people read it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return formats.date_format(value)
    if isinstance(value, Decimal):
        return formats.number_format(value, force_grouping=True)
    text = str(value)
    return text if len(text) <= LONGEST else Truncator(text).chars(LONGEST)

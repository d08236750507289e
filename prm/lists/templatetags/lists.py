"""The cells of a list's rows."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.base import Template
from django.template.context import Context
from django.utils import formats
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from prm.lists.columns import Column, Plain
from prm.lists.drawing import Drawing
from prm.organizations.templatetags.portal import moment
from prm.users.models import Membership

register = template.Library()
LONGEST = 80  # characters of a cell


@register.simple_tag(takes_context=True)
def drawn_rows(context: Context) -> SafeString:
    """The body of a list's table. Context: listing, columns, rows, verbs, query."""
    member, columns, row_name = context["membership"], context["columns"], context["listing"].row_name
    pen = _Pen(context, Drawing(member, str(context.get("query", ""))))
    line = _line(columns, member)
    drawn = []
    for row in context["rows"]:
        with context.push(**{row_name: row}):
            cells = [pen.cell(column, row) for column in columns]
            drawn.append((format_html(line, _pick(row) if context["verbs"] else "", *cells),))
    return format_html_join("", "{}", drawn)


def _line(columns: list[Column], member: Membership) -> str:
    """A row of the table, with a place for the box and for each cell."""
    begins = (format_html('<td class="{}"{}>', column.css, _label(column, member)) for column in columns)
    cells = (begin.replace("{", "{{").replace("}", "}}") + "{}</td>" for begin in begins)
    return f"<tr>{{}}{''.join(cells)}</tr>"


def _pick(row: Any) -> SafeString:
    """The box by which a row is chosen for a verb."""
    words = gettext("Select %(row)s") % {"row": row}
    return format_html(
        '<td class="pick"><label>'
        '<input type="checkbox" name="row" value="{}" form="bulk" aria-label="{}">'
        "</label></td>",
        row.pk,
        words,
    )


@register.filter
def chosen_by(column: Column, member: Membership) -> bool:
    """Whether somebody has asked for it: it is none of those that are there by themselves."""
    return column.is_choosable and not column.by_default(member)


def _label(column: Column, member: Membership) -> str:
    """On a phone, where there are no headings, a column that was asked for says what it is."""
    return format_html(' data-label="{}"', column.label) if chosen_by(column, member) else ""


@dataclass
class _Pen:
    """Draws the cells of one page. `drawn` are those that later rows may share."""

    context: Context
    to: Drawing
    templates: dict[str, Template] = field(default_factory=dict)
    drawn: dict[tuple[str, Hashable], SafeString] = field(default_factory=dict)

    def cell(self, column: Column, row: Any) -> SafeString:
        if column.is_detail and getattr(row, "is_withheld", False):
            return format_html('<span class="mask{}" aria-hidden="true"></span>', " short" if column.is_end else "")
        if column.draw:
            return column.draw(row, self.to)
        if not column.template:
            return conditional_escape(plain(column.value(row)))
        if not column.same_for:
            return self._by_template(column)
        key = (column.key, column.same_for(row))
        if key not in self.drawn:
            self.drawn[key] = self._by_template(column)
        return self.drawn[key]

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

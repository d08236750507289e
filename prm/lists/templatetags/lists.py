"""The cells of a list's rows."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.base import Template
from django.template.context import Context
from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator

from prm.lists.columns import Column, Plain
from prm.organizations.templatetags.portal import moment
from prm.users.models import Membership

register = template.Library()
LONGEST = 80  # characters of a cell


@register.simple_tag(takes_context=True)
def cells(context: Context, row: Any) -> str:
    """All cells of a row, drawn by the columns of the list. Context: listing, columns."""
    member = context["membership"]
    with context.push(**{context["listing"].row_name: row}):
        drawn = [(column.css, _label(column, member), _cell(context, column, row)) for column in context["columns"]]
    return format_html_join("", '<td class="{}"{}>{}</td>', drawn)


@register.filter
def chosen_by(column: Column, member: Membership) -> bool:
    """Whether somebody has asked for it: it is none of those that are there by themselves."""
    return column.is_choosable and not column.by_default(member)


def _label(column: Column, member: Membership) -> str:
    """On a phone, where there are no headings, a column that was asked for says what it is."""
    return format_html(' data-label="{}"', column.label) if chosen_by(column, member) else ""


def _cell(context: Context, column: Column, row: Any) -> str:
    if column.is_detail and getattr(row, "is_withheld", False):
        return format_html('<span class="mask{}" aria-hidden="true"></span>', " short" if column.is_end else "")
    if column.template:
        return str(_template(context, column.template).render(context))
    return plain(column.value(row))


def _template(context: Context, name: str) -> Template:
    """Looked for once per list, not once per cell."""
    of_this_list: Any = context.render_context
    found: dict[str, Template] = of_this_list.setdefault("cells", {})
    if name not in found:
        found[name] = context.template.engine.get_template(name)  # type: ignore[union-attr]
    return found[name]


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
    return Truncator(str(value)).chars(LONGEST)

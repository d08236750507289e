"""Cells that Python draws.

A page of a list has hundreds of cells. A template for each is most of what the page costs, so the cells that
every row has of its own are written here, once for all lists.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from prm.organizations.templatetags.portal import hue, icon, initials, money
from prm.users.models import Membership

NEW = format_html('<span class="{}"></span>', "dot-new")
NOTHING = format_html("{}", "")


@dataclass(frozen=True)
class Drawing:
    """For whom a page is drawn, and the address of its rows, which links carry on."""

    member: Membership
    query: str = ""

    def href(self, url_name: str, key: object) -> str:
        """Where a row's own page is; it knows the list that it was come to from."""
        path = reverse(url_name, args=[key])
        return f"{path}?{self.query}" if self.query else path


def tile(name: str) -> SafeString:
    """Two letters on the colour that this name always has."""
    return format_html('<span class="tile hue-{}" aria-hidden="true">{}</span>', hue(name), initials(name))


def locked_tile() -> SafeString:
    """In place of `tile` where the name is withheld."""
    return format_html('<span class="tile locked" aria-hidden="true">{}</span>', icon("lock-closed", "mini"))


def named(picture: SafeString, *, name: object, href: str, under: object, mark: SafeString = NOTHING) -> SafeString:
    """A row's first cell: a picture, the name that leads to the row's page, and a smaller line under it."""
    return format_html(
        '<div class="with-tile">{}<div><a class="row-link" href="{}">{}</a>{}<small>{}</small></div></div>',
        picture,
        href,
        name,
        mark,
        under,
    )


def amount(value: Decimal | None, currency: str) -> SafeString:
    """Money, or nothing."""
    return NOTHING if value is None else format_html("<b>{}</b>", money(value, currency))

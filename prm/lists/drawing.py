"""Cells that Python draws.

A page of a list has hundreds of cells. A template for each is most of what the page costs, so the cells that
every row has of its own are written here, once for all lists.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from django.urls import reverse
from django.utils.safestring import SafeString

from prm.markup import markup
from prm.organizations.templatetags.portal import hue, icon, initials, money
from prm.users.models import Membership

NEW = markup('<span class="{}"></span>', "dot-new")
NOTHING = markup("")


@dataclass(frozen=True)
class Drawing:
    """For whom a page is drawn, and the address of its rows, which links carry on."""

    member: Membership
    query: str = ""
    _around: dict[str, tuple[str, str]] = field(default_factory=dict)  # what stands about the key in an address

    def href(self, url_name: str, key: object) -> str:
        """Where a row's own page is, by its code or id; it knows the list that it was come to from."""
        if url_name not in self._around:
            before, _key, after = reverse(url_name, args=[key]).rpartition(str(key))
            self._around[url_name] = before, after
        before, after = self._around[url_name]
        return f"{before}{key}{after}?{self.query}" if self.query else f"{before}{key}{after}"


def tile(name: str) -> SafeString:
    """Two letters on the colour that this name always has."""
    return markup('<span class="tile hue-{}" aria-hidden="true">{}</span>', hue(name), initials(name))


def locked_tile() -> SafeString:
    """In place of `tile` where the name is withheld."""
    return markup('<span class="tile locked" aria-hidden="true">{}</span>', icon("lock-closed", "mini"))


def named(picture: SafeString, *, name: object, href: str, under: object, mark: SafeString = NOTHING) -> SafeString:
    """A row's first cell: a picture, the name that leads to the row's page, and a smaller line under it."""
    return markup(
        '<div class="with-tile">{}<div><a class="row-link" href="{}">{}</a>{}<small>{}</small></div></div>',
        picture,
        href,
        name,
        mark,
        under,
    )


def amount(value: Decimal | None, currency: str) -> SafeString:
    """Money, or nothing."""
    return NOTHING if value is None else markup("<b>{}</b>", money(value, currency))

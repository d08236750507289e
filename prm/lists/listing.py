"""A list as an app declares it, and the registry where it is found by name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from prm.actions import Gone
from prm.lists.columns import BulkVerb, Column, Words
from prm.lists.filters import Chosen, Filter, chosen_values, one
from prm.serving.headers import is_plain
from prm.serving.paging import InvalidParameter, neighbours, ordered_by, search_text
from prm.users.access import Permission

if TYPE_CHECKING:
    from prm.users.models import Membership

MOVES = frozenset({"cursor", "view", "choose", "find", "draft"})
"""Parameters that say where somebody is in a list, and nothing of what is in it."""


def as_it_is(row: Any, member: "Membership") -> Any:
    return row


def as_they_are(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows


def any_tab(member: "Membership", value: str) -> bool:
    return True


@dataclass(frozen=True)
class Asked:
    """What an address asks of a list, understood. `columns` is empty where it names none."""

    search: str
    chosen: list[Chosen]
    ordering: str
    columns: list[str]

    def value_of(self, key: str) -> Chosen | None:
        return next((chosen for chosen in self.chosen if chosen.filter.key == key), None)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list: which rows there are for a member, and what an address may ask of them.

    `found` gives the visible rows that match a search, with all annotations that filters and orderings
    name; `orderings` the allowed ones, by public name, and the default. Columns of orderings are never
    null. `dressed` adds what rows need to be shown, and not to be counted; `shown` empties in a row what a
    member may not see.
    """

    name: str
    url_name: str
    label: Words
    found: Callable[["Membership", str], QuerySet[Any]]
    orderings: Callable[["Membership"], tuple[Mapping[str, str], str]]
    every_filter: tuple[Filter, ...]
    every_column: tuple[Column, ...]
    ordering_labels: Mapping[str, Words] = field(default_factory=dict)
    dressed: Callable[[QuerySet[Any]], QuerySet[Any]] = as_they_are
    shown: Callable[[Any, "Membership"], Any] = as_it_is
    permissions: tuple[Permission, ...] = ()  # any of them; none: every member may look
    tab: str = ""  # the filter whose values are the tabs
    has_tab: Callable[["Membership", str], bool] = any_tab
    suggested: tuple[str, ...] = ()  # filters that stand ready in the bar
    search_label: Words = ""  # none: there is no search
    has_preview: bool = False  # at a row's own address and "preview/"
    row_name: str = "row"  # what the templates of cells call it
    verbs: list[BulkVerb] = field(default_factory=list)

    def rows(self, member: "Membership", query: QueryDict) -> QuerySet[Any]:
        """Exactly what the page with this query string shows, over all its pages, in its order."""
        asked = self.asked(member, query)
        field_name, is_descending = ordered_by(asked.ordering, self.orderings(member)[0])
        sign = "-" if is_descending else ""
        needed = [name for column in self.columns_for(member) for name in column.needs]
        rows = self.dressed(self.narrowed(member, asked)).order_by(f"{sign}{field_name}", f"{sign}pk")
        return rows.select_related(*needed) if needed else rows

    def columns(self, member: "Membership", query: QueryDict) -> list[Column]:
        """Those that the page with this query string shows: the address says, else the person's choice."""
        from prm.lists.models import choice_for

        keys = self.asked(member, query).columns or choice_for(member, self.name).columns
        return [column for column in self.columns_named(member, keys) if not column.is_verb]

    def asked(self, member: "Membership", query: QueryDict) -> Asked:
        """The address, understood. Raises InvalidParameter for anything that means nothing here."""
        filters = self.filters_for(member)
        known = self.parameters(member) | MOVES | {"columns"}
        for name, values in query.lists():
            if name not in known:
                raise InvalidParameter(name, _("This list has no such filter."))
            if not all(is_plain(value) for value in values):
                raise InvalidParameter(name, _("This holds characters that are no text."))
        one(query, "search")
        orderings, default = self.orderings(member)
        ordering = one(query, "ordering") or default
        ordered_by(ordering, orderings)
        chosen = [found for each in filters if (found := each.choose(query, member)) is not None]
        return Asked(search_text(query), chosen, ordering, self._column_keys(member, query))

    def parameters(self, member: "Membership") -> frozenset[str]:
        """The parameters that say which rows there are, and in which order."""
        search = {"search"} if self.search_label else set()
        return frozenset({"ordering"}).union(search, *(each.names for each in self.filters_for(member)))

    def narrowed(self, member: "Membership", asked: Asked, *, but: str = "") -> QuerySet[Any]:
        """The rows, in no order, without the filter `but`."""
        rows = self.found(member, asked.search)
        for chosen in asked.chosen:
            if chosen.filter.key != but:
                rows = rows.filter(chosen.condition)
        return rows

    def beside(self, row: Any, member: "Membership", query: QueryDict) -> tuple[Any, Any]:
        """The numbers of the rows before and after this one in the list of an address; None at an end."""
        asked = self.asked(member, self.cleaned(member, query)[0])
        rows, (allowed, _default) = self.narrowed(member, asked), self.orderings(member)
        return neighbours(rows, of=row, ordering=asked.ordering, allowed=allowed, name="number")

    def cleaned(self, member: "Membership", query: QueryDict) -> tuple[QueryDict, list[str]]:
        """What of an older address still means something, and the names of the parameters that do not."""
        kept, dropped = query.copy(), []
        for name in list(kept):
            if name in MOVES:
                del kept[name]
        while True:
            try:
                self.asked(member, kept)
            except InvalidParameter as no:
                dropped.append(no.parameter)
                del kept[no.parameter]
            else:
                return kept, dropped

    def filters_for(self, member: "Membership") -> list[Filter]:
        return [each for each in self.every_filter if each.is_for(member)]

    def filter_named(self, member: "Membership", key: str) -> Filter | None:
        return next((each for each in self.filters_for(member) if each.key == key), None)

    def columns_for(self, member: "Membership") -> list[Column]:
        return [column for column in self.every_column if column.is_for(member)]

    def columns_named(self, member: "Membership", keys: Iterable[str]) -> list[Column]:
        """The fixed ones, those named in their order (with no name the default ones), and the buttons.

        A name of no column is left out.
        """
        every = self.columns_for(member)
        by_key = {column.key: column for column in every if column.is_choosable}
        named = [by_key[key] for key in keys if key in by_key] or [
            column for column in by_key.values() if column.by_default(member)
        ]
        begin, end = ([c for c in every if c.is_fixed], [c for c in every if c.is_verb])
        return [*begin, *named, *end]

    def verbs_for(self, member: "Membership") -> list[BulkVerb]:
        return [verb for verb in self.verbs if verb.is_for(member)]

    def is_open_to(self, member: "Membership") -> bool:
        """Whether this member may look at the list at all."""
        return not self.permissions or member.can(*self.permissions)

    def require(self, member: "Membership") -> None:
        """Raise PermissionDenied unless the list is open to this member."""
        if not self.is_open_to(member):
            raise PermissionDenied

    def _column_keys(self, member: "Membership", query: QueryDict) -> list[str]:
        keys = chosen_values(query, "columns")
        known = {column.key for column in self.columns_for(member) if not column.is_verb}
        if any(key not in known for key in keys):
            raise InvalidParameter("columns", _("This list has no such column."))
        return keys


_listings: dict[str, Listing] = {}


def register(declared: Listing) -> Listing:
    """Make a list known by its name; called once, where it is declared."""
    _listings[declared.name] = declared
    return declared


def listing(name: str) -> Listing:
    """The list of this name. Raises Gone, answered as 404, where there is none."""
    try:
        return _listings[name]
    except KeyError as error:
        raise Gone from error


def listings() -> list[Listing]:
    return list(_listings.values())


def offer(name: str, verb: BulkVerb) -> None:
    """Add a verb for many rows to a list's page."""
    listing(name).verbs.append(verb)


def details_of(condition: Q) -> Callable[["Membership"], Q]:
    """A guard for filters over what partners see of some rows only: those where `condition` holds."""
    return lambda member: Q() if member.is_vendor else condition

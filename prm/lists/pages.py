"""A list's page: everything around its rows comes from the declaration and the address."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from prm.counting import MOST, capped, counts_by
from prm.lists.columns import Column, Words
from prm.lists.filters import one
from prm.lists.listing import Asked, Listing
from prm.lists.models import ListChoice, SavedView, choice_for
from prm.serving.paging import InvalidParameter, page_of
from prm.users.access import PageRequest

COLUMNS = "columns"
"""What `choose` may ask for beside a filter."""
PASSING = ("cursor", "choose", "find", "draft")
"""Parameters that a link to other rows leaves behind."""


@dataclass(frozen=True)
class Tab:
    value: str
    label: Words
    href: str
    count: int
    is_current: bool

    @property
    def count_words(self) -> str:
        return capped(self.count)


@dataclass(frozen=True)
class Chip:
    """A filter in the bar: chosen, with its words and the way out, or only suggested."""

    key: str
    label: Words
    words: str
    href: str
    without: str = ""


def address(query: QueryDict, changes: Mapping[str, str] = MappingProxyType({})) -> str:
    """The query string with changes; '' leaves a parameter out."""
    changed = query.copy()
    for name, value in (dict.fromkeys(PASSING, "") | dict(changes)).items():
        if value:
            changed[name] = value
        else:
            changed.pop(name, None)
    return f"?{changed.urlencode()}"


def list_page(
    request: PageRequest,
    declared: Listing,
    template: str,
    *,
    also: Callable[[QuerySet[Any]], Mapping[str, Any]] | None = None,
) -> HttpResponse:
    """The page of a list; its filter's or column's form alone, where htmx asks for that.

    `also` says what else the template gets, of all rows.
    Raises InvalidParameter, answered as 400, for an address that means nothing.
    """
    member, query = request.membership, request.GET
    asked = declared.asked(member, query)
    chooser = _chooser(request, declared)
    if request.headers.get("HX-Target") == "chooser" and chooser:
        return render(request, "lists/chooser.html", {"listing": declared, "chooser": chooser})
    views = list(SavedView.objects.visible_to(member).filter(list_name=declared.name))
    choice = choice_for(member, declared.name)
    if not query and (first := _first_view(views, choice)):
        return HttpResponseRedirect(reverse("lists:view", args=[first.pk]))
    columns = declared.columns_named(member, asked.columns or choice.columns)
    narrowed = declared.narrowed(member, asked)
    page = page_of(
        _with_needs(declared.dressed(narrowed), columns),
        ordering=asked.ordering,
        allowed=declared.orderings(member)[0],
        cursor=one(query, "cursor"),
    )
    context = {
        "rows": [declared.shown(row, member) for row in page.rows],
        "pager": page,
        "columns": [column for column in columns if not column.is_within],
        "views": _views(views, query),
        "chooser": chooser,
    }
    more = also(narrowed) if also else {}
    return render(request, template, context | _frame(declared, request, asked) | dict(more))


def _frame(declared: Listing, request: PageRequest, asked: Asked) -> dict[str, Any]:
    """What stands around the rows."""
    member, query = request.membership, request.GET
    orderings, _default = declared.orderings(member)
    unused = [each for each in declared.filters_for(member) if asked.value_of(each.key) is None]
    to_choose = _to_choose(query)
    addable = [Chip(each.key, each.label, "", f"{to_choose}{each.key}") for each in unused]
    return {
        "listing": declared,
        "tabs": tabs_of(declared, request, asked),
        "chips": list(_chips(declared, query, asked)),
        "addable": addable,
        "suggested": [chip for chip in addable if chip.key in declared.suggested],
        "sorts": list(_sorts(declared, query, asked, orderings)),
        "verbs": declared.verbs_for(member),
        "kept": _kept(query, without=("search",)),
        "query": address(query)[1:],
        "search": asked.search,
        "ordering": asked.ordering,
        "sortable": orderings,
        "is_narrowed": bool(asked.search or asked.chosen),
        "is_vendor": member.is_vendor,
        "columns_href": f"{to_choose}{COLUMNS}",
    }


def _kept(query: QueryDict, *, without: tuple[str, ...]) -> list[tuple[str, str]]:
    """What a form sends along, in hidden fields."""
    left = {*PASSING, *without}
    return [(name, value) for name, values in query.lists() if name not in left for value in values if value]


def _to_choose(query: QueryDict) -> str:
    """The same rows with a form to choose by, whose key is to follow."""
    now = address(query)
    return f"{now}&choose=" if now != "?" else "?choose="


def _with_needs(rows: QuerySet[Any], columns: list[Column]) -> QuerySet[Any]:
    needed = [name for column in columns for name in column.needs]
    return rows.select_related(*needed) if needed else rows


def _first_view(views: list[SavedView], choice: ListChoice) -> SavedView | None:
    """The view this person's list begins with, if it is still to be seen."""
    return next((view for view in views if view.pk == choice.default_view_id), None)


def tabs_of(declared: Listing, request: PageRequest, asked: Asked) -> list[Tab]:
    """All, and one for each value of the list's tab filter, counted under the other filters."""
    member, query = request.membership, request.GET
    by = declared.filter_named(member, declared.tab)
    if by is None:
        return []
    rows = declared.narrowed(member, asked, but=by.key)
    options = [option for option in by.options(query, member) if declared.has_tab(member, option.value)]
    conditions = {option.value: by.choose(QueryDict(f"{by.key}={option.value}"), member) for option in options}
    counts = counts_by(rows, {value: found.condition for value, found in conditions.items() if found})
    now = query.getlist(by.key)
    everything = min(sum(counts.values()), MOST + 1)
    href = address(query, {by.key: ""})
    found = [Tab("", _("All"), href, everything, is_current=asked.value_of(by.key) is None)]
    for option in options:
        href = address(query, {by.key: option.value})
        found.append(Tab(option.value, option.label, href, counts[option.value], now == [option.value]))
    return found


def _chips(declared: Listing, query: QueryDict, asked: Asked) -> Iterator[Chip]:
    for chosen in asked.chosen:
        key = chosen.filter.key
        if key != declared.tab or len(query.getlist(key)) > 1:
            without = address(query, dict.fromkeys(chosen.filter.names, ""))
            yield Chip(key, chosen.filter.label, chosen.words, f"{_to_choose(query)}{key}", without)


def _sorts(
    declared: Listing, query: QueryDict, asked: Asked, orderings: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Each ordering in both directions, the usual one first."""
    for name in orderings:
        first = next((column.first for column in declared.every_column if column.ordering == name), "")
        for sign in (first, "" if first else "-"):
            yield {
                "label": declared.ordering_labels.get(name, name),
                "arrow": "arrow-down" if sign else "arrow-up",
                "is_descending": bool(sign),
                "is_current": asked.ordering == f"{sign}{name}",
                "href": address(query, {"ordering": f"{sign}{name}"}),
            }


def _chooser(request: PageRequest, declared: Listing) -> dict[str, Any] | None:
    """The form of a filter, or of the columns, that the address asks to see."""
    member, query = request.membership, request.GET
    key = one(query, "choose")
    if not key:
        return None
    back = address(query)
    if key == COLUMNS:
        keys = declared.asked(member, query).columns or choice_for(member, declared.name).columns
        chosen = {column.key for column in declared.columns_named(member, keys)}
        offered = [column for column in declared.columns_for(member) if column.is_choosable]
        columns = [{"column": column, "is_chosen": column.key in chosen} for column in offered]
        return {"key": COLUMNS, "columns": columns, "back": back, "query": back[1:]}
    asked = declared.filter_named(member, key)
    if asked is None:
        raise InvalidParameter("choose", _("This list has no such filter."))
    return {
        "key": key,
        "filter": asked,
        "options": asked.options(query, member),
        "given": asked.given(query),
        "find": one(query, "find"),
        "kept": _kept(query, without=asked.names),
        "back": back,
        "without": address(query, dict.fromkeys(asked.names, "")),
        "is_chosen": any(query.get(name) for name in asked.names),
    }


def _views(views: list[SavedView], query: QueryDict) -> dict[str, Any]:
    """The saved views of this list, and which of them the address stands for."""
    now = query.get("view", "")
    current = next((view for view in views if str(view.pk) == now), None)
    is_changed = current is not None and not _is_same(current.parameters, query)
    return {"all": views, "current": current, "is_changed": is_changed}


def _is_same(saved: QueryDict, query: QueryDict) -> bool:
    now = {name: values for name, values in query.lists() if name not in (*PASSING, "view") and any(values)}
    return now == {name: values for name, values in saved.lists() if any(values)}

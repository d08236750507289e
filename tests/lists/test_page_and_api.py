"""A list has one set of filters: the page and the API read the same parameters and give the same rows for them.

Nothing is named here: what is asked comes from the declarations, so that a new filter is asked for, too.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.urls import reverse

from leads import actions
from leads.lists import LEADS
from leads.models import Lead
from prm.lists.filters import EMPTY, FILLED, WHETHER, Day, Filter, Number, Text, unguarded
from prm.lists.listing import Listing, listing
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.models import Membership
from tests.api.asking import Caller, faults, made
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead

DOORS = {"leads": "leads/", "deals": "deals/", "organizations": "organizations/", "people": "users/"}
"""Where the API has the list of this name."""
each_list = pytest.mark.parametrize("name", DOORS)


@pytest.fixture
def world(cast: Cast) -> Cast:
    """A few rows of each kind that differ, North's and South's."""
    words: list[dict[str, Any]] = [
        {"city": "Ghent", "country": "BE", "budget": 900, "budget_currency": "EUR", "employees": 5},
        {"city": "", "country": "DE", "company": "Adler", "internal_notes": "Careful", "employees": 500},
    ]
    for values in words:
        made(new_lead, cast.ada, **values)
        for holder in (cast.ben, cast.bea, cast.cleo):
            made(assigned_lead, cast.ada, holder, **values)
            made(opened_lead, cast.ada, holder, **values)
    for amount, holder in ((1, cast.ben), (70_000, cast.bea), (500, cast.cleo)):
        made(new_deal, cast.ada, holder, amount=amount, currency="USD" if amount == 1 else "EUR")
    with inside(cast.acme):
        Organization.objects.filter(pk=cast.south.pk).update(country="BE", countries=["BE", "NL"], city="Ghent")
    return cast


def samples(asked: Filter, member: Membership, rows: list[Any]) -> Iterator[str]:
    """Some query strings of a filter: such as find something, and such as find nothing."""
    if isinstance(asked, Text):
        found = [text for row in rows if (text := _value(row, asked))]
        yield urlencode({asked.key: str(found[0])[:6] if found else "x"})
        yield urlencode({asked.key: "nothing like it"})
    elif isinstance(asked, Day):
        yield f"{asked.key}={asked.spans[0]}"
        yield f"{asked.key}_from=2020-01-01&{asked.key}_to=2020-12-31"
    elif isinstance(asked, Number):
        yield f"{asked.key}_from=100"
        yield f"{asked.key}_to=100"
    else:
        values = [option.value for option in asked.options(QueryDict(), member)]
        yield urlencode({asked.key: values[:1]}, doseq=True)
        yield urlencode({asked.key: [values[-1]] if "yes" in values else values[1:4]}, doseq=True)
    if asked.can_be_empty:
        yield f"{asked.key}{WHETHER}={EMPTY}"
        yield f"{asked.key}{WHETHER}={FILLED}"


def _value(row: Any, asked: Filter) -> Any:
    return reduce(getattr, (asked.field or asked.key).split("__"), row)


def all_rows(declared: Listing, member: Membership) -> list[Any]:
    with inside(member.portal):
        return list(declared.rows(member, QueryDict()))


def queries(declared: Listing, member: Membership) -> list[str]:
    rows = all_rows(declared, member)
    with inside(member.portal):
        return [query for each in declared.filters_for(member) for query in samples(each, member, rows)]


class Both:
    """A list through both doors."""

    def __init__(self, name: str, member: Membership) -> None:
        self.client, self.api = sign_in(member), Caller(member)
        self.page, self.resource = reverse(listing(name).url_name), DOORS[name]

    def on_the_page(self, query: str) -> list[str]:
        answer = self.client.get(f"{self.page}?{query}")
        assert answer.status_code == 200, query
        return [str(row.pk) for row in answer.context["rows"]]

    def in_the_api(self, query: str) -> list[str]:
        answer = self.api.at(f"/api/v1/{self.resource}?{query}")
        assert answer.status_code == 200, query
        return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("name", "who"),
    [*((name, "ada") for name in DOORS), *((name, "bea") for name in DOORS if name != "organizations")],
)
def test_page_and_api_give_the_same_rows_for_each_filter(world: Cast, name: str, who: str) -> None:
    member = getattr(world, who)
    both, everything, sizes = Both(name, member), len(all_rows(listing(name), member)), set()

    for query in queries(listing(name), member):
        shown = both.on_the_page(query)
        assert both.in_the_api(query) == shown, query
        sizes.add(len(shown))

    assert any(0 < size < everything for size in sizes)


@each_list
def test_page_and_api_sort_alike(world: Cast, name: str) -> None:
    both = Both(name, world.ada)

    orders = set()
    for ordering in listing(name).orderings(world.ada)[0]:
        for sign in ("", "-"):
            shown = both.on_the_page(f"ordering={sign}{ordering}")
            assert both.in_the_api(f"ordering={sign}{ordering}") == shown, ordering
            orders.add(tuple(shown))
    assert len(orders) > 2
    assert both.in_the_api("") == both.on_the_page("view=all")


@each_list
def test_page_and_api_search_alike(world: Cast, name: str) -> None:
    both = Both(name, world.ada)

    for words in ("North", "ghent", "adler", "1001", "nothing like it"):
        assert both.in_the_api(f"search={words}") == both.on_the_page(f"search={words}"), words


@each_list
def test_api_names_a_filter_that_is_not_for_everybody_as_unknown(world: Cast, name: str) -> None:
    """Whether there is such a filter for others is not to be told from none at all."""
    hidden = [each for each in listing(name).every_filter if each not in listing(name).filters_for(world.cleo)]
    api = Caller(world.cleo)

    for each in hidden:
        for parameter in each.names:
            assert faults(api.get(DOORS[name], **{parameter: "yes"})) == {parameter: "invalid_filter"}
    for parameter in ("columns", "view", "choose", "find", "draft"):  # of the page alone
        assert faults(api.get(DOORS[name], **{parameter: "city"})) == {parameter: "invalid_filter"}
    assert hidden


def test_api_tells_nothing_of_withheld_leads_by_any_filter(cast: Cast) -> None:
    """Neither a match nor a miss: each filter over details is asked what fits a lead that is not opened yet."""
    lead = made(assigned_lead, cast.ada, cast.ben, city="Ghent", country="BE", budget=900, budget_currency="EUR")
    api = Caller(cast.ben)
    with inside(cast.acme):
        row = Lead.objects.get(pk=lead.pk)
        guarded = [each for each in LEADS.filters_for(cast.ben) if each.guard is not unguarded]
        asked = [query for each in guarded for query in samples(each, cast.ben, [row])]
    assert len(asked) > 40

    for query in asked:
        assert api.at(f"/api/v1/leads/?{query}").json()["results"] == [], query
    with inside(cast.acme):
        actions.open_lead(lead, by=cast.ben)
    assert [found["id"] for found in api.get("leads/", city="Ghent").json()["results"]] == [str(lead.pk)]


def test_api_takes_days_for_those_of_the_members_time_zone(cast: Cast) -> None:
    """A key knows no session, whose middleware would have set the zone."""
    with inside(cast.acme):
        lead = new_lead(cast.ada)
        Lead.objects.filter(pk=lead.pk).update(created_at=datetime(2026, 3, 1, 11, tzinfo=UTC))
        Membership.objects.filter(pk=cast.ada.pk).update(time_zone="Pacific/Kiritimati")  # where it is the 2nd
    both = Both("leads", cast.ada)

    for day, found in (("2026-03-01", []), ("2026-03-02", [str(lead.pk)])):
        query = f"created_from={day}&created_to={day}"
        assert both.in_the_api(query) == both.on_the_page(query) == found


def test_api_keeps_the_filters_from_page_to_page(cast: Cast) -> None:
    for city in ("Ghent", "Ghent", "Bruges", "Ghent"):
        made(new_lead, cast.ada, city=city, country="BE")
    api = Caller(cast.ada)

    first = api.at("/api/v1/leads/?country=BE&country=DE&city=Ghent&page_size=2").json()
    second = api.at(first["next"]).json()

    assert [len(page["results"]) for page in (first, second)] == [2, 1]
    assert {row["city"] for page in (first, second) for row in page["results"]} == {"Ghent"}
    assert second["next"] is None

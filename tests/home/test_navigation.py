"""The counts beside the navigation: of what waits for the reader, at no further query."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prm import counting
from prm.home.navigation import navigation_counts
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.mark.usefixtures("in_acme")
def test_navigation_counts_are_one_query(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    new_lead(cast.ada)
    assert cast.ada.permissions

    with django_assert_num_queries(1):
        assert navigation_counts(cast.ada) == {"messages": 0, "leads": 1}


@pytest.mark.parametrize(
    ("name", "count"), [("ada", 1), ("vic", None), ("bea", 1), ("ben", 2), ("cleo", 1), ("dora", 0), ("dan", 0)]
)
def test_navigation_counts_are_of_what_waits_for_the_reader(cast: Cast, name: str, count: int | None) -> None:
    with inside(cast.acme):
        new_lead(cast.ada)
        assigned_lead(cast.ada, cast.ben)
        assigned_lead(cast.ada, cast.cleo)
        assigned_lead(cast.ada, cast.bea)
        assigned_lead(cast.ada, cast.ben)
        opened_lead(cast.ada, cast.ben)
    member = getattr(cast, name)

    with inside(member.portal):
        assert navigation_counts(member).get("leads") == count


def test_navigation_says_how_many_leads_wait(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)

    ben, ada = (Page(client_of(member).get("/profile/")).by_id("navigation") for member in (cast.ben, cast.ada))

    assert ben.all("span", css="count")[0].text == "1 waiting to be opened"
    assert ada.all("span", css="count") == []  # all are assigned


def test_navigation_stops_counting(client_of: ClientOf, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 2)
    with inside(cast.acme):
        for _ in range(4):
            new_lead(cast.ada)

    navigation = Page(client_of(cast.ada).get("/profile/")).by_id("navigation")

    assert navigation.all("span", css="count")[0].text == "2+ unassigned"

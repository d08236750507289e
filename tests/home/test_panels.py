"""What waits: counted up to a thousand, in one query, and left out where there is none of it."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoAssertNumQueries

from leads.models import Lead
from prm import counting
from prm.home import panels
from prm.home.panels import NextStep, Panel, Wait, needs_of, panels_of
from prm.users.models import Membership
from tests.factories import new_lead

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture(autouse=True)
def _nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_waits", "_panels"):
        monkeypatch.setattr(panels, name, [])


def wait(label: str, **which: object) -> Wait:
    return Wait(label, Lead.objects.filter(**which).order_by("created_at"), "/leads/", "clock", since="created_at")


def test_needs_of_counts_all_in_one_query(
    ada: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = new_lead(ada)
    new_lead(ada, city="Ghent")

    @panels.finds_waits(position=2)
    def later(member: Membership) -> Iterator[Wait]:
        yield wait("In Ghent", city="Ghent")

    @panels.finds_waits(position=1)
    def sooner(member: Membership) -> Iterator[Wait]:
        yield wait("All")
        yield wait("Nowhere", city="Atlantis")

    with django_assert_num_queries(1):
        needs = needs_of(ada)

    assert [(need.wait.label, need.number) for need in needs] == [("All", "2"), ("In Ghent", "1")]
    assert needs[0].since == first.created_at


def test_needs_of_nobody_asks_nothing(ada: Membership, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert needs_of(ada) == []


def test_needs_of_stops_counting(ada: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 2)
    for _ in range(4):
        new_lead(ada)
    panels.finds_waits(position=1)(lambda member: [wait("All")])

    (need,) = needs_of(ada)

    assert (need.count, need.number) == (3, "2+")


def test_needs_of_need_not_know_since_when(ada: Membership) -> None:
    new_lead(ada)
    panels.finds_waits(position=1)(lambda member: [Wait("All", Lead.objects.all(), "/leads/", "clock")])

    (need,) = needs_of(ada)

    assert (need.count, need.since) == (1, None)


def test_needs_of_say_what_to_do_first(ada: Membership) -> None:
    first, _second = new_lead(ada), new_lead(ada)
    rows = Lead.objects.order_by("created_at")
    step = lambda number: NextStep(f"L-{number}", "/leads/", "Go")  # noqa: E731
    panels.finds_waits(position=1)(lambda member: [Wait("All", rows, "/leads/", "clock", first=step)])

    (need,) = needs_of(ada)

    assert need.next_step == NextStep(first.code, "/leads/", "Go")


def test_panels_of_leaves_out_what_has_nothing_to_say(ada: Membership) -> None:
    panels.finds_panel(position=2)(lambda member: Panel("b.html"))
    panels.finds_panel(position=1)(lambda member: Panel("a.html"))
    panels.finds_panel(position=3)(lambda member: None)

    assert [panel.template for panel in panels_of(ada)] == ["a.html", "b.html"]

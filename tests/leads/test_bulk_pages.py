"""Verbs over many leads in pages: said in words first, then done by a run.

What holds for every verb of every list is in tests/runs/test_many_pages.py.
"""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from leads import actions
from leads.models import Lead, LostReason
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.models import Run
from prm.runs.working import work_due
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def portal(cast: Cast) -> Portal:
    return cast.acme


@pytest.fixture
def leads(cast: Cast) -> list[Lead]:
    with inside(cast.acme):
        return [new_lead(cast.ada, company=f"Bulk {number}", country="BE") for number in range(3)]


def ids(leads: list[Lead]) -> list[str]:
    return [str(lead.pk) for lead in leads]


def runs(cast: Cast) -> list[Run]:
    with inside(cast.acme):
        return list(Run.objects.order_by("created_at", "pk"))


def now(leads: list[Lead]) -> list[tuple[str, str]]:
    """State and holder of each."""
    with inside(leads[0].portal):
        found = Lead.objects.select_related("assignee", "organization").in_bulk([lead.pk for lead in leads])
        return [(found[lead.pk].status, str(found[lead.pk].assignee or "")) for lead in leads]


def agreed(page: Page, **more: Any) -> dict[str, Any]:
    """What the page's form sends."""
    fields = [field.attributes for field in page.by_id("main").all("input", type="hidden")]
    sent: dict[str, Any] = {}
    for field in fields:
        sent.setdefault(field["name"], []).append(field["value"])
    return sent | more


# --- Asking once more -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "heading"),
    [
        ("assign", "Who should get 2 leads?"),
        ("recall", "Recall 2 leads?"),
        ("close", "Close 2 leads as lost?"),
    ],
)
def test_bulk_page_says_what_will_happen_and_does_nothing(
    client_of: ClientOf, cast: Cast, leads: list[Lead], verb: str, heading: str
) -> None:
    page = Page(client_of(cast.ada).post(f"/leads/{verb}/", {"row": ids(leads[:2]), "query": ""}))

    assert page.heading == heading
    assert runs(cast) == []


def test_bulk_page_of_all_that_match_counts_them(client_of: ClientOf, cast: Cast, leads: list[Lead]) -> None:
    with inside(cast.acme):
        new_lead(cast.ada, company="Bulk elsewhere", country="NL")

    page = Page(client_of(cast.ada).post("/leads/recall/", {"all": "yes", "query": "country=BE&cursor=x"}))

    assert page.heading == "Recall 3 leads?"
    assert page.value("count") == "3"
    assert "Of 3 chosen, 0 are in a state for this now." in page.text


def test_bulk_page_of_too_many_asks_to_narrow(
    client_of: ClientOf, cast: Cast, leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prm.runs.choosing.MOST_AT_ONCE", 2)

    answer = client_of(cast.ada).post("/leads/recall/", {"all": "yes", "query": "country=BE"}, follow=True)

    assert Page(answer).toasts == ["2 rows are the most at once. Narrow the list down."]


def test_bulk_assign_page_finds_whom_one_looks_for(client_of: ClientOf, cast: Cast, leads: list[Lead]) -> None:
    client = client_of(cast.ada)
    page = Page(client.post("/leads/assign/", {"row": ids(leads)}))

    found = Page(client.post("/leads/assign/", {**agreed(page), "agreed": ["yes", ""], "search": "cleo"}))

    assert ("Cleo" in found.text, "Ben" in found.by_id("main").text) == (True, False)
    assert agreed(found)["row"] == ids(leads)


# --- Doing it -------------------------------------------------------------------------------------------


def test_bulk_assign_gives_each_lead_away(
    client_of: ClientOf, cast: Cast, leads: list[Lead], portal: Portal
) -> None:
    client = client_of(cast.ada)
    page = Page(client.post("/leads/assign/", {"row": ids(leads[:2])}))

    answer = client.post("/leads/assign/", agreed(page, user=str(cast.ben.pk)))
    (run,) = runs(cast)
    work_due(portal)

    assert (answer.status_code, answer["Location"]) == (302, f"/runs/{run.pk}/")
    assert run.title == "Assign 2 leads to Ben"
    assert now(leads) == [("assigned", "Ben"), ("assigned", "Ben"), ("unassigned", "")]


def test_bulk_assign_to_an_organization(client_of: ClientOf, cast: Cast, leads: list[Lead], portal: Portal) -> None:
    client = client_of(cast.ada)
    page = Page(client.post("/leads/assign/", {"row": ids(leads)}))

    client.post("/leads/assign/", agreed(page, organization=str(cast.north.pk)))
    work_due(portal)

    assert now(leads) == [("assigned", "")] * 3


@pytest.mark.parametrize("stranger", ["cleo_of_south", "dan", "nobody"])
def test_bulk_assign_to_whom_one_does_not_see_is_an_unknown_choice(
    client_of: ClientOf, cast: Cast, stranger: str
) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)
    to = {"cleo_of_south": cast.cleo.pk, "dan": cast.dan.pk, "nobody": uuid.uuid4()}[stranger]

    answer = client_of(cast.vic).post("/leads/assign/", {"row": [lead.pk], "agreed": "yes", "user": str(to)})

    assert answer.status_code == 422
    assert runs(cast) == []


def test_bulk_recall_takes_all_back_that_somebody_has(
    client_of: ClientOf, cast: Cast, leads: list[Lead], portal: Portal
) -> None:
    with inside(portal):
        for lead in leads[:2]:
            actions.assign_lead(lead, to=cast.ben, by=cast.ada)
    client = client_of(cast.ada)
    page = Page(client.post("/leads/recall/", {"all": "yes", "query": "country=BE"}))
    assert "Of 3 chosen, 2 are in a state for this now." in page.text

    client.post("/leads/recall/", agreed(page))
    work_due(portal)

    assert now(leads) == [("unassigned", "")] * 3
    assert [(run.done, run.refused) for run in runs(cast)] == [(2, 1)]


def test_bulk_close_needs_a_reason(client_of: ClientOf, cast: Cast, leads: list[Lead], portal: Portal) -> None:
    client = client_of(cast.ada)
    page = Page(client.post("/leads/close/", {"row": ids(leads)}))

    again = client.post("/leads/close/", agreed(page))
    assert (again.status_code, runs(cast)) == (422, [])
    assert "Choose why it was lost." in Page(again).text
    with inside(portal):
        reason = LostReason.objects.get(name="No budget")
    client.post("/leads/close/", agreed(Page(again), reason=str(reason.pk)))
    work_due(portal)

    assert now(leads) == [("lost", "")] * 3
    with inside(portal):
        assert set(Lead.objects.filter(status="lost").values_list("lost_reason__name", flat=True)) == {"No budget"}


def test_bulk_of_all_that_match_asks_again_when_the_list_has_changed(
    client_of: ClientOf, cast: Cast, leads: list[Lead], portal: Portal
) -> None:
    client = client_of(cast.ada)
    page = Page(client.post("/leads/recall/", {"all": "yes", "query": "country=BE"}))
    with inside(portal):
        new_lead(cast.ada, company="Bulk late", country="BE")

    again = client.post("/leads/recall/", agreed(page))

    assert (again.status_code, runs(cast)) == (422, [])
    assert "The list has changed since you looked: now 4 match. Nothing was done yet." in Page(again).text
    assert client.post("/leads/recall/", agreed(Page(again))).status_code == 302


def test_bulk_with_mixed_ids_changes_the_own_and_tells_of_no_other(
    client_of: ClientOf, cast: Cast, portal: Portal
) -> None:
    """Cases 8 and V12, through the pages."""
    with inside(portal):
        own, siblings = assigned_lead(cast.ada, cast.ben), assigned_lead(cast.ada, cast.cleo)
    with inside(cast.globex):
        foreign = assigned_lead(cast.dan, cast.eve_globex)
    client = client_of(cast.vic)
    mixed = [str(own.pk), str(siblings.pk), str(foreign.pk), str(uuid.uuid4())]
    page = Page(client.post("/leads/recall/", {"row": mixed}))

    location = client.post("/leads/recall/", agreed(page))["Location"]
    work_due(portal)
    result = Page(client.get(location))

    assert "1 is done." in result.text
    assert "3 were not found, or not there any more." in result.text
    assert (siblings.code in result.html, foreign.code in result.html) == (False, False)
    assert now([own, siblings]) == [("unassigned", ""), ("assigned", "Cleo")]
    assert now([foreign]) == [("assigned", "Eve")]

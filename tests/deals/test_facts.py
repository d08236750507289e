"""A deal's amount, date, next step and description, each edited where it stands on the deal's page."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from deals.actions import reopen_deal, update_deal, win_deal
from deals.facts import PIECES
from deals.models import Deal
from leads.actions import reopen_lead
from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_deal
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def deal(cast: Cast) -> Deal:
    with inside(cast.acme):
        return new_deal(cast.ada, cast.ben, name="Cell", amount=Decimal(10), description="Old")


def again(deal: Deal) -> Deal:
    with inside(deal.portal):
        found: Deal = Deal.objects.get(pk=deal.pk)
        return found


def at(deal: Deal, name: str) -> str:
    return f"/deals/{deal.code}/edit-{name}/"


def places(page: Page) -> dict[str, str]:
    """What stands in each place, by its name."""
    found = [element for element in page.by_id("main").walk() if "data-fact" in element.attributes]
    return {element.attributes["id"].removeprefix("fact-"): element.text for element in found}


def editable(page: Page) -> set[str]:
    links = page.by_id("main").all("a", **{"data-edit": ""})
    return {link.attributes["href"].rstrip("/").rpartition("edit-")[2] for link in links}


def sheet(client: Client, deal: Deal, name: str) -> dict[str, Any]:
    return Page(client.get(at(deal, name), headers=HTMX)).form(at(deal, name))


def test_deal_page_offers_each_piece_to_whoever_may_change_it(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    for member in (cast.ada, cast.ben, cast.bea):
        page = Page(client_of(member).get(f"/deals/{deal.code}/"))
        assert editable(page) == set(PIECES)
        assert places(page) == {
            "amount": "€10",
            "close_date": "March 31, 2027",
            "next_step": "Add: Next step",
            "description": "Old",
        }


def test_deal_page_of_a_withdrawn_deal_offers_none(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    with inside(cast.acme):
        lead = Deal.objects.select_related("lead").get().lead
        assert lead is not None
        reopen_lead(lead, by=cast.ada)

    page = Page(client_of(cast.ada).get(f"/deals/{deal.code}/"))

    assert editable(page) == set()
    assert places(page)["next_step"] == "—"
    answer = client_of(cast.ada).post(at(deal, "amount"), {"amount": "1", "currency": "EUR"}, follow=True)
    assert Page(answer).toasts == [f"Deal {deal.code} cannot be changed by you."]
    assert again(deal).amount == Decimal(10)


@pytest.mark.parametrize(
    ("name", "typed", "shown"),
    [
        ("amount", {"amount": "12.50", "currency": "CHF"}, "CHF 12.50"),
        ("close_date", {"close_date": "2027-05-01"}, "May 1, 2027"),
        ("next_step", {"next_step": "Call"}, "Call"),
        ("description", {"description": "A\nB"}, "A B"),
    ],
)
def test_edit_fact_saves_that_and_nothing_else(
    client_of: ClientOf, cast: Cast, deal: Deal, name: str, typed: dict[str, str], shown: str
) -> None:
    client, before = client_of(cast.ben), again(deal)

    answer = client.post(at(deal, name), {**sheet(client, deal, name), **typed, "name": "Other"}, follow=True)

    page, now = Page(answer), again(deal)
    assert page.toasts == ["Saved."]
    assert places(page)[name] == shown
    assert (now.version, now.name, now.stage_id) == (before.version + 1, "Cell", before.stage_id)
    with inside(cast.acme):
        assert Event.objects.filter(subject_id=deal.pk, kind=Event.Kind.DEAL_CHANGED).count() == 1


@pytest.mark.parametrize(
    ("name", "typed", "wrong"),
    [
        ("amount", {"amount": "much", "currency": "EUR"}, "Enter a number."),
        ("amount", {"amount": "", "currency": "EUR"}, "This field is required."),
        ("close_date", {"close_date": "soon"}, "Enter a valid date."),
    ],
)
def test_edit_fact_says_what_is_wrong_and_keeps_what_was_typed(
    client_of: ClientOf, cast: Cast, deal: Deal, name: str, typed: dict[str, str], wrong: str
) -> None:
    client = client_of(cast.ben)

    answer = client.post(at(deal, name), {**sheet(client, deal, name), **typed}, headers=HTMX)

    page = Page(answer)
    assert (answer.status_code, page.error(name)) == (422, wrong)
    assert {each: page.value(each) for each in typed} == typed
    assert again(deal).version == deal.version


def test_edit_fact_shows_both_versions_and_lets_another_pass(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    client = client_of(cast.ben)
    amount, step = (sheet(client, deal, name) for name in ("amount", "next_step"))
    with inside(cast.acme):
        update_deal(deal, values={"amount": Decimal(11), "close_date": date(2027, 5, 1)}, by=cast.ada)

    clashing = client.post(at(deal, "amount"), {**amount, "amount": "12"}, headers=HTMX)
    passing = client.post(at(deal, "next_step"), {**step, "next_step": "Call"}, headers=HTMX)

    (choice,) = Page(clashing).by_id("fact-amount").all("fieldset", css="versions")
    assert clashing.status_code == 409
    assert [word in choice.text for word in ("12", "11", "by Ada")] == [True] * 3
    assert passing.status_code == 302
    now = again(deal)
    assert (now.amount, now.next_step, now.close_date) == (Decimal(11), "Call", date(2027, 5, 1))


def test_edit_fact_of_a_deal_that_was_won_leaves_it_won(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    with inside(cast.acme):
        win_deal(deal, by=cast.ben)
    client = client_of(cast.ben)
    assert "next_step" not in places(Page(client.get(f"/deals/{deal.code}/")))

    answer = client.post(at(deal, "amount"), {**sheet(client, deal, "amount"), "amount": "12"})

    assert (answer.status_code, again(deal).status, again(deal).amount) == (302, "won", Decimal(12))
    with inside(cast.acme):
        reopen_deal(deal, by=cast.ben)


@pytest.mark.parametrize("name", ["name", "stage", "status", "currency", "owner", "nothing"])
def test_edit_fact_of_what_is_no_piece_is_not_there(client_of: ClientOf, cast: Cast, deal: Deal, name: str) -> None:
    assert client_of(cast.ada).get(at(deal, name)).status_code == 404
    assert client_of(cast.ada).post(at(deal, name), {name: "x"}).status_code == 404
    assert again(deal).version == deal.version


@pytest.mark.parametrize("name", ["cleo", "dora", "eve_globex", "dan"])
def test_edit_fact_of_somebody_elses_deal_is_not_found(
    client_of: ClientOf, cast: Cast, deal: Deal, name: str
) -> None:
    client = client_of(getattr(cast, name))

    assert client.get(at(deal, "amount")).status_code == 404
    assert client.post(at(deal, "amount"), {"amount": "1", "currency": "EUR"}).status_code == 404
    assert again(deal).amount == Decimal(10)


def test_edit_fact_brings_back_what_else_tells_of_it(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    """The verbs carry the version that was read, so they come along; each place is there, once."""
    client = client_of(cast.ben)
    (form,) = Page(client.get(at(deal, "amount"), headers=HTMX)).root.all("form", css="fact-form")

    page = Page(client.get(f"/deals/{deal.code}/"))

    names = [name.partition(":")[0].removeprefix("#") for name in form.attributes["hx-select-oob"].split(",")]
    assert [len(page.root.all(id=name)) for name in names] == [1] * 6
    versions = page.by_id("main").all("input", name="version")
    inside_them = [box for name in names for box in page.by_id(name).all("input", name="version")]
    assert len(versions) == len(inside_them) > 0

"""Deals in pages: the registration form, the list, one deal."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from deals.actions import update_deal
from deals.models import Deal, DealStage
from leads import actions
from leads.models import Lead
from leads.settings import change_distribution
from leads.states import Status
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import BARE, new_deal, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def lead(cast: Cast) -> Lead:
    """Ben has it and has opened it."""
    values = {
        "company": "Käse & Söhne",
        "first_name": "Søren",
        "last_name": "O'Hara",
        "email": "soren@kaese.example",
        "city": "Linz",
        "country": "AT",
        "employees": 40,
        "product_interest": "Kneader",
        "budget": Decimal("1500.50"),
        "budget_currency": "CHF",
        "description": "Wants seven.",
    }
    with inside(cast.acme):
        return opened_lead(cast.ada, cast.ben, **{**BARE, **values})


@pytest.fixture
def deals(cast: Cast) -> dict[str, Deal]:
    with inside(cast.acme):
        found = {
            "ben": new_deal(cast.ada, cast.ben, name="Ben's", amount=Decimal(10)),
            "bea": new_deal(cast.ada, cast.bea, name="Bea's", amount=Decimal(30)),
            "cleo": new_deal(cast.ada, cast.cleo, name="Cleo's", amount=Decimal(20), currency="USD"),
        }
    with inside(cast.globex):
        found["globex"] = new_deal(cast.dan, cast.eve_globex, name="Globex's")
    return found


def again(deal: Deal) -> Deal:
    """The deal as the database has it."""
    with inside(deal.portal):
        found: Deal = Deal.objects.select_related("stage", "lead", "account", "contact", "owner").get(pk=deal.pk)
        return found


def stage(portal: Portal, name: str) -> DealStage:
    with inside(portal):
        found: DealStage = DealStage.objects.get(name=name)
        return found


def filled(page: Page, **changes: str) -> dict[str, str]:
    """The form as the page offers it, with changes."""
    form = page.by_id("main").all("form", method="post")[0]
    names = {e.attributes["name"] for tag in ("input", "select", "textarea") for e in form.all(tag)}
    return {name: page.value(name) for name in names - {"csrfmiddlewaretoken"}} | changes


# --- Convert ---------------------------------------------------------------------------------------


def test_convert_comes_filled_in_from_the_lead(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    page = Page(client_of(cast.ben).get(f"/leads/{lead.code}/convert/"))

    values = {name: value for name, value in filled(page).items() if value and name != "typed_by"}
    assert values == {
        "account-name": "Käse & Söhne",
        "account-city": "Linz",
        "account-country": "AT",
        "account-employees": "40",
        "contact-first_name": "Søren",
        "contact-last_name": "O'Hara",
        "contact-email": "soren@kaese.example",
        "deal-name": "Käse & Söhne: Kneader",
        "deal-amount": "1500.50",
        "deal-currency": "CHF",
        "deal-stage": str(stage(cast.acme, "Qualified").pk),
        "deal-description": "Wants seven.",
    }


def test_convert_registers_the_deal_and_closes_the_lead(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    client = client_of(cast.ben)
    form = Page(client.get(f"/leads/{lead.code}/convert/"))
    values = filled(form, **{"deal-close_date": "2027-03-31", "account-name": "Käse Holding", "deal-amount": "900"})

    answer = client.post(f"/leads/{lead.code}/convert/", values, follow=True)

    with inside(cast.acme):
        deal = again(Deal.objects.get(lead=lead))
    assert answer.redirect_chain == [(f"/deals/{deal.code}/", 302)]
    page = Page(answer)
    assert page.toasts == [f"Deal {deal.code} is registered."]
    assert page.heading == "Käse & Söhne: Kneader"
    assert (deal.amount, deal.currency, deal.close_date) == (Decimal(900), "CHF", date(2027, 3, 31))
    assert (deal.account.name, str(deal.contact), deal.owner) == ("Käse Holding", "Søren O'Hara", cast.ben)
    assert deal.lead is not None
    assert deal.lead.status == Status.CONVERTED


def test_convert_keeps_what_was_typed(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    client = client_of(cast.ben)
    typed = {
        "account-name": "",
        "account-website": "not an address",
        "contact-email": "nobody",
        "contact-title": "Baker",
        "deal-name": "Seven kneaders",
        "deal-amount": "-5",
        "deal-currency": "EUR",
        "deal-close_date": "2027-02-30",
    }
    values = filled(Page(client.get(f"/leads/{lead.code}/convert/")), **typed)

    answer = client.post(f"/leads/{lead.code}/convert/", values)

    page = Page(answer)
    assert answer.status_code == 422
    assert {name: page.value(name) for name in typed} == typed
    assert {name: page.error(name) for name in typed if page.error(name)} == {
        "account-name": "This field is required.",
        "account-website": "Enter a valid URL.",
        "contact-email": "Enter a valid email address.",
        "deal-amount": "Ensure this value is greater than or equal to 0.",
        "deal-close_date": "Enter a valid date.",
    }
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).status == Status.OPENED


def test_convert_twice_leads_to_the_one_deal(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    client = client_of(cast.ben)
    form = Page(client.get(f"/leads/{lead.code}/convert/"))
    values = filled(form, **{"deal-close_date": "2027-03-31"})

    first = client.post(f"/leads/{lead.code}/convert/", values)
    second = client.post(f"/leads/{lead.code}/convert/", values, follow=True)

    assert second.redirect_chain == [(first["Location"], 302)]
    assert f"Lead {lead.code} became this deal already." in Page(second).toasts
    with inside(cast.acme):
        assert Deal.objects.filter(lead=lead).count() == 1


@pytest.mark.parametrize(
    ("name", "status"), [("ada", 200), ("vic", 200), ("bea", 200), ("cleo", 404), ("dora", 404)]
)
def test_convert_is_for_both_sides_of_the_lead(
    client_of: ClientOf, cast: Cast, lead: Lead, name: str, status: int
) -> None:
    assert client_of(getattr(cast, name)).get(f"/leads/{lead.code}/convert/").status_code == status


def test_convert_is_refused_where_leads_close_as_won_only(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    with inside(cast.acme):
        change_distribution(values={"closing_mode": "won"}, by=cast.ada)

    answer = client_of(cast.ben).get(f"/leads/{lead.code}/convert/", follow=True)

    page = Page(answer)
    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert page.toasts == ["In this portal leads are not converted to a deal."]
    assert page.links("Convert to deal") == []


def test_convert_takes_no_stage_of_another_portal(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    client = client_of(cast.ben)
    theirs = str(stage(cast.globex, "Qualified").pk)
    values = filled(
        Page(client.get(f"/leads/{lead.code}/convert/")), **{"deal-close_date": "2027-03-31", "deal-stage": theirs}
    )

    answer = client.post(f"/leads/{lead.code}/convert/", values)

    assert answer.status_code == 422
    assert Page(answer).error("deal-stage") != ""


# --- The list and one deal -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seen", "total"),
    [
        ("ada", ["Cleo's", "Bea's", "Ben's"], "€40 · $20"),
        ("vic", ["Bea's", "Ben's"], "€40"),
        ("bea", ["Bea's", "Ben's"], "€40"),
        ("ben", ["Ben's"], "€10"),
        ("cleo", ["Cleo's"], "$20"),
        ("dora", ["Cleo's"], "$20"),  # her reseller's
        ("dan", ["Globex's"], "€50,000"),
    ],
)
def test_deal_list_shows_each_member_the_own_rows(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal], name: str, seen: list[str], total: str
) -> None:
    answer = client_of(getattr(cast, name)).get("/deals/")

    page = Page(answer)
    assert answer.status_code == 200
    assert page.rows == seen
    assert page.root.all(css="page-head")[0].all("p")[0].text == total


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"ordering": "amount"}, ["Ben's", "Cleo's", "Bea's"]),
        ({"ordering": "-amount"}, ["Bea's", "Cleo's", "Ben's"]),
        ({"status": "won"}, ["Bea's"]),
        ({"search": "cleo"}, ["Cleo's"]),
        ({"search": "nothing like it"}, []),
    ],
)
def test_deal_list_follows_its_address(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal], query: dict[str, str], rows: list[str]
) -> None:
    with inside(cast.acme):
        update_deal(deals["bea"], values={"stage": stage(cast.acme, "Won")}, by=cast.bea)

    page = Page(client_of(cast.ada).get("/deals/", query))

    assert page.rows == rows
    assert next(tab.text for tab in page.root.all("a", css="tab")) == f"All {len(rows) if 'search' in query else 3}"


@pytest.mark.parametrize("query", ["ordering=owner", "status=nonsense", "cursor=nonsense", "search=%00"])
def test_deal_list_says_400_to_a_bad_address(client_of: ClientOf, ada: Membership, query: str) -> None:
    assert client_of(ada).get(f"/deals/?{query}").status_code == 400


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", ["ada", "ben"])
def test_deal_list_asks_the_same_for_one_and_three(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int, name: str
) -> None:
    with inside(cast.acme):
        for _ in range(count):
            new_deal(cast.ada, cast.ben)
    client = sign_in(getattr(cast, name))

    with django_assert_num_queries(15):
        answer = client.get("/deals/")

    assert len(Page(answer).rows) == count


@pytest.mark.parametrize("name", ["ben", "dan", "eve_globex"])
@pytest.mark.parametrize("path", ["", "edit/"])
def test_deal_page_of_somebody_else_is_not_found(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal], name: str, path: str
) -> None:
    code = deals["cleo"].code
    assert deals["globex"].code != code

    assert client_of(getattr(cast, name)).get(f"/deals/{code}/{path}").status_code == 404


@pytest.mark.parametrize(("name", "queries"), [("ada", 15), ("ben", 15)])
def test_deal_page_shows_the_deal(
    cast: Cast, deals: dict[str, Deal], django_assert_num_queries: DjangoAssertNumQueries, name: str, queries: int
) -> None:
    client = sign_in(getattr(cast, name))

    with django_assert_num_queries(queries):
        page = Page(client.get(f"/deals/{deals['ben'].code}/"))

    assert page.heading == "Ben's"
    assert [dd.text for dd in page.root.all("dl", css="figures")[0].all("dd")] == [
        *("€10", "€1 at 10%", "March 31, 2027", "Add: Next step"),
    ]
    assert page.links("Edit") == [f"/deals/{deals['ben'].code}/edit/"]


def test_deal_edit_saves_and_moves_on(client_of: ClientOf, cast: Cast, deals: dict[str, Deal]) -> None:
    client, path = client_of(cast.ben), f"/deals/{deals['ben'].code}/edit/"
    won = str(stage(cast.acme, "Won").pk)

    answer = client.post(path, filled(Page(client.get(path)), amount="12", stage=won), follow=True)

    assert answer.redirect_chain == [(f"/deals/{deals['ben'].code}/", 302)]
    assert Page(answer).toasts == ["Saved."]
    deal = again(deals["ben"])
    assert (deal.amount, deal.status, deal.stage.name) == (Decimal(12), Deal.Status.WON, "Won")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": "much"}, "amount"),
        ({"amount": "9" * 20}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"stage": "nonsense"}, "stage"),
        ({"close_date": ""}, "close_date"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_deal_edit_keeps_what_was_typed(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal], values: dict[str, str], field: str
) -> None:
    client, path = client_of(cast.ben), f"/deals/{deals['ben'].code}/edit/"

    answer = client.post(path, filled(Page(client.get(path)), **{"description": "Typed", **values}))

    page = Page(answer)
    assert answer.status_code == 422
    assert page.error(field) != ""
    assert page.value("description") == "Typed"
    if field in {"amount", "name"}:  # a choice that does not exist cannot be shown
        assert page.value(field) == values[field]


def test_deal_edit_says_when_somebody_else_was_faster(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    client, path = client_of(cast.ben), f"/deals/{deals['ben'].code}/edit/"
    values = filled(Page(client.get(path)), amount="12")
    with inside(cast.acme):
        update_deal(deals["ben"], values={"amount": Decimal(99)}, by=cast.ada)

    answer = client.post(path, values)

    page = Page(answer)
    assert answer.status_code == 409
    assert "Ada changed this" in page.root.all(role="alert")[0].text
    assert page.value("amount") == "12"
    assert again(deals["ben"]).amount == Decimal(99)

    answer = client.post(path, values | {"version": page.value("version")})

    assert answer.status_code == 302
    assert again(deals["ben"]).amount == Decimal(12)


def test_deal_edit_of_a_withdrawn_one_is_refused(client_of: ClientOf, cast: Cast, deals: dict[str, Deal]) -> None:
    deal = again(deals["ben"])
    assert deal.lead is not None
    with inside(cast.acme):
        actions.reopen_lead(deal.lead, by=cast.ada)

    answer = client_of(cast.ben).get(f"/deals/{deal.code}/edit/", follow=True)

    page = Page(answer)
    assert answer.redirect_chain == [(f"/deals/{deal.code}/", 302)]
    assert page.toasts == [f"Deal {deal.code} cannot be changed by you."]
    assert page.links("Edit") == []

"""Deals of a distributor's resellers: read, counted, and left alone."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from deals.actions import lose_deal, move_deal, reopen_deal, update_deal, win_deal
from deals.board import Worth, owners_of, partners_of
from deals.models import Deal, DealLostReason, DealStage
from deals.resellers import deals_by_reseller, resellers_deals_panel
from leads import actions as lead_actions
from leads.models import Lead
from prm.actions import Refused
from prm.organizations.actions import update_organization
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import new_deal
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
pytestmark = pytest.mark.usefixtures("in_acme")


def names(member: Membership) -> set[str]:
    return set(Deal.objects.visible_to(member).values_list("name", flat=True))


@pytest.fixture
def deal(cast: Cast) -> Deal:
    return new_deal(cast.ada, cast.cleo, name="Cleo's", amount=Decimal(100))


# --- Which rows -------------------------------------------------------------------------------------------


def test_deals_of_resellers_are_visible_to_their_distributor_while_they_are(cast: Cast, deal: Deal) -> None:
    new_deal(cast.ada, cast.dora, name="Dora's")
    new_deal(cast.ada, cast.ben, name="Ben's")

    assert names(cast.dora) == {"Cleo's", "Dora's"}
    assert names(cast.cleo) == {"Cleo's"}
    update_organization(cast.south, values={"distributor": None}, by=cast.ada)
    assert names(cast.dora) == {"Dora's"}


def test_withdrawn_deal_shows_to_the_distributor_while_it_does_to_the_reseller(cast: Cast, deal: Deal) -> None:
    lead = lead_actions.reopen_lead(Lead.objects.get(), by=cast.ada)
    assert names(cast.dora) == names(cast.cleo) == {"Cleo's"}

    lead_actions.assign_lead(lead, to=cast.dora, by=cast.ada)
    lead_actions.open_lead(lead, by=cast.dora)

    assert names(cast.dora) == names(cast.cleo) == set()


def test_question_stays_as_plain_for_everybody_without_resellers(cast: Cast) -> None:
    assert "distributor_id" not in str(Deal.objects.visible_to(cast.bea).query)
    assert "distributor_id" in str(Deal.objects.visible_to(cast.dora).query)


# --- No verb ----------------------------------------------------------------------------------------------


VERBS: dict[str, Callable[[Deal, Membership], object]] = {
    "edit": lambda deal, by: update_deal(deal, values={"name": "x"}, by=by),
    "move": lambda deal, by: move_deal(deal, to=DealStage.objects.get(name="Proposal"), by=by),
    "win": lambda deal, by: win_deal(deal, by=by),
    "lose": lambda deal, by: lose_deal(deal, reason=DealLostReason.objects.all()[0], by=by),
    "reopen": lambda deal, by: reopen_deal(deal, by=by),
}


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_on_a_resellers_deal_are_refused(cast: Cast, deal: Deal, verb: str) -> None:
    with pytest.raises(Refused, match="cannot be changed by you"):
        VERBS[verb](deal, cast.dora)
    assert Deal.objects.get(pk=deal.pk).version == deal.version


def test_page_shows_the_deal_and_offers_nothing_to_do(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    page = Page(client_of(cast.dora).get(f"/deals/{deal.code}/"))

    assert page.heading == "Cleo's"
    assert "Cleo registered the deal" in page.text
    assert [button.text for button in page.by_id("main").all("button") if "hidden" not in button.attributes] == []
    assert page.links("Edit") == page.links("Close as lost") == []


def test_board_shows_the_card_without_a_menu(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    own = new_deal(cast.ada, cast.dora)

    page = Page(client_of(cast.dora).get("/deals/board/"))

    card, owns = page.by_id(deal.code), page.by_id(own.code)
    assert "Cleo, South" in card.text
    assert (card.all("button"), "data-card" in card.attributes) == ([], False)
    assert (len(owns.all("button")), "data-card" in owns.attributes) == (1, True)
    assert page.root.all(id=f"menu-{deal.code}") == []


def test_board_is_narrowed_to_a_reseller(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    new_deal(cast.ada, cast.dora, name="Dora's")
    new_deal(cast.ada, cast.ben)

    page = Page(client_of(cast.dora).get(f"/deals/board/?organization={cast.south.pk}"))

    assert [card.all("small")[0].text for card in page.root.all(css="deal-card")] == ["Cleo's"]
    assert page.root.all("select", name="organization")[0].all("option")[0].text == "All organizations"
    assert partners_of(cast.dora) == [cast.east, cast.south]
    assert owners_of(cast.dora, "") == [cast.dora]
    assert owners_of(cast.dora, str(cast.south.pk)) == [cast.cleo]
    assert owners_of(cast.dora, str(cast.north.pk)) == []
    assert partners_of(cast.bea) == []


# --- Home -------------------------------------------------------------------------------------------------


def test_deals_by_reseller_add_up_per_currency(cast: Cast, deal: Deal) -> None:
    update_organization(cast.north, values={"distributor": cast.east}, by=cast.ada)
    new_deal(cast.ada, cast.cleo, amount=Decimal(10), currency="USD")
    moved = new_deal(cast.ada, cast.cleo, amount=Decimal(50))
    move_deal(moved, to=DealStage.objects.get(name="Proposal"), by=cast.cleo)
    win_deal(new_deal(cast.ada, cast.cleo), by=cast.cleo)
    new_deal(cast.ada, cast.ben, amount=Decimal(7))
    new_deal(cast.ada, cast.dora)

    found = deals_by_reseller(cast.dora)

    assert [(reseller.name, reseller.count, reseller.worth) for reseller in found] == [
        ("South", 3, [Worth("EUR", Decimal(150), Decimal(35)), Worth("USD", Decimal(10), Decimal(1))]),
        ("North", 1, [Worth("EUR", Decimal(7), Decimal("0.70"))]),
    ]
    panel = resellers_deals_panel(cast.dora)
    assert panel is not None
    assert (panel.context["count"], panel.context["worth"]) == (
        4,
        [Worth("EUR", Decimal(157), Decimal("35.70")), Worth("USD", Decimal(10), Decimal(1))],
    )


@pytest.mark.parametrize("name", ["ada", "vic", "bea", "cleo"])
def test_panel_is_for_a_distributor(cast: Cast, deal: Deal, name: str) -> None:
    assert resellers_deals_panel(getattr(cast, name)) is None


def test_panel_of_no_open_deal_is_left_out(cast: Cast) -> None:
    win_deal(new_deal(cast.ada, cast.cleo), by=cast.cleo)

    assert resellers_deals_panel(cast.dora) is None


def test_home_counts_the_resellers_deals_apart_from_the_own(cast: Cast, deal: Deal) -> None:
    new_deal(cast.ada, cast.dora, name="Dora's")
    client = sign_in(cast.dora)

    page = Page(client.get("/"))

    tiles = {tile.all("span")[0].text: tile.all("a")[0] for tile in page.root.all("li", css="need")}
    for label, rows in (("Open deals", ["Dora's"]), ("Open deals of resellers", ["Cleo's"])):
        assert tiles[label].all("b")[0].text == "1"
        assert Page(client.get(tiles[label].attributes["href"])).rows == rows

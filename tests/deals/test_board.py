"""The board of deals: who sees which cards in which column, what the columns are worth, and moving from there."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from deals import board as board_module
from deals.actions import lose_deal, move_deal, update_deal, win_deal
from deals.board import Wanted, Worth, board_of, quarter_began, with_part
from deals.models import Deal, DealLostReason, DealStage
from deals.settings import add_stage, change_stage
from leads import actions as lead_actions
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import new_deal
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
BOARD = "/deals/board/"


@pytest.fixture
def deals(cast: Cast) -> dict[str, Deal]:
    with inside(cast.acme):
        found = {
            "ben": new_deal(cast.ada, cast.ben, name="Ben's", amount=Decimal(10)),
            "bea": new_deal(cast.ada, cast.bea, name="Bea's", amount=Decimal(30)),
            "cleo": new_deal(cast.ada, cast.cleo, name="Cleo's", amount=Decimal(20), currency="USD"),
            "won": win_deal(new_deal(cast.ada, cast.ben, name="Won"), by=cast.ben),
            "lost": lose_deal(
                new_deal(cast.ada, cast.cleo, name="Lost"), reason=DealLostReason.objects.all()[0], by=cast.cleo
            ),
        }
    with inside(cast.globex):
        found["globex"] = new_deal(cast.dan, cast.eve_globex, name="Globex's")
    return found


def stage(name: str) -> DealStage:
    found: DealStage = DealStage.objects.get(name=name)
    return found


def columns(page: Page) -> dict[str, list[str]]:
    """The names of the deals on the cards, by column."""
    found = {}
    for column in [*page.root.all("section", css="column"), *page.root.all("details", css="column")]:
        name = re.sub(r" \d+$", "", column.all("h2")[0].text)
        found[name] = [card.all("small")[0].text for card in column.all(css="deal-card")]
    return found


def filled(page: Page) -> dict[str, list[str]]:
    return {name: cards for name, cards in columns(page).items() if cards}


# --- What it shows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("ada", {"Qualified": ["Ben's", "Bea's", "Cleo's"], "Won": ["Won"], "Lost": ["Lost"]}),
        ("vic", {"Qualified": ["Ben's", "Bea's"], "Won": ["Won"]}),
        ("bea", {"Qualified": ["Ben's", "Bea's"], "Won": ["Won"]}),
        ("ben", {"Qualified": ["Ben's"], "Won": ["Won"]}),
        ("cleo", {"Qualified": ["Cleo's"], "Lost": ["Lost"]}),
        ("dora", {"Qualified": ["Cleo's"], "Lost": ["Lost"]}),  # her reseller's
        ("dan", {"Qualified": ["Globex's"]}),
        ("eve_globex", {"Qualified": ["Globex's"]}),
    ],
)
def test_board_shows_each_member_the_own_cards(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal], name: str, seen: dict[str, list[str]]
) -> None:
    assert filled(Page(client_of(getattr(cast, name)).get(BOARD))) == seen


def test_board_has_a_column_per_open_stage_and_two_for_the_ends(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    assert list(columns(Page(client_of(cast.ada).get(BOARD)))) == [
        *("Qualified", "Meeting held", "Proposal", "Negotiation", "Won", "Lost"),
    ]


def test_board_keeps_a_stage_out_of_use_while_open_deals_stand_there(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    with inside(cast.acme):
        change_stage(stage("Qualified"), values={"is_active": False}, by=cast.ada)
        change_stage(stage("Proposal"), values={"is_active": False}, by=cast.ada)
    page = Page(client_of(cast.ada).get(BOARD))

    assert list(columns(page)) == ["Qualified", "Meeting held", "Negotiation", "Won", "Lost"]
    assert "Proposal" not in page.buttons()


def test_board_adds_up_each_column_per_currency(client_of: ClientOf, cast: Cast, deals: dict[str, Deal]) -> None:
    with inside(cast.acme):
        move_deal(deals["bea"], to=stage("Proposal"), by=cast.bea)
    page = Page(client_of(cast.ada).get(BOARD))

    heads = {column.all("h2")[0].text: column.all(css="sums")[0].text for column in page.root.all(css="column")}
    assert heads == {
        "Qualified 2": "€10 €1 weighted $20 $2 weighted",
        "Meeting held 0": "",
        "Proposal 1": "€30 €15 weighted",
        "Negotiation 0": "",
        "Won 1": "€50,000",
        "Lost 1": "€50,000",
    }
    assert page.root.all(css="worth")[0].text == "3 open deals · €40 €16 weighted · $20 $2 weighted"


def test_board_of_a_portal_without_deals_says_what_it_is_for(client_of: ClientOf, cast: Cast) -> None:
    page = Page(client_of(cast.ben).get(BOARD))

    assert "A lead becomes a deal when it is converted." in page.text
    assert page.links("Go to leads") == ["/leads/"]


def test_board_leaves_out_what_was_closed_before_this_quarter_and_what_was_withdrawn(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    with inside(cast.acme):
        Deal.objects.filter(pk=deals["won"].pk).update(closed_at=quarter_began() - timedelta(seconds=1))
        Deal.objects.filter(pk=deals["lost"].pk).update(closed_at=quarter_began())
        lead = Deal.objects.select_related("lead").get(pk=deals["ben"].pk).lead
        assert lead is not None
        lead_actions.reopen_lead(lead, by=cast.ada)

    assert filled(Page(client_of(cast.ada).get(BOARD))) == {"Qualified": ["Bea's", "Cleo's"], "Lost": ["Lost"]}


def test_board_marks_what_is_overdue_and_sorts_by_close_date(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    with inside(cast.acme):
        update_deal(deals["cleo"], values={"close_date": date(2026, 1, 2)}, by=cast.ada)
    page = Page(client_of(cast.ada).get(BOARD))

    assert filled(page)["Qualified"] == ["Cleo's", "Ben's", "Bea's"]
    assert [card.attributes["id"] for card in page.root.all(css="deal-card") if "overdue" in card.text] == [
        deals["cleo"].code
    ]


def test_board_shows_so_many_cards_and_leads_to_the_others(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "MOST", 2)
    page = Page(client_of(cast.ada).get(BOARD, {"search": "kestrel"}))

    assert filled(page)["Qualified"] == ["Ben's", "Bea's"]
    links = page.links("Show all 3 in the list")
    with inside(cast.acme):
        assert links == [f"/deals/?status=open&stage={stage('Qualified').pk}&search=kestrel&ordering=close_date"]
    assert len(Page(client_of(cast.ada).get(links[0])).rows) == 3


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", ["ada", "ben"])
def test_board_asks_the_same_for_one_and_three(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int, name: str
) -> None:
    with inside(cast.acme):
        for _ in range(count):
            new_deal(cast.ada, cast.ben)
    client = sign_in(getattr(cast, name))

    with django_assert_num_queries(14 if name == "ada" else 13):
        answer = client.get(BOARD)

    assert len(Page(answer).root.all(css="deal-card")) == count


# --- Filters --------------------------------------------------------------------------------------------


def test_board_follows_its_address(client_of: ClientOf, cast: Cast, deals: dict[str, Deal]) -> None:
    client = client_of(cast.ada)

    def shown(**query: object) -> list[str]:
        return filled(Page(client.get(BOARD, {name: str(value) for name, value in query.items()}))).get(
            "Qualified", []
        )

    assert shown(search="cleo") == ["Cleo's"]
    assert shown(organization=cast.north.pk) == ["Ben's", "Bea's"]
    assert shown(organization=cast.north.pk, owner=cast.bea.pk) == ["Bea's"]
    assert shown(organization=cast.west.pk) == []
    assert shown(search="nothing like it") == []


@pytest.mark.parametrize(
    ("name", "organizations", "owners"),
    [("ada", ["North", "South"], []), ("vic", ["North"], []), ("bea", [], ["Bea", "Ben"]), ("ben", [], [])],
)
def test_board_offers_as_filters_what_the_member_sees(
    client_of: ClientOf,
    cast: Cast,
    deals: dict[str, Deal],
    name: str,
    organizations: list[str],
    owners: list[str],
) -> None:
    page = Page(client_of(getattr(cast, name)).get(BOARD))

    def offered(field: str) -> list[str]:
        return [option.text for box in page.root.all("select", name=field) for option in box.all("option")[1:]]

    assert (offered("organization"), offered("owner")) == (organizations, owners)


def test_board_of_one_partner_offers_its_owners(client_of: ClientOf, cast: Cast, deals: dict[str, Deal]) -> None:
    page = Page(client_of(cast.ada).get(BOARD, {"organization": str(cast.south.pk)}))

    assert [option.text for option in page.root.all("select", name="owner")[0].all("option")] == [
        *("All owners", "Cleo"),
    ]
    assert page.value("organization") == str(cast.south.pk)


@pytest.mark.parametrize("query", ["organization=x", "owner=1", "search=%00", "owner=%00"])
def test_board_says_400_to_a_bad_address(client_of: ClientOf, ada: Membership, query: str) -> None:
    assert client_of(ada).get(f"{BOARD}?{query}").status_code == 400


# --- Moving from there ----------------------------------------------------------------------------------


def menu(page: Page, deal: Deal) -> dict[str, str]:
    """What the menu of a card sends along with its button."""
    return {
        box.attributes["name"]: box.attributes["value"]
        for box in page.by_id(f"menu-{deal.code}").all("input")
        if box.attributes["name"] != "csrfmiddlewaretoken"
    }


def test_menu_of_a_card_offers_the_other_stages_and_both_ends(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    page = Page(client_of(cast.ben).get(BOARD))
    entry = page.by_id(f"menu-{deals['ben'].code}")

    assert [button.text for button in entry.all("button")] == [
        *("Meeting held", "Proposal", "Negotiation", "Close as won"),
    ]
    assert [link.text for link in entry.all("a")] == ["Close as lost"]
    assert [button.text for button in page.by_id(f"menu-{deals['won'].code}").all("button")] == ["Reopen deal"]


def test_each_column_is_reached_from_the_menu_of_a_card(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    """A dragged card presses the menu's entry for the column on which it is dropped."""
    page = Page(client_of(cast.ben).get(BOARD))
    places = {column.attributes["data-column"] for column in page.root.all(css="column")}
    entry = page.by_id(f"menu-{deals['ben'].code}")
    ways = {way.attributes["data-to"] for way in entry.walk() if "data-to" in way.attributes}
    with inside(cast.acme):
        here = str(stage("Qualified").pk)

    assert places - ways == {here}
    assert ways < places


def test_move_on_the_board_leads_back_to_the_card_with_the_filters(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    client = client_of(cast.ada)
    page = Page(client.get(BOARD, {"organization": str(cast.north.pk)}))
    with inside(cast.acme):
        proposal = str(stage("Proposal").pk)

    code = deals["ben"].code
    answer = client.post(f"/deals/{code}/move/", {**menu(page, deals["ben"]), "stage": proposal})
    after = Page(client.get(answer["Location"]))

    assert answer["Location"] == f"/deals/board/?organization={cast.north.pk}#{code}"
    assert after.toasts == [f"{code} stands in Proposal now."]
    assert filled(after) == {"Qualified": ["Bea's"], "Proposal": ["Ben's"], "Won": ["Won"]}


def test_undo_of_a_move_brings_the_card_back(client_of: ClientOf, cast: Cast, deals: dict[str, Deal]) -> None:
    client = client_of(cast.ben)
    with inside(cast.acme):
        proposal = str(stage("Proposal").pk)
    body = {**menu(Page(client.get(BOARD)), deals["ben"]), "stage": proposal}
    page = Page(client.post(f"/deals/{deals['ben'].code}/move/", body, follow=True))

    (undo,) = page.root.all(css="toast")[0].all("form")
    sent = {box.attributes["name"]: box.attributes["value"] for box in undo.all("input")}
    answer = client.post(undo.attributes["action"], sent, follow=True)

    assert filled(Page(answer))["Qualified"] == ["Ben's"]
    assert answer.redirect_chain == [(f"/deals/board/#{deals['ben'].code}", 302)]


def test_move_on_an_old_board_says_so_and_shows_the_board_as_it_is(
    client_of: ClientOf, cast: Cast, deals: dict[str, Deal]
) -> None:
    client = client_of(cast.ben)
    body = menu(Page(client.get(BOARD)), deals["ben"])
    with inside(cast.acme):
        move_deal(deals["ben"], to=stage("Negotiation"), by=cast.ada)
        proposal = str(stage("Proposal").pk)

    answer = client.post(f"/deals/{deals['ben'].code}/move/", {**body, "stage": proposal})

    page = Page(answer)
    assert answer.status_code == 409
    assert page.toasts == [f"Somebody else changed deal {deals['ben'].code} meanwhile."]
    assert filled(page) == {"Negotiation": ["Ben's"], "Won": ["Won"]}


def test_move_on_the_board_leads_nowhere_else(client_of: ClientOf, cast: Cast, deals: dict[str, Deal]) -> None:
    client = client_of(cast.ben)
    with inside(cast.acme):
        proposal = str(stage("Proposal").pk)
    body = {"stage": proposal, "board": "next=https://evil.example&search=x"}

    answer = client.post(f"/deals/{deals['ben'].code}/move/", body)

    assert answer["Location"] == f"/deals/board/?search=x#{deals['ben'].code}"
    assert client.post(f"/deals/{deals['ben'].code}/win/", {"board": "owner=x"}).status_code == 400
    with inside(cast.acme):
        assert Deal.objects.get(pk=deals["ben"].pk).status == "open"


# --- Its parts ------------------------------------------------------------------------------------------


def test_with_part_adds_up_per_currency() -> None:
    worth = [Worth("EUR", Decimal(1), Decimal("0.1"))]

    worth = with_part(with_part(worth, Worth("USD", Decimal(5), Decimal(1))), Worth("EUR", Decimal(2), Decimal(2)))

    assert worth == [Worth("EUR", Decimal(3), Decimal("2.1")), Worth("USD", Decimal(5), Decimal(1))]


def test_quarter_began_in_the_zone_of_the_reader() -> None:
    with timezone.override("Pacific/Auckland"):
        began = timezone.localtime(quarter_began())

    assert (began.month % 3, began.day, began.hour, began.minute) == (1, 1, 0, 0)


def test_board_of_several_stages_of_won_ones_shows_the_last_to_end(cast: Cast) -> None:
    with inside(cast.acme):
        add_stage(values={"name": "Paid", "probability": 100, "outcome": "won"}, by=cast.ada)
        for name in ("first", "second"):
            deal = win_deal(new_deal(cast.ada, cast.ben, name=name), by=cast.ben)
        move_deal(deal, to=stage("Paid"), by=cast.ben)
        board = board_of(Wanted().rows(cast.ada))

    (won, lost) = board.closed
    assert ([deal.name for deal in won.deals], won.count, lost.count) == (["second", "first"], 2, 0)
    assert won.worth == [Worth("EUR", Decimal(100_000), Decimal(100_000))]

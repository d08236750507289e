"""The picture over the board: per currency, of the same sums as the columns, with all of it as a table."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from deals.actions import move_deal, win_deal
from deals.board import board_of
from deals.models import Deal, DealStage
from deals.picture import pictures_of
from prm import charts
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import new_deal
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def deals(cast: Cast) -> None:
    with inside(cast.acme):
        new_deal(cast.ada, cast.ben, amount=Decimal(100))
        moved = new_deal(cast.ada, cast.ben, amount=Decimal("49.50"))
        move_deal(moved, to=DealStage.objects.get(name="Proposal"), by=cast.ben)
        new_deal(cast.ada, cast.cleo, amount=Decimal(20), currency="USD")
        win_deal(new_deal(cast.ada, cast.ben), by=cast.ben)  # ended: it is no part of the pipeline


@pytest.mark.usefixtures("in_acme", "deals")
def test_pictures_are_one_per_currency_with_a_column_per_stage(cast: Cast) -> None:
    board = board_of(Deal.objects.visible_to(cast.ada))

    euros, dollars = pictures_of(board)

    assert [picture.together.currency for picture in (euros, dollars)] == ["EUR", "USD"]
    assert [name for name, _worth in euros.places] == [stage.name for stage in board.stages]
    assert [(int(worth.amount), worth.weighted) for _name, worth in euros.places] == [
        *((100, Decimal(10)), (0, 0), (49, Decimal("24.75")), (0, 0)),
    ]
    assert [worth.amount for _name, worth in dollars.places] == [20, 0, 0, 0]


@pytest.mark.usefixtures("in_acme", "deals")
def test_pictures_are_as_high_as_the_largest_stage(cast: Cast) -> None:
    euros, _dollars = pictures_of(board_of(Deal.objects.visible_to(cast.ada)))

    heights = [[(shape.kind, shape.height) for shape in column.shapes] for column in euros.chart.columns]
    assert heights == [
        [("amount", charts.HEIGHT), ("weighted", charts.HEIGHT // 10)],
        [],
        [("amount", charts.HEIGHT * 49 // 100), ("weighted", charts.HEIGHT * 24 // 100)],
        [],
    ]


@pytest.mark.usefixtures("in_acme")
def test_pictures_of_no_open_deal_are_none(cast: Cast) -> None:
    win_deal(new_deal(cast.ada, cast.ben), by=cast.ben)

    assert pictures_of(board_of(Deal.objects.visible_to(cast.ada))) == []


@pytest.mark.usefixtures("deals")
def test_board_shows_pictures_and_the_exact_figures_beneath(client_of: ClientOf, cast: Cast) -> None:
    page = Page(client_of(cast.ada).get("/deals/board/"))

    pictures = page.root.all("section", css="pipeline")[0]
    titles = [svg.all("title")[0].text for svg in pictures.all("svg", role="img")]
    assert titles == ["Open deals by stage in EUR", "Open deals by stage in USD"]
    table = [[cell.text for cell in row.children if not isinstance(cell, str)] for row in pictures.all("tr")]
    assert table == [
        ["Stage", "Deals", "Amount", "Weighted"],
        ["Qualified", "2", "€100 $20", "€10 $2"],
        ["Meeting held", "0", "", ""],
        ["Proposal", "1", "€49.50", "€24.75"],
        ["Negotiation", "0", "", ""],
        ["Together", "3", "€149.50 $20", "€34.75 $2"],
    ]


@pytest.mark.usefixtures("deals")
def test_board_draws_what_its_reader_sees(client_of: ClientOf, cast: Cast) -> None:
    page = Page(client_of(cast.cleo).get("/deals/board/"))

    assert [svg.all("title")[0].text for svg in page.root.all("svg", role="img")] == ["Open deals by stage in USD"]
    assert "€" not in page.root.all("section", css="pipeline")[0].text


def test_board_without_an_open_deal_has_no_picture(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        win_deal(new_deal(cast.ada, cast.ben), by=cast.ben)

    assert Page(client_of(cast.ada).get("/deals/board/")).root.all("section", css="pipeline") == []


@pytest.mark.parametrize("count", [1, 3])
def test_picture_costs_no_query(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int) -> None:
    with inside(cast.acme):
        for _ in range(count):
            new_deal(cast.ada, cast.ben)
        board = board_of(Deal.objects.visible_to(cast.ada))

        with django_assert_num_queries(0):
            assert len(pictures_of(board)) == 1
    assert sign_in(cast.ada).get("/deals/board/").status_code == 200

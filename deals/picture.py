"""The board's picture: what the open deals of each stage come to. Made of the board's own sums, without a query."""

from dataclasses import dataclass
from decimal import Decimal

from deals.board import Board, Worth
from prm import charts

KINDS = ("amount", "weighted")


@dataclass(frozen=True)
class Picture:
    """One currency: a column for each stage, as high as its deals are worth, in it what to expect of them."""

    together: Worth
    places: list[tuple[str, Worth]]
    chart: charts.Columns


def pictures_of(board: Board) -> list[Picture]:
    """One for each currency in which there are open deals."""
    return [_picture_of(board, together) for together in board.worth]


def _picture_of(board: Board, together: Worth) -> Picture:
    nothing = Worth(together.currency, Decimal(0), Decimal(0))
    places = [
        (stage.name, next((each for each in stage.worth if each.currency == together.currency), nothing))
        for stage in board.stages
    ]
    rows = [(name, (int(worth.amount), int(worth.weighted))) for name, worth in places]
    return Picture(together, places, charts.nested(rows, KINDS))

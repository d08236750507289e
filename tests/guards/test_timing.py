"""A row that one may not see takes as long to be denied as one that never was: time tells nothing, either."""

import random
import time
from statistics import median

import pytest

from tests import soak
from tests.guards.access_table import TABLE
from tests.guards.cells import Cell
from tests.matrix import Question, send
from tests.stage import NOWHERE, Stage

REPEATS = 200
WITHIN = 1.2
SENSITIVE = {
    ("leads:detail", "GET"): "cleo",
    ("leads:edit", "GET"): "cleo",
    ("leads:open", "GET"): "cleo",
    ("deals:convert", "GET"): "cleo",
    ("deals:detail", "GET"): "cleo",
    ("organizations:detail", "GET"): "cleo",
    ("users:edit", "GET"): "bea",
    ("api:lead-detail", "GET"): "cleo",
    ("api:deal-detail", "GET"): "cleo",
    ("api:user-detail", "GET"): "bea's key",
}
"""Where most would be learnt from whether a row exists, and who asks: a sibling's and the other portal's."""


@pytest.mark.soak
def test_a_strangers_row_takes_as_long_as_none(stage: Stage) -> None:
    ratios = {
        f"{name} for {actor}": ratio(stage, (name, method), actor) for (name, method), actor in SENSITIVE.items()
    }

    soak.write("timing_of_rows", {"repeats": REPEATS, **{name: f"{value:.3f}" for name, value in ratios.items()}})
    assert {name: value for name, value in ratios.items() if value > WITHIN} == {}


def ratio(stage: Stage, entry: tuple[str, str], actor: str) -> float:
    """The longest of the medians over the shortest, asked in turns so that a busy machine slows all alike."""
    sibling = "south" if actor.startswith("bea") else "north"
    cells = [
        Cell(stage, *entry, TABLE[entry], stage.actors[actor], place) for place in (NOWHERE, sibling, "globex")
    ]
    assert {cell.denied for cell in cells} == {404}
    times: dict[str, list[float]] = {cell.place: [] for cell in cells}
    for _ in range(REPEATS):
        for cell in random.sample(cells, len(cells)):
            began = time.perf_counter()
            send(cell.actor, Question(cell.method, cell.address))
            times[cell.place].append(time.perf_counter() - began)
    medians = [median(each) for each in times.values()]
    return max(medians) / min(medians)

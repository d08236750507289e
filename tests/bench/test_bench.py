"""The benchmark still runs: the same code as `make bench`, with a fiftieth of the data and hardly any questions."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.asking import Times, one_after_another
from bench.figures import Figure
from bench.report import missed, text_of
from bench.seed import FULL, SMALL, sizes
from bench.weight import Weight

ROOT = Path(__file__).parents[2]
FIGURES = [
    "SQL alone: page of 50, manager, large",
    "JSON list, partner, middle, deep page",
    "HTML list, manager, large, first page",
    "HTML list, 8 at once, large",
    "search, misspelt name, middle",
    "home page, partner, middle",
    "lead page, manager, middle",
    "lead created through the API, 8 at once",
    "memory of a web worker (RSS)",
    "first page over the wire, compressed",
    "largest paint on a slow phone: leads, partner",
]


def test_bench_measures_everything() -> None:
    latest = ROOT / "bench" / "results" / "latest.txt"
    before = latest.read_text() if latest.exists() else None

    done = subprocess.run(
        [sys.executable, "-m", "bench", "--small"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
        timeout=400,
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    for name in FIGURES:
        assert f"\n{name}" in done.stdout
    assert "requests for style: 1" in done.stdout
    assert "requests for script: 1" in done.stdout
    assert " leads in 5 portals" in done.stdout
    after = latest.read_text() if latest.exists() else None
    assert after == before  # a quick look is no result


@pytest.mark.parametrize("size", [FULL, SMALL])
def test_portals_are_as_many_and_as_large_as_promised(size: object) -> None:
    assert isinstance(size, type(FULL))
    found = dict(sizes(size))

    assert len(found) == size.portals
    assert abs(sum(found.values()) - size.leads) < size.portals
    assert found["large"] == size.large == max(found.values())
    assert found["middle"] == size.middle


def times(*milliseconds: float) -> Times:
    return Times(list(milliseconds), sum(milliseconds) / 1000)


def test_times_say_what_most_questions_took() -> None:
    found = times(*range(1, 101))

    assert (found.p50, found.p95) == (50.5, 95)
    assert len(one_after_another([lambda: None] * 3).each) == 3


def test_report_holds_a_figure_against_its_limit_round_by_round() -> None:
    limit = Figure("limit", times, rounds=[times(1), times(10)])
    slow = Figure("slow", times, goal=5, limit="limit", rounds=[times(3), times(40)])
    fast = Figure("fast", times, goal=5, aim=4, rounds=[times(2), times(3)])
    heavy = Weight("heavy", 151, "MB", 150)

    text = text_of([limit, slow, fast], [heavy], {"cores": 2})

    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "3.5" in lines["slow"]  # the median of 3 and 4
    assert lines["slow"].endswith("missed")
    assert lines["fast"].endswith("aim reached")
    assert text.startswith("cores: 2\n")
    assert missed([limit, slow, fast], [heavy]) == ["slow", "heavy"]

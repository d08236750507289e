"""Pictures of figures: shapes in whole units that never leave the picture."""

import pytest

from prm.charts import HEIGHT, WIDTH, Shape, funnel, nested, stacked


def test_stacked_puts_parts_one_after_the_other() -> None:
    parts = stacked({"sent": 3, "waiting": 0, "failed": 1}, longest=8)

    assert parts == [
        Shape("sent", 0, 0, 375, 8),
        Shape("waiting", 375, 0, 0, 8),
        Shape("failed", 375, 0, 125, 8),
    ]


def test_stacked_shows_one_among_very_many() -> None:
    (part,) = stacked({"failed": 1}, longest=1_000_000)

    assert part.width == 1


@pytest.mark.parametrize("longest", [0, 1])
def test_stacked_of_nothing_is_empty(longest: int) -> None:
    (part,) = stacked({"sent": 0}, longest=longest)

    assert part.width == 0


def test_nested_draws_each_count_inside_the_one_before() -> None:
    chart = nested([("5 Oct", [10, 5]), ("12 Oct", [20, 0])], ["received", "assigned"])

    first, second = chart.columns
    assert (first.label, first.counts) == ("5 Oct", [10, 5])
    outer, inner = first.shapes
    assert (outer.kind, outer.height, outer.y) == ("received", HEIGHT // 2, HEIGHT // 2)
    assert (inner.kind, inner.height, inner.y) == ("assigned", HEIGHT // 4, HEIGHT * 3 // 4)
    assert outer.x < inner.x < inner.x + inner.width < outer.x + outer.width
    assert [shape.kind for shape in second.shapes] == ["received"]  # what there is none of is not drawn
    assert second.shapes[0].height == HEIGHT
    assert chart.shapes == [*first.shapes, *second.shapes]


@pytest.mark.parametrize("count", [1, 3, 8, 53])
def test_nested_stays_inside_the_picture(count: int) -> None:
    chart = nested([("", [n, n // 2, 1, 1]) for n in range(1, count + 1)], ["a", "b", "c", "d"])

    for shape in chart.shapes:
        assert 0 <= shape.x <= shape.x + shape.width <= WIDTH
        assert 0 <= shape.y <= shape.y + shape.height <= HEIGHT
        assert shape.width > 0


def test_nested_of_nothing_is_an_empty_picture() -> None:
    assert nested([], ["received"]).shapes == []
    assert nested([("5 Oct", [0])], ["received"]).shapes == []


def test_funnel_counts_each_step_against_the_one_before() -> None:
    steps = funnel({"received": 200, "assigned": 100, "opened": 75, "converted": 0})

    assert [(step.kind, step.count, step.percent, step.width) for step in steps] == [
        ("received", 200, None, WIDTH),
        ("assigned", 100, 50, WIDTH // 2),
        ("opened", 75, 75, 375),
        ("converted", 0, 0, 0),
    ]


def test_funnel_of_nothing_divides_by_nothing() -> None:
    assert [step.percent for step in funnel({"received": 0, "assigned": 0})] == [None, None]
    assert funnel({}) == []

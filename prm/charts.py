"""Pictures of figures: numbers in, shapes out, in whole units of the picture's own. Templates draw them as SVG.

No clock, no query, no words. Right-to-left is not told here: the stylesheet mirrors the picture, in which
no text stands; labels stand beside it in HTML (templates/components/columns.html).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 1000
HEIGHT = 160


@dataclass(frozen=True)
class Shape:
    """A rectangle; `kind` is the class that gives it its colour."""

    kind: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Column:
    """One place on the axis, with its label and its figures in the order of the kinds."""

    label: str
    counts: list[int]
    shapes: list[Shape]


@dataclass(frozen=True)
class Columns:
    """Columns side by side. Each holds one bar per kind inside the one before: 9 received, of these 7 assigned."""

    columns: list[Column]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def shapes(self) -> list[Shape]:
        return [shape for column in self.columns for shape in column.shapes]


@dataclass(frozen=True)
class Step:
    """One step of a funnel: how many came as far, and how many of a hundred of the step before."""

    kind: str
    count: int
    percent: int | None  # none for the first step, and after a step that nobody took
    width: int


def stacked(counts: Mapping[str, int], *, longest: int, height: int = 8) -> list[Shape]:
    """One bar of parts one after the other, by kind, beside other bars of which the longest counts `longest`."""
    shapes, start = [], 0
    for kind, count in counts.items():
        width = _part(count, longest, WIDTH)
        shapes.append(Shape(kind, start, 0, width, height))
        start += width
    return shapes


def nested(rows: Sequence[tuple[str, Sequence[int]]], kinds: Sequence[str]) -> Columns:
    """A column for each `(label, counts)`, the counts falling: of the first the second, of that the third."""
    highest = max((max(counts, default=0) for _label, counts in rows), default=0)
    place = WIDTH // len(rows) if rows else WIDTH
    columns = []
    for position, (label, counts) in enumerate(rows):
        shapes = []
        for depth, (kind, count) in enumerate(zip(kinds, counts, strict=True)):
            width = place * (6 - depth) // 8  # each narrower than the one it stands in
            height = _part(count, highest, HEIGHT)
            x = position * place + (place - width) // 2
            shapes.append(Shape(kind, x, HEIGHT - height, width, height))
        columns.append(Column(label, list(counts), [shape for shape in shapes if shape.height]))
    return Columns(columns)


def funnel(counts: Mapping[str, int]) -> list[Step]:
    """How many came how far, by kind, from the first step on."""
    steps: list[Step] = []
    first = next(iter(counts.values()), 0)
    for kind, count in counts.items():
        before = steps[-1].count if steps else 0
        percent = round(100 * count / before) if before else None
        steps.append(Step(kind, count, percent, _part(count, first, WIDTH)))
    return steps


def _part(count: int, whole: int, units: int) -> int:
    """`units` times the share of the whole, so that parts never make more; what is there at all gets one unit."""
    if not count or not whole:
        return 0
    return max(1, units * count // whole)

"""The table, on the screen and in bench/results/latest.txt."""

import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.figures import Figure
from bench.weight import Weight

RESULTS = Path(__file__).parent / "results" / "latest.txt"
PACKAGES = ("django", "djangorestframework", "granian", "psycopg2-binary")
HEAD = (
    f"{'':<46}{'p50 ms':>8}{'p95 ms':>8}  {'of the rounds':<16}{'a second':>9}{'x limit':>9}{'goal':>6}{'aim':>5}  "
)


def text_of(figures: Sequence[Figure], weights: Sequence[Weight], facts: Mapping[str, object]) -> str:
    """Everything that a run has seen, as one text."""
    lines = [f"{name}: {value}" for name, value in facts.items()]
    return "\n".join([*lines, "", HEAD.rstrip(), *_lines(figures), "", *map(_weighed, weights), ""])


def machine(postgres: int) -> dict[str, object]:
    """What it ran on. `postgres` is the server's version as a number: 180006 is 18.6."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {_processor()}, {_memory()} GiB",
        "python": platform.python_version(),
        "postgres": f"{postgres // 10_000}.{postgres % 10_000}",
        **{package: version(package) for package in PACKAGES},
    }


def missed(figures: Sequence[Figure], weights: Sequence[Weight]) -> list[str]:
    """The names of those whose goal was not reached."""
    slow = [figure.name for figure in figures if figure.goal and p95(figure) > figure.goal]
    return slow + [weight.name for weight in weights if weight.goal and weight.value > weight.goal]


def p95(figure: Figure) -> float:
    """The median of the rounds' own p95: one round that others disturbed does not count."""
    return statistics.median(times.p95 for times in figure.rounds)


def p50(figure: Figure) -> float:
    return statistics.median(times.p50 for times in figure.rounds)


def _lines(figures: Sequence[Figure]) -> Iterator[str]:
    by_name = {figure.name: figure for figure in figures}
    for figure in figures:
        each = [times.p95 for times in figure.rounds]
        spread = f"[{min(each):.1f}..{max(each):.1f}]"
        rate = statistics.median(times.rate for times in figure.rounds)
        limit = by_name.get(figure.limit)
        ratio = f"{_ratio(figure, limit):.1f}" if limit else ""
        goal, aim = (f"{number:g}" if number else "" for number in (figure.goal, figure.aim))
        word = "" if not figure.goal else "missed" if p95(figure) > figure.goal else "reached"
        if figure.aim and p95(figure) <= figure.aim:
            word = "aim reached"
        yield (
            f"{figure.name:<46}{p50(figure):>8.1f}{p95(figure):>8.1f}  {spread:<16}{rate:>9.1f}{ratio:>9}"
            f"{goal:>6}{aim:>5}  {word}"
        ).rstrip()


def _ratio(figure: Figure, limit: Figure) -> float:
    """How many times as long as the limit, round by round, since the machine differs between rounds."""
    pairs = zip(figure.rounds, limit.rounds, strict=True)
    return statistics.median(ours.p50 / theirs.p50 for ours, theirs in pairs)


def _weighed(weight: Weight) -> str:
    goal = f"  (goal {weight.goal:g})" if weight.goal else ""
    return f"{weight.name}: {weight.value:g} {weight.unit}{goal}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)

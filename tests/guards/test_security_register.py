"""docs/security.md and docs/asvs.md say nothing that the code does not: every test, setting, file and figure.

SECTIONS is what the standard's own tables say, OWASP ASVS 5.0.0. Level 3 is not in the register.
"""

import ast
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from prm import settings
from prm.local.contract import NAMES

ROOT = Path(__file__).parents[2]
SECURITY, REGISTER = "docs/security.md", "docs/asvs.md"
SECTIONS = {  # by chapter and section: the level of its first requirement, of its second, and so on
    1: ["22", "1111122223", "112222222223", "222", "123"],
    2: ["122", "112", "12223", "23"],
    3: ["3", "113", "12223", "11222233", "11122333", "3", "22333"],
    4: ["12233", "23333", "22", "1222"],
    5: ["2", "112333", "113", "222"],
    6: ["122", "111111112222", "11223333", "112233", "22222333", "2223", "33", "2222"],
    7: ["222", "1111", "22", "11222", "223", "22"],
    8: ["1233", "1123", "133", "23"],
    9: ["111", "1222"],
    10: ["22", "223", "22223", "1111122222233333", "22222", "22", "222"],
    11: ["2233", "22233", "11233", "1222", "23", "23", "33"],
    12: ["12233", "11", "22223"],
    13: ["2333", "222223", "2233", "1222233"],
    14: ["22", "12223333", "122"],
    15: ["12233", "12233", "1222222", "3333"],
    16: ["2", "22222", "2222", "222", "2223"],
    17: ["23", "22223333", "22"],
}
COUNTS = {  # by chapter: of level 1, of level 2
    1: (8, 19),
    2: (4, 7),
    3: (8, 11),
    4: (2, 8),
    5: (4, 5),
    6: (13, 22),
    7: (6, 12),
    8: (4, 3),
    9: (4, 3),
    10: (5, 24),
    11: (3, 11),
    12: (3, 6),
    13: (1, 12),
    14: (2, 7),
    15: (3, 10),
    16: (0, 16),
    17: (0, 7),
}
STATES = ("met", "part", "not yet", "operator", "n/a")
PLAIN_WORDS = {"sslmode=verify-full": "an option of Postgres"}
"""What stands in backticks in the register and is neither test, setting nor file."""
TOPS = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir())
AT_TOP = tuple(path.name for path in ROOT.iterdir() if path.is_file())
UNITS = {"seconds": 1, "minutes": 60, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400}
UNITS |= {"": 1, "characters": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3}


@dataclass(frozen=True)
class Row:
    """A requirement, and our answer."""

    id: str
    level: str
    asks: str
    state: str
    how: str

    @property
    def chapter(self) -> int:
        return int(self.id.partition(".")[0])

    @property
    def words(self) -> str:
        """The answer without what it names."""
        return re.sub(r"`[^`]*`|[\s,.:;()]", "", self.how)


def lines_of(page: str) -> list[str]:
    return (ROOT / page).read_text().splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


@cache
def rows() -> tuple[Row, ...]:
    return tuple(Row(*cells(line)) for line in lines_of(REGISTER) if re.match(r"\| \d+\.\d+\.\d+ \|", line))


def standard() -> Iterator[tuple[str, str]]:
    """Number and level of every requirement, in the standard's order."""
    for chapter, sections in SECTIONS.items():
        for section, levels in enumerate(sections, 1):
            yield from ((f"{chapter}.{section}.{number}", level) for number, level in enumerate(levels, 1))


def named_in(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def is_setting(name: str) -> bool:
    return re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", name) is not None


def is_place(name: str) -> bool:
    return name.startswith(TOPS) or name.partition("#")[0] in AT_TOP


def is_there(name: str) -> bool:
    """Whether a setting, `file`, `file::test` or `page#heading` exists."""
    if is_setting(name):
        return hasattr(settings, name) or name in NAMES
    place, _, test = name.partition("::")
    page, _, heading = place.partition("#")
    if not (ROOT / page).exists():
        return False
    return (not test or test in functions_in(place)) and (not heading or heading in headings_of(page))


@cache
def functions_in(place: str) -> frozenset[str]:
    tree = ast.parse((ROOT / place).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def headings_of(page: str) -> set[str]:
    """As the anchors that they are linked by."""
    titles = (line.lstrip("# ") for line in lines_of(page) if line.startswith("#"))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


# --- The register -----------------------------------------------------------------------------------------


def test_levels_are_the_standards() -> None:
    """The figures that the standard itself gives for its release."""
    assert Counter(level for _number, level in standard()) == {"1": 70, "2": 183, "3": 92}
    assert [sum(column) for column in zip(*COUNTS.values(), strict=True)] == [70, 183]


def test_register_holds_every_requirement_once_and_in_order() -> None:
    assert [(row.id, row.level) for row in rows()] == [each for each in standard() if each[1] != "3"]


def test_register_holds_as_many_of_each_chapter_as_the_standard() -> None:
    found = Counter((row.chapter, row.level) for row in rows())

    assert {chapter: (found[chapter, "1"], found[chapter, "2"]) for chapter in COUNTS} == COUNTS


def test_every_row_says_what_is_asked_and_how_it_is_met() -> None:
    empty = [row.id for row in rows() if not (row.asks and row.how)]
    unknown = [row.id for row in rows() if row.state not in STATES]
    unproven = [row.id for row in rows() if row.state == "met" and not any(map(is_proof, named_in(row.how)))]
    unexplained = [row.id for row in rows() if row.state in {"part", "not yet"} and len(row.words) < 20]

    assert (empty, unknown, unproven, unexplained) == ([], [], [], [])


def is_proof(name: str) -> bool:
    return is_setting(name) or is_place(name)


def test_register_names_only_what_is_there() -> None:
    named = {(row.id, name) for row in rows() for name in named_in(row.how)}
    unknown_kind = {(row, name) for row, name in named if not is_proof(name) and name not in PLAIN_WORDS}
    missing = {(row, name) for row, name in named if is_proof(name) and not is_there(name)}

    assert len(named) > 200
    assert (sorted(unknown_kind), sorted(missing)) == ([], [])
    assert set(PLAIN_WORDS) <= {name for _row, name in named}


def test_summary_counts_the_rows() -> None:
    lines = takewhile(lambda line: not line.startswith("## "), lines_of(REGISTER))
    summary = [cells(line) for line in lines if re.match(r"\| (V\d+|all) ", line)]
    groups = {f"V{chapter}": [row for row in rows() if row.chapter == chapter] for chapter in COUNTS}
    groups["all"] = list(rows())

    assert [(line[0].split()[0], *map(int, line[1:])) for line in summary] == [
        (
            name,
            *(sum(row.level == level for row in group) for level in "12"),
            *(sum(row.state == state for row in group) for state in STATES),
        )
        for name, group in groups.items()
    ]


# --- The page -----------------------------------------------------------------------------------------


def test_page_names_only_what_is_there() -> None:
    text = (ROOT / SECURITY).read_text()
    named = {name for name in named_in(text) if is_proof(name)}
    links = set(re.findall(r"\]\(([^)]+)\)", text + (ROOT / REGISTER).read_text()))

    assert len(named) > 50
    assert sorted(name for name in named if not is_there(name)) == []
    assert sorted(target for target in links if not is_there(f"docs/{target}")) == []


def figures() -> Iterator[tuple[str, str, str]]:
    """What, the figure in words, and where in the code it comes from."""
    lines = lines_of(SECURITY)
    start = lines.index("## Figures")
    for line in takewhile(lambda line: not line.startswith("## "), lines[start + 1 :]):
        if named := re.search(r"`([\w.]+)` \|$", line):
            what, figure, _from = cells(line)
            yield what, figure, named.group(1)


def value_at(name: str) -> Any:
    """A setting, or a value in a module; of a model's field its default."""
    if is_setting(name):
        return getattr(settings, name)
    parts = name.split(".")
    modules = next(n for n in range(len(parts), 0, -1) if is_module(parts[:n]))
    value: Any = importlib.import_module(".".join(parts[:modules]))
    for part in parts[modules:]:
        value = getattr(value, part)
    return value.field.default if hasattr(value, "field") else value


def is_module(parts: list[str]) -> bool:
    place = ROOT.joinpath(*parts)
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def is_said(value: Any, figure: str) -> bool:
    """Whether `figure` ("20 minutes", "1 MB", "12 characters") is this value, in the code's own unit."""
    number, _, unit = figure.partition(" ")
    in_base = int(number) * UNITS[unit]
    if isinstance(value, timedelta):
        return value.total_seconds() == in_base
    return value in {int(number), in_base}


def test_figures_are_those_of_the_code() -> None:
    found = list(figures())
    wrong = [(what, figure, value_at(name)) for what, figure, name in found if not is_said(value_at(name), figure)]

    assert len(found) > 20
    assert wrong == []


def test_page_for_reporting_promises_the_same() -> None:
    promise = "within 72 hours"

    assert promise in (ROOT / SECURITY).read_text()
    assert promise in (ROOT / "templates" / "security_policy.html").read_text()

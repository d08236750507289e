"""Every sabotage of the product is noticed by a test: by the one that stands for what was broken.

`make test` minds that each still fits the code and names tests that are there; `make soak` breaks the
product, one way after the other, and writes down who noticed.
"""

import ast
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import soak
from tests.mutants import MUTANTS, running
from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.running import Result, run, run_all

AT_LEAST = 40
AT_ONCE = 2  # on as many cores


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len(MUTANTS) >= AT_LEAST
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.why.endswith((".", "?")) for mutant in MUTANTS)


def test_every_mutant_still_fits() -> None:
    """A sabotage of code that is gone would prove nothing, and nobody would see."""
    wrong = [complaint for mutant in MUTANTS for complaint in misfits(mutant)]

    assert wrong == []


def misfits(mutant: Mutant) -> Iterator[str]:
    try:
        _source, sabotaged = mutant.sabotage()
        if mutant.file.endswith(".py"):
            ast.parse(sabotaged)
    except (ValueError, SyntaxError) as error:
        yield f"{mutant.name}: {error}"
    words = shlex.split(mutant.tests)
    paths = words[: words.index("-k")] if "-k" in words else words
    missing = [path for path in paths if not (ROOT / path.partition("::")[0]).exists()]
    if missing or not paths:
        yield f"{mutant.name}: there is no {missing or 'test'}"


HANGS = """import time


def test_hangs():
    time.sleep(60)
"""


def test_mutant_that_hangs_is_cut_off_and_the_tree_put_right(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "tests").mkdir(parents=True)
    (tree / "tests" / "test_it.py").write_text(HANGS)
    (tree / "pytest.ini").write_text("[pytest]\naddopts = -p no:django\n")
    (tree / "code.py").write_text("is_well = True\n")
    mutant = Mutant("hangs", "code.py", "True", "False", "tests/test_it.py", "Why?")

    result = run(mutant, tree, seconds=3)

    assert (result.is_noticed, result.how) == (False, "took longer than 3 s")
    assert (tree / "code.py").read_text() == "is_well = True\n"


def test_results_come_in_order_whatever_becomes_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread has a tree of its own; what breaks on the way is a result, too."""
    used: list[Path] = []

    def pretended(mutant: Mutant, tree: Path) -> Result:
        used.append(tree)
        time.sleep(0.2 if mutant.name == "0" else 0.05)
        if mutant.name == "1":
            raise OSError("no space")
        return Result(mutant, True, mutant.name)

    monkeypatch.setattr(running, "copy_tree", lambda to: None)
    monkeypatch.setattr(running, "run", pretended)
    mutants = [Mutant(str(number), "", "", "", "", "") for number in range(5)]

    results = list(run_all(mutants, tmp_path, at_once=2))

    assert [result.mutant.name for result in results] == ["0", "1", "2", "3", "4"]
    assert [result.is_noticed for result in results] == [True, False, True, True, True]
    assert results[1].line == "SURVIVED: could not be run: OSError('no space')"
    assert len(set(used)) == 2


@pytest.mark.soak
def test_every_mutant_is_noticed(tmp_path: Path) -> None:
    """On two trees side by side. Written down after each, so that a run that is broken off leaves something."""
    begun, figures = time.monotonic(), {"noticed": "", "seconds": ""}
    survivors = []
    for number, result in enumerate(run_all(MUTANTS, tmp_path, at_once=AT_ONCE), start=1):
        figures[result.mutant.name] = result.line
        if not result.is_noticed:
            survivors.append(f"{result.mutant.name}: {result.how}")
        figures["noticed"] = f"{number - len(survivors)} of {number}, of {len(MUTANTS)} in all"
        figures["seconds"] = f"{time.monotonic() - begun:.0f}"
        soak.write("mutants", figures)

    assert survivors == []

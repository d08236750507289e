"""Every sabotage of the product is noticed by a test: by the one that stands for what was broken.

`make test` minds that each still fits the code and names tests that are there; `make soak` breaks the
product, one way after the other, and writes down who noticed.
"""

import ast
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import soak
from tests.mutants import MUTANTS
from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.running import copy_tree, run

AT_LEAST = 40


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


@pytest.mark.soak
@pytest.mark.django_db
def test_every_mutant_is_noticed(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    copy_tree(tree)

    results = [run(mutant, tree) for mutant in MUTANTS]

    noticed = sum(result.is_noticed for result in results)
    soak.write(
        "mutants",
        {
            "noticed": f"{noticed} of {len(results)}",
            **{
                result.mutant.name: f"{'' if result.is_noticed else 'SURVIVED, '}{result.how}" for result in results
            },
        },
    )
    assert [f"{result.mutant.name}: {result.how}" for result in results if not result.is_noticed] == []

"""Runs one mutant: the tree in a folder of its own, the sabotage in it, and the tests that have to notice."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from prm.local import contract
from tests.mutants.mutant import ROOT, Mutant

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".data", "__pycache__", ".*_cache", ".hypothesis", "node_modules"
)
SECONDS = 600  # for one mutant; what hangs has been noticed by nobody
BROKEN = ("ImportError", "ModuleNotFoundError", "SyntaxError", "NameError", "TypeError", "AttributeError")
"""What says that the sabotage is no working program, and not that a test has looked."""


@dataclass(frozen=True)
class Result:
    mutant: Mutant
    is_noticed: bool
    how: str  # the test that noticed it, or what happened instead

    @property
    def line(self) -> str:
        return self.how if self.is_noticed else f"SURVIVED: {self.how}"


def copy_tree(to: Path) -> None:
    """The project without what is made anew; the packages are shared."""
    shutil.copytree(ROOT, to, ignore=LEFT_OUT, symlinks=True)
    (to / ".venv").symlink_to((ROOT / ".venv").resolve())


def run(mutant: Mutant, tree: Path) -> Result:
    """Sabotage the tree, run the mutant's tests in it, and put it right again."""
    target, report = tree / mutant.file, tree.parent / "report.xml"
    source, sabotaged = mutant.sabotage(tree)
    target.write_text(sabotaged)
    report.unlink(missing_ok=True)
    try:
        code = _pytest(tree, [*shlex.split(mutant.tests), "-x", "-q", f"--junitxml={report}"])
    except subprocess.TimeoutExpired:
        return Result(mutant, False, f"took longer than {SECONDS} s")
    finally:
        target.write_text(source)
    return _judged(mutant, code, report)


def _pytest(tree: Path, arguments: list[str]) -> int:
    ours = (*contract.NAMES, "PRM_TEST_FOLDER", "PRM_SOAK")
    environment = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=tree,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    ).returncode


def _judged(mutant: Mutant, code: int, report: Path) -> Result:
    """Noticed is what a test has failed over: not a file that could not be read, nor a fixture that broke."""
    if code != 1:  # pytest: 0 all passed, 2 interrupted while collecting, 5 nothing to run
        return Result(mutant, False, "all its tests passed" if code == 0 else f"pytest ended with {code}")
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            message = str(failure.get("message"))
            test = f"{case.get('classname')}.{case.get('name')}"
            how = " ".join(f"{test}: {message}".split())[:160]
            return Result(mutant, not message.startswith(BROKEN), how)
    return Result(mutant, False, "a fixture broke, and no test")

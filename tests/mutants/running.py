"""Runs mutants: the tree in a folder of its own, the sabotage in it, and the tests that have to notice."""

import compileall
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue
from xml.etree import ElementTree

from prm.local import contract
from tests.mutants.mutant import ROOT, Mutant

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".data", "__pycache__", ".*_cache", ".hypothesis", "node_modules"
)
SECONDS = 300  # for one mutant; what hangs has been noticed by nobody
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


def run_all(mutants: Sequence[Mutant], folder: Path, *, at_once: int) -> Iterator[Result]:
    """The results in the order of the mutants, each as soon as it and all before it are there."""
    trees: SimpleQueue[Path] = SimpleQueue()
    for number in range(at_once):
        tree = folder / str(number) / "tree"
        copy_tree(tree)
        trees.put(tree)

    def in_a_free_tree(mutant: Mutant) -> Result:
        tree = trees.get()
        try:
            return run(mutant, tree)
        except Exception as error:  # noqa: BLE001  the others' results are not to be lost with it
            return Result(mutant, False, f"could not be run: {error!r}")
        finally:
            trees.put(tree)

    with ThreadPoolExecutor(at_once) as threads:
        yield from threads.map(in_a_free_tree, mutants)


def copy_tree(to: Path) -> None:
    """The project without what is made anew; the packages are shared.

    It is compiled once, in a form that Python holds against the source's content and not against its time:
    else each run would compile everything, or believe a time that a sabotage shares with what it replaced.
    """
    shutil.copytree(ROOT, to, ignore=LEFT_OUT, symlinks=True)
    compileall.compile_dir(to, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    (to / ".venv").symlink_to((ROOT / ".venv").resolve())


def run(mutant: Mutant, tree: Path, *, seconds: float = SECONDS) -> Result:
    """Sabotage the tree, run the mutant's tests in it, and put it right again."""
    target, report = tree / mutant.file, tree.parent / "report.xml"
    source, sabotaged = mutant.sabotage(tree)
    target.write_text(sabotaged)
    report.unlink(missing_ok=True)
    try:
        code = _pytest(tree, [*shlex.split(mutant.tests), "-x", "-q", f"--junitxml={report}"], seconds)
    except subprocess.TimeoutExpired:
        return Result(mutant, False, f"took longer than {seconds:.0f} s")
    finally:
        target.write_text(source)
    return _judged(mutant, code, report)


def _pytest(tree: Path, arguments: list[str], seconds: float) -> int:
    """Its exit code. Its servers die with it; its output goes to a file, which nobody waits for to be closed."""
    ours = (*contract.NAMES, "PRM_TEST_FOLDER", "PRM_SOAK")
    environment = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("PYTEST")}
    with (tree.parent / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=tree,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(seconds)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _judged(mutant: Mutant, code: int, report: Path) -> Result:
    """Noticed is what a test has failed over: not a file that could not be read, nor a fixture that broke."""
    if code != 1:  # pytest: 0 all passed, 2 interrupted while collecting, 5 nothing to run
        return Result(mutant, False, "all its tests passed" if code == 0 else f"pytest ended with {code}")
    if not report.exists():
        return Result(mutant, False, "pytest left no report")
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            message = str(failure.get("message"))
            test = f"{case.get('classname')}.{case.get('name')}"
            how = " ".join(f"{test}: {message}".split())[:160]
            return Result(mutant, not message.startswith(BROKEN), how)
    return Result(mutant, False, "a fixture broke, and no test")

"""One small sabotage of the product, and the tests that have to notice it."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """`old` stands exactly once in `file` and becomes `new`; `tests` are what pytest is given to run."""

    name: str
    file: str
    old: str
    new: str
    tests: str
    why: str

    def sabotage(self, tree: Path = ROOT) -> tuple[str, str]:
        """The file as it is in `tree`, and with the sabotage in it. Raises ValueError when it no longer fits."""
        source = (tree / self.file).read_text()
        found = source.count(self.old)
        if found != 1:
            raise ValueError(f"{self.name}: the old text stands {found} times in {self.file}; bring it up to date.")
        return source, source.replace(self.old, self.new)

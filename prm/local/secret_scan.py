"""The secrets scan of `make check`: keys, tokens and passwords that somebody has put into a file.

Every known kind of token is looked for everywhere; long random texts and words such as `password = ...`
outside of the tests, which are full of both. Whatever is no secret stands in KNOWN, by its reason.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

from prm.local.paths import PROJECT

SKIPPED_FOLDERS = re.compile(r"\.venv|\.git|\.data|\..+_cache|\.hypothesis|__pycache__|test-results")
SKIPPED_FILES = re.compile(r"requirements/.*\.txt|.*\.(png|pyc)")  # hashes of packages; pictures
CHATTY: dict[str, dict[str, float]] = {
    "Base64HighEntropyString": {"limit": 4.5},
    "HexHighEntropyString": {"limit": 3.0},
    "KeywordDetector": {},
}
GUESSED = {"Base64 High Entropy String", "Hex High Entropy String", "Secret Keyword", "Basic Auth Credentials"}
KNOWN = re.compile(
    "|".join(
        [
            r"^password$|^user:password$|^secret$|^p%40ss$|^PASSWORD$",  # how an address is written
            r"^partner-portal-demo$",  # the demonstration's, refused in production
            r"^thrown-away-with-the-servers$|^only-for-|^(0123456789abcdef|fedcba9876543210)$",  # of tests
            r"^\$|^%|^\{|^\(",  # the name of a variable, or a command
            r"^abcdefghjk",  # an alphabet
            r"^[a-z_./-]+(\.[A-Z][A-Za-z]+)?$",  # a word, such as the name of an event or of a class
            r"^[\w',;]+( [\w',;-]+){3,}$",  # a sentence
            r"1qaz2wsx",  # what people take for a password
            r"^\d+/\w",  # a rate
            r"^smtps://",  # a kind of address
            r"^tests/\S+::\w+$",  # the name of a test
        ]
    )
)


def scan(files: Iterable[Path], root: Path = PROJECT) -> Iterator[str]:
    """What looks like a secret, as `file:line: kind`, never the secret itself."""
    by_place: dict[bool, list[Path]] = {True: [], False: []}
    for path in files:
        by_place[path.relative_to(root).parts[0] == "tests"].append(path)
    for is_test, paths in by_place.items():
        with transient_settings({"plugins_used": _plugins(with_chatty=not is_test)}):
            for path in paths:
                for found in scan_file(str(path)):
                    if found.type not in GUESSED or not KNOWN.search(found.secret_value or ""):
                        yield f"{path.relative_to(root)}:{found.line_number}: {found.type}"


def _plugins(*, with_chatty: bool) -> list[dict[str, object]]:
    known: dict[str, type] = get_mapping_from_secret_type_to_class()
    every = {plugin.__name__ for plugin in known.values()}
    exact: list[dict[str, object]] = [{"name": name} for name in sorted(every - set(CHATTY) - {"IPPublicDetector"})]
    return [*exact, *({"name": name, **words} for name, words in CHATTY.items())] if with_chatty else exact


def project_files(root: Path = PROJECT) -> Iterator[Path]:
    """Every file of the project that a person has written."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not SKIPPED_FOLDERS.fullmatch(name))
        for name in sorted(names):
            path = Path(folder) / name
            if not SKIPPED_FILES.fullmatch(path.relative_to(root).as_posix()):
                yield path


def main() -> int:
    found = list(scan(project_files()))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

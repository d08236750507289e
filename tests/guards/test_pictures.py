"""Pictures in the docs: each one that is shown is there, and is one that `make pictures` takes."""

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from prm.local.paths import PROJECT
from prm.local.pictures import FOLDER, LARGEST, PICTURES

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?!https?:)([^)#\s]+)")


def shown() -> Iterator[tuple[Path, str, Path]]:
    """Each place that shows a picture: the page, the words beside it, the file."""
    for page in PAGES:
        for words, target in SHOWN.findall(page.read_text()):
            yield page, words, (page.parent / target).resolve()


def name_of(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


def test_every_picture_that_is_shown_is_there_and_has_words() -> None:
    broken = [f"{name_of(page)}: {file.name}" for page, _words, file in shown() if not file.is_file()]
    silent = [f"{name_of(page)}: {file.name}" for page, words, file in shown() if not words.strip()]

    assert broken == []
    assert silent == []


def test_every_picture_is_taken_by_the_script_and_shown_somewhere() -> None:
    """What nobody takes anew grows old, and what nobody shows is not looked at."""
    taken = [picture.name for picture in PICTURES]

    assert len(taken) == len(set(taken)) > 10
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.png" for name in taken}
    assert {file for _page, _words, file in shown()} == {FOLDER / f"{name}.png" for name in taken}


def test_every_picture_is_as_wide_as_its_entry_says_and_light_to_load() -> None:
    found = {}
    for picture in PICTURES:
        path = FOLDER / f"{picture.name}.png"
        with Image.open(path) as image:
            found[picture.name] = (image.width, path.stat().st_size <= LARGEST)

    assert found == {picture.name: (picture.width, True) for picture in PICTURES}


def test_pages_link_to_files_that_are_there() -> None:
    links = [(page, target) for page in PAGES for target in LINK.findall(page.read_text())]

    assert len(links) > 4
    assert [f"{name_of(page)}: {target}" for page, target in links if not (page.parent / target).exists()] == []

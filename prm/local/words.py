"""The catalogues of words: `make words` gathers what is to be translated, `make_current` compiles what is.

`locale/<language>/LC_MESSAGES/django.po` is what people write; the .mo beside it is what Django reads. It is
made whenever it is not of this very .po, by whatever comes first: `make up`, `make test`, `manage.py`. All of
it is Babel's work, so that no machine needs the tools of GNU gettext.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from prm.local.paths import PROJECT

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

FOLDER = PROJECT / "locale"
PACKAGES = ("prm", "leads", "deals", "referrals", "integrations")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def catalogues() -> dict[str, Path]:
    """The .po of each language."""
    return {path.parents[1].name: path for path in sorted(FOLDER.glob("*/LC_MESSAGES/django.po"))}


def make_current() -> None:
    """Compile the catalogues that have changed; several processes may do so at once."""
    for language, source in catalogues().items():
        digest = hashlib.sha256(source.read_bytes()).digest()
        target = source.with_suffix(".mo")
        if not target.exists() or not target.read_bytes().endswith(digest):
            _compile(language, source, target, digest)


def read(language: str, source: Path) -> "Catalog":
    """A catalogue as its people wrote it."""
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        return read_po(file, locale=language)


def gather() -> "Catalog":
    """Every word of templates and code that is to be translated, each with its places."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract

    found = Catalog(charset="utf-8")
    for path, text in _sources():
        place = path.relative_to(PROJECT).as_posix()
        for line, words, _comments, context in extract("python", BytesIO(text.encode()), KEYWORDS):
            found.add(words, locations=[(place, line)], context=context)
    return found


def words(arguments: list[str]) -> int:
    """Bring each catalogue up to date with templates and code; arguments name languages to begin."""
    template = gather()
    for language in arguments:
        _begin(language)
    for language, source in catalogues().items():
        catalogue = read(language, source)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        write(catalogue, source)
        missing = sum(1 for message in catalogue if message.id and not is_said(message.string))
        print(f"{language}: {len(catalogue)} texts, {missing} to translate")
    return 0


def write(catalogue: "Catalog", source: Path) -> None:
    """In an order and a form that change as little as may be: by text, no places, no line breaks."""
    from babel.messages.pofile import write_po

    for message in catalogue:
        message.locations = []
    written = BytesIO()
    write_po(written, catalogue, no_location=True, omit_header=True, sort_output=True, width=0)
    source.write_bytes(_header(catalogue).encode() + written.getvalue())


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """The one text, or singular and plural forms, of a text or a translation."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def is_said(translation: str | tuple[str, ...] | list[str] | None) -> bool:
    """Whether a translation is there, in all its plural forms."""
    return bool(translation) and all(forms(translation))


def _begin(language: str) -> None:
    source = FOLDER / language / "LC_MESSAGES" / "django.po"
    if not source.exists():
        from babel.messages.catalog import Catalog

        source.parent.mkdir(parents=True)
        write(Catalog(locale=language, charset="utf-8"), source)


def _header(catalogue: "Catalog") -> str:
    lines = [
        f"Language: {catalogue.locale}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalogue.plural_forms}",
    ]
    said = "".join(f'"{line}\\n"\n' for line in lines)
    return f'msgid ""\nmsgstr ""\n{said}\n'


def _compile(language: str, source: Path, target: Path, digest: bytes) -> None:
    """The digest of the .po stands behind the end of the .mo, where no reader looks: times of files may lie."""
    from babel.messages.mofile import write_mo

    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".mo", delete=False) as file:
        write_mo(file, read(language, source))
        file.write(digest)
    Path(file.name).chmod(0o644)
    os.replace(file.name, target)


def _sources() -> Iterator[tuple[Path, str]]:
    """Each file with words in it, as Python."""
    from django.utils.translation.template import templatize

    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            yield path, path.read_text()
    for path in sorted((PROJECT / "templates").rglob("*.*")):
        if path.suffix in {".html", ".txt"}:
            # Python's own tokens begin at the margin; in between there is only what stands for other text.
            yield path, re.sub(r"^[ \t]+", "", templatize(path.read_text()), flags=re.MULTILINE)

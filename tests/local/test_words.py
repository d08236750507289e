"""Catalogues: made when their source has changed, and brought up to date without a word lost."""

import gettext
import os
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from prm.local import words

PO = """msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Leads"
msgstr "{leads}"

#, fuzzy
msgid "Deals"
msgstr "Perhaps"

msgid "%(n)d lead"
msgid_plural "%(n)d leads"
msgstr[0] "{one}"
msgstr[1] "{many}"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty locale/."""
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    return tmp_path


def write(folder: Path, **said: str) -> Path:
    source = folder / said["language"] / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(PO.format(**said))
    return source


def message(catalogue: Catalog, text: str) -> Message:
    found = catalogue.get(text)
    assert found is not None
    return found


def made_of(source: Path) -> gettext.GNUTranslations:
    with source.with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_make_current_compiles_what_django_reads(folder: Path) -> None:
    source = write(folder, language="fr", leads="Pistes", one="%(n)d piste", many="%(n)d pistes")

    words.make_current()

    made = made_of(source)
    assert made.gettext("Leads") == "Pistes"
    assert made.gettext("Deals") == "Deals"  # a guess is no translation
    said = [made.ngettext("%(n)d lead", "%(n)d leads", n) for n in (0, 1, 2)]
    assert said == ["%(n)d piste", "%(n)d piste", "%(n)d pistes"]


def test_make_current_leaves_alone_what_is_current(folder: Path) -> None:
    source = write(folder, language="de", leads="Leads", one="1", many="2")
    words.make_current()
    before = source.with_suffix(".mo").stat()

    words.make_current()

    assert source.with_suffix(".mo").stat() == before


def test_make_current_sees_a_change_whatever_the_clock_says(folder: Path) -> None:
    source = write(folder, language="de", leads="Alt", one="1", many="2")
    words.make_current()
    times = source.stat().st_atime, source.stat().st_mtime

    write(folder, language="de", leads="Neu", one="1", many="2")
    os.utime(source, (times[0] - 1000, times[1] - 1000))
    words.make_current()

    assert made_of(source).gettext("Leads") == "Neu"
    assert sorted(path.name for path in source.parent.iterdir()) == ["django.mo", "django.po"]


def test_words_begins_a_language_and_keeps_what_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, language="de", leads="Leads", one="1", many="2")

    assert words.words(["it"]) == 0

    german = words.read("de", words.catalogues()["de"])
    assert sorted(words.catalogues()) == ["de", "it"]
    assert message(german, "Leads").string == "Leads"
    assert german.get("%(n)d lead") is None  # which is nowhere in the code
    assert len(german) == len(words.gather()) > 1000
    assert "to translate" in capsys.readouterr().out
    assert "python-format" in words.catalogues()["it"].read_text()


def test_gather_finds_words_of_templates_and_code_with_their_places() -> None:
    found = words.gather()

    places = {name for name, _line in message(found, "Leads").locations}
    assert {"templates/components/sidebar.html", "leads/apps.py"} <= places
    assert message(found, "Lead {code} waits for you").locations[0][0] == "leads/emails.py"
    assert message(found, "%(n)d second").id == ("%(n)d second", "%(n)d seconds")

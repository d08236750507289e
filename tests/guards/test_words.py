"""Every word that people read can be translated, and is, in each language that is offered.

What is missing is named with its place: put it into locale/<language>/ (docs/words.md).
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings
from django.forms import BaseForm
from django.urls import get_resolver
from django.utils.functional import Promise

from prm.events.notices import NOTICES
from prm.events.timeline import WORDS
from prm.local import words
from tests import wording
from tests.guards.test_house import CODE, ROOT, name_of

TEXTS = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})
NO_WORDS = {"templates/components/head.html": ["light dark"]}  # what CSS calls its colour schemes
SAID_IN_ENGLISH = {
    "prm/operators/": "for whoever sits at the command line",
    "prm/sso/models.py": "names of standards",
    "/api.py": "the API's description, which is for programmers",
}
PLURALS = {"ar": 6, "de": 2, "es": 2, "fr": 2}  # forms, by the Unicode CLDR
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+[^>]*>|https://")
each_language = pytest.mark.parametrize("language", sorted(words.catalogues()))


@cache
def template() -> Catalog:
    return words.gather()


@cache
def catalogue(language: str) -> Catalog:
    return words.read(language, words.catalogues()[language])


def ids(found: Catalog) -> dict[Any, str]:
    """The texts, each with its first place where that is known."""
    return {
        (message.context, message.id): "{}:{}".format(*message.locations[0]) if message.locations else ""
        for message in found
        if message.id
    }


# --- What there is to translate -----------------------------------------------------------------------------


def test_every_language_has_its_catalogue() -> None:
    assert sorted(code for code, _name in settings.LANGUAGES) == sorted([*words.catalogues(), "en"])


@each_language
def test_catalogue_holds_every_text_and_no_other(language: str) -> None:
    there, here = ids(template()), ids(catalogue(language))
    missing = [f"{place}: {key[1]!r}" for key, place in there.items() if key not in here]

    assert len(there) > 1000
    assert missing == [], "`make words` takes them in"
    assert [key[1] for key in here if key not in there] == [], "`make words` drops them"


@each_language
def test_every_text_is_translated(language: str) -> None:
    places = ids(template())
    lacking = [
        f"{places.get((message.context, message.id), '')}: {message.id!r}"
        for message in catalogue(language)
        if message.id and (message.fuzzy or not words.is_said(message.string))
    ]

    assert lacking == []


@each_language
def test_translations_keep_what_is_filled_in(language: str) -> None:
    """A plural form may say "one" or "two" in words instead of the number."""
    wrong = []
    for message in catalogue(language):
        if not message.id:
            continue
        texts, said = words.forms(message.id), words.forms(message.string)
        wanted = set(PLACEHOLDER.findall(texts[-1]))
        for place, text in enumerate(said):
            has = set(PLACEHOLDER.findall(text))
            is_exact = len(said) > 1 and place < len(said) - 1
            if has != wanted and not (is_exact and has <= wanted):
                wrong.append(text)

    assert wrong == []


@each_language
def test_plural_forms_are_the_languages_own(language: str) -> None:
    found = catalogue(language)
    plural = [message for message in found if message.id and not isinstance(message.id, str)]

    assert found.num_plurals == PLURALS[language]
    assert {len(words.forms(message.string)) for message in plural} == {PLURALS[language]}


@each_language
def test_catalogue_is_in_the_form_that_make_words_writes(language: str, tmp_path: Any) -> None:
    """Else the next run of it would change lines that nobody has touched."""
    source, again = words.catalogues()[language], tmp_path / "django.po"

    words.write(words.read(language, source), again)

    assert again.read_text() == source.read_text()


# --- That it can be translated -------------------------------------------------------------------------------


def test_templates_hold_no_words_outside_of_translations() -> None:
    found = {name_of(path): wording.unmarked_in_template(path.read_text()) for path in TEXTS}

    assert len(found) > 100
    assert {name: texts for name, texts in found.items() if texts} == NO_WORDS


def test_code_says_nothing_without_gettext() -> None:
    found = [
        f"{name_of(path)}:{line}: {text}"
        for path in CODE
        if "migrations" not in path.parts and not any(part in name_of(path) for part in SAID_IN_ENGLISH)
        for line, text in wording.unmarked_in_code(wording.read(path))
    ]

    assert found == []


def forms() -> Iterator[type[BaseForm]]:
    assert get_resolver().url_patterns  # imports every view, and so every form
    waiting = [BaseForm]
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        if form.__module__.partition(".")[0] in words.PACKAGES:
            yield form


def test_fields_have_labels_of_their_own() -> None:
    """Django makes a label of a field's name, in English, where it is given none."""
    found = [
        f"{form.__module__}.{form.__qualname__}.{name}"
        for form in forms()
        for name, field in getattr(form, "base_fields", {}).items()
        if not field.widget.is_hidden and not isinstance(field.label, Promise)
    ]

    assert len(list(forms())) > 15
    assert sorted(set(found) - {"leads.forms.AssignForm.organization", "leads.forms.AssignForm.user"}) == []


def test_events_are_told_in_words_that_can_be_translated() -> None:
    told = [words for _icon, words in WORDS.values()]
    told += [text for notice in NOTICES.values() for text in (notice.text, notice.many) if text]

    assert len(told) > 40
    assert [text for text in told if not isinstance(text, Promise)] == []


# --- What a browser or a program reads ------------------------------------------------------------------------


def test_numbers_for_programs_are_not_written_for_people() -> None:
    """In an attribute, `|stringformat:"d"` or `|unlocalize`: "1.5" would else be "1,5" to a German."""
    found = {name_of(path): wording.numbers_in_attributes(path.read_text()) for path in TEXTS}

    assert {name: places for name, places in found.items() if places} == {}

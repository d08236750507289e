"""Every page in every language: nothing of it stays English, and Arabic runs from right to left."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.urls import reverse

from deals.models import DealStage
from prm.home.helping import topics
from prm.lists.listing import listings
from prm.lists.pages import COLUMNS
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import Membership
from tests.browsing import sign_in, visitor
from tests.cast import Cast
from tests.guards.access_table import TABLE
from tests.guards.cells import Cell
from tests.matrix import Question, send
from tests.reading import Page
from tests.stage import NOWHERE, Stage
from tests.wording import left_in_english

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
READERS = ("ada", "bea", "ben")
PAGES = sorted(name for name, method in TABLE if method == "GET" and not name.startswith("api:"))
PUBLIC = ["/", "/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/security/"]
PUBLIC += ["/invitations/nobody/", "/nothing/here/", "/leads/?cursor=%00", "/accounts/inactive/"]
FRAGMENTS = {"leads:preview", "deals:preview"}  # parts of a page, whose root says which way it runs
each_language = pytest.mark.parametrize("language", LANGUAGES)


def cells(stage: Stage, name: str) -> Iterator[Cell]:
    """The page as each reader gets it, with one row of each that the reader sees."""
    expect = TABLE[name, "GET"]
    for reader in READERS:
        places = sorted(place for place, who in expect.sees.items() if reader in who) if expect.row else [NOWHERE]
        if reader in expect.enters and places:
            yield Cell(stage, name, "GET", expect, stage.actors[reader], places[0])


@pytest.fixture(scope="module")
def data(stage: Stage) -> set[str]:
    """What portals are made with, which is theirs to rename."""
    with inside(stage.cast.acme):
        return set(DealStage.objects.values_list("name", flat=True))


def speak(portal: Portal, language: str) -> None:
    with inside(portal):
        Membership.objects.update(language=language)


@each_language
def test_pages_are_in_the_members_language(stage: Stage, data: set[str], language: str) -> None:
    speak(stage.cast.acme, language)
    seen, wrong = 0, []
    for name in PAGES:
        for cell in cells(stage, name):
            answer = send(cell.actor, Question("GET", cell.address))
            if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
                continue
            page, seen = Page(answer), seen + 1
            wrong += [f"{name}: {text}" for text in left_in_english(page, language) if text not in data]
            if name not in FRAGMENTS:
                assert_direction(page, language)

    assert seen > 60
    assert sorted(set(wrong)) == []


@each_language
def test_help_is_in_the_members_language(stage: Stage, language: str) -> None:
    paths = [reverse("home:help", args=[topic]) for topic in sorted(topics())]

    assert len(paths) > 40
    assert list(english_at(stage.cast, paths, language)) == []


@each_language
def test_filters_and_columns_are_in_the_members_language(stage: Stage, data: set[str], language: str) -> None:
    """Each of them opened, as a list shows it once it is asked for."""
    paths: list[str] = []
    with inside(stage.cast.acme):
        for declared in listings():
            keys = [COLUMNS, *(each.key for each in declared.filters_for(stage.cast.ada))]
            paths += [f"{reverse(declared.url_name)}?choose={key}" for key in keys]

    assert len(paths) > 40
    assert [text for text in english_at(stage.cast, paths, language, part="chooser") if text not in data] == []


def english_at(cast: Cast, paths: list[str], language: str, *, part: str = "") -> Iterator[str]:
    """What stays English for Ada on these pages, or on a part of each."""
    speak(cast.acme, language)
    client = sign_in(cast.ada)
    for path in paths:
        answer = client.get(path, headers={"HX-Target": part})
        assert answer.status_code == 200, path
        yield from left_in_english(Page(answer), language)


@each_language
@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_in_the_browsers_language(cast: Cast, language: str, path: str) -> None:
    wanted = {"Accept-Language": f"xx, {language};q=0.9, en;q=0.5"}

    answer = visitor(cast.acme).get(path, headers=wanted, follow=True)

    page = Page(answer)
    assert "Accept-Language" in answer["Vary"]
    assert list(left_in_english(page, language)) == []
    assert_direction(page, language)


def test_reader_of_pages_notices_english(cast: Cast) -> None:
    """The test of the test."""
    page = Page(visitor(cast.acme).get("/accounts/login/"))

    assert {"Sign in", "Password", "Partner portal"} <= set(left_in_english(page, "de"))


def assert_direction(page: Page, language: str) -> None:
    (root,) = page.root.all("html")
    assert (root.attributes["lang"], root.attributes["dir"]) == (language, "rtl" if language == "ar" else "ltr")

"""Every URL and API action, asked by everybody, for own, sibling, foreign and imagined rows.

A row that somebody may not see has to look like one that never was: the same status, headers and
body, and not a byte changed in any table. That is asked with requests that do change something for
those who may, so that a no proves something.
"""

import hashlib

import pytest
from django.db import transaction
from django.urls import reverse

from leads import states
from leads.models import LeadQuerySet
from prm.organizations.context import APP_ROLE, inside
from tests.canaries import complain
from tests.guards.access_table import TABLE, Expect
from tests.guards.catalogue import privileges
from tests.guards.cells import Cell, cells_of, deviations, strays
from tests.guards.routes import routes
from tests.matrix import Question, ask, fingerprint
from tests.populate import LOGO, changed
from tests.stage import NOWHERE, Stage

ROUTES = [route for route in routes() if not route.is_public and route.name != "schema"]
PAGE_METHODS = frozenset(
    {"GET", "HEAD", "OPTIONS", "POST", "DELETE"}
)  # to a page, PUT and PATCH are the same as DELETE
METHODS = PAGE_METHODS | {"PUT", "PATCH"}
PASSERS_BY = ("anonymous", "ivan", "eve with her session of Globex", "dan's key", "ada", "dan")
"""Who asks for public pages: four strangers and two members."""
PUBLIC: dict[str, list[str]] = {route.name: [] for route in routes() if route.is_public or route.name == "schema"}
PUBLIC["account_reset_password_from_key"] = ["1", "no-such-key"]
PUBLIC["users:email_confirm"] = ["no-such-token"]
BRAND = "4f46e5"  # that of both portals of the cast
PUBLIC["home:icon"], PUBLIC["home:favicon"] = [BRAND, "192"], [BRAND]
PUBLIC["organizations:logo"] = [hashlib.sha256(LOGO).hexdigest()]
ADDRESSED = [("users:invitation", "invitation", 410), ("events:outbox_mail", "mail", 404)]
ADDRESSED += [("events:unsubscribe", "unsubscribe", 404)]
for _name, _kind, _status in ADDRESSED:
    del PUBLIC[_name]  # asked with good and bad addresses
for name in [name for name in PUBLIC if name.startswith("sso:")]:
    del PUBLIC[name]  # each answer is another one: asked in tests/abuse/test_single_sign_on.py
each_entry = pytest.mark.parametrize(("name", "method"), TABLE, ids=lambda word: word)


def test_every_url_has_its_entries_and_every_entry_its_url() -> None:
    api = {(route.name, method.upper()) for route in ROUTES for method in route.actions}
    pages = {route.name for route in ROUTES if route.api is None}

    assert {entry for entry in TABLE if entry[0].startswith("api:")} == api
    assert {name for name, _method in TABLE if not name.startswith("api:")} == pages


@each_entry
def test_nobody_gets_more_or_less(stage: Stage, name: str, method: str) -> None:
    assert [words for cells in cells_of(stage, name, method) for words in deviations(cells)] == []


def test_matrix_notices_a_missing_wall(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: with `visible_to` gone, Cleo sees North's lead, and the cell says so."""
    entry = ("leads:detail", "GET")
    cells = [Cell(stage, *entry, TABLE[entry], stage.actors["cleo"], place) for place in (NOWHERE, "north")]
    monkeypatch.setattr(LeadQuerySet, "visible_to", lambda rows, member: rows)

    imagined, real = (cell.ask() for cell in cells)

    assert [words.partition(":")[0] for words in cells[1].wrongs(real, imagined)] == [
        "tells a real row from an imagined one",
        "200 instead of (404,)",
    ]
    assert any("leads.Lead.company" in complaint for complaint in complain())  # the canaries sing as well


def test_matrix_notices_a_write_before_the_no(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ("api:lead-recall", "POST")
    cell = Cell(stage, *entry, TABLE[entry], stage.actors["ben"], "north")
    monkeypatch.setattr(states, "check", lambda *args, **words: None)

    answer = cell.ask()

    assert "changed something" in cell.wrongs(answer, answer)


@pytest.mark.parametrize(
    ("name", "method"), [entry for entry in TABLE if TABLE[entry].lists], ids=lambda word: word
)
def test_lists_show_what_their_reader_sees_and_no_more(stage: Stage, name: str, method: str) -> None:
    assert strays(stage, name, method) == []


@pytest.mark.parametrize("name", sorted({name for name, _method in TABLE}))
def test_other_methods_tell_and_change_nothing(stage: Stage, name: str) -> None:
    """HEAD and OPTIONS, writes that nobody planned, and a GET of what is only ever sent."""
    planned = {method: expect for (other, method), expect in TABLE.items() if other == name}
    expect = next(iter(planned.values()))
    wrong = []
    for method in (METHODS if name.startswith("api:") else PAGE_METHODS) - set(planned):
        asked = {"ada": [NOWHERE], "anonymous": [NOWHERE]}
        if expect.row:
            asked = {"ada": ["north"], "cleo": [NOWHERE, "north", "globex"], "anonymous": [NOWHERE, "north"]}
        for actor, places in asked.items():
            cells = [Cell(stage, name, method, expect, stage.actors[actor], place) for place in places]
            answers = [cell.ask() for cell in cells]
            for cell, answer in zip(cells, answers, strict=True):
                if cell.denied is not None and answer != answers[0]:
                    wrong.append(f"{actor}, {method}, {cell.place}: {answer} / {answers[0]}")
                keeps = method == "HEAD" and TABLE.get((name, "GET"), Expect()).keeps
                if (answer.has_changed and not keeps) or answer.status >= 500:
                    wrong.append(f"{actor}, {method}, {cell.place}: {answer.status}")

    assert wrong == []


@pytest.mark.parametrize("ending", [".json", ".api", "?format=api", "/x/../"])
def test_other_spellings_of_an_address_tell_nothing(stage: Stage, ending: str) -> None:
    """No format suffix leads to a row, nor does anything else that a framework may read into an address."""
    wrong = []
    for entry in [entry for entry in TABLE if TABLE[entry].row and entry[1] == "GET"]:
        for actor in (stage.actors[name] for name in ("cleo", "bea's key")):
            answers = []
            for place in (NOWHERE, "globex"):
                cell = Cell(stage, *entry, TABLE[entry], actor, place)
                question = Question("GET", cell.address.removesuffix("/") + ending)
                answers.append(ask(actor, question, stage.before, row=cell.row))
            if answers[0] != answers[1] or answers[0].has_changed or answers[0].status in {200, 500}:
                wrong.append(f"{entry}, {actor.name}: {answers}")

    assert wrong == []


def test_fingerprint_knows_every_table_that_can_be_written(stage: Stage) -> None:
    """What nobody may read could change unseen."""
    held = privileges(APP_ROLE)

    assert {table for table in held if held[table] and "SELECT" not in held[table]} == set()


def test_fingerprint_notices_a_change_in_any_table(stage: Stage) -> None:
    held, unnoticed = privileges(APP_ROLE), []
    for table in sorted(table for table in held if {"UPDATE", "DELETE"} & held[table]):
        change = f"DELETE FROM {table}" if "DELETE" in held[table] else f"UPDATE {table} SET id = gen_random_uuid()"
        with transaction.atomic():
            with inside(stage.cast.acme):
                has_changed = changed(change) > 0
            if has_changed and fingerprint() == stage.before:
                unnoticed.append(table)
            transaction.set_rollback(True)

    assert unnoticed == []


@pytest.mark.parametrize(("address", "kind", "no"), ADDRESSED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_public_address_is_good_in_its_own_portal_only(
    stage: Stage, address: str, kind: str, no: int, method: str
) -> None:
    """An invitation, a mail or a link in one of Globex is none at Acme, for whoever asks."""
    body = {"name": "Newcomer", "password": "quite-another-one-9"}
    wrong = []
    for actor in (stage.actors[name] for name in PASSERS_BY):
        answers = {}
        for place in (NOWHERE, "north", "globex"):
            row = stage.rows[kind, ""][place]
            question = Question(method, reverse(address, args=[row.code]), body)
            answers[place] = ask(actor, question, stage.before, row=row)
        for place, answer in answers.items():
            is_own = place != NOWHERE and (place == "globex") == (actor.portal == stage.cast.globex)
            if is_own != (answer.status in (200, 302)) or (not is_own and answer != answers[NOWHERE]):
                wrong.append(f"{actor.name}, {place}: {answer}")
            if answer.has_changed != (is_own and method == "POST" and kind != "mail"):
                wrong.append(f"{actor.name}, {place}: changed {answer.has_changed}")
        assert answers[NOWHERE].status == no

    assert wrong == []


@pytest.mark.parametrize("name", PUBLIC)
def test_public_page_knows_no_stranger(stage: Stage, name: str) -> None:
    """It answers everybody, shows all strangers the same, and only showing it changes nothing."""
    question = Question("GET", reverse(name, args=PUBLIC[name]))
    answers = {actor: ask(stage.actors[actor], question, stage.before) for actor in PASSERS_BY}
    strangers = {actor: answer for actor, answer in answers.items() if not stage.actors[actor].role}
    wrong = [
        actor for actor, answer in answers.items() if answer.status not in {200, 302, 410} or answer.has_changed
    ]

    assert wrong == []
    assert strangers == dict.fromkeys(strangers, strangers["anonymous"])


CACHED = {
    "home:manifest": "a name, a colour and our drawing, on sign-in pages too",
    "home:icon": "our drawing in a colour that its address names",
    "home:favicon": "our drawing in a colour that its address names",
    "organizations:theme": "the stylesheet with three colours, on sign-in pages too",
    "script": "the script of all pages",
    "organizations:logo": "a picture, on sign-in pages too, under the hash of its bytes",
    "robots_txt": "the same for everybody",
    "security_txt": "the same for everybody",
}
"""What a cache may keep: nothing of it is anybody's."""


def test_nothing_is_kept_by_any_cache(stage: Stage) -> None:
    """V34, for every route: what it shows, what it refuses, and where it leads."""
    wrong = []
    for name, method in [*TABLE, *((name, "GET") for name in PUBLIC)]:
        expect = TABLE.get((name, method), Expect())
        for actor in ("ada", "ben", "anonymous"):
            rows = stage.rows[expect.row] if expect.row else {}
            address = rows["north"].address(is_api=name.startswith("api:")) if rows else []
            args = [*address, *expect.also] or PUBLIC.get(name, [])
            answer = ask(stage.actors[actor], Question(method, reverse(name, args=args)))
            may_be_kept = "no-store" not in answer.headers["Cache-Control"]
            if may_be_kept != (name in CACHED):
                wrong.append(f"{actor}: {method} {name}: {answer.headers['Cache-Control']}")

    assert wrong == []

"""Every URL and API action, asked by everybody, for own, sibling, foreign and imagined rows.

A row that somebody may not see has to look like one that never was: the same status, headers and
body, and not a byte changed in any table. That is asked with requests that do change something for
those who may, so that a no proves something.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.urls import reverse

from tests.guards.access_table import TABLE, Expect
from tests.guards.routes import routes
from tests.matrix import Actor, Answer, Question, Row, ask
from tests.stage import NOWHERE, Stage

ROUTES = [route for route in routes() if not route.is_public and route.name != "schema"]
NO_ROW = Row("", "", "")
each_entry = pytest.mark.parametrize(("name", "method"), TABLE, ids=lambda word: word)


def test_every_url_has_its_entries_and_every_entry_its_url() -> None:
    api = {(route.name, method.upper()) for route in ROUTES for method in route.actions}
    pages = {route.name for route in ROUTES if route.api is None}

    assert {entry for entry in TABLE if entry[0].startswith("api:")} == api
    assert {name for name, _method in TABLE if not name.startswith("api:")} == pages


@dataclass(frozen=True)
class Cell:
    """One actor, one method of one URL, one row."""

    stage: Stage
    name: str
    method: str
    expect: Expect
    actor: Actor
    place: str

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")

    @property
    def is_write(self) -> bool:
        return self.method not in {"GET", "HEAD", "OPTIONS"}

    @property
    def row(self) -> Row:
        return self.stage.rows[self.expect.row][self.place] if self.expect.row else NO_ROW

    @property
    def role(self) -> str:
        """A key opens the API only."""
        return "" if self.actor.key and not self.is_api else self.actor.role

    @property
    def denied(self) -> int | None:
        """The status of the no, or None where the answer is yes, or "not in this state"."""
        if not self.role:
            return 401 if self.is_api else 302
        if (self.actor.is_read_only and self.is_write) or self.role not in self.expect.enters:
            return 403
        if self.expect.row and self.role not in self.expect.sees.get(self.place, frozenset()):
            return 404
        return None

    def ask(self) -> Answer:
        address = [self.row.key if self.is_api else self.row.code] if self.expect.row else []
        body = self.expect.body(self.stage, self.actor)
        question = Question(self.method, reverse(self.name, args=address), body)
        return ask(self.actor, question, self.stage.before, row=self.row)

    def wrongs(self, answer: Answer, blank: Answer) -> Iterator[str]:
        """What is not as it should be. `blank` is the answer for a row that never was."""
        if self.denied is not None:
            if answer.status != self.denied:
                yield f"{answer.status}, not {self.denied}"
            if self.expect.row and answer != blank:
                yield f"tells a real row from an imagined one: {answer} / {blank}"
            may_change, fine = False, answer.status == self.denied
        else:
            may_change = self.is_write and self.role in self.expect.acts
            refused = self.is_write and not may_change
            fine = answer.status in ((self.expect.refused,) if refused else self.expect.status)
        if not fine and self.denied is None:
            yield f"{answer.status}: {answer.body[:2000]}"
        if answer.has_changed != may_change:
            yield "changed something" if answer.has_changed else "changed nothing"


def cells(stage: Stage, name: str, method: str, expect: Expect) -> Iterator[tuple[Cell, Cell]]:
    """Every cell of one entry, each with that of the imagined row."""
    places = stage.rows[expect.row] if expect.row else {NOWHERE: NO_ROW}
    for actor in stage.actors.values():
        for place in places:
            words = (stage, name, method, expect, actor)
            yield Cell(*words, place), Cell(*words, NOWHERE)


@each_entry
def test_matrix(stage: Stage, name: str, method: str) -> None:
    wrong = []
    blanks: dict[str, Answer] = {}
    for cell, imagined in cells(stage, name, method, TABLE[name, method]):
        if cell.actor.name not in blanks:
            blanks[cell.actor.name] = imagined.ask()
        blank = blanks[cell.actor.name]
        answer = blank if cell == imagined else cell.ask()
        wrong += [f"{cell.actor.name}, {cell.place}: {words}" for words in cell.wrongs(answer, blank)]

    assert wrong == []

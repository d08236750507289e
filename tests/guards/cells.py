"""The cells of the access matrix: one actor, one method of one URL, one row, and what has to come of it."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.urls import reverse

from tests.guards.access_table import LOOKS_ON, TABLE, Expect
from tests.matrix import Actor, Answer, Question, Row, ask
from tests.stage import NOWHERE, Stage

NO_ROW = Row("", "", "")
ASKED = {
    "": "north globex",
    "ada": "north south vendor globex",
    "val": "north globex",
    "vic": "north south vendor globex",
    "bea": "north south vendor globex",
    "ben": "north colleague south globex",
    "cleo": "south north east globex",
    "dora": "east south globex",
    "eve": "north globex",
    "dan": "globex north",
    "eve_globex": "globex north",
}
"""Whose rows each asks for: the own ones, a colleague's, a sibling's, and the other portal's."""
KEYS_THAT_OPEN_NO_PAGE = {  # one is enough to show it
    *("bea's key for reading", "bea's revoked key", "the key of a closed account", "dan's key")
}


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

    @property
    def only_looks_on(self) -> bool:
        """Whether the actor sees this lead or deal and has no verb for it."""
        is_work = self.is_write or self.expect.is_form
        is_held = self.expect.row is not None and self.expect.row[0] in {"lead", "lead file", "deal"}
        return is_work and is_held and self.role in LOOKS_ON.get(self.place, frozenset())

    @property
    def address(self) -> str:
        row = self.row.address(is_api=self.is_api) if self.expect.row else []
        return reverse(self.name, args=[*row, *self.expect.also])

    def ask(self) -> Answer:
        question = Question(self.method, self.address, self.expect.body(self.stage, self.actor))
        return ask(self.actor, question, self.stage.before, row=self.row)

    def wrongs(self, answer: Answer, imagined: Answer) -> Iterator[str]:
        """What is not as it should be."""
        expected: tuple[int, ...]
        if self.denied is not None:
            expected, may_change = (self.denied,), False
            if self.expect.row and answer != imagined:
                yield f"tells a real row from an imagined one: {answer} / {imagined}"
        elif self.only_looks_on:
            expected, may_change = (409 if self.is_api else 302,), False
        elif self.is_write and self.role not in self.expect.acts:
            expected, may_change = (self.expect.refused,), False
        else:
            expected, may_change = self.expect.status, self.is_write or self.expect.keeps
        if answer.status not in expected:
            yield f"{answer.status} instead of {expected}: {answer.body[:2000]}"
        if answer.has_changed != may_change:
            yield "changed something" if answer.has_changed else "changed nothing"


def cells_of(stage: Stage, name: str, method: str) -> Iterator[list[Cell]]:
    """An actor's cells of one entry: first the imagined row, then real ones."""
    expect = TABLE[name, method]
    for actor in stage.actors.values():
        if name.startswith("api:") or actor.name not in KEYS_THAT_OPEN_NO_PAGE:
            real = [place for place in ASKED[actor.role].split() if expect.row and place in stage.rows[expect.row]]
            if actor.role not in expect.enters:
                real = [*real[:1], *real[-1:]]  # one's own and a foreign one: the no comes before any row
            yield [Cell(stage, name, method, expect, actor, place) for place in (NOWHERE, *real)]


def deviations(cells: list[Cell]) -> list[str]:
    """What is wrong in one actor's cells of one entry, the first of which is the imagined row."""
    answers = [cell.ask() for cell in cells]
    return [
        f"{cell.actor.name}, {cell.place}: {words}"
        for cell, answer in zip(cells, answers, strict=True)
        for words in cell.wrongs(answer, answers[0])
    ]


def strays(stage: Stage, name: str, method: str, *, readers: Collection[str] = ()) -> list[str]:
    """Rows that a list shows to one who does not see them, or keeps from one who does: of all, or of `readers`."""
    expect, is_api = TABLE[name, method], name.startswith("api:")
    wrong = []
    for actor in (stage.actors[name] for name in readers or stage.actors):
        if actor.role not in expect.enters or (actor.key and not is_api):
            continue
        body = ask(actor, Question(method, reverse(name))).body
        shown = {result["id"] for result in json.loads(body)["results"]} if is_api else body
        for kind in expect.lists:
            for place, row in stage.rows[kind].items():
                is_shown = (row.key if is_api else row.mark) in shown
                if place != NOWHERE and is_shown != (actor.role in expect.sees[place]):
                    wrong.append(f"{actor.name}: {row.mark} of {place}")
    return wrong

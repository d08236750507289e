"""Every page through somebody else's eyes: what that person gets, and not a byte changed in any table.

Asked of the same table as the access matrix, so that a new page is asked, too.
"""

import re

import pytest

from prm.organizations.context import inside
from prm.users.models import Membership, Viewing
from prm.users.seeing import SESSION_VIEWING, THE_PERSONS_OWN
from prm.users.viewing import begin_viewing
from tests import browsing
from tests.guards.access_table import TABLE
from tests.guards.cells import ASKED, Cell
from tests.matrix import Actor
from tests.reading import Page
from tests.stage import NOWHERE, Stage

VIEWED = ("ben", "bea", "vic")
SHOWN = [entry for entry in TABLE if entry[1] == "GET"]
SENT = [entry for entry in TABLE if entry[1] != "GET" and entry[0] != "users:end_viewing"]
OWN = {
    *("account_change_password", "account_reauthenticate", "users:profile", "users:email", "users:sessions"),
    "users:keys",
    "events:notifications",
    *("runs:list", "runs:detail", "runs:file", "runs:refusals", "runs:export"),
    *("mfa_index", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes"),
}


@pytest.fixture(scope="module")
def eyes(stage: Stage) -> dict[str, Actor]:
    """Ada, looking through the eyes of one after the other, each in a browser of its own."""
    found = {}
    for name in VIEWED:
        viewed: Membership = getattr(stage.cast, name)
        client = browsing.sign_in(stage.cast.ada)
        with inside(viewed.portal):
            session = client.session
            session[SESSION_VIEWING] = str(begin_viewing(viewed, reason="Cannot find a lead", by=stage.cast.ada).pk)
            session.save()
        cookies = {key: morsel.value for key, morsel in client.cookies.items()}
        found[name] = Actor(f"ada as {name}", name, viewed.portal, cookies)
    with inside(stage.cast.acme):
        Viewing.objects.update(ended_at=None)  # each had ended when the next one began
    return found


def cells(stage: Stage, entry: tuple[str, str], actor: Actor) -> list[Cell]:
    expect = TABLE[entry]
    rows = stage.rows[expect.row] if expect.row else {}
    places = [NOWHERE, *(place for place in ASKED[actor.role].split() if place in rows)]
    return [Cell(stage, *entry, expect, actor, place) for place in places]


def is_closed(cell: Cell) -> bool:
    return cell.address.startswith(THE_PERSONS_OWN)


@pytest.mark.parametrize(("name", "method"), SHOWN, ids=lambda word: word)
def test_viewing_shows_what_the_person_sees_and_writes_nothing(
    stage: Stage, eyes: dict[str, Actor], name: str, method: str
) -> None:
    wrong = []
    for role, actor in eyes.items():
        theirs = cells(stage, (name, method), stage.actors[role])
        for cell, own in zip(cells(stage, (name, method), actor), theirs, strict=True):
            answer, theirs_is = cell.ask(), own.ask()
            expected = 403 if is_closed(cell) else theirs_is.status
            if answer.status != expected or answer.has_changed:
                wrong.append(f"{actor.name}, {cell.place}: {answer.status} instead of {expected}")
            elif answer.status == 200 and main(answer.body) != main(theirs_is.body):
                wrong.append(f"{actor.name}, {cell.place}: shows something else")

    assert wrong == []


@pytest.mark.parametrize(("name", "method"), SENT, ids=lambda word: word)
def test_viewing_sends_nothing(stage: Stage, eyes: dict[str, Actor], name: str, method: str) -> None:
    for actor in eyes.values():
        for cell in cells(stage, (name, method), actor):
            answer = cell.ask()
            assert (answer.status, answer.has_changed) == (403, False), f"{actor.name}, {cell.place}"


def test_viewing_keeps_out_of_what_is_the_persons_own(stage: Stage, eyes: dict[str, Actor]) -> None:
    """By their addresses, so that a page that is added there is closed from the beginning."""
    closed = {
        name for name, method in SHOWN if any(is_closed(cell) for cell in cells(stage, (name, method), eyes["ben"]))
    }

    assert {name for name in closed if not name.startswith("api:")} == OWN
    assert {name for name in closed if name.startswith("api:")} == {n for n, _ in SHOWN if n.startswith("api:")}


def main(body: str) -> str:
    """The words of a page, without the frame around it; of a part of one, all."""
    page = Page(body)
    within = page.root.all(id="main") or [page.root]
    return re.sub(r"\s+", " ", within[0].text)

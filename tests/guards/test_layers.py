"""Each ring of the fence alone holds the whole matrix, and with both gone the matrix says so.

Asked through the true doors: everybody's pages and API, not only queries (tests/organizations/test_fence.py).
`make test` asks every URL that names a row, each list and each reference, by those who see most in either
portal; `make soak` asks every cell that there is.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import partial

import pytest
from django.core.cache import cache
from django.core.exceptions import MultipleObjectsReturned
from django.db import connections, transaction
from pytest_django import DjangoDbBlocker

from tests import rings, soak
from tests import stage as stage_module
from tests.canaries import complain
from tests.guards.access_table import TABLE
from tests.guards.catalogue import fenced_tables
from tests.guards.cells import Cell, cells_of, deviations, strays
from tests.guards.test_references import CASES, answer_to
from tests.stage import NOWHERE, Stage

WITNESSES = {"page": ("ada", "bea", "dan"), "api": ("ada", "bea's key", "dan")}
"""Who sees all of a portal, and who all of an organization: what these are not shown, nobody is."""
LOOKERS = ("ada", "bea", "dan", "eve_globex")
OF_ONE_PORTAL = ("ada", "bea", "dan")
"""Who signs in in one portal only is nobody else, fence or none. Eve is at home in both: without the fence she is
one of her two selves, the first by name, and a planted name begins with its portal's code, which is random."""
ROWS = [entry for entry in TABLE if TABLE[entry].row]
LISTS = [entry for entry in TABLE if TABLE[entry].lists]
HELD_BY_ITS_ORGANIZATION = {
    ("leads:hand_over", "GET"): "only a lead's holders enter, and they see their own organization's",
    ("leads:hand_over", "POST"): "only a lead's holders enter, and they see their own organization's",
    ("leads:activity", "POST"): "only a lead's holders enter, and they see their own organization's",
    ("files:logo", "GET"): "a file is looked for in the folder of the reader's own portal",
    ("home:help", "GET"): "the same text for everybody, which no row holds",
    ("users:revoke_key", "POST"): "people revoke their own, and none of those who ask has one elsewhere",
    **{
        entry: "a run is its requester's, and none of those who ask has one elsewhere"
        for entry in ROWS
        if entry[0].startswith(("runs:", "api:run-", "api:export-"))
    },
    **{
        entry: "a view is its owner's, or shared with people of the owner's own organization"
        for entry in ROWS
        if entry[0].startswith("lists:")
    },
    ("users:end_session", "POST"): "people end their own, and none of those who ask has one elsewhere",
}
"""Where `visible_to`, the third ring, lets nobody far enough to tell whether the other two stand."""
ONES_OWN = {
    ("runs:list", "GET"): "a run is its requester's",
    ("api:run-list", "GET"): "a run is its requester's",
    ("api:export-list", "GET"): "an export is its requester's",
    ("lists:views", "GET"): "a view is its owner's, or shared with people of the owner's own organization",
}
"""Lists of what belongs to one person, which `visible_to` holds: nothing strays there with both rings gone."""
Open = Callable[..., AbstractContextManager[Stage]]


@pytest.fixture
def open_stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker, quiet_and_still: datetime) -> Open:
    """The stage, built behind both rings, or with row-level security switched off in this database."""

    @contextmanager
    def build(*, row_security: bool) -> Iterator[Stage]:
        cache.clear()
        ring = nullcontext() if row_security else _no_row_security()
        with django_db_blocker.unblock(), ring, transaction.atomic():
            yield stage_module.build()
            transaction.set_rollback(True)

    return build


@contextmanager
def _no_row_security() -> Iterator[None]:
    """Switched off by the only one who can, the owner, and for all connections: nobody else is here."""
    try:
        _alter("NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
        yield
    finally:
        _alter("ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def _alter(how: str) -> None:
    with connections["owner"].cursor() as cursor:
        for table in sorted(fenced_tables()):
            cursor.execute(f"ALTER TABLE {table} {how}")


@pytest.fixture
def drop_orm_fence(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """To be called once the stage stands: its makers rely on the fence, as all code does."""
    return partial(rings.drop_orm_fence, monkeypatch)


def foreign_cells(stage: Stage, entry: tuple[str, str]) -> Iterator[list[Cell]]:
    """The imagined row and the other portal's, for each witness."""
    for actor in (stage.actors[name] for name in WITNESSES["api" if entry[0].startswith("api:") else "page"]):
        foreign = "globex" if actor.portal == stage.cast.acme else "north"
        yield [Cell(stage, *entry, TABLE[entry], actor, place) for place in (NOWHERE, foreign)]


def leaks(stage: Stage) -> list[str]:
    """Every difference between a foreign row and none, at every door that names, lists or refers to rows."""
    found = [
        f"{entry}: {words}"
        for entry in ROWS
        for cells in foreign_cells(stage, entry)
        for words in deviations(cells)
    ]
    found += [f"{entry}: {words}" for entry in LISTS for words in strays(stage, *entry, readers=LOOKERS)]
    for name, cases in CASES.items():
        for case in cases[:1]:
            unknown = answer_to(stage, case, str(uuid.uuid4()))
            if any(answer_to(stage, case, find(stage)) != unknown for find in case.astray):
                found.append(name)
    return found


def test_matrix_leaks_nothing_without_the_orm_fence(open_stage: Open, drop_orm_fence: Callable[[], None]) -> None:
    """Row-level security carries alone."""
    with open_stage(row_security=True) as stage:
        drop_orm_fence()

        assert leaks(stage) == []


def test_matrix_leaks_nothing_without_row_level_security(open_stage: Open) -> None:
    """The ORM carries alone."""
    with open_stage(row_security=False) as stage:
        assert leaks(stage) == []


def test_matrix_leaks_with_both_rings_gone(open_stage: Open, drop_orm_fence: Callable[[], None]) -> None:
    """The test of the tests above: at every door the matrix notices."""
    with open_stage(row_security=False) as stage:
        drop_orm_fence()
        noticed = {entry for entry in ROWS if any(_notices(cells) for cells in foreign_cells(stage, entry))}
        stray = {entry for entry in LISTS if strays(stage, *entry, readers=OF_ONE_PORTAL)}

    assert set(ROWS) - noticed == set(HELD_BY_ITS_ORGANIZATION)
    assert set(LISTS) - stray == set(ONES_OWN)
    assert any("another portal's leads.Lead.company" in complaint for complaint in complain())


def _notices(cells: list[Cell]) -> bool:
    try:
        return bool(deviations(cells))
    except MultipleObjectsReturned:  # what each portal has one of is there twice
        return True


@pytest.mark.soak
@pytest.mark.parametrize("is_orm", [True, False], ids=["orm alone", "database alone"])
def test_every_cell_holds_with_one_ring(open_stage: Open, drop_orm_fence: Callable[[], None], is_orm: bool) -> None:
    wrong, count, begun = [], 0, time.monotonic()
    with open_stage(row_security=not is_orm) as stage:
        if not is_orm:
            drop_orm_fence()
        for entry in TABLE:
            for cells in cells_of(stage, *entry):
                count += len(cells)
                wrong += [f"{entry}: {words}" for words in deviations(cells)]
        wrong += leaks(stage)
        figures = {"cells": count, "deviations": len(wrong), "minutes": round((time.monotonic() - begun) / 60, 1)}
        soak.write(f"matrix_{'orm' if is_orm else 'database'}_alone", figures)

    assert wrong == []

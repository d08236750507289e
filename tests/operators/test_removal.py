"""A deleted portal leaves nothing, and every other portal exactly as it was."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from prm.operators import portal_removal
from prm.operators.portal_removal import remove_portal
from prm.operators.tables import is_circle, removal_order
from prm.organizations.models import Organization, Portal
from prm.organizations.portals import suspend_portal
from prm.users.models import User
from tests.cast import Cast
from tests.guards.catalogue import TABLES, fenced_models, foreign_keys
from tests.operators.drill import Place, here

in_the_database = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def shut(two_portals: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Acme is suspended; batches are small, so that there are many."""
    suspend_portal(two_portals.acme, by=None)
    monkeypatch.setattr(portal_removal, "BATCH", 5)
    return two_portals


def belonging_to(place: Place, portal: Portal) -> dict[str, list[tuple[Any, ...]]]:
    """By table, the content of the portal's rows."""
    found = {}
    for _oid, table in place.rows(TABLES):
        columns = place.rows(f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass")
        if ("portal_id",) in columns:
            words = "count(*), md5(string_agg(t::text, ',' ORDER BY t::text))"
            found[str(table)] = place.rows(f"SELECT {words} FROM {table} t WHERE portal_id = '{portal.pk}'")
    return found


@in_the_database
def test_delete_leaves_nothing_and_touches_nobody_else(shut: Cast, files: Path) -> None:
    place = here(files)
    others = belonging_to(place, shut.globex)
    accounts = {"dan@globex.example", "eve@north.example"}  # Eve works at Globex too
    kept_files = sorted((files / str(shut.globex.pk)).iterdir())
    out = io.StringIO()

    call_command("portal", "delete", "acme", "--yes", "acme", stdout=out)

    left = belonging_to(place, shut.acme)
    assert {table for table, rows in left.items() if rows[0][0] != 0} == set()
    assert belonging_to(place, shut.globex) == others
    assert set(User.objects.values_list("email", flat=True)) == accounts
    assert list(Portal.objects.values_list("slug", flat=True)) == ["globex"]
    assert sorted(path for path in files.rglob("*") if path.is_file()) == kept_files != []
    assert "9  users.Membership" in out.getvalue()
    assert "8  users.User" in out.getvalue()


class Killed(BaseException):
    """As if the process had died: nothing after it runs."""


@in_the_database
def test_delete_goes_on_where_it_was_killed(shut: Cast, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed again and again between two batches; each time somebody runs it again."""
    place = here(files)
    others = belonging_to(place, shut.globex)
    deaths = 0

    for survived in range(200):
        try:
            with monkeypatch.context() as patch:
                _die_after(survived % 3, patch)
                remove_portal(shut.acme)
        except Killed:
            deaths += 1
        else:
            break

    assert deaths > 10
    assert belonging_to(place, shut.globex) == others
    assert set(User.objects.values_list("email", flat=True)) == {"dan@globex.example", "eve@north.example"}
    assert not Portal.objects.filter(slug="acme").exists()


def _die_after(batches: int, patch: pytest.MonkeyPatch) -> None:
    """Let so many batches with rows through, then die when the next one is done."""
    remove_batch, left = portal_removal._remove_batch, iter(range(batches))

    def dying(*args: Any, **words: Any) -> int:
        gone = remove_batch(*args, **words)
        if gone and next(left, None) is None:
            raise Killed
        return gone

    patch.setattr(portal_removal, "_remove_batch", dying)


@in_the_database
def test_delete_is_refused(two_portals: Cast, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = here(files)

    with pytest.raises(CommandError, match="is suspended before it is deleted"):
        call_command("portal", "delete", "acme", "--yes", "acme")
    suspend_portal(two_portals.acme, by=None)
    before = belonging_to(place, two_portals.acme)
    with pytest.raises(CommandError, match="not its slug"):
        call_command("portal", "delete", "acme", "--yes", "globex")
    monkeypatch.setattr("builtins.input", lambda prompt: "no")
    with pytest.raises(CommandError, match="not its slug"):
        call_command("portal", "delete", "acme")
    with pytest.raises(CommandError, match="There is no portal nobody"):
        call_command("portal", "delete", "nobody", "--yes", "nobody")

    assert belonging_to(place, two_portals.acme) == before


def test_removal_order_holds_every_table_once() -> None:
    order = [model for group in removal_order() for model in group]

    assert sorted(m._meta.label for m in order) == sorted(m._meta.label for m in fenced_models())


@pytest.mark.django_db
def test_removal_order_goes_down_every_reference_that_the_database_knows() -> None:
    position = {model._meta.db_table: n for n, group in enumerate(removal_order()) for model in group}
    down = [key for key in foreign_keys() if key.table in position and key.target in position]

    assert len(down) > 20
    assert [key for key in down if position[key.table] > position[key.target]] == []
    assert [group for group in removal_order() if is_circle(group)] == [[Organization]]

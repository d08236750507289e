"""A populated database of two portals is migrated: forced row-level security blinds the owner as well.

Without the switch that `manage.py migrate` sets, a data migration would change nothing and say nothing.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connections, transaction
from pytest_django import Settings

from leads.models import Lead
from prm.organizations.context import inside
from tests import cast as cast_module
from tests.cast import Cast
from tests.factories import new_lead
from tests.guards.catalogue import rows
from tests.populate import changed

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

ROOT = Path(__file__).parents[2]
NOW = "0007_count_a_partners_tabs"


def by_owner(sql: str) -> tuple[int, list[tuple[object, ...]]]:
    """What the owner's connection does with a statement: rows touched, and rows returned."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount, cursor.fetchall() if cursor.description else []


def switch() -> str:
    _count, [(value,)] = by_owner("SELECT coalesce(current_setting('app.migrating', true), '')")
    return str(value)


@pytest.fixture
def two_portals(transactional_db: None) -> Cast:
    """A lead in each."""
    cast = cast_module.load()
    for by in (cast.ada, cast.dan):
        with inside(by.portal):
            new_lead(by, company="Kestrel")
    return cast


@pytest.fixture
def later(two_portals: Cast, settings: Settings) -> Iterator[Cast]:
    """The migrations to come, as if somebody had written them; taken back afterwards."""
    settings.MIGRATION_MODULES = {"leads": "tests.organizations.later"}
    yield two_portals
    call_command("migrate", "leads", NOW, verbosity=0)
    assert rows("SELECT count(*) FROM pg_class WHERE relname = 'leads_note'") == [(0,)]


def leads_of(cast: Cast) -> list[tuple[str, str]]:
    found = []
    for portal in (cast.acme, cast.globex):
        with inside(portal):
            found += list(Lead.objects.values_list("company", "city"))
    return found


def test_migrate_reaches_the_rows_of_every_portal(later: Cast) -> None:
    call_command("migrate", "leads", "1001_shout", verbosity=0)

    assert leads_of(later) == [("KESTREL", "Ghent"), ("KESTREL", "Ghent")]


def test_migrate_builds_and_fills_a_table_behind_the_wall(later: Cast) -> None:
    """A new model in a later migration gets the whole fence: key, policies, grants and reference."""
    call_command("migrate", "leads", "1002_note", verbosity=0)

    for portal in (later.acme, later.globex):
        with inside(portal):
            assert rows("SELECT portal_id FROM leads_note") == [(portal.pk,)]
            assert rows("SELECT lead_id FROM leads_note") == [(Lead.objects.get().pk,)]
    assert rows("SELECT count(*) FROM leads_note") == [(0,)]
    policies = rows("SELECT policyname FROM pg_policies WHERE tablename = 'leads_note'")
    assert sorted(policies) == [("inside",), ("migrating",)]
    with inside(later.globex):
        foreign = Lead.objects.get().pk
    with inside(later.acme), pytest.raises(IntegrityError, match="lead_same_portal"), transaction.atomic():
        changed("SET CONSTRAINTS ALL IMMEDIATE; UPDATE leads_note SET lead_id = %s", foreign)


def test_migrate_switches_back(later: Cast) -> None:
    call_command("migrate", "leads", "1001_shout", verbosity=0)

    assert switch() == ""
    assert by_owner("UPDATE leads_lead SET city = 'Brno'") == (0, [])


def test_migrate_switches_back_after_a_failure_and_undoes_it(later: Cast) -> None:
    with pytest.raises(RuntimeError, match="halfway"):
        call_command("migrate", "leads", verbosity=0)

    assert switch() == ""
    assert leads_of(later) == [("KESTREL", "Ghent"), ("KESTREL", "Ghent")]  # as the migration before left them
    assert by_owner("SELECT count(*) FROM leads_lead") == (1, [(0,)])


def test_owner_without_the_switch_changes_nothing(two_portals: Cast) -> None:
    """What a data migration would do if it were run by any other way than our command."""
    assert by_owner("UPDATE leads_lead SET city = 'Brno'") == (0, [])
    with transaction.atomic(using="owner"):
        by_owner("SET LOCAL app.migrating = 'on'")
        assert by_owner("UPDATE leads_lead SET city = 'Ghent'") == (2, [])

    assert leads_of(two_portals) == [("Kestrel", "Ghent"), ("Kestrel", "Ghent")]


NAME = "users_membership_organization_same_portal"
ADD_KEY = (
    f"ALTER TABLE users_membership ADD CONSTRAINT {NAME} FOREIGN KEY (portal_id, organization_id)"
    " REFERENCES organizations_organization (portal_id, id)"
)


@pytest.fixture
def dangling(two_portals: Cast) -> Iterator[None]:
    """Ben's organization has vanished, and so has the key that would have noticed. Rolled back."""
    with transaction.atomic(using="owner"):
        by_owner("SET LOCAL app.migrating = 'on'")
        by_owner(f"ALTER TABLE users_membership DROP CONSTRAINT {NAME}")
        by_owner("UPDATE users_membership SET organization_id = gen_random_uuid() WHERE name = 'Ben'")
        yield
        transaction.set_rollback(True, using="owner")


def test_new_foreign_key_notices_a_dangling_row_while_migrating(dangling: None) -> None:
    with pytest.raises(IntegrityError, match=NAME):
        by_owner(ADD_KEY)


def test_new_foreign_key_is_blind_without_the_switch(dangling: None) -> None:
    """Postgres checks old rows with the owner's eyes. Why migrate has the switch on for DDL, too."""
    by_owner("SET LOCAL app.migrating = 'off'")

    assert by_owner(ADD_KEY) == (-1, [])


def test_migrate_is_for_the_owner_unless_told_otherwise(two_portals: Cast, settings: Settings) -> None:
    """The serving role owns nothing, so that it could not migrate even if asked to."""
    settings.MIGRATION_MODULES = {"leads": "tests.organizations.later"}

    with pytest.raises(Exception, match="permission denied"):
        call_command("migrate", "leads", "1001_shout", database="default", verbosity=0)
    assert leads_of(two_portals) == [("Kestrel", ""), ("Kestrel", "")]


def test_nothing_else_knows_the_switch() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for package in ("prm", "leads", "deals")
        for path in (ROOT / package).rglob("*.py")
        if "app.migrating" in path.read_text()
    }

    assert knowing == {"prm/organizations/fence.py", "prm/organizations/owner.py"}

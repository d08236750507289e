"""The two rings of the fence: each holds alone, and with both switched off a foreign row shows.

The first ring is the ORM's (FencedManager), the second Postgres' (row-level security and keys that
contain the portal). Acme is where the tests stand, Globex what they reach for.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction

from leads.models import Lead, LostReason
from prm.events.models import Event
from prm.organizations.context import FenceError, active_portal, inside, is_inside_portal
from prm.organizations.fence import FencedModel, PortalForeignKey
from prm.organizations.models import Organization, Tier
from prm.users.models import Membership, User
from tests import cast as cast_module
from tests.cast import Cast
from tests.factories import new_lead
from tests.guards.catalogue import fenced_models, fenced_tables, rows
from tests.populate import any_id, changed, count, populate
from tests.rings import drop_orm_fence

TRANSACTIONAL = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
MODELS = sorted(fenced_models(), key=lambda model: model._meta.label)
REFERENCES = [
    (model, reference)
    for model in MODELS
    for reference in model._meta.fields
    if isinstance(reference, PortalForeignKey)
]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


@pytest.fixture
def full(cast: Cast) -> Cast:
    """Both portals with a row in every table."""
    populate(cast.ada, cast.ben)
    populate(cast.dan, cast.eve_globex)
    return cast


@pytest.fixture
def no_orm_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    drop_orm_fence(monkeypatch)


@pytest.fixture
def no_row_security(transactional_db: None) -> Iterator[None]:
    """The second ring, switched off by the only one who can: the owner."""
    _alter("NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
    yield
    _alter("ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def _alter(how: str) -> None:
    with connections["owner"].cursor() as cursor:
        for table in sorted(fenced_tables()):
            cursor.execute(f"ALTER TABLE {table} {how}")


# --- The second ring alone ------------------------------------------------------------------------------


def test_rows_of_another_portal_do_not_show_without_the_orm_fence(full: Cast, no_orm_fence: None) -> None:
    with inside(full.acme):
        shown = {model: set(model.objects.values_list("portal_id", flat=True)) for model in MODELS}

    assert [model for model in MODELS if shown[model] != {full.acme.pk}] == []


def test_rows_of_another_portal_do_not_change_without_the_orm_fence(full: Cast, no_orm_fence: None) -> None:
    for model in MODELS:
        table = model._meta.db_table
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            if model is Event:
                continue
            with inside(full.acme):
                assert changed(f"{statement} WHERE portal_id = %s", full.globex.pk) == 0, statement
        with inside(full.globex):
            assert count(model, full.globex) > 0, table


def test_event_cannot_be_rewritten_even_in_its_own_portal(full: Cast) -> None:
    for statement in ("UPDATE events_event SET kind = 'x'", "DELETE FROM events_event", "TRUNCATE events_event"):
        with inside(full.acme), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            changed(statement)


def test_row_cannot_be_put_into_another_portal(full: Cast) -> None:
    """Neither from inside the own portal nor from outside of all."""
    for model in MODELS:
        with inside(full.acme):
            insert, copy = insertion(model, portal_id=full.globex.pk)
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                changed(insert, copy)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            changed(insert, copy)


def insertion(model: type[FencedModel], **values: Any) -> tuple[str, str]:
    """A statement and its parameter that insert a copy of the newest row with other values."""
    table = model._meta.db_table
    ((text,),) = rows(f"SELECT to_json(t)::text FROM {table} t ORDER BY id DESC LIMIT 1")
    copy = {**json.loads(text), "id": uuid.uuid4(), **values}
    names = ", ".join(f'"{f.column}"' for f in model._meta.concrete_fields if not f.generated)
    insert = f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, %s)"
    return insert, json.dumps(copy, default=str)


def test_row_never_moves_to_another_portal(full: Cast) -> None:
    for model in MODELS:
        match = "permission denied" if model is Event else "row-level security"
        with inside(full.acme), pytest.raises(ProgrammingError, match=match), transaction.atomic():
            changed(f"UPDATE {model._meta.db_table} SET portal_id = %s", full.globex.pk)


def test_nothing_shows_to_raw_sql_outside_of_a_portal(full: Cast) -> None:
    tables = sorted(fenced_tables())
    writable = [table for table in tables if table != Event._meta.db_table]

    assert [rows(f"SELECT count(*) FROM {table}") for table in tables] == [[(0,)]] * len(tables)
    assert [changed(f"UPDATE {table} SET id = id") for table in writable] == [0] * len(writable)
    assert [changed(f"DELETE FROM {table}") for table in writable] == [0] * len(writable)


def test_orm_without_its_fence_shows_nothing_outside_of_a_portal(full: Cast, no_orm_fence: None) -> None:
    assert {model: model.objects.count() for model in MODELS} == dict.fromkeys(MODELS, 0)


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_owner_is_behind_the_wall_too(cast: Cast) -> None:
    """FORCE: a forgotten command that signs in as owner sees no more than anybody."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM users_membership")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM organizations_portal")
        assert cursor.fetchone() == (2,)


def test_switch_for_migrations_is_no_use_to_the_serving_role(full: Cast) -> None:
    changed("SET LOCAL app.migrating = 'on'")

    assert rows("SELECT count(*) FROM leads_lead") == [(0,)]


# --- The first ring alone, and both rings gone ----------------------------------------------------------


@TRANSACTIONAL
def test_orm_fence_holds_without_row_level_security(no_row_security: None) -> None:
    cast = cast_module.load()
    populate(cast.ada, cast.ben)
    populate(cast.dan, cast.eve_globex)

    with inside(cast.globex):
        foreign = Lead.objects.all()[0]
    with inside(cast.acme):
        for model in MODELS:
            assert count(model, cast.globex) > 0, "row-level security is still on"
            assert set(model.objects.values_list("portal_id", flat=True)) == {cast.acme.pk}
            assert set(model._base_manager.values_list("portal_id", flat=True)) == {cast.acme.pk}
        assert Lead.objects.filter(pk=foreign.pk).update(city="Ghent") == 0
        assert Lead.objects.filter(pk=foreign.pk).delete() == (0, {})
        _refuses_the_foreign(foreign, cast)
    with inside(cast.globex):
        assert Lead.objects.get(pk=foreign.pk).city == ""


def _refuses_the_foreign(foreign: Lead, cast: Cast) -> None:
    """A row of another portal in hand, in this one."""
    with pytest.raises(FenceError):
        foreign.save()
    with pytest.raises(FenceError):
        foreign.delete()
    with pytest.raises(FenceError):
        Tier.objects.create(name="Platinum", portal=cast.globex)
    with pytest.raises(FenceError):
        Tier.objects.bulk_create([Tier(name="Platinum", portal=cast.globex)])
    with pytest.raises(Lead.DoesNotExist):
        foreign.refresh_from_db()
    with pytest.raises(Lead.DoesNotExist):
        Lead.objects.locked(foreign.pk)


@TRANSACTIONAL
def test_foreign_row_shows_with_both_rings_off(no_row_security: None, request: pytest.FixtureRequest) -> None:
    """The test of the tests above: they can fail."""
    cast = cast_module.load()
    populate(cast.dan, cast.eve_globex)
    request.getfixturevalue("no_orm_fence")

    with inside(cast.acme):
        shown = {model: cast.globex.pk in model.objects.values_list("portal_id", flat=True) for model in MODELS}
        written = Tier.objects.filter(portal=cast.globex).update(rank=9)

    assert shown == dict.fromkeys(MODELS, True)
    assert written == 3


# --- Outside of every portal ----------------------------------------------------------------------------


@each_model
def test_query_outside_of_a_portal_raises(model: type[FencedModel]) -> None:
    with pytest.raises(FenceError):
        model.objects.all()
    with pytest.raises(FenceError):
        model._base_manager.all()
    with pytest.raises(FenceError):
        model()


def test_row_in_hand_leads_nowhere_outside_of_its_portal(cast: Cast) -> None:
    ben = cast.ben
    with inside(cast.acme):
        fresh = Membership.objects.get(pk=ben.pk)

    with pytest.raises(FenceError):
        fresh.organization  # noqa: B018  (the query is the point)
    with pytest.raises(FenceError):
        ben.organization.memberships.count()
    with pytest.raises(FenceError):
        ben.refresh_from_db()
    with pytest.raises(FenceError):
        ben.save()
    with pytest.raises(FenceError):
        ben.delete()


def test_account_leads_to_memberships_of_the_active_portal_only(cast: Cast) -> None:
    """A User is shared: the way from it to its memberships is not."""
    eve = User.objects.get(email="eve@north.example")

    with inside(cast.acme):
        assert list(eve.memberships.all()) == [cast.eve]
    with inside(cast.globex):
        assert list(eve.memberships.all()) == [cast.eve_globex]
    with pytest.raises(FenceError):
        eve.memberships.all()


# --- References -----------------------------------------------------------------------------------------


@contextmanager
def checked_at_once() -> Iterator[None]:
    """Foreign keys are looked at when the transaction commits; here at the end of the block."""
    with transaction.atomic():
        yield
        connection.check_constraints()


def test_reference_into_another_portal_is_an_integrity_error(full: Cast) -> None:
    """Asked of the database itself, for every reference there is, with a row that does exist over there."""
    assert len(REFERENCES) > 30
    for model, reference in REFERENCES:
        foreign = any_id(reference.related_model, full.globex)  # type: ignore[arg-type]
        with inside(full.acme):
            newest = model.objects.order_by("-pk")[0].pk
            statement: tuple[Any, ...] = insertion(model, **{reference.column: foreign})
            if model is not Event:  # which nobody may update
                column = reference.column
                statement = (f"UPDATE {model._meta.db_table} SET {column} = %s WHERE id = %s", foreign, newest)
            with pytest.raises(IntegrityError, match=f"{reference.name}_same_portal"), checked_at_once():
                changed(*statement)


def test_reference_into_another_portal_is_an_integrity_error_by_orm(cast: Cast) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)
        lead.created_by = cast.dan
        with pytest.raises(IntegrityError, match="created_by_same_portal"), checked_at_once():
            lead.save()


def test_the_same_id_may_stand_in_both_portals(cast: Cast) -> None:
    """Keys contain the portal: that an id is taken over there cannot be found out here."""
    with inside(cast.globex):
        reason = LostReason.objects.create(name="Moved away")
    with inside(cast.acme):
        LostReason.objects.create(pk=reason.pk, name="Moved away")
        assert LostReason.objects.get(pk=reason.pk).portal == cast.acme


# --- Being inside ---------------------------------------------------------------------------------------


def setting() -> str:
    ((value,),) = rows("SELECT coalesce(current_setting('app.portal_id', true), '')")
    return str(value)


def test_inside_another_portal_is_refused(cast: Cast) -> None:
    with inside(cast.acme):
        with pytest.raises(FenceError), inside(cast.globex):
            pass
        assert active_portal() == cast.acme
        assert setting() == str(cast.acme.pk)
        assert Organization.objects.filter(name="North").exists()


def test_inside_the_same_portal_again_changes_nothing(cast: Cast) -> None:
    with inside(cast.acme):
        with inside(cast.acme):
            pass
        assert Organization.objects.filter(name="North").exists()
        with pytest.raises(ZeroDivisionError), inside(cast.acme):
            1 / 0  # noqa: B018
        assert Organization.objects.filter(name="North").exists()


def test_inside_a_transaction_leaves_nothing_behind(cast: Cast) -> None:
    """As in a command that walks the portals in one transaction."""
    for portal in (cast.acme, cast.globex):
        with inside(portal):
            assert setting() == str(portal.pk)
        assert setting() == ""
    with pytest.raises(ZeroDivisionError), inside(cast.acme):
        1 / 0  # noqa: B018
    assert (setting(), is_inside_portal()) == ("", False)
    with inside(cast.acme):
        transaction.set_rollback(True)
    assert (setting(), is_inside_portal()) == ("", False)


@TRANSACTIONAL
def test_setting_ends_with_the_transaction_on_the_same_connection() -> None:
    """Connections persist: the next request must not find the portal of the last one."""
    cast = cast_module.load()
    ((backend,),) = rows("SELECT pg_backend_pid()")

    with inside(cast.acme):
        assert count(Organization, cast.acme) == 4
    after_commit = (setting(), rows("SELECT count(*) FROM organizations_organization"))
    with pytest.raises(ZeroDivisionError), inside(cast.acme):
        1 / 0  # noqa: B018
    after_rollback = (setting(), rows("SELECT count(*) FROM organizations_organization"))
    with inside(cast.acme):
        transaction.set_rollback(True)
    after_silent_rollback = (setting(), rows("SELECT count(*) FROM organizations_organization"))

    assert after_commit == after_rollback == after_silent_rollback == ("", [(0,)])
    assert not is_inside_portal()
    assert rows("SELECT pg_backend_pid()") == [(backend,)]

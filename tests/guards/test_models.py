"""Every table is behind the walls, or stands on a short list with its reason.

Read from the models and from the Postgres catalogue, so that a forgotten constraint, index or grant
fails the build. What the walls hold is shown in tests/organizations/test_fence.py.
"""

import pytest
from django.db import models

from prm.organizations.context import APP_ROLE
from prm.organizations.fence import OWNER_ROLE, Fenced, FencedManager, FencedModel, PortalForeignKey, SamePortal
from tests.guards.catalogue import (
    TABLES,
    ForeignKey,
    fenced_models,
    fenced_tables,
    foreign_keys,
    indexes,
    our_models,
    privileges,
    rows,
)

pytestmark = pytest.mark.django_db

SHARED = {
    "organizations.Portal": "what a request is matched to, before any portal is known",
    "users.Guesses": "counts wrong guesses at accounts, which are good in all portals; its keys name nobody",
    "users.User": "one account for all portals: e-mail and credentials, nothing of a portal",
    "events.DueWork": "tells the sweeper which portals to wake, and nothing else",
}
"""The models of our own that no portal owns."""

WRITES = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
APPENDS = frozenset({"SELECT", "INSERT"})
NOTHING: frozenset[str] = frozenset()
GRANTS = {
    # ours, but shared
    "organizations_portal": frozenset({"SELECT", "INSERT", "UPDATE"}),  # a portal is switched off, not deleted
    "users_user": frozenset({"SELECT", "INSERT", "UPDATE"}),
    "users_guesses": WRITES,
    "events_duework": frozenset({"SELECT", "INSERT", "DELETE"}),  # added and deleted, never waited for
    # ours and fenced, but not to be rewritten
    "events_event": APPENDS,
    # Django's and allauth's
    "django_session": WRITES,  # operators' alone; members' stand in users_session
    "django_admin_log": NOTHING,  # what operators do is an event of the portal
    "django_migrations": frozenset({"SELECT"}),  # /readyz compares
    "django_content_type": frozenset({"SELECT"}),
    "auth_permission": frozenset({"SELECT"}),
    "auth_group": NOTHING,
    "auth_group_permissions": NOTHING,
    "account_emailaddress": WRITES,
    "mfa_authenticator": WRITES,
    "account_emailconfirmation": NOTHING,
}
"""What the serving role may do with a table, where that is not simply all four of a fenced one."""

INSIDE = "(portal_id = (NULLIF(current_setting('app.portal_id'::text, true), ''::text))::uuid)"
MIGRATING = "(current_setting('app.migrating'::text, true) = 'on'::text)"
FENCED = sorted(fenced_models(), key=lambda model: model._meta.label)
each_fenced_model = pytest.mark.parametrize("model", FENCED, ids=lambda model: model._meta.label)


def portal_references(model: type[FencedModel]) -> list[models.ForeignKey]:
    """A model's references to other portal-owned models."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, FencedModel)
    ]


# --- The models ------------------------------------------------------------------------------------


def test_every_model_is_fenced_or_shared_for_a_reason() -> None:
    unfenced = {model._meta.label for model in our_models() if not issubclass(model, FencedModel)}

    assert unfenced == set(SHARED)
    assert len(FENCED) > 15


@each_fenced_model
def test_model_keeps_the_constraints_of_the_fence(model: type[FencedModel]) -> None:
    """A child's Meta replaces what it inherits: forgetting to repeat it would leave a table open."""
    fences = [constraint for constraint in model._meta.constraints if isinstance(constraint, Fenced)]
    same = [constraint.field for constraint in model._meta.constraints if isinstance(constraint, SamePortal)]

    assert len(fences) == 1
    assert sorted(same) == sorted(field.name for field in portal_references(model))


@each_fenced_model
def test_model_refers_by_portal_foreign_keys_only(model: type[FencedModel]) -> None:
    for field in portal_references(model):
        assert isinstance(field, PortalForeignKey), field
        assert not field.db_constraint, field  # type: ignore[attr-defined]


@each_fenced_model
def test_model_has_none_of_the_fields_that_forget_the_portal(model: type[FencedModel]) -> None:
    forgetful = [
        field.name
        for field in model._meta.local_fields
        if isinstance(field, models.OneToOneField)
        or (field.unique and not field.primary_key)
        or getattr(field, "db_index", False)
    ]
    automatic = [
        name
        for name, through in ((field.name, field.remote_field.through) for field in model._meta.local_many_to_many)
        if through is None or through._meta.auto_created
    ]

    assert forgetful == []
    assert automatic == []


@each_fenced_model
def test_model_queries_through_the_fence_only(model: type[FencedModel]) -> None:
    """Django reaches related rows and refreshes objects through the base manager."""
    managers = [model._meta.base_manager, model._meta.default_manager, *model._meta.managers]

    assert [type(manager).__name__ for manager in managers if not isinstance(manager, FencedManager)] == []


def test_every_primary_key_is_one_uuid() -> None:
    for model in FENCED:
        assert (model._meta.pk.name, type(model._meta.pk)) == ("id", models.UUIDField)


# --- The catalogue: row-level security ---------------------------------------------------------------


def test_every_table_of_the_database_is_known() -> None:
    tables = {name for _oid, name in rows(TABLES)}

    assert tables == fenced_tables() | set(GRANTS)


def test_row_level_security_is_forced_on_every_fenced_table() -> None:
    found = rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relrowsecurity AND relforcerowsecurity"
    )

    assert {name for (name,) in found} == fenced_tables()


def test_policies_are_the_two_and_no_other() -> None:
    """Permissive policies add up, so that a third one could only let more through."""
    found = rows(
        "SELECT tablename, policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public'"
    )
    expected = []
    for table in fenced_tables():
        expected.append((table, "inside", "PERMISSIVE", ["public"], "ALL", INSIDE, INSIDE))
        expected.append((table, "migrating", "PERMISSIVE", [OWNER_ROLE], "ALL", MIGRATING, MIGRATING))

    assert sorted(found) == sorted(expected)


# --- The catalogue: keys and indexes -----------------------------------------------------------------


def test_primary_keys_are_portal_and_id() -> None:
    found = {index.table: index.columns for index in indexes() if index.is_primary}

    assert {table: found[table] for table in fenced_tables()} == dict.fromkeys(fenced_tables(), ("portal_id", "id"))


def test_every_index_begins_with_the_portal() -> None:
    ours = [index for index in indexes() if index.table in fenced_tables()]
    astray = [index for index in ours if index.columns[0] != "portal_id"]

    assert len(ours) > len(fenced_tables())
    assert astray == []


def test_foreign_keys_carry_the_portal() -> None:
    expected = set()
    for model in FENCED:
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey):
                continue
            target = field.related_model._meta.db_table
            if field in portal_references(model):
                key = ForeignKey(table, ("portal_id", field.column), target, ("portal_id", "id"))
            else:
                key = ForeignKey(table, (field.column,), target, ("id",))
            expected.add(key)
    found = {key for key in foreign_keys() if key.table in fenced_tables() or key.target in fenced_tables()}

    assert found == expected


def test_the_database_never_changes_a_row_by_itself() -> None:
    """No cascade and no SET NULL (both pass row-level security by), no trigger, view, or function."""
    actions = rows(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND (confdeltype, confupdtype) <> ('a', 'a')"
    )
    triggers = rows("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    rules = rows("SELECT tablename, rulename FROM pg_rules WHERE schemaname = 'public'")
    views = rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
    )
    functions = rows(
        "SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"  # an extension's
    )

    assert (actions, triggers, rules, views, functions) == ([], [], [], [], [])


def test_no_function_runs_with_anothers_rights() -> None:
    assert rows("SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace <> 'pg_catalog'::regnamespace") == []


def test_no_text_is_nullable() -> None:
    """An empty text is '': with NULL beside it there would be two ways of saying nothing."""
    found = rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND is_nullable = 'YES' AND is_generated = 'NEVER'"
        " AND data_type IN ('text', 'character varying', 'ARRAY')"
        " AND table_name <> 'django_admin_log'"  # Django's own, and always empty
    )

    assert found == []


# --- The catalogue: roles and grants ------------------------------------------------------------------


def test_tests_run_as_the_serving_role() -> None:
    assert rows("SELECT current_user::text, session_user::text") == [(APP_ROLE, APP_ROLE)]


@pytest.mark.parametrize(("role", "may_create_databases"), [(APP_ROLE, False), (OWNER_ROLE, True)])
def test_neither_role_can_look_over_the_walls(role: str, may_create_databases: bool) -> None:
    """CREATEDB is the owner's in development and tests only, where it makes the test databases."""
    found = rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb FROM pg_roles"
        " WHERE rolname = %s",
        role,
    )

    assert found == [(False, False, False, False, may_create_databases)]


def test_the_roles_belong_to_no_other() -> None:
    found = rows(
        "SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members"
        " WHERE member IN (%s::regrole, %s::regrole)",
        APP_ROLE,
        OWNER_ROLE,
    )

    assert found == []


def test_the_serving_role_owns_nothing() -> None:
    owners = rows(
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    )
    owned = rows(
        "SELECT classid::regclass::text, objid FROM pg_shdepend WHERE refobjid = %s::regrole AND deptype = 'o'",
        APP_ROLE,
    )

    assert owners == [(OWNER_ROLE,)]
    assert owned == []


def test_the_serving_role_makes_nothing() -> None:
    found = rows(
        "SELECT has_schema_privilege(%s, 'public', 'CREATE'),"
        " has_database_privilege(%s, current_database(), 'CREATE')",
        APP_ROLE,
        APP_ROLE,
    )

    assert found == [(False, False)]


def test_the_serving_role_holds_exactly_its_grants() -> None:
    """No TRUNCATE anywhere, which row-level security would not stop; no rewriting of events."""
    assert privileges(APP_ROLE) == {**dict.fromkeys(fenced_tables(), WRITES), **GRANTS}


def test_no_grant_hides_on_a_column_or_falls_to_everybody() -> None:
    columns = rows(
        f"SELECT t.relname, attname FROM ({TABLES}) t JOIN pg_attribute ON attrelid = t.oid"
        " WHERE attacl IS NOT NULL"
    )
    everybody = rows(
        "SELECT table_name, grantee FROM information_schema.table_privileges"
        " WHERE table_schema = 'public' AND grantee = 'PUBLIC'"
    )

    assert (columns, everybody) == ([], [])

"""Sabotage of the walls between portals: the fence, the context, roles and grants."""

from tests.mutants.mutant import Mutant

FENCE, CONTEXT = "prm/organizations/fence.py", "prm/organizations/context.py"
CATALOGUE, FENCE_TESTS = "tests/guards/test_models.py", "tests/organizations/test_fence.py"

MUTANTS = [
    Mutant(
        "the owner passes by row-level security",
        FENCE,
        "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
        "ENABLE ROW LEVEL SECURITY;",
        f"{CATALOGUE} -k forced",
        "A command that signs in as owner by mistake would see every portal.",
    ),
    Mutant(
        "row-level security was never switched on",
        FENCE,
        "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
        "FORCE ROW LEVEL SECURITY;",
        f"{FENCE_TESTS} -k show_without_the_orm_fence",
        "Policies without the switch hold nothing.",
    ),
    Mutant(
        "the policy shows every row",
        FENCE,
        """USING ({_INSIDE}) WITH CHECK ({_INSIDE});'""",
        """USING (true) WITH CHECK ({_INSIDE});'""",
        "tests/guards/test_layers.py -k without_the_orm_fence",
        "The second ring would let everybody read everything.",
    ),
    Mutant(
        "the policy lets rows be put anywhere",
        FENCE,
        """USING ({_INSIDE}) WITH CHECK ({_INSIDE});'""",
        """USING ({_INSIDE}) WITH CHECK (true);'""",
        f"{FENCE_TESTS} -k put_into_another",
        "A row could be written into another portal.",
    ),
    Mutant(
        "the switch for migrations works for everybody",
        FENCE,
        """TO {OWNER_ROLE} USING ({_MIGRATING})""",
        """TO PUBLIC USING ({_MIGRATING})""",
        f"{FENCE_TESTS} -k switch_for_migrations",
        "One setting would open all portals to the serving role.",
    ),
    Mutant(
        "events may be rewritten",
        FENCE,
        """grants = "SELECT, INSERT" if""",
        """grants = "SELECT, INSERT, UPDATE, DELETE" if""",
        "tests/events/test_record.py -k altered",
        "What happened could be made not to have happened.",
    ),
    Mutant(
        "the serving role may delete accounts",
        "prm/users/migrations/0002_grants.py",
        """grant_shared("users_user", "SELECT, INSERT, UPDATE")""",
        """grant_shared("users_user", "SELECT, INSERT, UPDATE, DELETE")""",
        f"{CATALOGUE} -k exactly_its_grants",
        "Accounts are shared: one portal would delete another's people.",
    ),
    Mutant(
        "references may point into another portal",
        FENCE,
        """        schema_editor.deferred_sql.append(
            f'ALTER TABLE""",
        """        [].append(
            f'ALTER TABLE""",
        f"{FENCE_TESTS} -k reference_into_another",
        "Foreign keys pass row-level security by: only the composite key holds.",
    ),
    Mutant(
        "the key of a table is its id alone",
        FENCE,
        """ADD CONSTRAINT "{key}" PRIMARY KEY (portal_id, id);'""",
        """ADD CONSTRAINT "{key}" PRIMARY KEY (portal_id, id), ADD UNIQUE (id);'""",
        f"{FENCE_TESTS} -k same_id",
        "A unique key over all portals tells one portal of another's rows.",
    ),
    Mutant(
        "the manager hands out every portal's rows",
        FENCE,
        "return super().get_queryset().filter(portal_id=active_portal_id())",
        "return super().get_queryset()",
        f"{FENCE_TESTS} -k query_outside",
        "The first ring would be gone.",
    ),
    Mutant(
        "a foreign row in hand may be saved",
        FENCE,
        "    if row.portal_id != active_portal_id():  # type",
        "    if row.portal_id is None:  # type",
        f"{FENCE_TESTS} -k holds_without_row_level",
        "The first ring holds writes as well.",
    ),
    Mutant(
        "rows in bulk are not looked at",
        FENCE,
        """        for row in rows:
            _refuse_foreign(row)
""",
        "",
        f"{FENCE_TESTS} -k holds_without_row_level",
        "bulk_create passes save() by.",
    ),
    Mutant(
        "one portal may be entered from inside another",
        CONTEXT,
        "    if outer is not None and outer.pk != portal.pk:",
        "    if outer is not None and outer.pk is None:",
        f"{FENCE_TESTS} -k inside_another",
        "Half of a transaction would run in the wrong portal.",
    ),
    Mutant(
        "the database's setting outlives its transaction",
        CONTEXT,
        """"SET LOCAL app.portal_id = %s\"""",
        """"SET SESSION app.portal_id = %s\"""",
        f"{FENCE_TESTS} -k setting_ends",
        "The next request on a pooled connection would be in the last one's portal.",
    ),
    Mutant(
        "any database role may serve",
        CONTEXT,
        "        if cursor.fetchone()[0]:",
        "        if cursor.fetchone() is None:",
        "tests/organizations/test_roles.py",
        "A superuser looks over every wall.",
    ),
    Mutant(
        "a portal that was switched off answers",
        "prm/organizations/middleware.py",
        "        if portal is not None and not portal.is_active:",
        "        if portal is not None and not portal.slug:",
        "tests/organizations/test_suspended.py -k says_so",
        "Switching off is how a portal is closed.",
    ),
]

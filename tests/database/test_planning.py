"""What Postgres is told, so that it neither plans for long nor expects the wrong number of rows."""

import pytest
from django.db import connection

from deals.models import Deal
from leads.models import Lead


@pytest.mark.usefixtures("db")
def test_joins_beyond_four_stay_as_they_are_written() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW join_collapse_limit")

        assert cursor.fetchone() == ("4",)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("model", "person"), [(Lead, "assignee"), (Deal, "owner")])
def test_postgres_knows_that_a_holder_is_of_one_portal(model: type[Lead | Deal], person: str) -> None:
    columns = {model._meta.get_field(name).column for name in ("portal", "organization", person)}  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(a.attname::text), s.stxkind::text[] FROM pg_statistic_ext s"
            " JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = ANY(s.stxkeys)"
            " WHERE s.stxrelid = %s::regclass GROUP BY s.oid",
            [model._meta.db_table],
        )
        found = cursor.fetchall()

    assert [set(names) for names, _kinds in found] == [columns]
    assert {kind for _names, kinds in found for kind in kinds} == {"d", "f"}  # distinct values, dependencies

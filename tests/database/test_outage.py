"""503 is for a database that could not; a mistake of ours stays a mistake."""

import psycopg2
import pytest
from django.db import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.db.transaction import TransactionManagementError

from prm.database.base import DatabaseWrapper
from prm.database.outage import is_outage
from tests.browsing import sign_in
from tests.cast import Cast


def because(error: Exception, cause: BaseException | None) -> Exception:
    error.__cause__ = cause
    return error


CUT_OFF = because(DatabaseError("closed"), psycopg2.DatabaseError("server closed the connection unexpectedly"))


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("server closed the connection unexpectedly"),
        InterfaceError("connection already closed"),
        CUT_OFF,
        because(TransactionManagementError("broken"), OperationalError("gone")),
        because(TransactionManagementError("broken"), CUT_OFF),
    ],
)
def test_is_outage_when_the_database_could_not(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        None,
        ValueError("1"),
        ProgrammingError("no such column"),
        IntegrityError("there is one already"),
        DataError("out of range"),
        InternalError("in a failed transaction"),
        Error("some error"),
        DatabaseError("Save with update_fields did not affect any rows."),  # Django's own
        because(DatabaseError("no table"), psycopg2.errors.UndefinedTable("no table")),
        TransactionManagementError("no transaction here"),
        because(TransactionManagementError("broken"), IntegrityError("there is one already")),
        because(ValueError("2"), OperationalError("gone")),  # what handled the outage has a mistake of its own
    ],
)
def test_is_outage_leaves_mistakes_what_they_are(error: Exception | None) -> None:
    assert not is_outage(error)


@pytest.mark.django_db
def test_is_outage_when_postgres_ends_the_connection() -> None:
    link = DatabaseWrapper(connection.settings_dict)
    with pytest.raises(Error) as caught:
        link.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")

    assert is_outage(caught.value)
    link.close()


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "status"), [(CUT_OFF, 503), (ProgrammingError("no such column"), 500)])
@pytest.mark.parametrize("path", ["/people/", "/api/v1/leads/"])
def test_page_says_503_when_the_link_broke_while_rows_came(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str, error: Exception, status: int
) -> None:
    client = sign_in(cast.ada)
    client.raise_request_exception = False

    def breaks(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr("prm.users.middleware.MembershipMiddleware.__call__", breaks)
    answer = client.get(path)

    assert (answer.status_code, answer.get("Retry-After")) == (status, "5" if status == 503 else None)

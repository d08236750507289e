"""Queries that are written once: each asks, for whatever is given, what it would ask if it were written anew."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from prm.organizations.context import FenceError, inside
from prm.organizations.fence import FencedModel
from prm.organizations.kept import Kept
from prm.organizations.middleware import PORTAL_AT
from prm.users.middleware import MEMBER_OF
from tests.cast import Cast

LIKE: dict[type, Callable[[], Any]] = {
    uuid.UUID: uuid.uuid4,
    str: lambda: f"o'clock % {uuid.uuid4()}",
    datetime: timezone.now,
}
each = pytest.mark.parametrize("query", Kept.every, ids=lambda query: query.rows.__name__)


@each
def test_kept_query_is_the_one_written_anew(cast: Cast, query: Kept[Any]) -> None:
    for portal in (cast.acme, cast.globex, cast.acme):
        with inside(portal):
            for _number in range(2):
                given = {name: LIKE[type(mark)]() for name, mark in query.marks.items()}

                assert query.sql(**given) == query.rows(**given).query.sql_with_params()
                assert query.first(**given) is None


@each
def test_kept_query_of_a_fenced_table_refuses_outside_of_a_portal(cast: Cast, query: Kept[Any]) -> None:
    given = {name: LIKE[type(mark)]() for name, mark in query.marks.items()}
    with inside(cast.acme):
        assert query.first(**given) is None
        is_fenced = issubclass(query.rows(**given).model, FencedModel)

    if is_fenced:
        with pytest.raises(FenceError):
            query.first(**given)


def test_first_of_a_kept_query_is_what_the_query_finds(cast: Cast, django_assert_num_queries: Any) -> None:
    assert PORTAL_AT.first(slug="acme") == cast.acme
    assert PORTAL_AT.first(slug="globex") == cast.globex
    for portal, member in ((cast.acme, cast.eve), (cast.globex, cast.eve_globex)):
        with inside(portal), django_assert_num_queries(1):
            found = MEMBER_OF.first(account=member.user_id)

            assert found == member
            assert found.organization == member.organization
            assert found.user.email == "eve@north.example"
            assert found.held

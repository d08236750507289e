"""The operators' addresses: a set of their own, closed to everybody else, each wall around them alone enough."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import get_resolver, reverse

from prm.operators.looking import LookingAdmin
from prm.operators.small_tables import SmallTableAdmin
from prm.organizations.context import inside
from prm.organizations.fence import FencedModel
from prm.organizations.models import Portal
from tests.browsing import sign_in, visitor
from tests.canaries import complain
from tests.cast import Cast
from tests.guards.routes import Route, routes
from tests.guards.test_layers import Open, drop_orm_fence, open_stage  # noqa: F401  (fixtures)
from tests.operators.entering import new_operator, signed_in
from tests.reading import Page
from tests.stage import Stage

URLS = settings.OPERATORS_URLCONF
OPEN = {
    "account_login": "the way in",
    "mfa_authenticate": "the second step of the way in",
    "account_logout": "the way out",
    "script": "the script of all pages",
    "organizations:theme": "the stylesheet, without any portal's colours",
}
"""All that a stranger may ask for at the operators' host."""
OUTSIDE = {"admin:portals", "admin:enter", "admin:leave"}
"""What belongs to no portal. Everything else is made inside the one that was entered."""
SMALL = {"organizations.Tier", "leads.LostReason", "deals.DealStage", "deals.DealLostReason"}
"""What an operator may change. To add to it is a decision: a verb has to stand behind each row."""
ROUTES = [route for route in routes(URLS) if route.name not in OPEN]
each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)


def path_of(route: Route) -> str:
    """The address, with an id that is nowhere."""
    known = {"object_id": uuid.uuid4(), "slug": "acme", "app_label": "leads"}
    *spaces, name = route.name.split(":")
    resolver = get_resolver(URLS)
    for space in spaces:
        resolver = resolver.namespace_dict[space][1]
    found: Any = resolver.reverse_dict[name]
    ((_text, wanted),) = found[0]
    return reverse(route.name, URLS, kwargs={argument: known[argument] for argument in wanted})


def test_only_the_listed_addresses_are_open(cast: Cast) -> None:
    assert {route.name for route in routes(URLS)} - {route.name for route in ROUTES} == set(OPEN)
    assert len(ROUTES) > 40


@each_route
def test_address_exists_at_no_portal(cast: Cast, route: Route) -> None:
    answer = sign_in(cast.ada).get(path_of(route))

    assert answer.status_code == 404


@each_route
@pytest.mark.parametrize("method", ["get", "post"])
def test_address_is_closed_to_everybody_but_operators(cast: Cast, route: Route, method: str) -> None:
    """A stranger, the session of an administrator, an operator's without a code: to the sign-in, without effect."""
    half = signed_in(new_operator().user, proved=False)
    for client in (visitor(None), sign_in(cast.ada), half):
        answer = getattr(client, method)(path_of(route), headers={"host": "localhost:8000"})

        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/sign-in/?next=")


@each_route
def test_address_asks_for_a_portal_first(cast: Cast, route: Route) -> None:
    if route.name not in OUTSIDE:
        assert signed_in(new_operator().user).get(path_of(route))["Location"] == "/admin/portals/"


@each_route
def test_address_answers_an_operator_without_breaking(cast: Cast, route: Route) -> None:
    client = signed_in(new_operator().user, cast.acme)

    assert client.get(path_of(route)).status_code in {200, 403, 404, 405}


def test_every_table_is_fenced_and_of_the_two_kinds() -> None:
    rooms = admin.site._registry

    assert all(issubclass(model, FencedModel) for model in rooms)
    assert all(isinstance(room, LookingAdmin) for room in rooms.values())
    assert {m._meta.label for m, room in rooms.items() if isinstance(room, SmallTableAdmin)} == SMALL


# --- Each wall alone ----------------------------------------------------------------------------------------


def _client_in(portal: Portal) -> Client:
    return signed_in(new_operator().user, portal)


def foreign_rows(stage: Stage) -> Iterator[tuple[type[models.Model], uuid.UUID]]:
    """A row of Globex from every table."""
    with inside(stage.cast.globex):
        for model in admin.site._registry:
            yield model, model._default_manager.values_list("pk", flat=True).first()  # type: ignore[misc]


def leaks(stage: Stage, *, rows: list[tuple[type[models.Model], uuid.UUID]]) -> set[str]:
    """The tables of which an operator in Acme is shown a row of Globex, by its id or in its list."""
    client, found = _client_in(stage.cast.acme), set()
    for model, pk in rows:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        answers = [client.get(reverse(f"{name}_change", URLS, args=[asked])) for asked in (pk, uuid.uuid4())]
        if [answer.status_code for answer in answers] != [404, 404] or len({Page(a).text for a in answers}) > 1:
            found.add(model._meta.label)
        listed = client.get(reverse(f"{name}_changelist", URLS)).content.decode()
        if f"/{pk}/change/" in listed:
            found.add(model._meta.label)
    return found


def test_no_table_leaks_without_the_orm_fence(open_stage: Open, drop_orm_fence: Callable[[], None]) -> None:  # noqa: F811
    with open_stage(row_security=True) as stage:
        rows = list(foreign_rows(stage))
        drop_orm_fence()

        assert leaks(stage, rows=rows) == set()


def test_no_table_leaks_without_row_level_security(open_stage: Open) -> None:  # noqa: F811
    with open_stage(row_security=False) as stage:
        assert leaks(stage, rows=list(foreign_rows(stage))) == set()


def test_every_table_leaks_with_both_walls_gone(open_stage: Open, drop_orm_fence: Callable[[], None]) -> None:  # noqa: F811
    """The test of the two above."""
    with open_stage(row_security=False) as stage:
        rows = list(foreign_rows(stage))
        drop_orm_fence()

        assert leaks(stage, rows=rows) == {model._meta.label for model in admin.site._registry}
        assert complain() != []

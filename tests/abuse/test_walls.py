"""Another portal's, another partner's and no lead at all: one and the same 404, and nothing changed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from leads.models import Comment, Lead
from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.models import Membership
from tests.api.asking import Caller, made, without_id
from tests.browsing import Answer
from tests.cast import Cast
from tests.factories import new_deal, opened_lead

VERBS: list[tuple[str, dict[str, Any]]] = [
    ("assign", {"user": "x"}),
    ("recall", {}),
    ("open", {}),
    ("close", {"outcome": "won"}),
    ("convert", {"name": "x", "amount": 1, "currency": "EUR", "close_date": "2027-01-01"}),
    ("reopen", {}),
    ("comment", {"text": "x"}),
    ("activity", {"kind": "call", "outcome": "reached"}),
]
Ask = Callable[[Caller, str], Answer]
ASKING: dict[str, Ask] = {
    "get": lambda api, path: api.get(path),
    "patch": lambda api, path: api.patch(path, {"name": "x", "company": "x"}),
    "patch nonsense": lambda api, path: api.patch(path, {"nonsense": 1}),
    "put": lambda api, path: api.send("put", path, {"company": "x"}),
    "delete": lambda api, path: api.send("delete", path),
    "options": lambda api, path: api.send("options", path),
    **{
        verb: lambda api, path, verb=verb, body=body: api.post(f"{path}{verb}/", body)  # type: ignore[misc]
        for verb, body in VERBS
    },
}


def everything(cast: Cast) -> list[list[Any]]:
    """All that a stranger must not have changed, of both portals."""
    found: list[list[Any]] = []
    for portal in (cast.acme, cast.globex):
        with inside(portal):
            for model in (Lead, Comment, Event, Organization, Membership):
                found.append(list(model.objects.order_by("pk").values()))
    return found


@pytest.fixture
def strangers(cast: Cast) -> dict[str, dict[str, uuid.UUID]]:
    """For each resource a foreign portal's, a sibling partner's and no row, as Ben sees it."""
    found: dict[str, dict[str, uuid.UUID]] = {"leads": {}, "deals": {}}
    for whose, by, to in (("foreign", cast.dan, cast.eve_globex), ("sibling", cast.ada, cast.cleo)):
        found["leads"][whose] = made(opened_lead, by, to).pk
        found["deals"][whose] = made(new_deal, by, to).pk
    found["organizations"] = {"foreign": cast.west.pk, "sibling": cast.south.pk}
    found["users"] = {"foreign": cast.dan.pk, "sibling": cast.cleo.pk}
    return found


@pytest.mark.parametrize("resource", ["leads", "deals", "organizations", "users"])
@pytest.mark.parametrize(
    "how", [how for how in ASKING if " " in how or how in {"get", "patch", "put", "delete", "options"}]
)
def test_a_strangers_row_is_like_one_that_never_was(
    cast: Cast, strangers: dict[str, dict[str, uuid.UUID]], resource: str, how: str
) -> None:
    api, ask = Caller(cast.ben), ASKING[how]
    before = everything(cast)

    answers = [ask(api, f"{resource}/{key}/") for key in (uuid.uuid4(), *strangers[resource].values())]

    assert_alike(answers, status={"put": 405, "delete": 405, "options": 200}.get(how, 404))
    assert everything(cast) == before


@pytest.mark.parametrize("verb", [verb for verb, _body in VERBS])
def test_a_strangers_lead_has_no_verbs(cast: Cast, strangers: dict[str, dict[str, uuid.UUID]], verb: str) -> None:
    api, ask = Caller(cast.ben), ASKING[verb]
    before = everything(cast)

    answers = [ask(api, f"leads/{key}/") for key in (uuid.uuid4(), *strangers["leads"].values())]

    assert_alike(answers, status=404)
    assert everything(cast) == before


def test_a_foreign_portals_lead_is_not_found_by_the_vendor_admin_either(
    cast: Cast, strangers: dict[str, dict[str, uuid.UUID]]
) -> None:
    api = Caller(cast.ada)

    assert api.get(f"leads/{strangers['leads']['foreign']}/").status_code == 404
    assert api.get(f"leads/{strangers['leads']['sibling']}/").status_code == 200


@pytest.mark.parametrize(
    "key", ["L-1001", "1", "x", "%00", "%ED%A0%80", "' OR 1=1", "x" * 3000, str(uuid.UUID(int=0))]
)
def test_an_address_that_is_no_id_is_not_found(cast: Cast, key: str) -> None:
    made(opened_lead, cast.ada, cast.ben)

    answers = [Caller(cast.ben).get(f"leads/{address}/") for address in (uuid.uuid4(), key)]

    assert_alike(answers, status=404)


def assert_alike(answers: list[Answer], *, status: int) -> None:
    assert {answer.status_code for answer in answers} == {status}
    if status >= 400:
        assert all(without_id(answer) == without_id(answers[0]) for answer in answers)
    else:
        assert len({answer.content for answer in answers}) == 1

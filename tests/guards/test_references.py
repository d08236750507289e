"""Every field that points at another row: a foreign or a sibling's real id is answered like an unknown one.

The fields are counted from the serializers and forms, so that a new one without a case fails the build.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django import forms
from django.urls import reverse

import prm.urls  # noqa: F401  (loads every form and serializer there is)
from prm.api.views import ReferenceField, StrictSerializer
from tests.guards.access_table import DEAL, PROFILE, REGISTRATION
from tests.matrix import Answer, Question, Row, ask
from tests.stage import Stage

OUR_PACKAGES = ("prm", "leads", "deals")
Id = Callable[[Stage], str]


def member(place: str, state: str = "active") -> Id:
    return lambda stage: stage.rows["member", state][place].key


def organization(place: str) -> Id:
    return lambda stage: stage.rows["organization", ""][place].key


def other(name: str, portal: str) -> Id:
    return lambda stage: stage.ids[name][portal]


def own_group(stage: Stage) -> str:
    """One that Eve is in."""
    return str(next(group.pk for group in stage.cast.eve.groups.all() if group.name == "View All Leads"))


@dataclass(frozen=True)
class Case:
    """A field, a request that sends it, an id that is good there, and real ones that are not to be used."""

    actor: str
    url: str
    row: tuple[str, str] | None
    sends: str
    good: Id
    astray: tuple[Id, ...]
    place: str = "north"
    method: str = "POST"
    body: Mapping[str, Any] = field(default_factory=dict)
    refused: int = 400
    is_list: bool = False


def page(*words: Any, **others: Any) -> Case:
    return Case(*words, **{"refused": 422, **others})


LEAD, DEAL_ROW, NORTH = ("lead", "opened"), ("deal", ""), ("organization", "")
ORGANIZATION = {"name": "North", "status": "active"}
AGREED = {"agreed": "yes", "row": str(uuid.UUID(int=7)), "token": str(uuid.UUID(int=8))}
"""What asks for a verb over rows of which there are none. The form that comes back has the same token."""
TIERS = (other("tier", "acme"), (other("tier", "globex"),))
DISTRIBUTORS = (other("distributor", "acme"), (other("distributor", "globex"),))
REASONS = (other("reason", "acme"), (other("reason", "globex"),))
STAGES = (other("stage", "acme"), (other("stage", "globex"),))
NEXT_STAGES = (other("next stage", "acme"), (other("next stage", "globex"),))
DEAL_REASONS = (other("deal reason", "acme"), (other("deal reason", "globex"),))
GROUPS = (other("group", "acme"), (other("group", "globex"), other("vendor's group", "acme")))
CASES: dict[str, list[Case]] = {
    "AssignSerializer.organization": [
        # Ben's organization is his own, so he has nothing good to send: Vic stands for the vendor's people.
        Case(
            "vic",
            "api:lead-assign",
            LEAD,
            "organization",
            organization("north"),
            (organization("south"), organization("globex")),
        ),
    ],
    "AssignSerializer.user": [
        Case("vic", "api:lead-assign", LEAD, "user", member("north"), (member("south"), member("globex"))),
        Case(
            "ben",
            "api:lead-assign",
            LEAD,
            "user",
            member("north"),
            (member("south"), member("vendor"), member("globex")),
        ),
    ],
    "CloseSerializer.reason": [
        Case("ben", "api:lead-close", LEAD, "reason", *REASONS, body={"outcome": "lost"}),
    ],
    "DealSerializer.stage": [
        Case("ben", "api:deal-detail", DEAL_ROW, "stage", *STAGES, method="PATCH", body={"name": "Renamed"})
    ],
    "MoveSerializer.stage": [Case("ben", "api:deal-move", DEAL_ROW, "stage", *NEXT_STAGES)],
    "LoseSerializer.reason": [Case("ben", "api:deal-lose", DEAL_ROW, "reason", *DEAL_REASONS)],
    "ConvertSerializer.stage": [Case("ben", "api:lead-convert", LEAD, "stage", *STAGES, body=DEAL)],
    "OrganizationSerializer.tier": [Case("ada", "api:organization-detail", NORTH, "tier", *TIERS, method="PATCH")],
    "OrganizationSerializer.distributor": [
        Case("ada", "api:organization-detail", NORTH, "distributor", *DISTRIBUTORS, method="PATCH")
    ],
    "InviteSerializer.organization": [
        Case(
            "bea",
            "api:user-list",
            None,
            "organization",
            organization("north"),
            (organization("south"), organization("vendor"), organization("globex")),
            body={"name": "Newcomer", "email": "newcomer@new.example"},
        )
    ],
    "AssignForm.organization": [
        page(
            "vic",
            "leads:assign",
            LEAD,
            "organization",
            organization("north"),
            (organization("south"), organization("globex")),
        ),
    ],
    "AssignForm.user": [
        page("vic", "leads:assign", LEAD, "user", member("north"), (member("south"), member("globex")))
    ],
    "HandOverForm.user": [
        page(
            "ben",
            "leads:hand_over",
            LEAD,
            "user",
            member("north"),
            (member("south"), member("vendor"), member("globex")),
        ),
    ],
    "LoseManyForm.reason": [page("ada", "leads:lose_many", None, "reason", *REASONS, body=AGREED)],
    "MoveManyForm.stage": [page("ada", "deals:move_many", None, "stage", *NEXT_STAGES, body=AGREED)],
    "TierForm.tier": [page("ada", "organizations:tier_many", None, "tier", *TIERS, body=AGREED)],
    "ManagersForm.managers": [
        page(
            "ada",
            "organizations:managers_many",
            None,
            "managers",
            member("vendor"),
            (member("north"), member("vendor", "disabled"), lambda stage: str(stage.cast.dan.pk)),
            body=AGREED,
            is_list=True,
        )
    ],
    "CloseForm.reason": [page("ben", "leads:close", LEAD, "reason", *REASONS, body={"outcome": "lost"})],
    "DealForm.stage": [
        page("ben", "deals:edit", DEAL_ROW, "stage", *STAGES, body={**DEAL, "name": "Renamed"}),
        page("ben", "deals:convert", LEAD, "deal-stage", *STAGES, body=REGISTRATION),
    ],
    "MoveForm.stage": [page("ben", "deals:move", DEAL_ROW, "stage", *NEXT_STAGES)],
    "LoseForm.reason": [
        page("ben", "deals:lose", DEAL_ROW, "reason", *DEAL_REASONS),
        page("ben", "deals:lose_many", None, "reason", *DEAL_REASONS, body=AGREED),
    ],
    "OrganizationForm.tier": [page("ada", "organizations:edit", NORTH, "tier", *TIERS, body=ORGANIZATION)],
    "OrganizationForm.distributor": [
        page("ada", "organizations:edit", NORTH, "distributor", *DISTRIBUTORS, body=ORGANIZATION)
    ],
    "OrganizationForm.partner_managers": [
        page(
            "ada",
            "organizations:edit",
            NORTH,
            "partner_managers",
            member("vendor"),
            (member("north"), lambda stage: str(stage.cast.dan.pk)),
            body=ORGANIZATION,
            is_list=True,
        )
    ],
    "MemberForm.groups": [
        page("bea", "users:edit", ("member", "active"), "groups", *GROUPS, body=PROFILE, is_list=True)
    ],
    "ViewForm.shared_with": [
        page(
            "eve",
            "lists:edit",
            ("view", ""),
            "shared_with",
            own_group,
            (other("group", "globex"), other("group", "acme"), other("vendor's group", "acme")),
            body={"name": "Renamed"},
        )
    ],
    "InviteForm.groups": [
        page(
            "bea",
            "users:invite",
            NORTH,
            "groups",
            *GROUPS,
            body={"name": "New", "email": "new@new.example"},
            is_list=True,
        )
    ],
    # fields that stand in a view, not in a form's class
    "leads.views.settings": [
        page("ada", "leads:settings", None, "reason", *REASONS, body={"action": "toggle_reason"}, refused=404)
    ],
    "deals.views.settings": [
        page("ada", "deals:settings", None, "stage", *STAGES, body={"action": "toggle_stage"}, refused=404),
        page("ada", "deals:settings", None, "reason", *DEAL_REASONS, body={"action": "toggle_reason"}, refused=404),
    ],
}


def _subclasses(of: type[Any]) -> Iterator[type[Any]]:
    found: type[Any]
    for found in of.__subclasses__():
        yield from _subclasses(found)
        if found.__module__.partition(".")[0] in OUR_PACKAGES:
            yield found


def _fields() -> set[str]:
    found: set[str] = set()
    for serializer in set(_subclasses(StrictSerializer)):
        for name, declared in serializer._declared_fields.items():
            if isinstance(declared, ReferenceField):
                found.add(f"{serializer.__name__}.{name}")
    for form in set(_subclasses(forms.BaseForm)):
        for name, chosen in form.base_fields.items():
            if isinstance(chosen, forms.ModelChoiceField):
                found.add(f"{form.__name__}.{name}")
    return found


def test_every_reference_has_its_case() -> None:
    assert {name for name in CASES if name[0].isupper()} == _fields()


def answer_to(stage: Stage, case: Case, value: str) -> Answer:
    """What comes of this id in the case's field."""
    sent: Any = [value] if case.is_list else value
    row = stage.rows[case.row][case.place] if case.row else None
    address = row.address(is_api=case.url.startswith("api:")) if row else []
    question = Question(case.method, reverse(case.url, args=address), {**case.body, case.sends: sent})
    return ask(stage.actors[case.actor], question, stage.before, row=Row(value, value, ""))


@pytest.mark.parametrize(
    "case",
    [case for cases in CASES.values() for case in cases],
    ids=lambda case: f"{case.url}-{case.sends}-{case.actor}",
)
def test_reference_astray_is_like_an_unknown_one(stage: Stage, case: Case) -> None:
    good, unknown = answer_to(stage, case, case.good(stage)), answer_to(stage, case, str(uuid.uuid4()))
    astray = [answer_to(stage, case, find(stage)) for find in case.astray]

    assert (good.status < 400, good.has_changed) == (True, True)
    assert (unknown.status, unknown.has_changed) == (case.refused, False)
    assert astray == [unknown] * len(astray)

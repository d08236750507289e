"""`leads/{id}/comment/` and `leads/{id}/activity/`."""

import uuid
from typing import Any

import pytest

from leads.models import Activity, Comment
from prm.organizations.context import inside
from tests.api.asking import Caller, faults, made
from tests.cast import Cast
from tests.factories import opened_lead

NOBODY = str(uuid.uuid4())


@pytest.mark.parametrize(("extra", "readers"), [({}, {"ben", "ada"}), ({"is_internal": True}, {"ben"})])
def test_comment_is_shared_unless_internal(cast: Cast, extra: dict[str, bool], readers: set[str]) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/comment/", {"text": "Called twice.", **extra})

    assert (answer.status_code, answer.json()["number"]) == (201, lead.code)
    with inside(cast.acme):
        seen = {name for name in ("ben", "ada", "cleo") if Comment.objects.visible_to(getattr(cast, name)).exists()}
    assert seen == readers


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/text": "required"}),
        ({"text": " "}, {"/text": "blank"}),
        ({"text": "x" * 10_001}, {"/text": "max_length"}),
        ({"text": "a\x00"}, {"/text": "control_characters"}),
        ({"text": "x", "is_internal": "perhaps"}, {"/is_internal": "invalid"}),
        ({"text": "x", "is_internal": None}, {"/is_internal": "null"}),
        ({"text": "x", "shared_with": NOBODY}, {"/shared_with": "unknown_field"}),
        ({"text": "x", "author": NOBODY}, {"/author": "unknown_field"}),
    ],
)
def test_comment_that_cannot_be_names_the_field(cast: Cast, body: dict[str, Any], expected: dict[str, str]) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    assert faults(Caller(cast.ben).post(f"leads/{lead.pk}/comment/", body)) == expected


def test_activity_begins_the_work(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    body = {"kind": "call", "outcome": "follow_up", "note": "Monday", "happened_at": "2026-03-01T09:30:00+01:00"}

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/activity/", body)

    assert (answer.status_code, answer.json()["status"]) == (201, "working")
    with inside(cast.acme):
        activity = Activity.objects.get()
        assert (activity.kind, activity.outcome, activity.note) == ("call", "follow_up", "Monday")
        assert activity.happened_at.isoformat() == "2026-03-01T08:30:00+00:00"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("kind", "fax", "invalid_choice"),
        ("kind", ["call"], "invalid_choice"),
        ("outcome", "", "invalid_choice"),
        ("happened_at", "2999-01-01T00:00:00Z", "invalid"),
        ("happened_at", "0001-01-01T00:00:00Z", "invalid"),
        ("happened_at", "0001-01-01T00:00:00+14:00", "overflow"),
        ("happened_at", "9999-12-31T23:59:59-12:00", "overflow"),
        ("happened_at", "9999-99-99", "invalid"),
        ("happened_at", "yesterday", "invalid"),
        ("happened_at", 1e300, "invalid"),
        ("note", None, "null"),
        ("note", "x" * 10_001, "max_length"),
    ],
)
def test_activity_that_cannot_be_names_the_field(cast: Cast, field: str, value: Any, code: str) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    answer = Caller(cast.ben).post(
        f"leads/{lead.pk}/activity/", {"kind": "call", "outcome": "reached", field: value}
    )

    assert faults(answer) == {f"/{field}": code}
    with inside(cast.acme):
        assert Activity.objects.count() == 0

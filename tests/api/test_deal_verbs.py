"""`deals/{id}/move/`, `win/`, `lose/`, `reopen/`."""

from typing import Any

import pytest

from deals.models import Deal, DealLostReason
from leads import actions
from leads.models import Lead
from leads.reasons import change_lost_reason
from prm.organizations.context import inside
from tests.api.asking import Caller, code_of, faults, made
from tests.cast import Cast
from tests.factories import new_deal

GOOD: dict[str, dict[str, Any]] = {"move": {"stage": "Proposal"}, "win": {}, "lose": {"reason": "Price"}}
each_verb = pytest.mark.parametrize("verb", GOOD)


@pytest.fixture
def deal(cast: Cast) -> Deal:
    return made(new_deal, cast.ada, cast.ben)


def test_move_deal_answers_with_the_deal(cast: Cast, deal: Deal) -> None:
    answer = Caller(cast.ben).post(f"deals/{deal.pk}/move/", {"stage": "Proposal", "version": 1})

    body = answer.json()
    assert (body["stage_name"], body["status"], body["version"], answer["ETag"]) == ("Proposal", "open", 2, '"2"')
    assert (body["probability"], body["amount"], body["weighted_amount"]) == (50, "50000.00", "25000.00")


def test_win_lose_and_reopen_deal(cast: Cast, deal: Deal) -> None:
    api = Caller(cast.ben)

    lost = api.post(f"deals/{deal.pk}/lose/", {"reason": "Price"}).json()
    assert (lost["status"], lost["stage_name"], lost["lost_reason"]) == ("lost", "Lost", "Price")
    assert lost["closed_at"] is not None
    again = api.post(f"deals/{deal.pk}/reopen/").json()
    assert (again["status"], again["stage_name"], again["lost_reason"]) == ("open", "Qualified", None)
    assert again["closed_at"] is None
    won = api.post(f"deals/{deal.pk}/win/").json()
    assert (won["status"], won["stage_name"], won["weighted_amount"]) == ("won", "Won", "50000.00")


@pytest.mark.parametrize("how", ["body", "header"])
@each_verb
def test_verb_with_an_old_version_is_stale_and_changes_nothing(cast: Cast, deal: Deal, verb: str, how: str) -> None:
    api = Caller(cast.ben)
    api.patch(f"deals/{deal.pk}/", {"name": "first"})

    body = GOOD[verb] | ({"version": 1} if how == "body" else {})
    headers = {"If-Match": '"1"'} if how == "header" else {}

    assert code_of(api.send("post", f"deals/{deal.pk}/{verb}/", body, **headers), 409) == "stale_version"
    assert api.get(f"deals/{deal.pk}/").json()["status"] == "open"


@each_verb
def test_verb_twice_is_done_once(cast: Cast, deal: Deal, verb: str) -> None:
    api = Caller(cast.ben)
    api.post(f"deals/{deal.pk}/{verb}/", GOOD[verb])

    second = api.post(f"deals/{deal.pk}/{verb}/", GOOD[verb])

    assert second.status_code == (200 if verb == "move" else 409)
    assert api.get(f"deals/{deal.pk}/").json()["version"] == 2


@pytest.mark.parametrize(
    ("verb", "body", "expected"),
    [
        ("move", {}, {"/stage": "required"}),
        ("move", {"stage": "Nonsense"}, {"/stage": "invalid_reference"}),
        ("move", {"stage": None}, {"/stage": "null"}),
        ("move", {"stage": "Proposal", "version": 0}, {"/version": "min_value"}),
        ("lose", {}, {"/reason": "required"}),
        ("lose", {"reason": "price"}, {"/reason": "invalid_reference"}),
        ("win", {"stage": "Won"}, {"/stage": "unknown_field"}),
        ("reopen", {"version": "x"}, {"/version": "invalid"}),
    ],
)
def test_verb_with_what_cannot_be_names_the_field(
    cast: Cast, deal: Deal, verb: str, body: dict[str, Any], expected: dict[str, str]
) -> None:
    assert faults(Caller(cast.ben).post(f"deals/{deal.pk}/{verb}/", body)) == expected


def test_lose_deal_for_a_reason_out_of_use_or_of_another_portal(cast: Cast, deal: Deal) -> None:
    with inside(cast.acme):
        change_lost_reason(DealLostReason.objects.get(name="Price"), values={"is_active": False}, by=cast.ada)
    with inside(cast.globex):
        theirs = str(DealLostReason.objects.get(name="No decision").pk)

    for reason in ("Price", theirs):
        answer = Caller(cast.ben).post(f"deals/{deal.pk}/lose/", {"reason": reason})
        assert faults(answer) == {"/reason": "invalid_reference"}


def test_move_deal_to_an_end_is_refused(cast: Cast, deal: Deal) -> None:
    assert code_of(Caller(cast.ben).post(f"deals/{deal.pk}/move/", {"stage": "Won"}), 409) == "refused"


def test_update_deal_to_lost_is_refused(cast: Cast, deal: Deal) -> None:
    assert code_of(Caller(cast.ben).patch(f"deals/{deal.pk}/", {"stage": "Lost"}), 409) == "refused"


@pytest.mark.parametrize("verb", ["move", "win", "lose", "reopen"])
def test_verb_on_a_deal_of_a_sibling_is_not_found(cast: Cast, deal: Deal, verb: str) -> None:
    for name in ("cleo", "dora", "dan"):
        assert Caller(getattr(cast, name)).post(f"deals/{deal.pk}/{verb}/", GOOD.get(verb)).status_code == 404
    with inside(cast.acme):
        assert Deal.objects.get().version == 1


def test_verb_on_a_withdrawn_deal_is_refused(cast: Cast, deal: Deal) -> None:
    with inside(cast.acme):
        actions.reopen_lead(Lead.objects.get(deals=deal), by=cast.ada)

    for verb, body in GOOD.items():
        assert code_of(Caller(cast.ben).post(f"deals/{deal.pk}/{verb}/", body), 409) == "refused"

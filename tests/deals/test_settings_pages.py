"""Settings > Deal Stages, by the page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from deals.models import DealLostReason, DealStage
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_deal
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
STAGES = "/settings/deal-stages/"
FIRST = ["Qualified", "Meeting held", "Proposal", "Negotiation", "Won", "Lost"]


def stage(portal: Portal, name: str) -> DealStage:
    with inside(portal):
        found: DealStage = DealStage.objects.get(name=name)
        return found


def stages(portal: Portal) -> list[str]:
    with inside(portal):
        return list(DealStage.objects.values_list("name", flat=True))


def test_stages_add_one_at_the_end(client_of: ClientOf, cast: Cast) -> None:
    values = {"action": "add_stage", "name": "Signed", "probability": "95", "outcome": "open"}

    answer = client_of(cast.ada).post(STAGES, values, follow=True)

    assert answer.redirect_chain == [(STAGES, 302)]
    assert Page(answer).toasts == ["Saved."]
    assert stages(cast.acme) == [*FIRST, "Signed"]
    assert stages(cast.globex) == FIRST


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": "Proposal"}, "There is a stage named Proposal already."),
        ({"name": ""}, "This field is required."),
        ({"probability": "101"}, "Ensure this value is less than or equal to 100."),
        ({"probability": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"outcome": "nonsense"}, "Select a valid choice. nonsense is not one of the available choices."),
    ],
)
@pytest.mark.parametrize("action", ["add_stage", "change_stage"])
def test_stages_refuse_a_bad_one_in_words(
    client_of: ClientOf, cast: Cast, action: str, values: dict[str, str], error: str
) -> None:
    chosen = {"stage": str(stage(cast.acme, "Qualified").pk)} if action == "change_stage" else {}
    typed = {"name": "Signed", "probability": "95", "outcome": "open", **values}

    answer = client_of(cast.ada).post(STAGES, {"action": action, **chosen, **typed})

    assert answer.status_code == 422
    page = Page(answer)
    if action == "change_stage":  # said as a message: the form beneath is the one that adds
        assert error in page.toasts[0]
    else:
        assert error in page.by_id("main").text
    assert stages(cast.acme) == FIRST


def test_stages_change_one(client_of: ClientOf, cast: Cast) -> None:
    chosen = stage(cast.acme, "Proposal")
    values: dict[str, Any] = {"name": "Offer", "probability": "55", "outcome": "open"}

    answer = client_of(cast.ada).post(STAGES, {"action": "change_stage", "stage": str(chosen.pk), **values})

    assert answer.status_code == 302
    changed = stage(cast.acme, "Offer")
    assert (changed.pk, changed.probability, changed.position) == (chosen.pk, 55, chosen.position)


def test_stages_move_up(client_of: ClientOf, cast: Cast) -> None:
    signed = stage(cast.acme, "Negotiation")

    answer = client_of(cast.ada).post(STAGES, {"action": "raise_stage", "stage": str(signed.pk)})

    assert answer.status_code == 302
    assert stages(cast.acme) == ["Qualified", "Meeting held", "Negotiation", "Proposal", "Won", "Lost"]
    assert stages(cast.globex) == FIRST


def test_stages_out_of_use_stay_on_their_deals(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        deal = new_deal(cast.ada, cast.ben)
    qualified = stage(cast.acme, "Qualified")

    answer = client_of(cast.ada).post(STAGES, {"action": "toggle_stage", "stage": str(qualified.pk)})
    old = Page(client_of(cast.ben).get(f"/deals/{deal.code}/edit/"))

    assert answer.status_code == 302
    assert not stage(cast.acme, "Qualified").is_active
    assert old.value("stage") == str(qualified.pk)
    assert "Qualified" in old.by_id("id_stage").text


def test_stages_keep_one_open_in_use(client_of: ClientOf, cast: Cast) -> None:
    client = client_of(cast.ada)

    answers = [
        client.post(STAGES, {"action": "toggle_stage", "stage": str(stage(cast.acme, name).pk)})
        for name in FIRST[:4]
    ]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 422]
    assert "One open stage has to stay in use: new deals begin there." in Page(answers[3]).text
    assert stage(cast.acme, "Negotiation").is_active


def test_lost_reasons_are_added_renamed_and_taken_out_of_use(client_of: ClientOf, cast: Cast) -> None:
    client = client_of(cast.ada)

    def reasons() -> list[tuple[str, bool]]:
        with inside(cast.acme):
            return list(DealLostReason.objects.values_list("name", "is_active"))

    with inside(cast.acme):
        chosen = str(DealLostReason.objects.get(name="Price").pk)
    added = client.post(STAGES, {"action": "add_reason", "name": "Moved away"}, follow=True)
    client.post(STAGES, {"action": "rename_reason", "reason": chosen, "name": "Too expensive"})
    client.post(STAGES, {"action": "toggle_reason", "reason": chosen})

    assert Page(added).toasts == ["Saved."]
    assert (reasons()[0], reasons()[-1]) == (("Too expensive", False), ("Moved away", True))


@pytest.mark.parametrize(
    ("name", "error"), [("", "required"), ("Price", "named Price"), ("x" * 81, "80 characters")]
)
@pytest.mark.parametrize("action", ["add_reason", "rename_reason"])
def test_lost_reasons_refuse_a_bad_one_in_words(
    client_of: ClientOf, cast: Cast, action: str, name: str, error: str
) -> None:
    with inside(cast.acme):
        chosen = str(DealLostReason.objects.get(name="No decision").pk)

    answer = client_of(cast.ada).post(STAGES, {"action": action, "reason": chosen, "name": name})

    page = Page(answer)
    assert answer.status_code == 422
    assert error in (page.toasts[0] if action == "rename_reason" else page.by_id("main").text)
    with inside(cast.acme):
        assert DealLostReason.objects.count() == 6
        assert DealLostReason.objects.get(pk=chosen).name == "No decision"


def test_stages_find_none_of_another_portal(client_of: ClientOf, cast: Cast) -> None:
    theirs = stage(cast.globex, "Qualified")

    answer = client_of(cast.ada).post(STAGES, {"action": "toggle_stage", "stage": str(theirs.pk)})

    assert answer.status_code == 404
    assert stage(cast.globex, "Qualified").is_active

"""Verbs over many deals: each by the action of its own page, by the requester's rights, and taken back."""

import pytest
from django.utils import timezone

from deals import actions
from deals.bulk import LOSE, MOVE, WIN
from deals.models import Deal, DealLostReason, DealStage
from prm.events.delivery import deliver_due
from prm.events.models import Event, Message
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.models import Run
from prm.runs.working import LEASE, work_due
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_deal
from tests.runs.many import again, asked, came_of, carried_out, reasons, taken_back
from tests.runs.scenery import begun


@pytest.fixture
def portal(cast: Cast) -> Portal:
    return cast.acme


@pytest.fixture
def deals(cast: Cast) -> list[Deal]:
    return deals_of(cast.ada, cast.ben, 3)


def deals_of(by: Membership, to: Membership, count: int) -> list[Deal]:
    with inside(by.portal):
        return [new_deal(by, to) for _ in range(count)]


def now(deals: list[Deal]) -> list[tuple[str, str]]:
    """Status and stage of each."""
    with inside(deals[0].portal):
        found = Deal.objects.select_related("stage").in_bulk([deal.pk for deal in deals])
        return [(found[deal.pk].status, found[deal.pk].stage.name) for deal in deals]


def a_reason(portal: Portal) -> str:
    with inside(portal):
        return str(DealLostReason.objects.get(name="Price").pk)


def test_win_many_closes_the_open_ones_and_says_why_not_the_others(
    cast: Cast, portal: Portal, deals: list[Deal]
) -> None:
    with inside(portal):
        actions.win_deal(deals[1], by=cast.ben)

    run = carried_out(WIN.kind, deals, cast.ada)

    assert came_of(run) == (2, 1, 0)
    assert [status for status, _stage in now(deals)] == ["won"] * 3
    assert reasons(run) == {deals[1].code: f"Deal {deals[1].code} is closed (won). Reopen it first."}
    with inside(portal):
        events = Event.objects.filter(kind="deal_won", request_id=str(run.pk))
        assert {(event.subject_id, event.actor) for event in events} == {
            (deals[0].pk, cast.ada),
            (deals[2].pk, cast.ada),
        }


def test_win_many_tells_the_other_side_once(cast: Cast, portal: Portal, deals: list[Deal]) -> None:
    carried_out(WIN.kind, deals, cast.ada)
    deliver_due(portal)

    with inside(portal):
        told = Message.objects.filter(recipient=cast.ben, event__kind="deal_won")
        assert [message.count for message in told] == [3]


def test_lose_many_gives_each_the_reason(cast: Cast, portal: Portal, deals: list[Deal]) -> None:
    run = carried_out(LOSE.kind, deals, cast.ben, reason=a_reason(portal))

    assert came_of(run) == (3, 0, 0)
    with inside(portal):
        assert set(Deal.objects.values_list("status", "lost_reason__name")) == {("lost", "Price")}


def test_move_many_leaves_closed_ones_where_they_are(cast: Cast, portal: Portal, deals: list[Deal]) -> None:
    with inside(portal):
        actions.win_deal(deals[2], by=cast.ben)
        stage = DealStage.objects.get(name="Proposal")
    before = now(deals)[2]

    run = carried_out(MOVE.kind, deals, cast.ada, stage=str(stage.pk))

    assert came_of(run) == (2, 1, 0)
    assert now(deals) == [("open", "Proposal"), ("open", "Proposal"), before]


def test_move_many_into_a_stage_that_went_out_of_use_changes_nothing(
    cast: Cast, portal: Portal, deals: list[Deal]
) -> None:
    with inside(portal):
        stage = DealStage.objects.get(name="Proposal")
        run = asked(MOVE.kind, deals, cast.ada, stage=str(stage.pk))
        DealStage.objects.filter(pk=stage.pk).update(is_active=False)
    before = now(deals)

    work_due(portal)

    assert (came_of(again(run)), now(deals)) == ((0, 3, 0), before)


@pytest.mark.parametrize("who", ["vic", "ben", "bea", "dora"])
def test_win_many_reaches_what_the_requester_sees_and_nothing_else(cast: Cast, who: str) -> None:
    """A colleague's deal, another partner's, another portal's, and none at all."""
    mine, colleagues = deals_of(cast.ada, cast.ben, 1), deals_of(cast.ada, cast.bea, 1)
    souths, foreign = deals_of(cast.ada, cast.cleo, 1), deals_of(cast.dan, cast.eve_globex, 1)
    member = getattr(cast, who)
    won, only_seen = {"vic": (2, 0), "bea": (2, 0), "ben": (1, 0), "dora": (0, 1)}[who]  # south is dora's reseller

    run = carried_out(WIN.kind, [*mine, *colleagues, *souths, *foreign], member)

    assert came_of(run) == (won, only_seen, 4 - won - only_seen)
    assert [status for status, _stage in [*now(souths), *now(foreign)]] == ["open", "open"]
    assert len(reasons(run)) == only_seen


def test_win_many_is_taken_back_but_for_what_somebody_decided_since(
    cast: Cast, portal: Portal, deals: list[Deal]
) -> None:
    with inside(portal):
        actions.move_deal(deals[0], to=DealStage.objects.get(name="Proposal"), by=cast.ben)
    before = now(deals)
    run = carried_out(WIN.kind, deals, cast.ada)
    with inside(portal):
        reopened = actions.reopen_deal(deals[2], by=cast.ben)
        actions.win_deal(reopened, by=cast.ben)

    undoing = taken_back(run)

    assert came_of(undoing) == (2, 1, 0)
    assert now(deals) == [*before[:2], ("won", "Won")]
    assert reasons(undoing) == {deals[2].code: f"{deals[2].code} was changed again since, and stays as it is."}


def test_lose_many_is_taken_back_by_whom_it_was_asked_only(cast: Cast, portal: Portal, deals: list[Deal]) -> None:
    """Those refused at first are not touched by taking back either."""
    with inside(portal):
        actions.win_deal(deals[0], by=cast.ben)
    run = carried_out(LOSE.kind, deals, cast.ada, reason=a_reason(portal))

    undoing = taken_back(run)

    assert came_of(undoing) == (2, 0, 0)
    assert [status for status, _stage in now(deals)] == ["won", "open", "open"]
    with inside(portal):
        assert set(Deal.objects.filter(status="open").values_list("lost_reason", flat=True)) == {None}


def test_win_many_goes_on_where_a_killed_worker_stood(cast: Cast, portal: Portal, deals: list[Deal]) -> None:
    run = asked(WIN.kind, deals, cast.ada)
    begun(portal)
    assert [status for status, _stage in now(deals)] == ["won", "open", "open"]
    with inside(portal):
        Run.objects.update(lease_until=timezone.now() - LEASE)

    work_due(portal)

    assert came_of(again(run)) == (3, 0, 0)
    with inside(portal):
        assert Event.objects.filter(kind="deal_won").count() == 3

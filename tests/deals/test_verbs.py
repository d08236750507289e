"""Deals moved, won, lost and re-opened; who may, who hears of it."""

from datetime import date
from decimal import Decimal
from typing import Protocol

import pytest
from django.core import mail
from django.utils import timezone

from deals.actions import lose_deal, move_deal, reopen_deal, update_deal, win_deal
from deals.models import Deal, DealLostReason, DealStage
from deals.settings import add_stage, change_stage
from leads import actions as lead_actions
from leads.models import Lead
from leads.reasons import change_lost_reason
from prm.actions import Gone, Refused, Stale
from prm.events.delivery import deliver_due
from prm.events.models import Delivery, Event, Message
from prm.events.notices import path_of, text_of
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_deal

pytestmark = pytest.mark.usefixtures("in_acme")


class Act(Protocol):
    def __call__(self, deal: Deal, by: Membership, /, *, version: int | None = None) -> Deal: ...


def stage(name: str) -> DealStage:
    found: DealStage = DealStage.objects.get(name=name)
    return found


def reason(name: str = "Price") -> DealLostReason:
    found: DealLostReason = DealLostReason.objects.get(name=name)
    return found


def move(deal: Deal, by: Membership, *, version: int | None = None) -> Deal:
    return move_deal(deal, to=stage("Proposal"), by=by, version=version)


def win(deal: Deal, by: Membership, *, version: int | None = None) -> Deal:
    return win_deal(deal, by=by, version=version)


def lose(deal: Deal, by: Membership, *, version: int | None = None) -> Deal:
    return lose_deal(deal, reason=reason(), by=by, version=version)


def reopen(deal: Deal, by: Membership, *, version: int | None = None) -> Deal:
    return reopen_deal(deal, by=by, version=version)


OPEN_VERBS: list[Act] = [move, win, lose]


def told(kind: Event.Kind) -> set[str]:
    return set(Delivery.objects.filter(event__kind=kind).values_list("recipient__name", flat=True))


# --- What they do ---------------------------------------------------------------------------------------


def test_move_deal_stands_in_the_stage_and_notes_it(cast: Cast) -> None:
    deal = move_deal(new_deal(cast.ada, cast.ben), to=stage("Proposal"), by=cast.ben, version=1)

    assert (deal.stage.name, deal.status, deal.version, deal.closed_at) == ("Proposal", "open", 2, None)
    event = Event.objects.get(kind=Event.Kind.DEAL_MOVED)
    assert (event.subject_id, event.actor, event.organization) == (deal.pk, cast.ben, cast.north)
    assert list(event.values.values_list("field", "old", "new")) == [("stage", "Qualified", "Proposal")]
    assert told(Event.Kind.DEAL_MOVED) == set()


def test_move_deal_twice_to_the_same_stage_is_once(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)
    move_deal(deal, to=stage("Proposal"), by=cast.ben, version=1)

    assert move_deal(deal, to=stage("Proposal"), by=cast.ben, version=1).version == 2
    assert Event.objects.filter(kind=Event.Kind.DEAL_MOVED).count() == 1


def test_move_deal_to_a_stage_of_another_meaning_is_refused(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)

    for name in ("Won", "Lost"):
        with pytest.raises(Refused, match="won or lost"):
            move_deal(deal, to=stage(name), by=cast.ben)
    won = win_deal(deal, by=cast.ben)
    with pytest.raises(Refused, match=r"closed \(won\)"):
        move_deal(won, to=stage("Proposal"), by=cast.ben)
    assert Deal.objects.get().stage.name == "Won"


def test_move_deal_that_is_won_to_another_stage_of_won_ones(cast: Cast) -> None:
    paid = add_stage(values={"name": "Paid", "probability": 100, "outcome": "won"}, by=cast.ada)

    deal = move_deal(win_deal(new_deal(cast.ada, cast.ben), by=cast.ben), to=paid, by=cast.ben)

    assert (deal.stage, deal.status) == (paid, "won")


def test_move_deal_to_a_stage_out_of_use_is_refused(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)
    change_stage(stage("Proposal"), values={"is_active": False}, by=cast.ada)

    with pytest.raises(Refused, match="no longer in use"):
        move_deal(deal, to=stage("Proposal"), by=cast.ben)


def test_win_deal_closes_it_and_notes_it(cast: Cast) -> None:
    deal = win_deal(move(new_deal(cast.ada, cast.ben), cast.ben), by=cast.ben, version=2)

    assert (deal.stage.name, deal.status, deal.version) == ("Won", "won", 3)
    assert deal.closed_at is not None
    assert (deal.closed_from, deal.lost_reason) == (stage("Proposal"), None)
    event = Event.objects.get(kind=Event.Kind.DEAL_WON)
    assert list(event.values.values_list("field", "old", "new")) == [("stage", "Proposal", "Won")]


def test_lose_deal_closes_it_with_its_reason(cast: Cast) -> None:
    deal = lose_deal(new_deal(cast.ada, cast.ben), reason=reason("No decision"), by=cast.ben)

    assert (deal.stage.name, deal.status, str(deal.lost_reason)) == ("Lost", "lost", "No decision")
    assert deal.closed_at is not None
    event = Event.objects.get(kind=Event.Kind.DEAL_LOST)
    assert event.facts == {"code": deal.code, "reason": "No decision"}


def test_lose_deal_for_a_reason_out_of_use_is_refused(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)
    change_lost_reason(reason(), values={"is_active": False}, by=cast.ada)

    with pytest.raises(Refused, match="no longer in use"):
        lose_deal(deal, reason=reason(), by=cast.ben)
    assert Deal.objects.get().status == "open"


@pytest.mark.parametrize("act", [win, lose])
def test_close_a_closed_deal_is_refused(cast: Cast, act: Act) -> None:
    for end in (win, lose):
        deal = end(new_deal(cast.ada, cast.ben), cast.ben)
        with pytest.raises(Refused, match="Reopen it first"):
            act(deal, cast.ben)
        assert Deal.objects.get(pk=deal.pk).version == deal.version


@pytest.mark.parametrize("end", [win, lose])
def test_reopen_deal_brings_it_back_to_where_it_ended(cast: Cast, end: Act) -> None:
    deal = end(move(new_deal(cast.ada, cast.ben), cast.ben), cast.ben)

    deal = reopen_deal(deal, by=cast.ben, version=3)

    assert (deal.stage.name, deal.status, deal.version) == ("Proposal", "open", 4)
    assert (deal.closed_at, deal.closed_from, deal.lost_reason) == (None, None, None)
    event = Event.objects.get(kind=Event.Kind.DEAL_REOPENED)
    assert event.facts == {"code": deal.code}


def test_reopen_deal_whose_stage_is_out_of_use_begins_anew(cast: Cast) -> None:
    deal = win(move(new_deal(cast.ada, cast.ben), cast.ben), cast.ben)
    change_stage(stage("Proposal"), values={"is_active": False}, by=cast.ada)

    assert reopen_deal(deal, by=cast.ben).stage.name == "Qualified"


def test_reopen_deal_that_was_registered_as_won_begins_at_the_first_stage(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben, stage=stage("Won"))

    assert deal.closed_at is not None
    assert reopen_deal(deal, by=cast.ben).stage.name == "Qualified"


def test_reopen_deal_that_is_open_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="open already"):
        reopen_deal(new_deal(cast.ada, cast.ben), by=cast.ben)


@pytest.mark.parametrize("act", OPEN_VERBS)
def test_verbs_leave_a_deal_alone_that_somebody_else_changed(cast: Cast, act: Act) -> None:
    deal = new_deal(cast.ada, cast.ben)
    update_deal(deal, values={"name": "first"}, by=cast.ada)

    with pytest.raises(Stale, match="Somebody else"):
        act(deal, cast.ben, version=1)
    assert Deal.objects.get().status == "open"
    assert Deal.objects.get().stage.name == "Qualified"


def test_update_deal_with_a_stage_that_wins_is_winning(cast: Cast) -> None:
    deal = update_deal(new_deal(cast.ada, cast.ben), values={"stage": stage("Won")}, by=cast.ben)

    assert deal.closed_at is not None
    assert deal.closed_from == stage("Qualified")
    assert told(Event.Kind.DEAL_WON) == {"Ada", "Vic"}
    deal = update_deal(deal, values={"stage": stage("Proposal")}, by=cast.ben)
    assert (deal.status, deal.closed_at, deal.closed_from) == ("open", None, None)
    assert told(Event.Kind.DEAL_REOPENED) == {"Ada", "Vic"}


def test_update_deal_does_not_lose_it_without_a_reason(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)

    with pytest.raises(Refused, match="why the deal is lost"):
        update_deal(deal, values={"name": "x", "stage": stage("Lost")}, by=cast.ben)
    assert Deal.objects.get().name == "Picking cell"
    lost = lose(deal, cast.ben)
    assert update_deal(lost, values={"name": "x"}, by=cast.ben).status == "lost"


def test_reopen_lead_withdraws_a_won_deal_too(cast: Cast) -> None:
    deal = win(new_deal(cast.ada, cast.ben), cast.ben)

    lead_actions.reopen_lead(Lead.objects.get(), by=cast.ada)

    assert Deal.objects.get(pk=deal.pk).status == "withdrawn"
    for act in (*OPEN_VERBS, reopen):
        with pytest.raises(Refused, match="cannot be changed"):
            act(deal, cast.ada)


# --- Who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cleo", "dora"])
@pytest.mark.parametrize("act", [*OPEN_VERBS, reopen])
def test_verbs_on_a_deal_of_another_organization_are_gone(cast: Cast, act: Act, name: str) -> None:
    deal = new_deal(cast.ada, cast.ben)
    if act is reopen:
        deal = win(deal, cast.ben)

    with pytest.raises(Gone):
        act(deal, getattr(cast, name))
    assert Deal.objects.get().version == deal.version


@pytest.mark.parametrize("act", OPEN_VERBS)
def test_verbs_on_a_deal_of_a_colleague_are_gone_for_who_only_receives(cast: Cast, act: Act) -> None:
    with pytest.raises(Gone):
        act(new_deal(cast.ada, cast.bea), cast.ben)


@pytest.mark.parametrize("name", ["ada", "vic", "bea", "ben", "eve"])
@pytest.mark.parametrize("act", OPEN_VERBS)
def test_verbs_are_for_both_sides(cast: Cast, act: Act, name: str) -> None:
    assert act(new_deal(cast.ada, cast.ben), getattr(cast, name)).version == 2


# --- Who hears of it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "kind"), [(win, Event.Kind.DEAL_WON), (lose, Event.Kind.DEAL_LOST)], ids=["won", "lost"]
)
@pytest.mark.parametrize(
    ("name", "heard"),
    [("ben", {"Ada", "Vic"}), ("bea", {"Ada", "Vic"}), ("ada", {"Ben"}), ("vic", {"Ben"})],
)
def test_closing_a_deal_is_told_to_the_other_side(
    cast: Cast, act: Act, kind: Event.Kind, name: str, heard: set[str]
) -> None:
    by = getattr(cast, name)
    deal = act(new_deal(cast.ada, cast.ben), by)
    assert told(kind) == heard

    reopen(deal, by)
    assert told(Event.Kind.DEAL_REOPENED) == heard


def test_closing_a_deal_without_a_lead_is_told_to_the_partner_managers(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)
    Deal.objects.filter(pk=deal.pk).update(lead=None)

    win(deal, cast.ben)

    assert told(Event.Kind.DEAL_WON) == {"Vic"}


def test_mails_of_a_deal_hold_its_number_and_no_detail(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben, name="Secret cell", amount=Decimal(777))
    for act in (lose, reopen, win):
        deal = act(deal, cast.ada)
    mail.outbox.clear()

    deliver_due(cast.acme)

    messages = [m.event for m in Message.objects.filter(recipient=cast.ben, event__kind__startswith="deal_")]
    words = {text_of(event) for event in messages}
    assert words == {f"Deal {deal.code} is won", f"Deal {deal.code} is lost", f"Deal {deal.code} is open again"}
    assert {path_of(event) for event in messages} == {f"/deals/{deal.code}/"}
    sent = "".join(f"{m.body} {m.subject}" for m in mail.outbox if m.to == [cast.ben.email])
    assert deal.code in sent
    for secret in ("Secret cell", "777", "Price", "Kestrel"):
        assert secret not in sent


def test_nobody_hears_of_a_deal_that_went_out_of_sight(cast: Cast) -> None:
    win(new_deal(cast.ada, cast.ben), cast.ada)
    Deal.objects.update(owner=cast.bea)  # handed on meanwhile

    deliver_due(cast.acme)

    assert not Message.objects.filter(event__kind=Event.Kind.DEAL_WON).exists()


# --- Sums -----------------------------------------------------------------------------------------------


def test_deal_knows_its_weighted_amount(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben, amount=Decimal("33.33"))

    assert (deal.stage.probability, deal.weighted) == (10, Decimal("3.33"))
    assert win(deal, cast.ben).weighted == Decimal("33.33")


def test_deal_is_overdue_from_the_day_after_by_the_calendar_of_the_reader(cast: Cast) -> None:
    today = timezone.localdate()
    deal = new_deal(cast.ada, cast.ben, close_date=today)

    assert not deal.is_overdue
    deal.close_date = date(today.year - 1, 1, 1)
    assert deal.is_overdue
    deal.status = Deal.Status.WON
    assert not deal.is_overdue

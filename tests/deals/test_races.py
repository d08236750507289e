"""One lead becomes one deal, whoever presses at the same moment."""

from collections.abc import Callable
from threading import Barrier

import pytest

from deals.actions import convert_lead, lose_deal, win_deal
from deals.models import Account, Contact, Deal, DealLostReason
from leads.models import Lead
from prm.actions import Refused
from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_deal, opened_lead, registration
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_convert_lead_by_two_people_at_once_makes_one_deal(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)

    def press(by: Membership) -> Callable[[Barrier], Deal]:
        def convert(start: Barrier) -> Deal:
            with inside(cast.acme):
                seen = Lead.objects.visible_to(by).get(pk=lead.pk)  # both see it open ...
                start.wait()  # ... and press
                return convert_lead(seen, registration=registration(), by=by)

        return convert

    outcomes = together(press(cast.ben), press(cast.bea), press(cast.ada))

    deals = [outcome for outcome in outcomes if isinstance(outcome, Deal)]
    refusals = [str(outcome) for outcome in outcomes if isinstance(outcome, Refused)]
    assert (len(deals), len(refusals)) == (1, 2), outcomes
    assert set(refusals) == {f"Lead {lead.code} is closed (converted) and cannot be converted to a deal."}
    with inside(cast.acme):
        assert Deal.objects.get() == deals[0]
        assert (Account.objects.count(), Contact.objects.count()) == (1, 1)
        assert Event.objects.filter(kind=Event.Kind.DEAL_REGISTERED).count() == 1
        assert Event.objects.filter(kind=Event.Kind.LEAD_CONVERTED).count() == 1
        assert Lead.objects.get(pk=lead.pk).status == "converted"


def test_convert_lead_of_several_leads_at_once_counts_without_a_gap(cast: Cast) -> None:
    with inside(cast.acme):
        leads = [opened_lead(cast.ada, cast.ben) for _ in range(4)]

    def press(lead: Lead) -> Callable[[Barrier], int]:
        def convert(start: Barrier) -> int:
            start.wait()
            with inside(cast.acme):
                return convert_lead(lead, registration=registration(), by=cast.ben).number

        return convert

    assert sorted(together(*map(press, leads)), key=str) == [1001, 1002, 1003, 1004]


def test_close_deal_by_two_people_at_once_ends_it_once(cast: Cast) -> None:
    with inside(cast.acme):
        deal = new_deal(cast.ada, cast.ben)
        reason = DealLostReason.objects.get(name="Price")

    def press(by: Membership, *, is_won: bool) -> Callable[[Barrier], Deal]:
        def close(start: Barrier) -> Deal:
            with inside(cast.acme):
                seen = Deal.objects.visible_to(by).get(pk=deal.pk)  # both see it open ...
                start.wait()  # ... and press
                return win_deal(seen, by=by) if is_won else lose_deal(seen, reason=reason, by=by)

        return close

    outcomes = together(press(cast.ben, is_won=True), press(cast.ada, is_won=False))

    assert [type(outcome) for outcome in outcomes].count(Refused) == 1, outcomes
    with inside(cast.acme):
        ends = Event.objects.filter(kind__in=[Event.Kind.DEAL_WON, Event.Kind.DEAL_LOST])
        assert ends.count() == 1
        (closed,) = (outcome for outcome in outcomes if isinstance(outcome, Deal))
        assert Deal.objects.get().status == closed.status

"""Two people at the same lead: the second sees what the first has done, relations included."""

import time
from collections.abc import Callable
from threading import Barrier, Event

import pytest

from leads import actions
from leads.models import Lead
from leads.states import Status
from prm.actions import Refused
from prm.events.models import Event as HappenedEvent
from prm.organizations.context import inside
from prm.users.actions import disable_member
from tests.cast import Cast
from tests.factories import assigned_lead
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
HELD = 0.3  # seconds for which the first keeps the lock, so that the second has to wait for it


def first_then(cast: Cast, first: Callable[[], object], second: Callable[[], object]) -> list[object | Exception]:
    """`first` in a transaction that stays open until `second` has been waiting for its lock."""
    has_it = Event()

    def lead_the_way(start: Barrier) -> object:
        with inside(cast.acme):
            found = first()
            has_it.set()
            time.sleep(HELD)
        return found

    def follow(start: Barrier) -> object:
        assert has_it.wait(5)
        with inside(cast.acme):
            return second()

    return together(lead_the_way, follow)


def given_to_ben(cast: Cast) -> Lead:
    with inside(cast.acme):
        return assigned_lead(cast.ada, cast.ben)


def test_recall_lead_while_it_is_being_reassigned_takes_it_from_the_new_holder(cast: Cast) -> None:
    lead = given_to_ben(cast)

    together_found = first_then(
        cast,
        lambda: actions.assign_lead(lead, to=cast.cleo, by=cast.ada),
        lambda: actions.recall_lead(lead, by=cast.ada),
    )

    assert not [found for found in together_found if isinstance(found, Exception)]
    with inside(cast.acme):
        now = Lead.objects.get(pk=lead.pk)
        assert (now.status, now.organization, now.assignee) == (Status.UNASSIGNED, None, None)
        recalled = HappenedEvent.objects.filter(subject_id=lead.pk, kind="lead_recalled").order_by("at")
        assert [event.organization for event in recalled] == [cast.north, cast.south]


def test_assign_lead_twice_at_once_tells_everybody_who_had_it(cast: Cast) -> None:
    lead = given_to_ben(cast)

    first_then(
        cast,
        lambda: actions.assign_lead(lead, to=cast.cleo, by=cast.ada),
        lambda: actions.assign_lead(lead, to=cast.dora, by=cast.ada),
    )

    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).organization == cast.east
        recalled = HappenedEvent.objects.filter(subject_id=lead.pk, kind="lead_recalled")
        assert {event.organization for event in recalled} == {cast.north, cast.south}


def test_open_lead_by_two_at_once_is_one_opening(cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.north)

    _first, second = first_then(
        cast, lambda: actions.open_lead(lead, by=cast.bea), lambda: actions.open_lead(lead, by=cast.eve)
    )

    assert isinstance(second, Refused)
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).opened_by == cast.bea


def test_assign_lead_to_somebody_just_being_disabled_is_refused(cast: Cast) -> None:
    lead = given_to_ben(cast)

    _first, second = first_then(
        cast,
        lambda: disable_member(cast.cleo, by=cast.ada),
        lambda: actions.assign_lead(lead, to=cast.cleo, by=cast.ada),
    )

    assert isinstance(second, Refused)
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).assignee == cast.ben

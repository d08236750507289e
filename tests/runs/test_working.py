"""Runs: claimed, carried on, interrupted, taken over, parked; no row twice and none forgotten."""

import uuid

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError

from leads import actions
from leads.bulk import LOSE
from leads.models import Lead, LostReason
from leads.reasons import change_lost_reason
from prm.actions import Refused
from prm.events.models import Event
from prm.events.tasks import deliver_due as bell
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.organizations.portals import resume_portal, suspend_portal
from prm.runs import working
from prm.runs.actions import cancel_run, start_run
from prm.runs.kinds import KINDS, Kind
from prm.runs.models import Refusal
from prm.runs.working import AFTER_A_MISTAKE, LEASE, MOST_LOSSES, Hold, work_due
from prm.users.actions import change_member, disable_member
from prm.users.models import Group
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead
from tests.runs.conftest import PassTime, again, assigning, counts, has_note, holders, leads_of
from tests.runs.scenery import Killed, Scenery, always, at, begun, writing

# --- Rows -----------------------------------------------------------------------------------------------


def test_work_due_does_every_row_once(cast: Cast, portal: Portal) -> None:
    leads = leads_of(cast.ada, 3)
    run = assigning(leads, cast.ben, cast.ada)

    assert work_due(portal) is False
    assert work_due(portal) is False

    assert (counts(run), holders(leads)) == (("done", 3, 0, 0), ["Ben"] * 3)
    done = again(run)
    assert (done.claim, done.lease_until, done.losses) == (None, None, 0)
    assert None not in (done.started_at, done.finished_at)
    with inside(portal):
        events = Event.objects.filter(kind="lead_assigned", subject_id__in=[lead.pk for lead in leads])
        assert [(event.actor, event.request_id) for event in events] == [(cast.ada, str(run.pk))] * 3


def test_work_due_leaves_other_portals_alone(cast: Cast, portal: Portal) -> None:
    run = assigning(leads_of(cast.ada, 1), cast.ben, cast.ada)

    assert work_due(cast.globex) is False

    assert counts(run) == ("waiting", 0, 0, 0)


def test_work_due_goes_on_past_a_refused_row_and_says_why(cast: Cast, portal: Portal) -> None:
    leads = leads_of(cast.ada, 3)
    with inside(portal):
        actions.lose_lead(leads[1], reason=LostReason.objects.get(name="No budget"), by=cast.ada)
    run = assigning(leads, cast.ben, cast.ada)

    work_due(portal)

    assert (counts(run), holders(leads)) == (("done", 2, 1, 0), ["Ben", "", "Ben"])
    with inside(portal):
        left = Refusal.objects.get(run=run)
    code = leads[1].code
    assert (left.position, left.name, left.path) == (1, code, f"/leads/{code}/")
    assert left.reason == f"Lead {code} is closed (lost) and cannot be assigned."


def test_work_due_touches_only_what_the_requester_sees_and_names_none_of_the_others(
    cast: Cast, portal: Portal
) -> None:
    """Cases 8 and V12: own, a sibling's, another portal's, and no ids at all."""
    with inside(portal):
        own, siblings = assigned_lead(cast.ada, cast.ben), assigned_lead(cast.ada, cast.cleo)
        never_was = Lead(pk=uuid.uuid4())
    with inside(cast.globex):
        foreign = new_lead(cast.dan)
    mixed = [own, siblings, foreign, never_was]
    run = assigning(mixed, cast.bea, cast.vic)

    work_due(portal)

    assert (counts(run), holders([own, siblings])) == (("done", 1, 0, 3), ["Bea", "Cleo"])
    with inside(portal):
        assert Refusal.objects.filter(run=run).count() == 0
    with inside(cast.globex):
        assert Lead.objects.get(pk=foreign.pk).organization is None


def test_work_due_notes_a_bounded_number_of_refusals(
    cast: Cast, portal: Portal, scenery: Scenery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusal, "MOST", 2)
    scenery.meet = always(Refused("No."))
    run = writing(cast.ada, 4)

    work_due(portal)

    assert counts(run) == ("done", 0, 4, 0)
    with inside(portal):
        assert [(left.position, left.reason) for left in Refusal.objects.filter(run=run)] == [
            (0, "No."),
            (1, "No."),
        ]


def test_work_due_leaves_a_row_that_breaks_and_goes_on(cast: Cast, portal: Portal, scenery: Scenery) -> None:
    scenery.meet = at(2, ZeroDivisionError("our own mistake"))
    run = writing(cast.ada, 3)

    work_due(portal)

    assert (counts(run), len(scenery.done)) == (("done", 2, 1, 0), 2)
    with inside(portal):
        reason = Refusal.objects.get(run=run).reason
    assert reason == "Something broke on our side. This one was left as it was."


def test_work_due_asks_for_each_row_anew(cast: Cast, portal: Portal) -> None:
    """The reason goes out of use between two rows."""
    leads = leads_of(cast.ada, 2)
    with inside(portal):
        reason = LostReason.objects.get(name="No budget")
        parameters = {"reason": str(reason.pk)}
        ids = [lead.pk for lead in leads]
        run = start_run(
            LOSE.kind, by=cast.ada, token=uuid.uuid4(), title="Close", chosen=ids, total=2, parameters=parameters
        )
    hold = begun(portal)
    with inside(portal):
        change_lost_reason(reason, values={"is_active": False}, by=cast.ada)

    assert LOSE.kind.advance(hold)

    assert counts(run) == ("running", 1, 1, 0)


# --- Interrupted ----------------------------------------------------------------------------------------


def test_a_killed_workers_run_is_taken_up_where_it_stood(
    cast: Cast, portal: Portal, scenery: Scenery, pass_time: PassTime
) -> None:
    scenery.meet = at(3, Killed())
    run = writing(cast.ada, 4)

    with pytest.raises(Killed):
        work_due(portal)
    assert (counts(run), has_note(portal)) == (("running", 2, 0, 0), True)
    assert work_due(portal) is False  # nobody else may have it yet
    assert counts(run) == ("running", 2, 0, 0)
    pass_time(LEASE)
    work_due(portal)

    assert counts(run) == ("done", 4, 0, 0)
    assert scenery.done == again(run).chosen


def test_a_worker_that_was_thought_dead_does_nothing_more(cast: Cast, portal: Portal, pass_time: PassTime) -> None:
    leads = leads_of(cast.ada, 2)
    run = assigning(leads, cast.ben, cast.ada)
    late = begun(portal)
    pass_time(LEASE)
    work_due(portal)
    assert counts(run) == ("done", 2, 0, 0)

    with pytest.raises(working.Lost):
        late.kind.advance(late)

    assert counts(run) == ("done", 2, 0, 0)


def test_a_run_that_moves_is_never_parked_however_often_its_workers_die(
    cast: Cast, portal: Portal, scenery: Scenery, pass_time: PassTime
) -> None:
    run = writing(cast.ada, 8)
    scenery.meet = lambda call: (_ for _ in ()).throw(Killed()) if call % 2 == 0 else None

    for _ in range(7):
        with pytest.raises(Killed):
            work_due(portal)
        pass_time(LEASE)
    work_due(portal)

    assert (counts(run), scenery.done) == (("done", 8, 0, 0), again(run).chosen)


def test_a_run_that_kills_its_workers_is_parked_and_says_so(
    cast: Cast, portal: Portal, scenery: Scenery, pass_time: PassTime
) -> None:
    run = writing(cast.ada, 3)
    scenery.meet = lambda call: (_ for _ in ()).throw(Killed()) if call > 1 else None

    for _ in range(MOST_LOSSES):
        with pytest.raises(Killed):
            work_due(portal)
        pass_time(LEASE)
    work_due(portal)

    assert (counts(run), scenery.calls) == (("failed", 1, 0, 0), MOST_LOSSES + 1)
    assert again(run).last_error.startswith("Something broke on our side, several times")


def test_a_run_over_which_workers_stumble_waits_and_is_parked(
    cast: Cast, portal: Portal, monkeypatch: pytest.MonkeyPatch, pass_time: PassTime
) -> None:
    def advance(hold: Hold) -> bool:
        raise ZeroDivisionError

    monkeypatch.setitem(KINDS, "tests.write", Kind("tests.write", advance))
    run = writing(cast.ada, 1)

    work_due(portal)
    assert (counts(run), again(run).losses) == (("waiting", 0, 0, 0), 1)
    work_due(portal)
    assert again(run).losses == 1  # it waits a little
    for _ in range(MOST_LOSSES):
        pass_time(AFTER_A_MISTAKE)
        work_due(portal)

    assert counts(run) == ("failed", 0, 0, 0)


def test_work_due_gives_back_what_takes_too_long(cast: Cast, portal: Portal, scenery: Scenery) -> None:
    scenery.meet = at(2, SoftTimeLimitExceeded())
    run = writing(cast.ada, 3)

    with pytest.raises(SoftTimeLimitExceeded):
        work_due(portal)
    assert (counts(run), again(run).claim) == (("waiting", 1, 0, 0), None)
    work_due(portal)

    assert (counts(run), scenery.done) == (("done", 3, 0, 0), again(run).chosen)


def test_work_due_does_not_blame_the_run_when_the_database_is_away(
    cast: Cast, portal: Portal, scenery: Scenery, pass_time: PassTime
) -> None:
    scenery.meet = at(2, OperationalError("server closed the connection"))
    run = writing(cast.ada, 2)

    with pytest.raises(OperationalError):
        work_due(portal)
    assert counts(run) == ("running", 1, 0, 0)
    pass_time(LEASE)
    work_due(portal)

    assert counts(run) == ("done", 2, 0, 0)


def test_work_due_stops_after_the_row_at_which_it_was_cancelled(
    cast: Cast, portal: Portal, scenery: Scenery
) -> None:
    run = writing(cast.ada, 3)
    hold = begun(portal)
    with inside(portal):
        cancel_run(run, by=cast.ada)

    with pytest.raises(working.Lost):
        hold.kind.advance(hold)
    work_due(portal)

    assert (counts(run), len(scenery.done)) == (("cancelled", 1, 0, 0), 1)


# --- Rights ---------------------------------------------------------------------------------------------


def test_work_due_stops_when_the_requester_is_disabled(cast: Cast, portal: Portal) -> None:
    leads = leads_of(cast.ada, 2)
    with inside(portal):
        for lead in leads:
            actions.assign_lead(lead, to=cast.ben, by=cast.ada)
    run = assigning(leads, cast.bea, cast.vic)
    hold = begun(portal)
    with inside(portal):
        disable_member(cast.vic, by=cast.ada)

    working._carry_on(hold, until=0)

    assert (counts(run), holders(leads)) == (("failed", 1, 0, 0), ["Bea", "Ben"])
    assert again(run).last_error.startswith("Your rights have changed since you asked for this.")


def test_work_due_stops_when_the_requester_has_lost_a_group(cast: Cast, portal: Portal) -> None:
    leads = leads_of(cast.ada, 1)
    run = assigning(leads, cast.ben, cast.ada)
    with inside(portal):
        groups = Group.objects.filter(name="System Administration")
        change_member(cast.ada, values={}, groups=groups, by=None)

    work_due(portal)

    assert (counts(run), holders(leads)) == (("failed", 0, 0, 0), [""])


def test_work_due_stops_in_a_suspended_portal_and_goes_on_in_an_open_one(
    cast: Cast, portal: Portal, pass_time: PassTime
) -> None:
    leads = leads_of(cast.ada, 2)
    run = assigning(leads, cast.ben, cast.ada)
    hold = begun(portal)
    suspend_portal(portal, by=None)

    working._carry_on(hold, until=0)
    bell(str(portal.pk))
    assert counts(run) == ("running", 1, 0, 0)
    resume_portal(portal, by=None)
    pass_time(LEASE)
    bell(str(portal.pk))

    assert counts(run) == ("done", 2, 0, 0)

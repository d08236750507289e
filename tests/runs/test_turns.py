"""Who has a turn when, what wakes the workers, and what people are told meanwhile."""

from datetime import timedelta

import pytest

from prm.events import delivery
from prm.events.models import DueWork
from prm.events.tasks import deliver_due as bell
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs import working
from prm.runs.models import Run
from prm.runs.working import LEASE, work_due
from tests.cast import Cast
from tests.runs.conftest import PassTime, again, assigning, counts, has_note, leads_of, mails
from tests.runs.scenery import Killed, Scenery, always, at, writing


def test_work_due_gives_everybody_a_turn(
    cast: Cast, portal: Portal, scenery: Scenery, monkeypatch: pytest.MonkeyPatch, pass_time: PassTime
) -> None:
    monkeypatch.setattr(working, "ENOUGH", 0)
    first, second = writing(cast.ada, 2), writing(cast.vic, 2)

    turns = []
    for _ in range(3):
        assert work_due(portal) is True
        turns.append((again(first).done, again(second).done))
        pass_time(timedelta(seconds=1))

    assert turns == [(1, 0), (1, 1), (2, 1)]
    assert counts(first)[0] == "waiting"


def test_the_bell_carries_runs_out(cast: Cast, portal: Portal, scenery: Scenery) -> None:
    run = writing(cast.ada, 1)

    bell(str(portal.pk))

    assert counts(run) == ("done", 1, 0, 0)


def test_the_outbox_never_loses_the_note_of_a_run(
    cast: Cast, portal: Portal, scenery: Scenery, pass_time: PassTime
) -> None:
    """It deletes what was due, for all kinds of work."""
    writing(cast.ada, 1)
    delivery.deliver_due(portal)
    assert has_note(portal)
    scenery.meet = at(1, Killed())
    with pytest.raises(Killed):
        work_due(portal)
    DueWork.objects.all().delete()

    delivery.deliver_due(portal)

    assert has_note(portal)


def test_a_run_tells_each_person_once(cast: Cast, portal: Portal) -> None:
    """Not by a mail for each of many leads, and not before the run has let go of them."""
    leads = leads_of(cast.ada, 3)
    assigning(leads, cast.ben, cast.ada)
    hold = working._claim(portal)
    assert hold is not None
    working._carry_on(hold, until=0)  # one row, and the turn is over
    held = mails(portal, cast.ben)
    assert (len(held), len({mail.parcel for mail in held})) == (1, 1)
    delivery.deliver_due(portal)
    assert [mail.status for mail in mails(portal, cast.ben)] == ["sent"]

    work_due(portal)
    delivery.deliver_due(portal)

    told = mails(portal, cast.ben)
    assert ([mail.status for mail in told], len({mail.parcel for mail in told})) == (["sent"] * 3, 2)


def test_what_a_killed_run_had_to_tell_is_told_all_the_same(
    cast: Cast, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = leads_of(cast.ada, 1)
    assigning(leads, cast.ben, cast.ada)
    monkeypatch.setattr(working, "tell_now", always(Killed()))
    with pytest.raises(Killed):
        work_due(portal)

    (mail,) = mails(portal, cast.ben)
    delivery.deliver_due(portal)

    assert mail.status == "pending"
    assert has_note(portal)
    with inside(portal):
        run = Run.objects.latest("created_at")
    assert run.finished_at is not None
    assert mail.not_before <= run.finished_at + LEASE

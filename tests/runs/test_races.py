"""Several workers and several presses at once, with connections of their own: every row once, every form once."""

import uuid
from collections import Counter
from threading import Barrier

import pytest
from django.http import QueryDict

from leads.models import Lead
from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs import working
from prm.runs.actions import cancel_run
from prm.runs.exports import start_export
from prm.runs.models import Run
from prm.runs.working import work_due
from tests.cast import Cast
from tests.racing import together
from tests.runs.conftest import again, assigning, counts, holders, leads_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_work_due_by_four_workers_does_every_row_once(
    cast: Cast, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "ENOUGH", 0.02)  # so that they pass the runs from hand to hand
    leads = leads_of(cast.ada, 16)
    runs = [assigning(leads[:8], cast.ben, cast.ada), assigning(leads[8:], cast.bea, cast.ada)]

    def work(start: Barrier) -> int:
        start.wait()
        for _ in range(40):
            work_due(portal)
        return 0

    assert together(*[work] * 4) == [0] * 4

    assert [counts(run) for run in runs] == [("done", 8, 0, 0)] * 2
    assert holders(leads) == ["Ben"] * 8 + ["Bea"] * 8
    with inside(portal):
        events = Event.objects.filter(kind="lead_assigned", subject_id__in=[lead.pk for lead in leads])
        assert set(Counter(events.values_list("subject_id", flat=True)).values()) == {1}


def test_start_export_by_two_presses_at_once_is_one_run(cast: Cast, portal: Portal) -> None:
    token = uuid.uuid4()

    def press(start: Barrier) -> uuid.UUID:
        with inside(portal):
            start.wait()
            run = start_export("leads", query=QueryDict(), sheet="csv", token=token, by=cast.ada)
            return run.pk

    first, second = together(press, press)

    assert first == second
    with inside(portal):
        assert Run.objects.filter(requester=cast.ada).count() == 1


def test_cancel_run_while_it_is_worked_stops_between_two_rows(cast: Cast, portal: Portal) -> None:
    leads = leads_of(cast.ada, 20)
    run = assigning(leads, cast.ben, cast.ada)

    def work(start: Barrier) -> int:
        start.wait()
        work_due(portal)
        return 0

    def cancel(start: Barrier) -> int:
        start.wait()
        while not again(run).done:
            pass
        with inside(portal):
            cancel_run(run, by=cast.ada)
        return 0

    assert together(work, cancel) == [0, 0]

    status, done, _refused, _missing = counts(run)
    with inside(portal):
        given = Lead.objects.filter(pk__in=[lead.pk for lead in leads], assignee=cast.ben).count()
    assert (status, given) == ("cancelled", done)
    assert 0 < done < 20

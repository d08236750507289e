"""What runs meet at their ends: the time, a store for their files, and workers that die."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db.models import F

from leads.bulk import ASSIGN
from leads.models import Lead
from prm.events.models import Delivery, DueWork
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.actions import start_run
from prm.runs.kinds import KINDS, Kind
from prm.runs.models import Run
from prm.runs.row_by_row import row_by_row
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_lead
from tests.runs.scenery import Scenery

PassTime = Callable[[timedelta], None]


@pytest.fixture
def pass_time(cast: Cast) -> PassTime:
    """`pass_time(timedelta(hours=1))`. The clock is the database's: so every row becomes so much older."""

    def older(by: timedelta) -> None:
        for portal in (cast.acme, cast.globex):
            _age(portal, by)

    return older


def _age(portal: Portal, by: timedelta) -> None:
    with inside(portal):
        times = ("not_before", "lease_until", "created_at", "started_at", "finished_at")
        Run.objects.update(**{name: F(name) - by for name in times})


@pytest.fixture
def portal(cast: Cast, files: Path) -> Portal:
    """Acme, with an empty store."""
    return cast.acme


@pytest.fixture
def scenery(monkeypatch: pytest.MonkeyPatch) -> Scenery:
    made = Scenery()
    advance = row_by_row(made.do, name_of=lambda pk, by: (str(pk)[-4:], f"/rows/{pk}/"))
    monkeypatch.setitem(KINDS, "tests.write", Kind("tests.write", advance))
    return made


def leads_of(by: Membership, count: int) -> list[Lead]:
    with inside(by.portal):
        return [new_lead(by, company=f"Company {number}") for number in range(count)]


def assigning(leads: list[Lead], to: Membership, by: Membership) -> Run:
    """A run that has been asked for and not begun."""
    with inside(by.portal):
        return start_run(
            ASSIGN.kind,
            by=by,
            token=uuid4(),
            title="Assign",
            listing="leads",
            chosen=[lead.pk for lead in leads],
            total=len(leads),
            parameters={"user": str(to.pk)},
        )


def again(run: Run) -> Run:
    """As the database has it."""
    with inside(run.portal):
        found: Run = Run.objects.select_related("file").get(pk=run.pk)
        return found


def counts(run: Run) -> tuple[str, int, int, int]:
    now = again(run)
    return now.status, now.done, now.refused, now.missing


def holders(leads: list[Lead]) -> list[str]:
    """Who has them by now."""
    with inside(leads[0].portal):
        found = Lead.objects.select_related("assignee").in_bulk([lead.pk for lead in leads])
        return [str(found[lead.pk].assignee or "") for lead in leads]


def has_note(portal: Portal) -> bool:
    """Whether the sweeper will look into the portal some day."""
    return DueWork.objects.filter(portal=portal).exists()


def mails(portal: Portal, to: Membership) -> list[Delivery]:
    with inside(portal):
        rows = Delivery.objects.filter(recipient=to, channel="email", event__kind="lead_assigned")
        return list(rows.order_by("pk"))

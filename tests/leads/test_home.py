"""What waits, asked of the rows: whose it is, and for how long nobody has touched it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leads import actions
from leads.home import follow_up_panel, leads_that_wait, to_follow_up, waiting_for, waiting_panel
from leads.models import Activity, Lead
from leads.waiting import is_quiet
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead

pytestmark = pytest.mark.usefixtures("in_acme")
MONTH, WEEKS = timedelta(days=30), timedelta(days=14)


def untouched(lead: Lead, *, since: timedelta = MONTH) -> Lead:
    """As if nobody had changed the lead for so long."""
    Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now() - since)
    return lead


def call(lead: Lead, by: Membership, *, ago: timedelta) -> None:
    actions.log_activity(lead, kind="call", outcome="reached", note="", by=by, happened_at=timezone.now() - ago)


def test_quiet_leads_are_neither_changed_nor_worked(cast: Cast) -> None:
    quiet, changed, called = (opened_lead(cast.ada, cast.ben) for _ in range(3))
    call(called, cast.ben, ago=timedelta(days=1))
    call(quiet, cast.ben, ago=MONTH)
    untouched(quiet)
    untouched(called)

    assert list(Lead.objects.filter(is_quiet(longer_than=WEEKS))) == [quiet]
    assert changed.pk


@pytest.mark.parametrize(("days", "is_so"), [(13, False), (15, True)])
def test_quiet_leads_are_so_from_a_day_on(cast: Cast, days: int, is_so: bool) -> None:
    untouched(opened_lead(cast.ada, cast.ben), since=timedelta(days=days))

    assert Lead.objects.filter(is_quiet(longer_than=WEEKS)).exists() == is_so


def test_waiting_for_is_mine_or_everybodys_and_the_oldest_first(cast: Cast) -> None:
    second, first = assigned_lead(cast.ada, cast.bea), assigned_lead(cast.ada, cast.north)
    Lead.objects.filter(pk=first.pk).update(assigned_at=timezone.now() - MONTH)
    for holder in (cast.ben, cast.cleo, cast.dora):
        assigned_lead(cast.ada, holder)
    opened_lead(cast.ada, cast.bea)

    assert list(waiting_for(cast.bea)) == [first, second]


def test_to_follow_up_leaves_out_what_is_closed_and_what_is_withheld(cast: Cast) -> None:
    mine, lost, unopened = opened_lead(cast.ada, cast.ben), opened_lead(cast.ada, cast.ben), None
    actions.win_lead(lost, by=cast.ben)
    unopened = assigned_lead(cast.ada, cast.ben)
    for lead in (mine, lost, unopened):
        untouched(lead)

    assert list(to_follow_up(cast.ben)) == [mine]


def test_follow_up_panel_says_when_a_lead_was_touched_last(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    call(lead, cast.ben, ago=timedelta(days=10))
    untouched(lead)

    panel = follow_up_panel(cast.ben)

    assert panel is not None
    (shown,) = panel.context["leads"]
    assert shown.touched_at == Activity.objects.get().happened_at


def test_follow_up_panel_shows_no_notes_of_the_vendor(cast: Cast) -> None:
    untouched(opened_lead(cast.ada, cast.ben, internal_notes="Careful."))

    panel = follow_up_panel(cast.ben)

    assert panel is not None
    assert [lead.internal_notes for lead in panel.context["leads"]] == [""]


def test_waiting_panel_holds_nothing_withheld(cast: Cast) -> None:
    assigned_lead(cast.ada, cast.ben)

    panel = waiting_panel(cast.ben)

    assert panel is not None
    (lead,) = panel.context["leads"]
    assert (lead.is_withheld, lead.company, lead.last_name, lead.phone) == (True, "", "", "")


@pytest.mark.parametrize("name", ["ada", "vic"])
def test_panels_of_partners_are_not_the_vendors(cast: Cast, name: str) -> None:
    assigned_lead(cast.ada, cast.ben)
    untouched(opened_lead(cast.ada, cast.ben))

    assert waiting_panel(getattr(cast, name)) is None
    assert follow_up_panel(getattr(cast, name)) is None


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("ada", ["Unassigned", "Unopened for 3 days", "Quiet for 14 days"]),
        ("vic", ["Unopened for 3 days", "Quiet for 14 days"]),
        ("bea", ["Waiting to be opened", "To follow up", "Unopened by colleagues"]),
        ("ben", ["Waiting to be opened", "To follow up"]),
    ],
)
def test_leads_that_wait_are_asked_for_by_role(cast: Cast, name: str, labels: list[str]) -> None:
    assert [str(wait.label) for wait in leads_that_wait(getattr(cast, name))] == labels


def test_leads_that_wait_are_found_by_their_index(cast: Cast) -> None:
    """Both are sorted as the partial indexes are (leads/models.py): Postgres stops at the first ones."""
    new_lead(cast.ada)

    assert waiting_for(cast.ben).query.order_by == ("assigned_at", "pk")
    assert to_follow_up(cast.ben).query.order_by == ("updated_at", "pk")

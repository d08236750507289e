"""The flow of the last weeks and the pace of partners: right, of what the reader sees, kept without a word."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from leads import actions, flow
from leads.flow import counts_by_week, first_week, flow_panel, pace_by_organization, pace_panel
from leads.models import Activity, Lead
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead

pytestmark = pytest.mark.usefixtures("in_acme")
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday


@pytest.fixture(autouse=True)
def _wednesday(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    yield
    cache.clear()


def at(lead: Lead, received: timedelta, **after: timedelta) -> Lead:
    """As if the lead had been received so long ago, and the rest had happened so much later."""
    times = {name: NOW - received + length for name, length in after.items()}
    Lead.objects.filter(pk=lead.pk).update(created_at=NOW - received, **times)
    return lead


def rows(member: Membership) -> dict[str, tuple[int, timedelta | None, timedelta | None]]:
    panel = pace_panel(member)
    found = panel.context["rows"] if panel else []
    return {row.organization.name: (row.count, row.opened_after, row.worked_after) for row in found}


# --- Flow -----------------------------------------------------------------------------------------------


def test_counts_by_week_follow_leads_from_the_week_they_were_received_in(cast: Cast) -> None:
    at(new_lead(cast.ada), DAY)
    at(assigned_lead(cast.ada, cast.ben), WEEK)
    at(opened_lead(cast.ada, cast.ben), WEEK)
    at(Lead.objects.get(deals=new_deal(cast.ada, cast.ben)), WEEK)
    at(actions.win_lead(opened_lead(cast.ada, cast.ben), by=cast.ben), 2 * WEEK)

    counts = counts_by_week(cast.ada)

    assert list(counts) == [f"{first_week() + n * WEEK:%Y-%m-%d}" for n in range(8)]
    assert list(counts)[-1] == "2026-11-23"  # Monday
    assert list(counts.values())[-3:] == [[1, 1, 1, 1], [3, 3, 2, 1], [1, 0, 0, 0]]
    assert sum(map(sum, list(counts.values())[:-3])) == 0


def test_counts_by_week_begin_on_a_monday_of_the_reader(cast: Cast) -> None:
    lead = at(new_lead(cast.ada), timedelta(0))
    Lead.objects.filter(pk=lead.pk).update(created_at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))

    with timezone.override("Europe/Berlin"):  # where it was Monday already
        assert counts_by_week(cast.ada)["2026-11-23"][0] == 1
    assert counts_by_week(cast.ada)["2026-11-16"][0] == 1


@pytest.mark.parametrize(("age", "count"), [(timedelta(days=51), 1), (timedelta(days=52), 0)])
def test_counts_by_week_end_after_eight_weeks(cast: Cast, age: timedelta, count: int) -> None:
    """Monday the 5th of October was 51 days before that noon."""
    at(new_lead(cast.ada), age)

    assert sum(received for received, *_ in counts_by_week(cast.ada).values()) == count


def test_counts_by_week_look_at_the_newest_only(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MOST_COUNTED", 2)
    for days in (1, 2, 9, 16):
        at(new_lead(cast.ada), days * DAY)

    panel = flow_panel(cast.ada)

    assert panel is not None
    assert panel.context["sample"] == 2
    assert [column.counts[0] for column in panel.context["chart"].columns] == [2]


def test_counts_by_week_are_of_what_the_reader_sees(cast: Cast) -> None:
    for holder in (cast.ben, cast.cleo, cast.cleo):
        at(opened_lead(cast.ada, holder), DAY)
    at(new_lead(cast.ada), DAY)

    assert counts_by_week(cast.ada)["2026-11-23"] == [4, 3, 3, 0]
    assert counts_by_week(cast.vic)["2026-11-23"] == [1, 1, 1, 0]
    assert counts_by_week(cast.dora)["2026-11-23"] == [2, 2, 2, 0]  # her reseller's


@pytest.mark.parametrize("name", ["bea", "ben", "cleo"])
def test_flow_panel_is_for_those_who_look_on(cast: Cast, name: str) -> None:
    opened_lead(cast.ada, getattr(cast, name))

    assert flow_panel(getattr(cast, name)) is None
    assert pace_panel(getattr(cast, name)) is None


def test_flow_panel_of_nothing_is_left_out(cast: Cast) -> None:
    assert flow_panel(cast.ada) is None
    assert pace_panel(cast.ada) is None


# --- Pace -----------------------------------------------------------------------------------------------


def call(lead: Lead, by: Membership, after: timedelta) -> None:
    """An activity so long after the lead was assigned."""
    lead.refresh_from_db()
    assert lead.assigned_at
    when = lead.assigned_at + after
    actions.log_activity(lead, kind="call", outcome="reached", note="", by=by, happened_at=when)


def test_pace_is_the_middle_one(cast: Cast) -> None:
    for hours in (1, 5, 90):
        lead = at(opened_lead(cast.ada, cast.ben), WEEK, assigned_at=timedelta(0), opened_at=timedelta(hours=hours))
        call(lead, cast.ben, timedelta(hours=2 * hours))
        call(lead, cast.ben, timedelta(hours=3 * hours))  # only the first counts
    at(assigned_lead(cast.ada, cast.cleo), WEEK)

    assert rows(cast.ada) == {"North": (3, 5 * HOUR, 10 * HOUR), "South": (1, None, None)}


def test_pace_bars_are_compared_with_the_slowest(cast: Cast) -> None:
    for holder, hours in ((cast.ben, 1), (cast.cleo, 4)):
        at(opened_lead(cast.ada, holder), WEEK, assigned_at=timedelta(0), opened_at=timedelta(hours=hours))

    panel = pace_panel(cast.ada)

    assert panel is not None
    widths = {row.organization.name: row.opened_bar[0].width for row in panel.context["rows"]}
    assert widths == {"North": 250, "South": 1000}


def test_pace_counts_what_the_present_holder_did(cast: Cast) -> None:
    """North called, before the lead went to South: that says nothing of South."""
    lead = at(opened_lead(cast.ada, cast.ben), WEEK, assigned_at=timedelta(0), opened_at=HOUR)
    call(lead, cast.ben, HOUR)
    lead = actions.assign_lead(lead, to=cast.cleo, by=cast.ada)

    assert rows(cast.ada) == {"South": (1, None, None)}
    assert Activity.objects.count() == 1


def test_pace_names_the_largest_few(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "PARTNERS", 1)
    for holder in (cast.ben, cast.ben, cast.cleo):
        at(opened_lead(cast.ada, holder), DAY)

    assert list(rows(cast.ada)) == ["North"]


def test_pace_is_of_organizations_that_the_reader_sees(cast: Cast) -> None:
    for holder in (cast.ben, cast.cleo, cast.dora):
        at(opened_lead(cast.ada, holder), DAY)

    assert set(rows(cast.ada)) == {"North", "South", "East"}
    assert set(rows(cast.vic)) == {"North"}
    assert set(rows(cast.dora)) == {"East", "South"}


# --- Kept for a minute ------------------------------------------------------------------------------------


def test_figures_are_kept_for_all_who_see_everything(cast: Cast) -> None:
    at(new_lead(cast.ada), DAY)
    flow_panel(cast.ada)
    at(new_lead(cast.ada), DAY)

    panel = flow_panel(cast.ada)

    assert panel is not None
    assert panel.context["chart"].columns[-1].counts[0] == 1


def test_kept_figures_are_shown_to_nobody_who_sees_less(cast: Cast) -> None:
    for holder in (cast.ben, cast.cleo):
        at(opened_lead(cast.ada, holder), DAY)
    assert flow_panel(cast.ada)
    assert pace_panel(cast.ada)

    panel = flow_panel(cast.vic)

    assert panel is not None
    assert panel.context["chart"].columns[-1].counts == [1, 1, 1, 0]
    assert set(rows(cast.vic)) == {"North"}


def test_figures_of_those_who_see_less_are_not_kept(cast: Cast) -> None:
    at(opened_lead(cast.ada, cast.ben), DAY)
    flow_panel(cast.vic)
    at(new_lead(cast.ada), DAY)

    panel = flow_panel(cast.ada)

    assert panel is not None
    assert panel.context["chart"].columns[-1].counts[0] == 2


def test_kept_figures_hold_ids_and_counts_only(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, object] = {}
    monkeypatch.setattr(cache, "set", lambda key, value, timeout: kept.update({key: value}))
    at(opened_lead(cast.ada, cast.ben), DAY)

    flow_panel(cast.ada)
    pace_panel(cast.ada)

    assert pace_by_organization(cast.ada)[0]["organization_id"] == cast.north.pk
    assert len(kept) == 2
    assert "North" not in repr(kept)
    assert all(str(cast.acme.pk) in key for key in kept)

"""What happened last: only to records that the reader sees, and only what the reader may know of it."""

import pytest

from leads import actions
from leads.models import LostReason
from prm.home import latest
from prm.home.latest import latest_news, latest_panel
from prm.organizations.actions import create_organization
from prm.users.models import Membership, MembershipGroup
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead

pytestmark = pytest.mark.usefixtures("in_acme")


def told(member: Membership) -> list[str]:
    return [f"{news.entry.actor} {news.entry.text}: {news.subject.label}" for news in latest_news(member)]


def again(member: Membership) -> Membership:
    found: Membership = Membership.objects.select_related("user", "organization").get(pk=member.pk)
    return found


def test_latest_news_tell_the_newest_first(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.ben)
    actions.open_lead(lead, by=cast.ben)

    assert told(cast.ada)[:3] == [
        f"Ben opened the lead: {lead.code} · Kestrel Biotech",
        f"Ada assigned the lead to Ben, North: {lead.code} · Kestrel Biotech",
        f"Ada entered the lead: {lead.code} · Kestrel Biotech",
    ]
    assert latest_news(cast.ada)[0].subject.url == f"/leads/{lead.code}/"


def test_latest_news_tell_organizations_too(cast: Cast) -> None:
    create_organization(values={"name": "Newcomer"}, by=cast.ada)

    assert told(cast.ada)[0] == "Ada added the organization: Newcomer"


def test_latest_news_tell_a_partner_manager_of_managed_leads_only(cast: Cast) -> None:
    norths, souths, nobodys = opened_lead(cast.ada, cast.ben), opened_lead(cast.ada, cast.cleo), new_lead(cast.ada)

    words = " ".join(told(cast.vic))

    assert norths.code in words
    assert souths.code not in words
    assert nobodys.code not in words


def test_latest_news_tell_an_administrator_without_leads_no_lead(cast: Cast) -> None:
    opened_lead(cast.ada, cast.ben)
    MembershipGroup.objects.filter(membership=cast.ada, group__name="Lead Administration").delete()

    words = told(again(cast.ada))

    assert words
    assert [line for line in words if "lead" in line] == []


def test_latest_news_keep_what_a_partner_said_inside(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    actions.comment_lead(lead, text="Between us.", is_internal=True, by=cast.ben)

    assert [line for line in told(cast.ada) if "commented" in line] == []


def test_latest_news_leave_edits_out(cast: Cast) -> None:
    lead = new_lead(cast.ada)
    actions.update_lead(lead, values={"city": "Ghent"}, by=cast.ada)

    assert [line for line in told(cast.ada) if "edited" in line] == []


def test_latest_news_name_why_a_lead_was_lost(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    actions.lose_lead(lead, reason=LostReason.objects.get(name="No budget"), by=cast.ben)

    assert told(cast.ada)[0] == f"Ben closed the lead as lost: No budget: {lead.code} · Kestrel Biotech"


def test_latest_news_are_few_and_look_through_few(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(10):
        new_lead(cast.ada)

    assert len(told(cast.ada)) == latest.SHOWN
    monkeypatch.setattr(latest, "LOOKED_THROUGH", (0, 3))
    assert len(told(cast.ada)) == 3


def test_latest_news_look_further_back_for_who_sees_few(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "LOOKED_THROUGH", (0, 2, 300))
    theirs = opened_lead(cast.ada, cast.ben)  # whom Vic looks after
    for _ in range(5):
        new_lead(cast.ada)

    assert told(cast.vic)[0].startswith("Ben opened the lead")
    assert all(theirs.code in line for line in told(cast.vic) if "lead" in line)


@pytest.mark.parametrize("name", ["bea", "ben", "dora"])
def test_latest_panel_is_for_the_vendor(cast: Cast, name: str) -> None:
    opened_lead(cast.ada, cast.ben)

    assert latest_panel(getattr(cast, name)) is None


def test_nothing_new_is_no_panel(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "LOOKED_THROUGH", (0, 0))

    assert latest_panel(cast.ada) is None


def test_latest_news_know_no_other_portal(cast: Cast) -> None:
    ours = new_lead(cast.ada)

    assert [line for line in told(cast.ada) if "Dan" in line or "Eve" in line] == []
    assert ours.code in told(cast.ada)[0]

"""The verbs of a lead's life."""

import pytest

from leads import actions
from leads.models import Comment, Lead, LostReason
from leads.settings import change_distribution
from leads.states import Status
from prm.actions import Gone, Refused, Stale
from prm.events.models import Delivery, Event
from prm.organizations.models import Organization
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead

pytestmark = pytest.mark.usefixtures("in_acme")


def told(kind: Event.Kind) -> set[tuple[str, str]]:
    """Who hears of the newest event of a kind: (name, channel)."""
    event = Event.objects.filter(kind=kind).latest("at")
    return set(Delivery.objects.filter(event=event).values_list("recipient__name", "channel"))


def test_create_lead_counts_per_portal(ada: Membership) -> None:
    first, second = new_lead(ada), new_lead(ada)

    assert second.number == first.number + 1
    assert first.code == f"L-{first.number}"
    assert first.status == Status.UNASSIGNED


def test_create_lead_refuses_one_without_company_and_last_name(ada: Membership) -> None:
    with pytest.raises(Refused, match="company or a last name"):
        actions.create_lead(values={"first_name": "Only"}, by=ada)


def test_create_lead_refuses_a_partner(bea: Membership) -> None:
    with pytest.raises(Refused):
        actions.create_lead(values={"company": "X"}, by=bea)


def test_assign_lead_tells_the_person_twice_and_without_details(ada: Membership, ben: Membership) -> None:
    lead = assigned_lead(ada, ben, company="Canary GmbH")

    assert (lead.status, lead.organization, lead.assignee) == (Status.ASSIGNED, ben.organization, ben)
    assert told(Event.Kind.LEAD_ASSIGNED) == {("Ben", "email"), ("Ben", "message")}
    event = Event.objects.filter(kind=Event.Kind.LEAD_ASSIGNED).latest("at")
    assert "Canary" not in str(event.facts)


def test_assign_lead_to_an_organization_tells_those_who_view_all(cast: Cast) -> None:
    assigned_lead(cast.ada, cast.north)

    assert {name for name, _ in told(Event.Kind.LEAD_ASSIGNED)} == {"Bea", "Eve"}


def test_assign_lead_to_an_organization_is_refused_where_the_portal_says_so(cast: Cast) -> None:
    change_distribution(values={"allow_organization_assignment": False}, by=cast.ada)

    with pytest.raises(Refused, match="people only"):
        assigned_lead(cast.ada, cast.north)


@pytest.mark.parametrize("name", ["ivan", "dis", "vic"])
def test_assign_lead_refuses_who_cannot_receive(cast: Cast, name: str) -> None:
    with pytest.raises(Refused):
        assigned_lead(cast.ada, getattr(cast, name))


def test_assign_lead_refuses_an_organization_where_nobody_views_all(ada: Membership, south: Organization) -> None:
    with pytest.raises(Refused, match="View All Leads"):
        assigned_lead(ada, south)


def test_assign_lead_to_another_organization_withholds_again(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)

    lead = actions.assign_lead(lead, to=cast.cleo, by=cast.ada)

    assert (lead.status, lead.opened_at, lead.opened_by) == (Status.ASSIGNED, None, None)
    assert not Lead.objects.visible_to(cast.ben).filter(pk=lead.pk).exists()
    assert {name for name, _ in told(Event.Kind.LEAD_RECALLED)} == {"Ben"}


def test_assign_lead_within_the_organization_stays_open(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)

    lead = actions.assign_lead(lead, to=cast.bea, by=cast.ada)

    assert lead.status == Status.OPENED
    assert lead.opened_by == cast.ben


def test_assign_lead_refuses_a_closed_lead(cast: Cast) -> None:
    lead = actions.win_lead(opened_lead(cast.ada, cast.ben), by=cast.ben)

    with pytest.raises(Refused, match="closed"):
        actions.assign_lead(lead, to=cast.cleo, by=cast.ada)


def test_assign_lead_by_a_partner_manager_stays_among_the_managed(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.ben)

    with pytest.raises(Gone):
        actions.assign_lead(lead, to=cast.cleo, by=cast.vic)


def test_recall_lead_takes_it_out_of_sight(cast: Cast) -> None:
    lead = actions.recall_lead(opened_lead(cast.ada, cast.ben), by=cast.ada)

    assert (lead.status, lead.organization, lead.assignee) == (Status.UNASSIGNED, None, None)
    assert not Lead.objects.visible_to(cast.ben).filter(pk=lead.pk).exists()


def test_open_lead_records_person_and_time_and_tells_the_vendor(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)

    assert lead.opened_by == cast.ben
    assert lead.opened_at is not None
    assert {name for name, _ in told(Event.Kind.LEAD_OPENED)} == {"Ada", "Vic"}


def test_open_lead_is_refused_the_second_time(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)

    with pytest.raises(Refused, match="opened already"):
        actions.open_lead(lead, by=cast.bea)


def test_open_lead_by_the_vendor_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused):
        actions.open_lead(assigned_lead(cast.ada, cast.ben), by=cast.ada)


@pytest.mark.parametrize("name", ["cleo", "dora"])
def test_open_lead_of_somebody_else_is_gone(cast: Cast, name: str) -> None:
    with pytest.raises(Gone):
        actions.open_lead(assigned_lead(cast.ada, cast.ben), by=getattr(cast, name))


def test_update_lead_by_the_partner_begins_the_work(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)

    lead = actions.update_lead(lead, values={"phone": "+49 40 1"}, by=cast.ben)

    assert (lead.status, lead.phone) == (Status.WORKING, "+49 40 1")


def test_update_lead_before_opening_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="has to be opened"):
        actions.update_lead(assigned_lead(cast.ada, cast.ben), values={"phone": "1"}, by=cast.ben)


@pytest.mark.parametrize("field", ["internal_notes", "source", "campaign"])
def test_update_lead_keeps_the_vendors_fields_from_the_partner(cast: Cast, field: str) -> None:
    with pytest.raises(Refused):
        actions.update_lead(opened_lead(cast.ada, cast.ben), values={field: "x"}, by=cast.ben)


def test_update_lead_with_an_old_version_is_stale_and_changes_nothing(cast: Cast) -> None:
    lead = new_lead(cast.ada)
    actions.update_lead(lead, values={"city": "Ghent"}, by=cast.ada)

    with pytest.raises(Stale):
        actions.update_lead(lead, values={"city": "Brno"}, version=lead.version, by=cast.ada)
    assert Lead.objects.get(pk=lead.pk).city == "Ghent"


def test_update_lead_notes_old_and_new_beside_the_event(cast: Cast) -> None:
    lead = actions.update_lead(new_lead(cast.ada, city="Ghent"), values={"city": "Brno"}, by=cast.ada)

    event = Event.objects.get(kind=Event.Kind.LEAD_CHANGED, subject_id=lead.pk)
    assert event.changed_fields == ["city"]
    assert list(event.values.values_list("field", "old", "new")) == [("city", "Ghent", "Brno")]


def test_update_lead_without_a_difference_writes_nothing(cast: Cast) -> None:
    lead = new_lead(cast.ada, city="Ghent")

    assert actions.update_lead(lead, values={"city": "Ghent"}, by=cast.ada).version == lead.version


def test_hand_over_lead_moves_it_to_a_colleague(cast: Cast) -> None:
    lead = actions.hand_over_lead(opened_lead(cast.ada, cast.ben), to=cast.bea, by=cast.ben)

    assert (lead.assignee, lead.status) == (cast.bea, Status.OPENED)
    assert {name for name, _ in told(Event.Kind.LEAD_HANDED_OVER)} == {"Bea"}


@pytest.mark.parametrize("name", ["cleo", "ivan", "dis"])
def test_hand_over_lead_refuses_strangers_and_who_cannot_receive(cast: Cast, name: str) -> None:
    with pytest.raises(Refused):
        actions.hand_over_lead(opened_lead(cast.ada, cast.ben), to=getattr(cast, name), by=cast.ben)


def test_comment_lead_internal_stays_in_the_organization(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    actions.comment_lead(lead, text="ours", is_internal=True, by=cast.ben)
    actions.comment_lead(lead, text="theirs", is_internal=True, by=cast.ada)
    actions.comment_lead(lead, text="both", is_internal=False, by=cast.ada)

    def seen(member: Membership) -> set[str]:
        return set(Comment.objects.visible_to(member).values_list("text", flat=True))

    assert seen(cast.ben) == {"ours", "both"}
    assert seen(cast.ada) == {"theirs", "both"}
    assert seen(cast.cleo) == set()


def test_log_activity_begins_the_work(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)

    actions.log_activity(lead, kind="call", outcome="reached", note="", by=cast.ben)

    assert Lead.objects.get(pk=lead.pk).status == Status.WORKING


def test_lose_lead_keeps_its_reason(cast: Cast) -> None:
    reason = LostReason.objects.get(name="No budget")

    lead = actions.lose_lead(opened_lead(cast.ada, cast.ben), reason=reason, by=cast.ben)

    assert (lead.status, lead.lost_reason) == (Status.LOST, reason)
    assert lead.closed_at is not None


@pytest.mark.parametrize(("mode", "allowed"), [("conversion", False), ("won", True), ("both", True)])
def test_win_lead_only_where_the_portal_allows(cast: Cast, mode: str, allowed: bool) -> None:
    change_distribution(values={"closing_mode": mode}, by=cast.ada)
    lead = opened_lead(cast.ada, cast.ben)

    if allowed:
        assert actions.win_lead(lead, by=cast.ben).status == Status.WON
    else:
        with pytest.raises(Refused, match="In this portal"):
            actions.win_lead(lead, by=cast.ben)


def test_reopen_lead_gives_it_back_to_its_holder(cast: Cast) -> None:
    lead = actions.win_lead(opened_lead(cast.ada, cast.ben), by=cast.ben)

    lead = actions.reopen_lead(lead, by=cast.ada)

    assert (lead.status, lead.assignee, lead.closed_at) == (Status.WORKING, cast.ben, None)


def test_reopen_lead_that_was_never_opened_waits_again(cast: Cast) -> None:
    reason = LostReason.objects.get(name="Duplicate")
    lead = actions.lose_lead(assigned_lead(cast.ada, cast.ben), reason=reason, by=cast.ada)
    assert lead.is_withheld_from(cast.ben)

    assert actions.reopen_lead(lead, by=cast.ada).status == Status.ASSIGNED


def test_reopen_lead_by_the_partner_is_refused(cast: Cast) -> None:
    lead = actions.win_lead(opened_lead(cast.ada, cast.ben), by=cast.ben)

    with pytest.raises(Refused):
        actions.reopen_lead(lead, by=cast.ben)


def test_a_refused_verb_writes_no_event(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.ben)
    before = Event.objects.count()

    with pytest.raises(Refused):
        actions.update_lead(lead, values={"city": "x"}, by=cast.ben)
    assert Event.objects.count() == before

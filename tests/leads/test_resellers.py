"""A distributor looks on at its resellers: what it reads, what it does not, and that it does nothing."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leads import actions
from leads.models import Activity, Comment, Lead, LostReason
from leads.readers import readers_of
from leads.timeline import lead_timeline
from prm.actions import Gone, Refused
from prm.events.delivery import deliver_due
from prm.events.models import Delivery, Event
from prm.organizations.actions import create_organization, update_organization
from prm.organizations.models import Organization
from prm.users.models import Group, Membership, MembershipGroup
from prm.users.viewing import begin_viewing
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
pytestmark = pytest.mark.usefixtures("in_acme")


def again(member: Membership) -> Membership:
    """As the next request loads the person."""
    people = Membership.objects.select_related("user", "organization").prefetch_related("groups")
    return people.get(pk=member.pk)


def seen(member: Membership) -> set[Lead]:
    return set(Lead.objects.visible_to(again(member)))


def let_see_all(member: Membership) -> Membership:
    """Put into View All Leads, so that the organization as a whole can be given a lead."""
    group = Group.objects.get(kind=member.organization.kind, name="View All Leads")
    MembershipGroup.objects.create(membership=member, group=group)
    return member


def under(organization: Organization, distributor: Organization | None, *, by: Membership) -> None:
    update_organization(organization, values={"distributor": distributor}, by=by)


# --- Which rows -------------------------------------------------------------------------------------------


def test_leads_of_resellers_are_visible_to_their_distributor(cast: Cast) -> None:
    souths, souths_own = opened_lead(cast.ada, cast.cleo), assigned_lead(cast.ada, cast.cleo)
    easts = opened_lead(cast.ada, cast.dora)
    opened_lead(cast.ada, cast.ben)
    new_lead(cast.ada)

    assert seen(cast.dora) == {souths, souths_own, easts}
    assert seen(cast.cleo) == {souths, souths_own}  # and nothing of the distributor's


def test_leads_of_a_reseller_show_while_it_is_one(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.cleo)
    west = create_organization(values={"name": "Westfold", "kind": "distributor"}, by=cast.ada)
    dora = again(cast.dora)
    assert list(Lead.objects.visible_to(dora)) == [lead]

    under(cast.south, west, by=cast.ada)

    assert list(Lead.objects.visible_to(dora)) == []  # at once, for who has asked before in the same request, too
    assert seen(cast.dora) == set()
    under(cast.south, None, by=cast.ada)
    assert seen(cast.dora) == set()
    under(cast.north, cast.east, by=cast.ada)
    assert seen(cast.dora) == set()
    theirs = opened_lead(cast.ada, cast.ben)
    assert seen(cast.dora) == {theirs}


def test_leads_show_to_the_distributor_of_the_present_holder_only(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.cleo)

    actions.assign_lead(lead, to=cast.ben, by=cast.ada)

    assert seen(cast.dora) == set()


@pytest.mark.parametrize("group", ["Receive Leads", "Manage Users"])
def test_leads_of_resellers_are_for_view_all_leads(cast: Cast, group: str) -> None:
    opened_lead(cast.ada, cast.cleo)
    own = opened_lead(cast.ada, cast.dora)
    MembershipGroup.objects.filter(membership=cast.dora).delete()
    group_row = Group.objects.get(kind="distributor", name=group)
    MembershipGroup.objects.create(membership=cast.dora, group=group_row)

    assert seen(cast.dora) == ({own} if group == "Receive Leads" else set())


def test_question_stays_as_plain_for_everybody_without_resellers(cast: Cast) -> None:
    """The lists of partners, and of a distributor without any, ask for one organization, and read its index."""
    under(cast.south, None, by=cast.ada)

    for member in (cast.bea, cast.cleo, cast.dora):
        assert "organizations_organization" not in str(Lead.objects.visible_to(again(member)).query)
    under(cast.south, cast.east, by=cast.ada)
    assert "organizations_organization" in str(Lead.objects.visible_to(again(cast.dora)).query)


def test_question_whether_there_are_resellers_is_asked_of_distributors_only(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [again(member) for member in (cast.ada, cast.vic, cast.bea, cast.ben)]
    for member in people:
        assert member.permissions

    with django_assert_num_queries(0):
        assert [member.has_resellers for member in people] == [False] * len(people)


# --- What of them -----------------------------------------------------------------------------------------


def test_details_are_withheld_from_the_distributor_until_the_reseller_opens(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.cleo, company="Secret Clinics", internal_notes="Careful")

    shown = Lead.objects.get(pk=lead.pk).shown_to(cast.dora)
    assert (shown.is_withheld, shown.company, shown.searched) == (True, "", "")

    actions.open_lead(lead, by=cast.cleo)
    shown = Lead.objects.get(pk=lead.pk).shown_to(cast.dora)
    assert (shown.is_withheld, shown.company, shown.internal_notes) == (False, "Secret Clinics", "")


def test_details_that_the_distributor_has_opened_itself_are_withheld_at_the_reseller(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.dora, company="Secret Clinics")

    lead = actions.assign_lead(lead, to=cast.cleo, by=cast.ada)

    assert lead in seen(cast.dora)
    assert lead.is_withheld_from(cast.dora)
    assert list(Lead.objects.visible_to(cast.dora).matching("secret", cast.dora)) == []


def test_page_of_an_unopened_lead_says_whose_it_is_and_no_detail(client_of: ClientOf, cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.cleo, company="Secret Clinics", last_name="Hidden", city="Nowhere")

    client = client_of(cast.dora)
    pages = [Page(client.get(f"/leads/{lead.code}/{part}")) for part in ("", "preview/")]
    listed = Page(client.get("/leads/"))

    for page in pages:
        assert "Only South can open it. You see its details from then on." in page.text
        assert page.root.all("form", action=f"/leads/{lead.code}/open/") == []
    assert "Assigned to Cleo, South, " in pages[0].text
    assert "Not opened yet" in listed.by_id("list").text
    for page in (*pages, listed):
        assert [word for word in ("Secret", "Hidden", "Nowhere") if word in page.html] == []


def test_page_of_an_opened_lead_offers_nothing_to_do(client_of: ClientOf, cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.cleo, company="Kestrel Biotech")

    page = Page(client_of(cast.dora).get(f"/leads/{lead.code}/"))

    assert page.heading == "Kestrel Biotech"
    assert "Cleo , South" in page.root.all(css="about")[0].text.replace(",", " ,")
    assert "Next: get in touch" not in page.text
    assert page.by_id("main").all("form", method="post") == []
    paths = [link.attributes["href"] for link in page.by_id("main").all("a")]
    assert [path for path in paths if path.startswith(f"/leads/{lead.code}/")] == []


# --- No verb ----------------------------------------------------------------------------------------------


VERBS: dict[str, Callable[[Cast, Lead], object]] = {
    "edit": lambda cast, lead: actions.update_lead(lead, values={"city": "Brno"}, by=cast.dora),
    "assign": lambda cast, lead: actions.assign_lead(lead, to=cast.dora, by=cast.dora),
    "recall": lambda cast, lead: actions.recall_lead(lead, by=cast.dora),
    "hand over": lambda cast, lead: actions.hand_over_lead(lead, to=cast.dora, by=cast.dora),
    "comment": lambda cast, lead: actions.comment_lead(lead, text="x", is_internal=True, by=cast.dora),
    "log": lambda cast, lead: actions.log_activity(lead, kind="call", outcome="reached", note="", by=cast.dora),
    "lose": lambda cast, lead: actions.lose_lead(lead, reason=LostReason.objects.all()[0], by=cast.dora),
    "win": lambda cast, lead: actions.win_lead(lead, by=cast.dora),
    "reopen": lambda cast, lead: actions.reopen_lead(lead, by=cast.dora),
}


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_on_a_resellers_lead_are_refused(cast: Cast, verb: str) -> None:
    lead = opened_lead(cast.ada, cast.cleo)
    before = Event.objects.count()

    with pytest.raises(Refused, match="by you"):
        VERBS[verb](cast, lead)
    assert (Lead.objects.get(pk=lead.pk).version, Event.objects.count()) == (lead.version, before)


def test_open_lead_is_the_resellers(cast: Cast) -> None:
    let_see_all(cast.cleo)
    lead = assigned_lead(cast.ada, cast.south)  # to nobody in particular

    with pytest.raises(Refused, match="cannot be opened by you"):
        actions.open_lead(lead, by=cast.dora)
    assert Lead.objects.get(pk=lead.pk).opened_at is None


def test_link_of_an_old_mail_opens_nothing_at_the_reseller(client_of: ClientOf, cast: Cast) -> None:
    """It was the distributor's once; the mail with its link is still there."""
    lead = assigned_lead(cast.ada, cast.dora)
    lead = actions.assign_lead(lead, to=cast.cleo, by=cast.ada)

    answer = client_of(cast.dora).post(f"/leads/{lead.code}/open/", follow=True)

    assert Page(answer).toasts == [f"Lead {lead.code} cannot be opened by you."]
    assert Lead.objects.get(pk=lead.pk).opened_at is None


def test_verbs_on_another_partners_lead_are_gone(cast: Cast) -> None:
    with pytest.raises(Gone):
        actions.update_lead(opened_lead(cast.ada, cast.ben), values={"city": "Brno"}, by=cast.dora)


# --- What was said and done -------------------------------------------------------------------------------


def told(lead: Lead, member: Membership) -> list[str]:
    entries = lead_timeline(Lead.objects.select_related("organization").get(pk=lead.pk), member)
    return [f"{entry.actor} {entry.text}{': ' if entry.detail else ''}{entry.detail}" for entry in entries]


def test_timeline_is_what_the_reseller_reads_but_for_what_it_says_among_itself(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.cleo)
    actions.comment_lead(lead, text="To the vendor", is_internal=False, by=cast.cleo)
    actions.comment_lead(lead, text="To South", is_internal=False, by=cast.ada)
    actions.comment_lead(lead, text="Among us", is_internal=True, by=cast.cleo)
    actions.comment_lead(lead, text="Among vendors", is_internal=True, by=cast.ada)
    actions.log_activity(lead, kind="call", outcome="reached", note="Rang", by=cast.cleo)

    souths = set(told(lead, cast.cleo))

    assert set(told(lead, cast.dora)) == souths - {"Cleo commented: Among us"}
    assert {"Cleo commented: To the vendor", "Ada commented: To South", "Cleo logged an activity: Rang"} <= souths
    assert "Cleo commented: Among us" in souths


def test_comments_of_a_reseller_among_itself_are_no_rows_of_the_distributors(cast: Cast) -> None:
    """Not by way of the timeline, which asks twice: the rows themselves."""
    lead = opened_lead(cast.ada, cast.cleo)
    for by, text in ((cast.cleo, "South's"), (cast.ada, "Acme's")):
        actions.comment_lead(lead, text=f"{text}, shared", is_internal=False, by=by)
        actions.comment_lead(lead, text=f"{text}, internal", is_internal=True, by=by)

    read = {comment.text for comment in Comment.objects.visible_to(cast.dora)}

    assert read == {"South's, shared", "Acme's, shared"}


def test_timeline_tells_nothing_before_the_opening(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.cleo)
    actions.comment_lead(lead, text="Read this first", is_internal=False, by=cast.ada)

    assert told(lead, cast.dora) == told(lead, cast.cleo) == []


def test_words_of_an_earlier_holder_do_not_travel_to_the_distributor(cast: Cast) -> None:
    """Neither North's, which is nobody's reseller, nor another reseller's of the same distributor."""
    under(cast.north, cast.east, by=cast.ada)
    lead = opened_lead(cast.ada, cast.ben)
    actions.comment_lead(lead, text="North's words", is_internal=False, by=cast.ben)
    actions.log_activity(lead, kind="call", outcome="reached", note="North's call", by=cast.ben)
    lead = actions.assign_lead(lead, to=cast.cleo, by=cast.ada)
    actions.open_lead(lead, by=cast.cleo)

    assert told(lead, cast.dora) == told(lead, cast.cleo)
    for notes in (Comment.objects, Activity.objects):
        assert list(notes.visible_to(cast.dora)) == []
    assert [line for line in told(lead, cast.dora) if "North's" in line or line.startswith("Ben")] == []


def test_viewing_as_a_distributor_shows_what_both_may_read(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.cleo)
    actions.comment_lead(lead, text="Shared", is_internal=False, by=cast.cleo)
    actions.comment_lead(lead, text="Among us", is_internal=True, by=cast.cleo)
    dora = again(cast.dora)
    dora.viewer = begin_viewing(cast.dora, reason="Cannot find a lead", by=cast.ada).viewer

    assert [line for line in told(lead, dora) if "commented" in line] == ["Cleo commented: Shared"]


def test_comment_form_says_that_the_distributor_reads_along(client_of: ClientOf, cast: Cast) -> None:
    souths, norths = opened_lead(cast.ada, cast.cleo), opened_lead(cast.ada, cast.ben)
    words = "East, under whom South sells, reads what is shared."

    for member in (cast.ada, cast.cleo):
        assert words in Page(client_of(member).get(f"/leads/{souths.code}/")).text
    assert "reads what is shared" not in Page(client_of(cast.ben).get(f"/leads/{norths.code}/")).text


def test_readers_name_the_distributors_people(client_of: ClientOf, cast: Cast) -> None:
    waiting, opened = assigned_lead(cast.ada, cast.cleo), opened_lead(cast.ada, cast.cleo)

    for lead in (waiting, opened):
        readers = readers_of(lead, cast.ada)
        assert [(str(r.member), r.may_see, r.looks_on) for r in readers] == [
            *(("Cleo", True, False), ("Dora", True, True)),
        ]
        assert {r.member for r in readers} == {
            member
            for member in (cast.bea, cast.ben, cast.eve, cast.cleo, cast.dora, cast.ivan, cast.dis)
            if lead in seen(member)
        }
    words = Page(client_of(cast.ada).get(f"/leads/{waiting.code}/")).root.all("ul", css="readers")[0].text
    assert "Cleo South can open it" in words
    assert "Dora East sees that it waits" in words


# --- No notice --------------------------------------------------------------------------------------------


def test_nobody_at_the_distributor_is_told(cast: Cast) -> None:
    let_see_all(cast.cleo)
    lead = assigned_lead(cast.ada, cast.south)
    lead = actions.assign_lead(lead, to=cast.cleo, by=cast.ada)
    actions.open_lead(lead, by=cast.cleo)
    actions.comment_lead(lead, text="x", is_internal=False, by=cast.ada)
    actions.recall_lead(lead, by=cast.ada)

    told_of_it = Delivery.objects.filter(event__subject_id=lead.pk)
    assert not told_of_it.filter(recipient=cast.dora).exists()
    assert told_of_it.filter(recipient=cast.cleo).exists()


def test_notice_of_a_lead_that_went_on_to_a_reseller_is_not_sent(cast: Cast) -> None:
    """Dora still sees it, but it no longer waits for her."""
    lead = assigned_lead(cast.ada, cast.dora)
    actions.assign_lead(lead, to=cast.cleo, by=cast.ada)

    deliver_due(cast.acme)

    subjects = {sent.subject for sent in mail.outbox if "dora@east.example" in sent.to}
    assert subjects == {f"Lead {lead.code} was taken back"}
    states = Delivery.objects.filter(recipient=cast.dora, event__kind=Event.Kind.LEAD_ASSIGNED)
    assert set(states.values_list("status", flat=True)) == {Delivery.Status.CANCELLED}

"""Opening, working and closing a lead in pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deals.actions import convert_lead
from leads import actions
from leads.models import Activity, Comment, Lead, LostReason
from leads.reasons import change_lost_reason
from leads.settings import change_distribution
from leads.states import Status
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead, registration
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def lead(cast: Cast) -> Lead:
    """Ben has it and has opened it."""
    with inside(cast.acme):
        return opened_lead(cast.ada, cast.ben, company="Kestrel Biotech")


def again(lead: Lead) -> Lead:
    """The lead as the database has it."""
    with inside(lead.portal):
        found: Lead = Lead.objects.select_related("lost_reason", "opened_by").get(pk=lead.pk)
        return found


def a_reason(lead: Lead) -> LostReason:
    with inside(lead.portal):
        found: LostReason = LostReason.objects.get(name="No budget")
        return found


# --- Open ------------------------------------------------------------------------------------------


def test_lead_open_by_the_button_reveals_it(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben, company="Kestrel Biotech")

    answer = client_of(cast.ben).post(f"/leads/{lead.code}/open/", follow=True)

    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert Page(answer).heading == "Kestrel Biotech"
    assert (again(lead).status, again(lead).opened_by) == (Status.OPENED, cast.ben)


def test_lead_open_by_the_mails_link_alone_changes_nothing(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)

    for method in ("get", "head"):
        answer = getattr(client_of(cast.ben), method)(f"/leads/{lead.code}/open/")
        assert answer["Location"] == f"/leads/{lead.code}/"

    assert (again(lead).status, again(lead).opened_at) == (Status.ASSIGNED, None)


@pytest.mark.parametrize("name", ["ada", "vic"])
def test_lead_open_by_the_vendor_changes_nothing(client_of: ClientOf, cast: Cast, name: str) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)

    answer = client_of(getattr(cast, name)).post(f"/leads/{lead.code}/open/")

    assert answer.status_code == 302
    assert again(lead).opened_at is None


def test_lead_open_by_a_colleague_who_sees_all_counts_for_the_organization(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.north)

    client_of(cast.bea).post(f"/leads/{lead.code}/open/")

    assert (again(lead).opened_by, again(lead).assignee) == (cast.bea, None)


# --- Comment and activity --------------------------------------------------------------------------


@pytest.mark.parametrize(("audience", "shared_with"), [("shared", "vendor"), ("internal", None)])
def test_lead_comment_is_written_for_its_audience(
    client_of: ClientOf, cast: Cast, lead: Lead, audience: str, shared_with: str | None
) -> None:
    answer = client_of(cast.ben).post(f"/leads/{lead.code}/comment/", {"text": "Called <b>", "audience": audience})

    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{lead.code}/#timeline")
    with inside(cast.acme):
        comment = Comment.objects.select_related("shared_with", "author").get(lead=lead)
        assert (comment.text, comment.author) == ("Called <b>", cast.ben)
        assert comment.shared_with == (cast.vendor if shared_with else None)


def test_lead_comment_without_a_holder_is_internal(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)

    page = Page(client_of(cast.ada).get(f"/leads/{lead.code}/"))
    answer = client_of(cast.ada).post(f"/leads/{lead.code}/comment/", {"text": "x", "audience": "shared"})

    assert [choice.attributes["value"] for choice in page.root.all("input", name="audience")] == ["internal"]
    assert answer.status_code == 422


def test_lead_comment_keeps_what_was_typed(client_of: ClientOf, ben: Membership, lead: Lead) -> None:
    text = "x" * 10_001

    answer = client_of(ben).post(f"/leads/{lead.code}/comment/", {"text": text, "audience": "internal"})

    page = Page(answer)
    assert answer.status_code == 422
    assert page.value("text") == text
    assert page.value("audience") == "internal"
    assert page.error("text") == "Ensure this value has at most 10000 characters (it has 10001)."


def test_lead_activity_begins_the_work(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    values = {
        "kind": "meeting",
        "outcome": "follow_up",
        "note": "Visit on Monday",
        "happened_at": "2026-03-01T09:30",
    }

    answer = client_of(cast.ben).post(f"/leads/{lead.code}/activity/", values, follow=True)

    assert answer.redirect_chain == [(f"/leads/{lead.code}/#timeline", 302)]
    assert again(lead).status == Status.WORKING
    with inside(cast.acme):
        activity = Activity.objects.get(lead=lead)
    assert (activity.kind, activity.outcome, activity.note) == ("meeting", "follow_up", "Visit on Monday")
    assert activity.happened_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert "Meeting: Follow-up agreed" in Page(answer).by_id("timeline").text


def test_lead_activity_is_told_in_the_members_time(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    with inside(cast.acme):
        Membership.objects.filter(pk=cast.ben.pk).update(time_zone="Asia/Kolkata")

    values = {"kind": "call", "outcome": "reached", "happened_at": "2026-03-01T09:30"}
    client_of(cast.ben).post(f"/leads/{lead.code}/activity/", values)

    with inside(cast.acme):
        assert Activity.objects.get(lead=lead).happened_at == datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def test_lead_activity_keeps_what_was_typed(client_of: ClientOf, ben: Membership, lead: Lead) -> None:
    tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    values = {"kind": "mail", "outcome": "nonsense", "note": "Sent it", "happened_at": tomorrow}

    answer = client_of(ben).post(f"/leads/{lead.code}/activity/", values)

    page = Page(answer)
    assert answer.status_code == 422
    assert (page.value("kind"), page.value("note"), page.value("happened_at")) == ("mail", "Sent it", tomorrow)
    assert page.error("happened_at") == "This is in the future."
    assert page.error("outcome") == "Select a valid choice. nonsense is not one of the available choices."
    assert again(lead).status == Status.OPENED


def test_lead_activity_of_the_vendor_is_forbidden(client_of: ClientOf, ada: Membership, lead: Lead) -> None:
    answer = client_of(ada).post(f"/leads/{lead.code}/activity/", {"kind": "call", "outcome": "reached"})

    assert answer.status_code == 403


# --- Close and reopen ------------------------------------------------------------------------------


def test_lead_close_as_lost_needs_a_reason(client_of: ClientOf, ben: Membership, lead: Lead) -> None:
    client = client_of(ben)

    refused = client.post(f"/leads/{lead.code}/close/", {"outcome": "lost"})
    closed = client.post(
        f"/leads/{lead.code}/close/", {"outcome": "lost", "reason": str(a_reason(lead).pk)}, follow=True
    )

    assert refused.status_code == 422
    assert Page(refused).error("reason") == "Choose why it was lost."
    assert closed.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert Page(closed).toasts == [f"Lead {lead.code} is closed."]
    assert "Lost: No budget" in Page(closed).text
    assert (again(lead).status, again(lead).lost_reason) == (Status.LOST, a_reason(lead))


def test_lead_close_offers_reasons_in_use_only(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    with inside(cast.acme):
        change_lost_reason(a_reason(lead), values={"is_active": False}, by=cast.ada)
    client = client_of(cast.ben)

    page = Page(client.get(f"/leads/{lead.code}/close/"))
    answer = client.post(f"/leads/{lead.code}/close/", {"outcome": "lost", "reason": str(a_reason(lead).pk)})

    assert [option.text for option in page.root.all("option")] == [
        *("—", "No need", "Chose a competitor", "Bad timing"),
        *("Could not be reached", "Wrong contact details", "Duplicate"),
    ]
    assert answer.status_code == 422
    assert again(lead).status == Status.OPENED


@pytest.mark.parametrize(("query", "chosen"), [("?outcome=won", "won"), ("?outcome=lost", "lost"), ("", "lost")])
def test_lead_close_begins_with_the_outcome_of_the_link(
    client_of: ClientOf, ben: Membership, lead: Lead, query: str, chosen: str
) -> None:
    page = Page(client_of(ben).get(f"/leads/{lead.code}/close/{query}"))

    assert page.value("outcome") == chosen


@pytest.mark.parametrize(
    ("mode", "status"), [("both", Status.WON), ("won", Status.WON), ("conversion", Status.OPENED)]
)
def test_lead_close_as_won_where_the_portal_allows_it(
    client_of: ClientOf, cast: Cast, lead: Lead, mode: str, status: Status
) -> None:
    with inside(cast.acme):
        change_distribution(values={"closing_mode": mode}, by=cast.ada)
    client = client_of(cast.ben)

    client.post(f"/leads/{lead.code}/close/", {"outcome": "won"})

    assert again(lead).status == status


@pytest.mark.parametrize(
    ("path", "done"),
    [("edit/", "edited"), ("assign/", "assigned"), ("close/", "closed as lost"), ("recall/", "recalled")],
)
def test_lead_verbs_after_closing_are_refused_with_a_message(
    client_of: ClientOf, cast: Cast, lead: Lead, path: str, done: str
) -> None:
    with inside(cast.acme):
        actions.win_lead(lead, by=cast.ben)

    answer = client_of(cast.ada).post(f"/leads/{lead.code}/{path}", {"outcome": "lost"}, follow=True)

    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert Page(answer).toasts == [f"Lead {lead.code} is closed (won) and cannot be {done}."]
    assert again(lead).status == Status.WON


def test_lead_reopen_brings_it_back_and_withdraws_the_deal(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        deal = convert_lead(lead, registration=registration(), by=cast.ben)
    client = client_of(cast.ada)

    answer = client.post(f"/leads/{lead.code}/reopen/", follow=True)

    page = Page(answer)
    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert page.toasts == [f"Lead {lead.code} is open again."]
    assert page.links(f"deal {deal.code}") == []
    assert "Withdrawn" in Page(client.get(f"/deals/{deal.code}/")).text


@pytest.mark.parametrize("path", ["recall", "reopen", "comment", "activity"])
def test_lead_verbs_without_a_form_refuse_get(client_of: ClientOf, cast: Cast, lead: Lead, path: str) -> None:
    member = cast.ben if path == "activity" else cast.ada

    answer = client_of(member).get(f"/leads/{lead.code}/{path}/")

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


# --- Signed out ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "back"),
    [
        ("get", "", "/leads/{code}/"),
        ("get", "edit/?a=b", "/leads/{code}/edit/?a=b"),
        ("get", "open/", "/leads/{code}/open/"),
        ("post", "edit/", "/leads/{code}/"),
        ("post", "comment/", "/leads/{code}/"),
        ("post", "recall/", "/leads/{code}/"),
    ],
)
def test_lead_pages_ask_to_sign_in_and_come_back(
    client_of: ClientOf, cast: Cast, lead: Lead, method: str, path: str, back: str
) -> None:
    client = client_of(cast.ben)
    with inside(cast.acme):
        client.session.flush()  # the session has run out meanwhile

    answer = getattr(client, method)(f"/leads/{lead.code}/{path}")

    assert answer.status_code == 302
    address, _, query = answer["Location"].partition("?next=")
    assert address == "/accounts/login/"
    assert query == back.format(code=lead.code).translate({ord("/"): "%2F", ord("?"): "%3F", ord("="): "%3D"})

"""Seeing the portal as a member does: who may, what is shown of it, and how it ends.

That no page writes and none shows more than the person sees is asked of all of them in
tests/guards/test_viewing.py.
"""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from leads import actions, lists
from leads.models import Comment, Lead
from prm.actions import Refused
from prm.events.models import Event
from prm.organizations.context import inside, read_only
from prm.organizations.models import Organization
from prm.serving.logs import JsonFormatter
from prm.users.actions import change_member, disable_member
from prm.users.models import Group, Membership, Viewing
from prm.users.viewing import begin_viewing, end_viewing, why_cannot_view
from tests.cast import Cast
from tests.factories import assigned_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
REASON = "Cannot find a lead"


@pytest.fixture
def eyes(client_of: ClientOf, cast: Cast) -> Client:
    """Ada, who has begun to see the portal as Ben."""
    client = client_of(cast.ada)
    look_through(client, cast.ben)
    return client


def look_through(client: Client, member: Membership, **values: str) -> HttpResponse:
    body = {"reason": REASON, "lasting": "30", **values}
    return client.post(f"/people/{member.pk}/view-as/", body)  # type: ignore[return-value]


def banner(client: Client, path: str = "/messages/") -> str:
    """The words on top of a page; empty where nobody looks through anybody's eyes."""
    found = Page(client.get(path)).root.all("aside", css="viewing-banner")
    return found[0].text if found else ""


def kinds(cast: Cast, member: Membership) -> list[str]:
    with inside(cast.acme):
        rows = Event.objects.filter(subject_id=member.pk, kind__startswith="viewing").order_by("at")
        return list(rows.values_list("kind", flat=True))


# --- Who may, and whom ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "whom", "words"),
    [
        *(("ada", name, "") for name in ("vic", "bea", "ben", "cleo", "dora", "eve")),
        ("ada", "ada", "yourself"),
        ("ada", "ivan", "cannot sign in"),
        ("ada", "dis", "cannot sign in"),
        ("vic", "ben", "Only system administrators"),
        ("bea", "ben", "Only system administrators"),
    ],
)
@pytest.mark.usefixtures("in_acme")
def test_why_cannot_view(cast: Cast, by: str, whom: str, words: str) -> None:
    why = why_cannot_view(getattr(cast, whom), by=getattr(cast, by))

    assert bool(why) is bool(words)
    assert words in why


def in_groups(member: Membership, *names: str, by: Membership) -> Membership:
    groups = Group.objects.filter(kind=member.organization.kind, name__in=names)
    return change_member(member, values={}, groups=groups, by=by)


@pytest.mark.usefixtures("in_acme")
def test_nobody_views_who_manages_the_portal_too(cast: Cast) -> None:
    vic = in_groups(cast.vic, "System Administration", by=cast.ada)

    assert "manages the portal" in why_cannot_view(vic, by=cast.ada)


@pytest.mark.parametrize(("whom", "words"), [("ben", "do not show you"), ("vic", "do not show you")])
@pytest.mark.usefixtures("in_acme")
def test_nobody_comes_to_see_leads_in_this_way(cast: Cast, whom: str, words: str) -> None:
    """An administrator outside of all lead groups sees none, through nobody's eyes."""
    ada = in_groups(cast.ada, "System Administration", by=cast.ada)

    assert words in why_cannot_view(getattr(cast, whom), by=ada)
    with pytest.raises(Refused, match=words):
        begin_viewing(getattr(cast, whom), reason=REASON, by=ada)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ({"reason": "   because    "}, "few words"),
        ({"lasting": timedelta(minutes=61)}, "an hour at most"),
        ({"lasting": timedelta(0)}, "an hour at most"),
    ],
)
@pytest.mark.usefixtures("in_acme")
def test_begin_viewing_wants_a_reason_and_an_end(cast: Cast, words: dict[str, Any], match: str) -> None:
    with pytest.raises(Refused, match=match):
        begin_viewing(cast.ben, **{"reason": REASON, "by": cast.ada, **words})

    assert list(Viewing.objects.all()) == []


@pytest.mark.usefixtures("in_acme")
def test_begin_viewing_ends_the_one_before(cast: Cast) -> None:
    first = begin_viewing(cast.ben, reason=REASON, by=cast.ada)
    second = begin_viewing(cast.cleo, reason=REASON, by=cast.ada)

    assert list(Viewing.objects.running()) == [second]
    assert end_viewing(first, by=cast.ada).ended_at is not None
    assert kinds(cast, cast.ben) == ["viewing_begun", "viewing_ended"]


# --- What it looks like -----------------------------------------------------------------------------------


def test_view_as_begins_on_the_persons_page(client_of: ClientOf, cast: Cast) -> None:
    client = client_of(cast.ada)

    (way,) = Page(client.get(f"/people/{cast.ben.pk}/")).links("View as Ben")
    answer = client.post(way, {"reason": REASON, "lasting": "15"}, follow=True)

    with inside(cast.acme):
        (viewing,) = Viewing.objects.all()
    assert answer.redirect_chain == [("/", 302)]
    assert (viewing.viewer_id, viewing.viewed_id, viewing.reason) == (cast.ada.pk, cast.ben.pk, REASON)
    assert viewing.ends_at - viewing.begun_at == timedelta(minutes=15)
    words = Page(answer).root.all("aside", css="viewing-banner")[0].text
    assert words == (
        f"You see the portal as Ben (North). Read-only until {viewing.ends_at:%H:%M}. Reason: {REASON} Stop viewing"
    )


def test_view_as_is_offered_for_those_who_may_be_viewed(client_of: ClientOf, cast: Cast) -> None:
    def offers(by: Membership, whom: Membership) -> bool:
        return bool(Page(client_of(by).get(f"/people/{whom.pk}/")).links(f"View as {whom.name}"))

    assert [offers(cast.ada, whom) for whom in (cast.ben, cast.ivan, cast.ada)] == [True, False, False]
    assert not offers(cast.bea, cast.ben)


@pytest.mark.parametrize("values", [{"reason": "too short"}, {"reason": "x" * 301}, {"lasting": "61"}])
def test_view_as_keeps_what_was_typed(client_of: ClientOf, cast: Cast, values: dict[str, str]) -> None:
    client = client_of(cast.ada)

    answer = look_through(client, cast.ben, **values)

    page = Page(answer)
    assert answer.status_code == 422
    assert page.value("reason") == values.get("reason", REASON)
    assert page.error(next(iter(values))) != ""
    assert banner(client) == ""


def test_banner_is_on_error_pages_too(eyes: Client) -> None:
    for path in ("/nothing/", "/leads/new/", "/profile/", "/leads/"):
        assert "You see the portal as Ben" in banner(eyes, path), path


def test_banner_gives_the_time_of_the_viewers_place(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        change_member(cast.ada, values={"time_zone": "Asia/Tokyo"}, by=cast.ada)
        change_member(cast.ben, values={"time_zone": "America/Lima"}, by=cast.ada)
    client = client_of(cast.ada)
    look_through(client, cast.ben)

    with inside(cast.acme):
        ends_at = Viewing.objects.get().ends_at
    assert f"until {ends_at + timedelta(hours=9):%H:%M}." in banner(client)


# --- What it lets through ---------------------------------------------------------------------------------


def test_viewing_withholds_what_is_withheld(eyes: Client, cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben, company="Secret Inc", internal_notes="Pays late")

    for path in (f"/leads/{lead.code}/", "/leads/", "/leads/?search=Secret", f"/leads/{lead.code}/open/"):
        html = eyes.get(path, follow=True).content.decode()
        assert "Secret Inc" not in html, path
        assert "Pays late" not in html, path
    assert eyes.post(f"/leads/{lead.code}/open/").status_code == 403
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).opened_at is None


def test_viewing_does_not_show_what_stays_inside_the_organization(eyes: Client, cast: Cast) -> None:
    """The vendor promises partners that it does not read their internal comments."""
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        actions.comment_lead(lead, text="Only among us", is_internal=True, by=cast.ben)
        actions.comment_lead(lead, text="For both of us", is_internal=False, by=cast.ben)
        actions.comment_lead(lead, text="Only among vendors", is_internal=True, by=cast.ada)

    html = eyes.get(f"/leads/{lead.code}/").content.decode()

    assert "For both of us" in html
    assert "Only among us" not in html
    assert "Only among vendors" not in html


@pytest.mark.usefixtures("in_acme")
def test_viewing_reads_no_rows_of_what_stays_inside_the_organization(cast: Cast) -> None:
    """Not by way of the timeline, which asks twice: the rows themselves."""
    lead = opened_lead(cast.ada, cast.ben)
    for by, text in ((cast.ben, "North's"), (cast.ada, "Acme's")):
        actions.comment_lead(lead, text=f"{text}, shared", is_internal=False, by=by)
        actions.comment_lead(lead, text=f"{text}, internal", is_internal=True, by=by)

    cast.ben.viewer = begin_viewing(cast.ben, reason=REASON, by=cast.ada).viewer

    read = {comment.text for comment in Comment.objects.visible_to(cast.ben)}
    assert read == {"North's, shared", "Acme's, shared"}


def test_viewing_is_told_that_it_changes_nothing(eyes: Client, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)

    answer = eyes.post(f"/leads/{lead.code}/comment/", {"text": "As Ben", "audience": "shared"})

    assert answer.status_code == 403
    assert "Nothing was changed: nobody acts in the name of Ben." in Page(answer).text


@pytest.mark.parametrize("path", ["/profile/", "/accounts/password/change/", "/accounts/password/reset/"])
def test_viewing_closes_what_is_the_persons_own(eyes: Client, path: str) -> None:
    answer = eyes.get(path)

    assert answer.status_code == 403
    assert Page(answer).heading == "Only Ben sees this page"


@pytest.mark.parametrize("method", ["get", "post", "patch"])
def test_viewing_closes_the_api(eyes: Client, method: str) -> None:
    answer = getattr(eyes, method)("/api/v1/leads/")

    assert (answer.status_code, answer.json()["code"]) == (403, "viewing_is_read_only")


def test_page_that_writes_by_mistake_cannot(eyes: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line: Postgres itself."""

    def write_and_find(*args: Any, **words: Any) -> Any:
        Membership.objects.filter(pk=cast.ben.pk).update(name="Renamed")
        return Lead.objects.visible_to(cast.ben)

    monkeypatch.setattr(lists, "found_leads", write_and_find)

    with pytest.raises(InternalError, match="read-only transaction"):
        eyes.get("/leads/")


@pytest.mark.usefixtures("in_acme")
def test_read_only_ends_with_its_block(cast: Cast) -> None:
    with pytest.raises(InternalError), read_only():
        Membership.objects.filter(pk=cast.ben.pk).update(name="Renamed")
    with read_only(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("on",)

    assert Membership.objects.filter(pk=cast.ben.pk).update(name="Benjamin") == 1


# --- How it ends ------------------------------------------------------------------------------------------


def test_stopping_leads_back_to_the_person(eyes: Client, cast: Cast) -> None:
    answer = eyes.post("/viewing/end/", follow=True)

    assert answer.redirect_chain == [(f"/people/{cast.ben.pk}/", 302)]
    assert banner(eyes) == ""
    assert "ada@acme.example" in Page(eyes.get("/profile/")).text
    assert kinds(cast, cast.ben) == ["viewing_begun", "viewing_ended"]
    assert eyes.post("/viewing/end/")["Location"] == "/"


def time_passes(cast: Cast) -> None:
    with inside(cast.acme):
        Viewing.objects.update(begun_at=timezone.now() - timedelta(minutes=31), ends_at=timezone.now())


def ben_is_disabled(cast: Cast) -> None:
    with inside(cast.acme):
        disable_member(cast.ben, by=cast.ada)


def north_is_switched_off(cast: Cast) -> None:
    with inside(cast.acme):
        Organization.objects.filter(pk=cast.north.pk).update(status="inactive")


def ada_loses_her_rights(cast: Cast) -> None:
    with inside(cast.acme):
        in_groups(cast.vic, "System Administration", by=cast.ada)
        in_groups(cast.ada, "Lead Management", by=cast.ada)


def ada_leaves_the_lead_groups(cast: Cast) -> None:
    """What Ben sees, she does not any more."""
    with inside(cast.acme):
        in_groups(cast.ada, "System Administration", by=cast.ada)


ENDS = [time_passes, ben_is_disabled, north_is_switched_off, ada_loses_her_rights, ada_leaves_the_lead_groups]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_viewing_ends_by_itself(eyes: Client, cast: Cast, end: Callable[[Cast], None]) -> None:
    assert "as Ben" in banner(eyes)

    end(cast)

    page = Page(eyes.get("/messages/"))
    assert page.toasts == ["The viewing is over: this is your own view again."]
    assert page.root.all("aside", css="viewing-banner") == []
    assert "Account of Ada" in page.html
    assert kinds(cast, cast.ben) == ["viewing_begun", "viewing_ended"]


def test_form_of_a_viewing_that_is_over_is_not_carried_out(eyes: Client, cast: Cast) -> None:
    """Neither in the first request after it, nor from another window later on."""
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben, city="Graz")
    eyes.handler.enforce_csrf_checks = True
    form = Page(eyes.get(f"/leads/{lead.code}/edit/"))
    values = {"company": "As Ada", "csrfmiddlewaretoken": form.value("csrfmiddlewaretoken")}
    time_passes(cast)

    answers = [eyes.post(f"/leads/{lead.code}/edit/", values) for _ in range(2)]

    assert (answers[0].status_code, answers[0]["Location"]) == (302, "/")
    assert answers[1].status_code == 403
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).company == lead.company


def test_live_search_after_the_end_loads_the_page_anew(eyes: Client, cast: Cast) -> None:
    """Else rows of one's own would stand under the other's banner."""
    time_passes(cast)

    assert eyes.get("/leads/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_sign_out_ends_the_viewing(eyes: Client, cast: Cast) -> None:
    eyes.post("/accounts/logout/")

    assert kinds(cast, cast.ben) == ["viewing_begun", "viewing_ended"]
    assert eyes.get("/leads/").status_code == 302


def test_viewing_belongs_to_the_browser_in_which_it_began(eyes: Client, client_of: ClientOf, cast: Cast) -> None:
    assert "as Ben" in banner(eyes)
    assert banner(client_of(cast.ada)) == ""


# --- Who knows of it --------------------------------------------------------------------------------------


def test_the_person_reads_who_why_and_when(eyes: Client, client_of: ClientOf, cast: Cast) -> None:
    profiles = {who: Page(client_of(getattr(cast, who)).get("/profile/")).text for who in ("ben", "bea", "cleo")}

    assert "Who has viewed the portal as you Administrators of Acme can see" in profiles["ben"]
    assert f"Ada {REASON}" in profiles["ben"]
    assert REASON not in profiles["bea"] + profiles["cleo"]


@pytest.mark.parametrize("reader", ["ada", "bea"])
def test_the_persons_timeline_tells_of_it(eyes: Client, client_of: ClientOf, cast: Cast, reader: str) -> None:
    eyes.post("/viewing/end/")

    text = Page(client_of(getattr(cast, reader)).get(f"/people/{cast.ben.pk}/")).text

    assert "Ada began to view the portal as this person" in text
    assert f"Reason: {REASON}" in text
    assert "Ada stopped viewing the portal as this person" in text


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    logging.getLogger("prm.request").addHandler(handler)
    yield lines
    logging.getLogger("prm.request").removeHandler(handler)


def test_log_and_events_name_both(eyes: Client, cast: Cast, log: io.StringIO) -> None:
    eyes.get("/leads/")
    eyes.post("/viewing/end/")
    eyes.get("/leads/")

    found = [json.loads(line) for line in log.getvalue().splitlines()]
    both = [(line["member"], line.get("viewing_as")) for line in found]
    assert both == [(str(cast.ada.pk), str(cast.ben.pk)), (str(cast.ada.pk), None), (str(cast.ada.pk), None)]
    with inside(cast.acme):
        events = Event.objects.filter(kind__startswith="viewing")
        assert {(e.actor_id, e.subject_id) for e in events} == {(cast.ada.pk, cast.ben.pk)}
        assert {e.facts["viewing"] for e in events} == {str(Viewing.objects.get().pk)}

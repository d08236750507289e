"""The admin's pages: inside one portal at a time, to be looked at, and every look and change written down."""

import re
import uuid

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from deals.models import DealStage
from leads.models import Lead, LostReason
from prm.events.models import Event
from prm.events.timeline import timeline_of
from prm.operators.small_tables import SmallTableAdmin
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal, Tier
from prm.organizations.portals import suspend_portal
from prm.users.models import Membership, User
from tests.browsing import Answer, visitor
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal
from tests.operators.entering import enter, new_operator, signed_in
from tests.reading import Page

URLS = "prm.operators.urls"
TABLES = sorted(admin.site._registry, key=lambda model: model._meta.label)
SMALL = [model for model in TABLES if isinstance(admin.site._registry[model], SmallTableAdmin)]
each_table = pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", URLS, args=args)


def row_in(portal: Portal, model: type[models.Model]) -> models.Model:
    with inside(portal):
        found = model.objects.first()  # type: ignore[attr-defined]
        assert found is not None, f"{portal} has no {model._meta.label}"
        return found  # type: ignore[no-any-return]


def events(portal: Portal, kind: Event.Kind) -> list[Event]:
    with inside(portal):
        return list(Event.objects.filter(kind=kind).order_by("pk"))


@pytest.fixture
def olga(cast: Cast) -> User:
    return new_operator().user


@pytest.fixture
def at_acme(cast: Cast, olga: User) -> Client:
    """In Acme. Every table holds rows of both portals."""
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben, company="Kestrel Biotech", phone="+43 1 5555")
        new_deal(cast.ada, cast.ben)
    with inside(cast.globex):
        new_deal(cast.dan, cast.eve_globex)
    return signed_in(olga, cast.acme)


# --- The way into a portal ----------------------------------------------------------------------------------


def test_portals_are_listed_with_what_is_in_them(cast: Cast, olga: User) -> None:
    suspend_portal(cast.globex, by=None)
    rows = Page(signed_in(olga).get("/admin/portals/")).root.all("tr")[1:]

    assert "Acme http://acme.localhost:8000/ Open 4" in rows[0].text
    assert "Globex http://globex.localhost:8000/ Suspended 2" in rows[1].text


def test_portals_are_found_by_name_and_address(cast: Cast, olga: User) -> None:
    client = signed_in(olga)

    assert [row.all("th")[0].text for row in Page(client.get("/admin/portals/?q=GLO")).root.all("tr")[1:]] == [
        "Globex"
    ]
    assert "No portal is called so." in Page(client.get("/admin/portals/?q=%27nothing")).text
    assert client.get("/admin/portals/?page=99").status_code == 200


@pytest.mark.parametrize("path", ["/admin/", "/admin/leads/", "/admin/leads/lead/", "/admin/jsi18n/"])
def test_tables_ask_for_a_portal_first(cast: Cast, olga: User, path: str) -> None:
    assert signed_in(olga).get(path)["Location"] == "/admin/portals/"


def test_entering_is_written_down_there_and_nowhere_else(cast: Cast, olga: User) -> None:
    client = signed_in(olga)
    enter(client, cast.acme)

    (event,) = events(cast.acme, Event.Kind.OPERATOR_ENTERED)
    assert (event.actor, event.facts) == (None, {"by": "operator", "operator": str(olga.pk)})
    assert events(cast.globex, Event.Kind.OPERATOR_ENTERED) == []
    page = Page(client.get("/admin/"))
    assert "Acme" in page.root.all("title")[0].text
    assert "Leave Acme" in page.text


def test_a_suspended_portal_can_be_entered(cast: Cast, olga: User) -> None:
    suspend_portal(cast.acme, by=None)
    client = signed_in(olga, cast.acme)

    assert client.get(address(Tier, "changelist")).status_code == 200


def test_leaving_shuts_the_tables(cast: Cast, at_acme: Client) -> None:
    assert at_acme.post("/admin/portals/leave/")["Location"] == "/admin/portals/"
    assert at_acme.get(address(Lead, "changelist"))["Location"] == "/admin/portals/"
    assert at_acme.post("/admin/portals/leave/").status_code == 302


def test_entering_needs_a_post_and_a_portal(cast: Cast, olga: User) -> None:
    client = signed_in(olga)

    assert client.get("/admin/portals/acme/enter/").status_code == 405
    assert client.get("/admin/portals/leave/").status_code == 405
    assert client.post("/admin/portals/nobody/enter/").status_code == 404


def test_forms_of_the_last_portal_are_dead_after_entering_another(cast: Cast, olga: User) -> None:
    """Two windows: a name that was meant for Acme does not end up at Globex."""
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    client.cookies["session"] = signed_in(olga).cookies["session"].value

    def press(path: str, form: str, **fields: str) -> Answer:
        (token, *_rest) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        answer: Answer = client.post(path, {"csrfmiddlewaretoken": token, **fields})
        return answer

    portals = client.get("/admin/portals/").content.decode()
    assert press("/admin/portals/acme/enter/", portals).status_code == 302
    form = client.get(address(Tier, "add")).content.decode()
    portals = client.get("/admin/portals/").content.decode()
    assert press("/admin/portals/globex/enter/", portals).status_code == 302

    assert press(address(Tier, "add"), form, name="Platinum", rank="1").status_code == 403
    for portal in (cast.acme, cast.globex):
        with inside(portal):
            assert not Tier.objects.filter(name="Platinum").exists()


@pytest.mark.parametrize(
    "path",
    ["/admin/portals/acme/enter/", "/admin/portals/leave/", "/admin/sign-out/", "/admin/organizations/tier/add/"],
)
def test_forged_forms_are_refused(cast: Cast, olga: User, path: str) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    client.cookies["session"] = signed_in(olga, cast.acme).cookies["session"].value

    assert client.post(path, {"name": "Platinum", "rank": "1"}).status_code == 403
    assert client.get(address(Tier, "changelist")).status_code == 200


# --- The walls ----------------------------------------------------------------------------------------------


def test_lists_show_one_portal_only(cast: Cast, at_acme: Client) -> None:
    page = Page(at_acme.get(address(Organization, "changelist"))).text

    assert "North" in page
    assert "West" not in page


@each_table
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_portals_row_is_answered_like_none(
    cast: Cast, at_acme: Client, model: type[models.Model], method: str
) -> None:
    foreign = row_in(cast.globex, model)
    ask = getattr(at_acme, method)
    answers = [ask(address(model, "change", pk)) for pk in (foreign.pk, uuid.uuid4(), "nonsense")]

    expected = 404 if method == "get" or model in SMALL else 403
    assert {answer.status_code for answer in answers} == {expected}
    assert len({Page(answer).text for answer in answers}) == 1


def test_filters_find_nothing_of_another_portal(cast: Cast, at_acme: Client) -> None:
    assert at_acme.get(address(Membership, "changelist"), {"q": "dan@globex.example"}).status_code == 200
    assert "Dan" not in Page(at_acme.get(address(Membership, "changelist"), {"q": "dan@"})).text


@pytest.mark.parametrize(
    ("model", "question"),
    [
        (Membership, "user__password__startswith"),
        (Membership, "user__memberships__name"),
        (Organization, "portal__slug"),
        (Organization, "id__exact"),
        (Lead, "internal_notes__contains"),
        (Lead, "status__regex"),
        (Event, "actor__user__password__gt"),
    ],
)
def test_lists_answer_no_question_but_their_filters(
    cast: Cast, at_acme: Client, model: type[models.Model], question: str
) -> None:
    """The admin takes any column of the next table for a filter: a hash could be guessed sign by sign."""
    assert at_acme.get(address(model, "changelist"), {question: "a"}).status_code == 400


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_the_database_the_same_for_any_number_of_rows(cast: Cast, at_acme: Client, rows: int) -> None:
    with inside(cast.acme):
        for _ in range(rows - 1):
            assigned_lead(cast.ada, cast.ben)
    for model, most in ((Lead, 13), (Membership, 13), (Organization, 13), (Event, 13)):
        with CaptureQueriesContext(connection) as queries:
            assert at_acme.get(address(model, "changelist")).status_code == 200
        assert len(queries) <= most, [query["sql"][:200] for query in queries]


# --- Looking ------------------------------------------------------------------------------------------------


@each_table
def test_each_table_has_its_list(cast: Cast, at_acme: Client, model: type[models.Model]) -> None:
    page = Page(at_acme.get(address(model, "changelist")))

    assert page.root.all("main")
    assert 'style="' not in page.html


@each_table
def test_each_record_shows_what_is_in_it(cast: Cast, at_acme: Client, model: type[models.Model]) -> None:
    answer = at_acme.get(address(model, "change", row_in(cast.acme, model).pk))

    assert answer.status_code == 200
    assert 'style="' not in answer.content.decode()


@pytest.mark.parametrize("model", [m for m in TABLES if m not in SMALL], ids=lambda m: m._meta.label)
def test_what_has_verbs_is_not_changed_here(cast: Cast, at_acme: Client, model: type[models.Model]) -> None:
    assert at_acme.get(address(model, "add")).status_code == 403
    assert at_acme.post(address(model, "add"), {"name": "x"}).status_code == 403
    pk = row_in(cast.acme, model).pk
    assert at_acme.post(address(model, "change", pk), {"status": "won", "name": "x"}).status_code == 403
    at_acme.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": pk})
    for page in ("delete", "history"):
        assert at_acme.get(f"/admin/{model._meta.label_lower.replace('.', '/')}/{pk}/{page}/").status_code == 404
    with inside(cast.acme):
        assert model.objects.filter(pk=pk).exists()  # type: ignore[attr-defined]


def test_nothing_of_the_admins_own_remains(cast: Cast, at_acme: Client) -> None:
    for path in ("login/", "logout/", "password_change/", "autocomplete/", "r/1/1/", "doc/", "auth/user/"):
        assert at_acme.get(f"/admin/{path}").status_code == 404


def test_list_of_leads_names_no_prospect(cast: Cast, at_acme: Client) -> None:
    page = Page(at_acme.get(address(Lead, "changelist"))).text

    assert "L-1001" in page
    assert "Kestrel" not in page


def test_whose_record_was_looked_at_is_written_down(cast: Cast, at_acme: Client, olga: User) -> None:
    """Withholding is for partners: an operator reads a lead that nobody has opened. The vendor can tell."""
    lead = row_in(cast.acme, Lead)
    assert "Kestrel Biotech" in Page(at_acme.get(address(Lead, "change", lead.pk))).text

    (event,) = events(cast.acme, Event.Kind.OPERATOR_LOOKED)
    assert (event.subject_id, event.facts["operator"]) == (lead.pk, str(olga.pk))
    with inside(cast.acme):
        newest = timeline_of(lead, cast.ada)[0]
        assert (newest.actor, newest.text) == ("An operator", "looked at this record")
        assert [entry.text for entry in timeline_of(lead, cast.bea)] == ["assigned the lead to Ben, North"]
        assert Lead.objects.get(pk=lead.pk).opened_at is None


def test_looking_at_a_tier_is_no_event(cast: Cast, at_acme: Client) -> None:
    at_acme.get(address(Tier, "change", row_in(cast.acme, Tier).pk))

    assert events(cast.acme, Event.Kind.OPERATOR_LOOKED) == []


def test_operators_log_is_a_filter_of_the_events(cast: Cast, at_acme: Client) -> None:
    at_acme.get(address(Lead, "change", row_in(cast.acme, Lead).pk))
    page = Page(at_acme.get(address(Event, "changelist"), {"by": "operators"}))

    assert {row.all("td")[0].text for row in page.root.all("tbody")[0].all("tr")} == {
        "Operator entered the portal",
        "Operator looked at a record",
    }
    assert len(page.root.all("tbody")[0].all("tr")) == 2


# --- Small tables, row by row ---------------------------------------------------------------------------------


def test_tier_is_added_and_changed_through_its_verbs(cast: Cast, at_acme: Client, olga: User) -> None:
    added = at_acme.post(address(Tier, "add"), {"name": "Platinum", "rank": "0"})
    with inside(cast.acme):
        tier = Tier.objects.get(name="Platinum")
    changed = at_acme.post(address(Tier, "change", tier.pk), {"name": "Platinum Plus", "rank": "0"})

    assert added["Location"] == changed["Location"] == address(Tier, "changelist")
    first, second = events(cast.acme, Event.Kind.SETTINGS_CHANGED)
    assert (first.subject_id, first.changed_fields) == (tier.pk, ["name"])
    assert second.facts == {"by": "operator", "operator": str(olga.pk)}
    with inside(cast.globex):
        assert not Tier.objects.filter(name__startswith="Platinum").exists()


def test_name_that_is_taken_stays_in_the_form(cast: Cast, at_acme: Client) -> None:
    answer = at_acme.post(address(Tier, "add"), {"name": "Gold", "rank": "9"})

    assert answer.status_code == 200
    assert "already exists" in Page(answer).text
    assert 'value="9"' in answer.content.decode()


def test_name_of_another_portal_is_free(cast: Cast, at_acme: Client) -> None:
    with inside(cast.globex):
        Tier.objects.create(name="Platinum", rank=9)

    assert at_acme.post(address(Tier, "add"), {"name": "Platinum", "rank": "9"}).status_code == 302


def test_what_the_verb_refuses_is_said_and_undone(cast: Cast, at_acme: Client) -> None:
    with inside(cast.acme):
        won = DealStage.objects.get(outcome="won")
    form = {"name": "Sold", "position": "5", "probability": "100", "outcome": "won"}  # not in use any more
    answer = at_acme.post(address(DealStage, "change", won.pk), form, follow=True)

    assert "One stage for won deals has to stay in use." in Page(answer).text
    with inside(cast.acme):
        assert DealStage.objects.get(pk=won.pk).name == "Won"


def test_reason_is_taken_out_of_use(cast: Cast, at_acme: Client) -> None:
    reason = row_in(cast.acme, LostReason)
    at_acme.post(address(LostReason, "change", reason.pk), {"name": str(reason), "position": "1"})

    with inside(cast.acme):
        assert not LostReason.objects.get(pk=reason.pk).is_active


def test_small_tables_lose_no_row(cast: Cast, at_acme: Client) -> None:
    for model in SMALL:
        row = row_in(cast.acme, model)
        path = f"/admin/{model._meta.label_lower.replace('.', '/')}/{row.pk}/delete/"
        assert at_acme.post(path, {"post": "yes"}).status_code == 404
    assert len(SMALL) == 4


def test_two_who_add_the_same_at_once_both_have_an_answer(cast: Cast, olga: User) -> None:
    """The second press of a double click finds the first one's row."""
    one, two = signed_in(olga, cast.acme), signed_in(olga, cast.acme)
    answers = [client.post(address(Tier, "add"), {"name": "Platinum", "rank": "9"}) for client in (one, two)]

    assert [answer.status_code for answer in answers] == [302, 200]
    with inside(cast.acme):
        assert Tier.objects.filter(name="Platinum").count() == 1


def test_strangers_are_sent_to_the_sign_in(cast: Cast) -> None:
    for model in TABLES:
        for page in ("changelist", "add"):
            assert visitor(None).get(address(model, page))["Location"].startswith("/admin/sign-in/?next=")

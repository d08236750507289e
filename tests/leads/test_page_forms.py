"""The forms about a lead: what they do, where they lead, and that nothing typed is lost."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from leads import actions
from leads.models import Lead
from leads.settings import change_distribution
from leads.states import Status
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.actions import change_member, disable_member
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import BARE, assigned_lead, new_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


def again(lead: Lead) -> Lead:
    """The lead as the database has it."""
    with inside(lead.portal):
        found: Lead = Lead.objects.select_related("organization", "assignee").get(pk=lead.pk)
        return found


def typed(lead: Lead, **values: Any) -> dict[str, Any]:
    """An edit form as a browser sends it."""
    return {"company": lead.company, "last_name": lead.last_name, "version": lead.version, **values}


# --- Enter and edit --------------------------------------------------------------------------------


def test_lead_new_enters_the_lead(client_of: ClientOf, cast: Cast) -> None:
    values = {
        "company": 'Käse & "Söhne"',
        "website": "kaese.example",
        "employees": "12",
        "budget": "1500.50",
        "budget_currency": "EUR",
        "country": "DE",
        "internal_notes": "From the fair",
    }

    answer = client_of(cast.ada).post("/leads/new/", values, follow=True)

    with inside(cast.acme):
        lead = Lead.objects.get(company='Käse & "Söhne"')
    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert (lead.website, lead.employees, str(lead.budget)) == ("https://kaese.example", 12, "1500.50")
    assert (lead.status, lead.created_by_id) == (Status.UNASSIGNED, cast.ada.pk)
    page = Page(answer)
    assert page.heading == 'Käse & "Söhne"'
    assert page.toasts == [f"Lead {lead.code} is in. Who should have it?"]


def test_lead_edit_takes_and_shows_amounts_as_its_reader_writes_them(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada, company="Käse", budget=Decimal("84000.50"), budget_currency="EUR")
        change_member(cast.ada, values={"language": "de"}, by=cast.ada)
    client, path = client_of(cast.ada), f"/leads/{lead.code}/edit/"

    page = Page(client.get(path))
    answer = client.post(path, typed(lead, budget="1.234,50", budget_currency="EUR"))

    assert page.value("budget") == "84000,50"
    assert (answer.status_code, again(lead).budget) == (302, Decimal("1234.50"))
    answer = client.post(path, typed(again(lead), budget="1.234,567", budget_currency="EUR"))
    page = Page(answer)
    assert (answer.status_code, page.value("budget")) == (422, "1.234,567")
    assert page.error("budget") == "Bitte sicherstellen, dass der Wert höchstens 2 Dezimalstellen enthält."


def test_lead_new_keeps_what_was_typed(client_of: ClientOf, cast: Cast) -> None:
    values = {
        "first_name": "Jörg <i>",
        "email": "no address",
        "employees": "many",
        "budget": "12",
        "country": "DE",
        "description": "\nFirst line\n\nlast line",
        "timeframe": "x" * 81,
        "internal_notes": "kept too",
    }

    answer = client_of(cast.ada).post("/leads/new/", values)

    page = Page(answer)
    assert answer.status_code == 422
    assert {name: page.value(name).replace("\r\n", "\n") for name in values} == values
    assert {name: page.error(name) for name in values if page.error(name)} == {
        "email": "Enter a valid email address.",
        "employees": "Enter a whole number.",
        "timeframe": "Ensure this value has at most 80 characters (it has 81).",
    }
    assert page.error("company") == "Give a company or a last name."
    assert page.error("budget_currency") == "Say in which currency the budget is."
    assert "Company: Give a company or a last name." in page.root.all(role="alert")[0].text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company", "NUL \x00 in it"),
        ("company", "x" * 10_000),
        ("employees", "99999999999999999999"),
        ("employees", "-1"),
        ("budget", "1e500"),
        ("budget", "NaN"),
        ("budget", "-5"),
        ("country", "ZZ"),
        ("budget_currency", "XXX"),
        ("website", "javascript:alert(1)"),
        ("description", "x" * 10_001),
    ],
)
def test_lead_new_names_the_field_of_a_bad_value(
    client_of: ClientOf, ada: Membership, field: str, value: str
) -> None:
    answer = client_of(ada).post("/leads/new/", {"last_name": "Novák", field: value})

    assert answer.status_code == 422
    assert Page(answer).error(field) != ""


@pytest.mark.parametrize("name", ["vic", "bea", "ben", "dora"])
def test_lead_new_is_for_those_who_may_enter(client_of: ClientOf, cast: Cast, name: str) -> None:
    answer = client_of(getattr(cast, name)).get("/leads/new/")

    assert answer.status_code == 403
    assert Page(answer).heading == "Your groups do not allow this"


def test_lead_edit_saves(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben, city="Graz")

    answer = client_of(cast.ben).post(f"/leads/{lead.code}/edit/", typed(lead, city="Linz"), follow=True)

    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert Page(answer).toasts == ["Saved."]
    assert (again(lead).city, again(lead).status) == ("Linz", Status.WORKING)


def test_lead_edit_of_a_partner_holds_no_vendor_field(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben, internal_notes="Pays late", source="Fair")
    client = client_of(cast.ben)

    form = Page(client.get(f"/leads/{lead.code}/edit/"))
    client.post(f"/leads/{lead.code}/edit/", typed(lead, internal_notes="Pays well", source="Mine", city="Linz"))

    assert [e for name in ("internal_notes", "source", "campaign") for e in form.root.all(name=name)] == []
    assert "Pays late" not in form.html
    assert (again(lead).internal_notes, again(lead).source, again(lead).city) == ("Pays late", "Fair", "Linz")


def test_lead_edit_shows_both_versions_in_a_conflict(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben, **{**BARE, "city": "Graz", "phone": "1"})
        actions.update_lead(lead, values={"city": "Theirs", "phone": "2"}, by=cast.ada)
    client = client_of(cast.ben)

    answer = client.post(f"/leads/{lead.code}/edit/", typed(lead, city="Yours", phone="2"))

    page = Page(answer)
    assert answer.status_code == 409
    lines = [choice.text for choice in page.root.all("fieldset", css="versions")]
    assert [re.sub(r"\d+ seconds? ago", "just now", line) for line in lines] == [
        "City Yours Yours Now there, by Ada just now Theirs"
    ]
    assert page.value("city") == "Yours"
    assert again(lead).city == "Theirs"

    answer = client.post(f"/leads/{lead.code}/edit/", typed(lead, city="Yours", version=page.value("version")))

    assert answer.status_code == 302
    assert again(lead).city == "Yours"


def test_lead_edit_tells_a_partner_nothing_of_the_vendors_in_a_conflict(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        actions.update_lead(lead, values={"internal_notes": "Pays late", "city": "Graz"}, by=cast.ada)

    answer = client_of(cast.ben).post(f"/leads/{lead.code}/edit/", typed(lead, city="Linz"))

    assert answer.status_code == 409
    assert "Graz" in answer.content.decode()
    assert "Pays late" not in answer.content.decode()


def test_lead_edit_after_a_recall_is_not_found(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        actions.recall_lead(lead, by=cast.ada)

    answer = client_of(cast.ben).post(f"/leads/{lead.code}/edit/", typed(lead, city="Linz"))

    assert answer.status_code == 404
    assert again(lead).city == ""


@pytest.mark.parametrize("path", ["edit/", "close/", "convert/", "hand-over/"])
def test_lead_verbs_before_opening_are_refused_on_the_withheld_page(
    client_of: ClientOf, cast: Cast, path: str
) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben, company="Secret Inc")

    answer = client_of(cast.ben).get(f"/leads/{lead.code}/{path}", follow=True)

    page = Page(answer)
    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert len(page.toasts) == 1
    assert page.toasts[0].startswith(f"Lead {lead.code} has to be opened before it can be ")
    assert "Secret Inc" not in page.html


# --- Assign, recall, hand over ---------------------------------------------------------------------


def test_lead_assign_offers_people_or_says_why_not(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)
        Organization.objects.create(name="Quiet", status="inactive")

    page = Page(client_of(cast.ada).get(f"/leads/{lead.code}/assign/"))

    shown = {group.all("div")[1].all("div")[0].text: group for group in page.root.all(css="picker-group")}
    lines = {name: [row.text for row in group.all(css="picker-row")] for name, group in shown.items()}
    assert list(lines.values()) == [
        ["EA East Distributor Assign to organization", "DO Dora dora@east.example Assign"],
        [
            "NO North Partner Assign to organization",
            "BE Bea bea@north.example Assign",
            "BE Ben ben@north.example Assign",
            "EV Eve eve@north.example Assign",
            "DI Dis Is disabled.",
            "IV Ivan Has not accepted the invitation yet.",
        ],
        ["QU Quiet Partner Is inactive, not active.", "Nobody has an account there yet."],
        [
            "SO South Partner Nobody active there is in the group View All Leads.",
            "CL Cleo cleo@south.example Assign",
        ],
    ]


def test_lead_assign_offers_people_only_where_the_portal_says_so(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)
        change_distribution(values={"allow_organization_assignment": False}, by=cast.ada)
    client = client_of(cast.ada)

    page = Page(client.get(f"/leads/{lead.code}/assign/"))
    answer = client.post(f"/leads/{lead.code}/assign/", {"organization": str(cast.north.pk)})

    assert page.root.all("button", name="organization") == []
    assert len(page.root.all("button", name="user")) == 5
    assert answer.status_code == 422
    assert "This portal assigns leads to people only" in Page(answer).root.all(role="alert")[0].text
    assert again(lead).status == Status.UNASSIGNED


def test_lead_assign_finds_by_person_and_organization(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)
    client = client_of(cast.ada)

    pages = [Page(client.get(f"/leads/{lead.code}/assign/", {"search": s})) for s in ("NORTH", "cleo@", "nobody")]

    names = [[b.text for row in page.root.all(css="person") for b in row.all("b")] for page in pages]
    assert names == [["Bea", "Ben", "Eve", "Dis", "Ivan"], ["Cleo"], []]


@pytest.mark.parametrize("to", ["ben", "north"])
def test_lead_assign_gives_the_lead(client_of: ClientOf, cast: Cast, to: str) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)
    receiver = getattr(cast, to)
    field = "user" if to == "ben" else "organization"

    answer = client_of(cast.ada).post(f"/leads/{lead.code}/assign/", {field: str(receiver.pk)}, follow=True)

    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert Page(answer).toasts == [f"{receiver} has lead {lead.code} now and hears of it."]
    assert again(lead).organization == cast.north
    assert again(lead).assignee == (cast.ben if to == "ben" else None)


def test_lead_assign_refuses_who_went_meanwhile(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)
        disable_member(cast.ben, by=cast.ada)

    answer = client_of(cast.ada).post(f"/leads/{lead.code}/assign/", {"user": str(cast.ben.pk)})

    assert answer.status_code == 422
    assert "Ben: Is disabled." in Page(answer).root.all(role="alert")[0].text
    assert again(lead).status == Status.UNASSIGNED


@pytest.mark.parametrize("value", ["", "nonsense", "01890000-0000-7000-8000-000000000000"])
def test_lead_assign_refuses_nobody(client_of: ClientOf, cast: Cast, value: str) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)

    answer = client_of(cast.ada).post(f"/leads/{lead.code}/assign/", {"user": value})

    assert answer.status_code == 422
    assert again(lead).status == Status.UNASSIGNED


def test_lead_assign_takes_nobody_of_another_portal(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = new_lead(cast.ada)

    answer = client_of(cast.ada).post(f"/leads/{lead.code}/assign/", {"user": str(cast.eve_globex.pk)})

    assert answer.status_code == 422
    assert again(lead).status == Status.UNASSIGNED


def test_lead_recall_takes_it_back(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)

    answer = client_of(cast.ada).post(f"/leads/{lead.code}/recall/", follow=True)

    assert answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert Page(answer).toasts == [f"Lead {lead.code} is back. Its details are withheld again."]
    assert client_of(cast.ben).get(f"/leads/{lead.code}/").status_code == 404


def test_lead_recall_by_a_partner_manager_leads_to_the_list(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)

    answer = client_of(cast.vic).post(f"/leads/{lead.code}/recall/", follow=True)

    assert answer.redirect_chain == [("/leads/", 302)]
    assert again(lead).status == Status.UNASSIGNED


def test_lead_hand_over_passes_it_on(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
    client = client_of(cast.ben)

    page = Page(client.get(f"/leads/{lead.code}/hand-over/"))
    answer = client.post(f"/leads/{lead.code}/hand-over/", {"user": str(cast.bea.pk)}, follow=True)

    assert [row.text for row in page.root.all(css="picker-row")] == [
        "BE Bea bea@north.example Hand over",
        "EV Eve eve@north.example Hand over",
        "DI Dis Is disabled.",
        "IV Ivan Has not accepted the invitation yet.",
    ]
    assert answer.redirect_chain == [("/leads/", 302)]  # Receive Leads: no longer Ben's to see
    assert Page(answer).toasts == [f"Bea has lead {lead.code} now."]
    assert (again(lead).assignee, again(lead).status) == (cast.bea, Status.OPENED)


@pytest.mark.parametrize("name", ["cleo", "ivan", "eve_globex"])
def test_lead_hand_over_refuses_others(client_of: ClientOf, cast: Cast, name: str) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)

    answer = client_of(cast.ben).post(f"/leads/{lead.code}/hand-over/", {"user": str(getattr(cast, name).pk)})

    assert answer.status_code == 422
    assert again(lead).assignee == cast.ben

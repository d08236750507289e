"""`leads/{id}/convert/`: a lead becomes one deal, prefilled from the lead."""

import uuid
from typing import Any

import pytest

from deals.models import Account, Contact, Deal, DealStage
from deals.settings import change_stage
from leads import actions
from leads.models import Lead
from leads.settings import change_distribution
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.api.asking import Caller, code_of, faults, made
from tests.cast import Cast
from tests.factories import assigned_lead, opened_lead

PROSPECT: dict[str, Any] = {
    "company": "Kestrel Biotech",
    "first_name": "Zuzana",
    "last_name": "Nováková",
    "title": "Head of Automation",
    "email": "zuzana@kestrel.example",
    "phone": "+420 2 1",
    "mobile": "+420 7 1",
    "website": "https://kestrel.example",
    "street": "Na Příkopě 1",
    "city": "Praha",
    "state": "Praha",
    "postal_code": "110 00",
    "country": "CZ",
    "industry": "Biotech",
    "employees": 180,
    "product_interest": "Picking cell",
    "budget": 84000,
    "budget_currency": "EUR",
    "description": "Two shifts.",
}
ACCOUNT = ["website", "street", "city", "state", "postal_code", "country", "industry", "employees"]
CONTACT = ["first_name", "last_name", "title", "email", "phone", "mobile"]
CLOSE = {"close_date": "2027-03-31"}


def stage_of(member: Membership, name: str) -> DealStage:
    with inside(member.portal):
        found: DealStage = DealStage.objects.get(name=name)
        return found


def test_convert_comes_prefilled_from_the_lead(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/convert/", CLOSE)

    assert answer.status_code == 201
    deal = answer.json()
    assert (deal["number"], deal["status"], deal["stage_name"]) == ("D-1001", "open", "Qualified")
    assert (deal["name"], deal["amount"], deal["currency"]) == ("Kestrel Biotech: Picking cell", "84000.00", "EUR")
    assert (deal["description"], deal["close_date"]) == ("Two shifts.", "2027-03-31")
    assert (deal["lead"], deal["user_name"], deal["organization_name"]) == (str(lead.pk), "Ben", "North")
    assert deal["account"] == {"name": "Kestrel Biotech", **{name: PROSPECT[name] for name in ACCOUNT}}
    assert deal["contact"] == {name: PROSPECT[name] for name in CONTACT}


def test_convert_closes_the_lead_for_good(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)
    api = Caller(cast.ben)

    api.post(f"leads/{lead.pk}/convert/", CLOSE)

    body = api.get(f"leads/{lead.pk}/").json()
    assert (body["status"], body["closed_at"] is None) == ("converted", False)
    assert code_of(api.patch(f"leads/{lead.pk}/", {"city": "x"}), 409) == "refused"


def test_convert_takes_what_is_said_better(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)
    said = {
        "name": "Line 3",
        "amount": "1.5",
        "currency": "usd",
        "description": "",
        "account": {"name": "Kestrel AG", "country": "ch"},
        "contact": {"last_name": "Novák"},
    }

    deal = Caller(cast.ben).post(f"leads/{lead.pk}/convert/", {**said, **CLOSE}).json()

    assert (deal["name"], deal["amount"], deal["currency"], deal["description"]) == ("Line 3", "1.50", "USD", "")
    assert (deal["account"]["name"], deal["account"]["country"], deal["account"]["city"]) == (
        "Kestrel AG",
        "CH",
        "Praha",
    )
    assert (deal["contact"]["last_name"], deal["contact"]["first_name"]) == ("Novák", "Zuzana")


def test_convert_of_a_lead_without_a_budget_asks_for_one(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/convert/", {})

    assert faults(answer) == {"/amount": "required", "/currency": "required", "/close_date": "required"}


def test_convert_of_a_lead_with_the_longest_names(cast: Cast) -> None:
    names = {"company": "", "first_name": "f" * 100, "last_name": "l" * 100, "product_interest": "p" * 200}
    lead = made(opened_lead, cast.ada, cast.ben, **{**PROSPECT, **names})

    deal = Caller(cast.ben).post(f"leads/{lead.pk}/convert/", CLOSE).json()

    assert deal["name"] == deal["account"]["name"] == f"{'f' * 100} {'l' * 99}"
    assert deal["contact"]["last_name"] == "l" * 100


def test_convert_twice_is_refused_and_makes_one_deal(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)
    api = Caller(cast.ben)

    assert api.post(f"leads/{lead.pk}/convert/", CLOSE).status_code == 201
    assert code_of(api.post(f"leads/{lead.pk}/convert/", CLOSE), 409) == "refused"
    with inside(cast.acme):
        assert (Deal.objects.count(), Account.objects.count(), Contact.objects.count()) == (1, 1, 1)


def test_convert_anew_after_the_vendor_reopened(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)
    partner, vendor = Caller(cast.ben), Caller(cast.ada)
    first = partner.post(f"leads/{lead.pk}/convert/", CLOSE).json()

    assert vendor.post(f"leads/{lead.pk}/reopen/").json()["status"] == "working"
    assert partner.get(f"deals/{first['id']}/").json()["status"] == "withdrawn"
    second = partner.post(f"leads/{lead.pk}/convert/", CLOSE).json()

    assert (first["number"], second["number"]) == ("D-1001", "D-1002")
    assert partner.get(f"leads/{lead.pk}/").json()["status"] == "converted"


@pytest.mark.parametrize("how", ["id", "name"])
def test_convert_into_a_stage(cast: Cast, how: str) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)
    stage = stage_of(cast.ada, "Won")

    body = {**CLOSE, "stage": str(stage.pk) if how == "id" else "Won"}
    deal = Caller(cast.ben).post(f"leads/{lead.pk}/convert/", body).json()

    assert (deal["stage"], deal["stage_name"], deal["status"]) == (str(stage.pk), "Won", "won")


def test_convert_into_a_stage_of_nobody_of_another_portal_or_out_of_use(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)
    with inside(cast.acme):
        change_stage(DealStage.objects.get(name="Proposal"), values={"is_active": False}, by=cast.ada)
    api = Caller(cast.ben)

    for stage in (str(uuid.uuid4()), str(stage_of(cast.dan, "Won").pk), "Proposal", "won", None, 5, "\ud800"):
        answer = api.post(f"leads/{lead.pk}/convert/", {**CLOSE, "stage": stage})
        assert faults(answer) == {"/stage": "null" if stage is None else "invalid_reference"}, stage
    with inside(cast.acme):
        assert Deal.objects.count() == 0
        assert Lead.objects.get(pk=lead.pk).status == "opened"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": ""}, {"/name": "blank"}),
        ({"name": "x" * 201}, {"/name": "max_length"}),
        ({"amount": "-1"}, {"/amount": "min_value"}),
        ({"amount": None}, {"/amount": "null"}),
        ({"currency": "XXX"}, {"/currency": "invalid"}),
        ({"close_date": "9999-99-99"}, {"/close_date": "invalid"}),
        ({"close_date": ""}, {"/close_date": "invalid"}),
        ({"close_date": None}, {"/close_date": "null"}),
        ({"account": {"country": "XX"}}, {"/account/name": "required", "/account/country": "invalid"}),
        ({"account": {"name": "x", "portal": "y"}}, {"/account/portal": "unknown_field"}),
        ({"account": []}, {"/account": "invalid"}),
        ({"account": None}, {"/account": "null"}),
        ({"contact": {"email": "none", "id": 5}}, {"/contact/id": "unknown_field"}),
        ({"contact": {"email": "none"}}, {"/contact/email": "invalid"}),
        ({"lead": str(uuid.uuid4()), "number": "D-1"}, {"/lead": "unknown_field", "/number": "unknown_field"}),
        ({"status": "won", "version": 1}, {"/status": "unknown_field", "/version": "unknown_field"}),
        ({"message": 1, "code": 2}, {"/message": "unknown_field", "/code": "unknown_field"}),
    ],
)
def test_convert_with_what_cannot_be_names_the_field(
    cast: Cast, body: dict[str, Any], expected: dict[str, str]
) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/convert/", {**CLOSE, **body})

    assert faults(answer) == expected
    with inside(cast.acme):
        assert (Lead.objects.get(pk=lead.pk).status, Deal.objects.count(), Account.objects.count()) == (
            "opened",
            0,
            0,
        )


@pytest.mark.parametrize(("mode", "status"), [("won", 409), ("conversion", 201), ("both", 201)])
def test_convert_where_the_portal_allows(cast: Cast, mode: str, status: int) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)
    with inside(cast.acme):
        change_distribution(values={"closing_mode": mode}, by=cast.ada)

    assert Caller(cast.ben).post(f"leads/{lead.pk}/convert/", CLOSE).status_code == status


def test_convert_before_opening_is_refused_alike_whatever_it_holds(cast: Cast) -> None:
    """Else what is missing in the body would tell whether the lead names a budget."""
    api = Caller(cast.ben)
    details = []
    for values in (PROSPECT, {}):
        lead = made(assigned_lead, cast.ada, cast.ben, **values)
        answer = api.post(f"leads/{lead.pk}/convert/", {})
        assert code_of(answer, 409) == "refused"
        details.append(answer.json()["detail"].replace(lead.code, ""))

    assert details[0] == details[1]


def test_convert_by_the_vendor_gives_the_deal_to_the_partner(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)

    deal = Caller(cast.ada).post(f"leads/{lead.pk}/convert/", CLOSE).json()

    assert (deal["user_name"], deal["organization_name"]) == ("Ben", "North")


def test_convert_of_an_unassigned_or_recalled_lead_is_refused(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **PROSPECT)
    with inside(cast.acme):
        actions.recall_lead(lead, by=cast.ada)

    assert code_of(Caller(cast.ada).post(f"leads/{lead.pk}/convert/", CLOSE), 409) == "refused"
    assert Caller(cast.ben).post(f"leads/{lead.pk}/convert/", CLOSE).status_code == 404

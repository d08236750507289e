"""`leads/`: entering, reading and editing leads, by the names of the fields."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from deals.actions import convert_lead
from deals.api import ConvertibleLeadSerializer, ConvertibleLeadViewSet
from leads import actions
from leads.models import DETAIL_FIELDS, Lead, LostReason
from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.api.asking import Caller, code_of, faults, made, without_id
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead, registration

EVERY_DETAIL: dict[str, Any] = {
    "company": "Kestrel Biotech GmbH",
    "first_name": "Zuzana",
    "last_name": "Nováková",
    "title": "Head of Automation",
    "email": "zuzana@kestrel.example",
    "phone": "+420 2 1234 5678",
    "mobile": "+420 777 123 456",
    "website": "https://kestrel.example/lab",
    "street": "Na Příkopě 1",
    "city": "Praha",
    "state": "Hlavní město Praha",
    "postal_code": "110 00",
    "country": "CZ",
    "industry": "Biotechnology",
    "employees": 180,
    "product_interest": "Picking cell",
    "budget": "84000.50",
    "budget_currency": "EUR",
    "timeframe": "within 3 months",
    "description": "Wants to pick vials.\nTwo shifts.",
    "source": "Fair",
    "source_detail": "Automatica, hall B4",
    "campaign": "Spring 2026",
    "language": "cs",
    "internal_notes": "Knows our competitor well.",
}
FRAME = {
    *("id", "number", "status", "is_withheld", "organization", "organization_name", "user", "user_name"),
    *("assigned_at", "opened_at", "opened_by", "closed_at", "lost_reason", "created_at", "updated_at", "version"),
    "deal",
}
"""What a lead's answer holds beside its details."""
WITHHELD = FRAME - {"updated_at", "version"}
"""All that it holds while it is withheld: not even whether the vendor has edited it."""


def test_create_lead_takes_every_field_by_its_name(ada: Membership) -> None:
    assert set(EVERY_DETAIL) == set(DETAIL_FIELDS)

    answer = Caller(ada).post("leads/", EVERY_DETAIL)

    assert answer.status_code == 201
    body = answer.json()
    assert {name: body[name] for name in EVERY_DETAIL} == EVERY_DETAIL
    assert body.keys() == FRAME | set(DETAIL_FIELDS)
    assert (body["number"], body["status"], body["version"]) == ("L-1001", "unassigned", 1)
    assert answer["ETag"] == '"1"'


def test_create_lead_counts_on(ada: Membership) -> None:
    api = Caller(ada)

    numbers = [api.post("leads/", {"company": "Kestrel"}).json()["number"] for _ in range(3)]

    assert numbers == ["L-1001", "L-1002", "L-1003"]


@pytest.mark.parametrize("name", ["company", "last_name"])
def test_create_lead_needs_no_more_than_one_name(ada: Membership, name: str) -> None:
    answer = Caller(ada).post("leads/", {name: "Kestrel"})

    assert (answer.status_code, answer.json()[name]) == (201, "Kestrel")


@pytest.mark.parametrize("body", [{}, {"first_name": "Only"}, {"company": "", "last_name": ""}, {"company": "  "}])
def test_create_lead_without_company_and_last_name_names_company(ada: Membership, body: dict[str, str]) -> None:
    answer = Caller(ada).post("leads/", body)

    assert faults(answer) == {"/company": "invalid"}
    with inside(ada.portal):
        assert Lead.objects.count() == 0


@pytest.mark.parametrize("name", ["bea", "ben", "dora", "vic"])
def test_create_lead_by_who_may_not_is_forbidden(cast: Cast, name: str) -> None:
    answer = Caller(getattr(cast, name)).post("leads/", {"company": "Kestrel"})

    assert code_of(answer, 403) == "permission_denied"
    with inside(cast.acme):
        assert Lead.objects.count() == 0


def test_create_lead_reads_country_currency_and_website_generously(ada: Membership) -> None:
    body = {"company": "Kestrel", "country": "de", "budget_currency": "eur", "website": "kestrel.example"}

    lead = Caller(ada).post("leads/", body).json()

    assert (lead["country"], lead["budget_currency"]) == ("DE", "EUR")
    assert lead["website"] == "https://kestrel.example"


def test_retrieve_lead_says_who_has_it(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    body = Caller(cast.ada).get(f"leads/{lead.pk}/").json()

    assert (body["organization"], body["organization_name"]) == (str(cast.north.pk), "North")
    assert (body["user"], body["user_name"], body["opened_by"]) == (str(cast.ben.pk), "Ben", str(cast.ben.pk))
    assert body["opened_at"] >= body["assigned_at"] >= body["created_at"]


@pytest.mark.parametrize("name", ["ben", "bea"])
def test_retrieve_lead_before_opening_holds_no_detail(cast: Cast, name: str) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben, **EVERY_DETAIL)
    api = Caller(getattr(cast, name))

    one, (listed,) = api.get(f"leads/{lead.pk}/"), api.get("leads/").json()["results"]

    assert one.json() == listed
    assert listed.keys() == WITHHELD
    assert "ETag" not in one
    assert (listed["status"], listed["is_withheld"], listed["opened_at"]) == ("assigned", True, None)
    for value in ("Kestrel", "Nov", "84000", "Automatica", "CZ"):
        assert value not in one.content.decode("unicode_escape")


def test_retrieve_lead_after_opening_holds_all_but_the_vendors_notes(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, **EVERY_DETAIL)

    body = Caller(cast.ben).get(f"leads/{lead.pk}/").json()

    shown = set(DETAIL_FIELDS) - {"internal_notes"}
    assert body.keys() == FRAME | shown
    assert {name: body[name] for name in shown} == {name: EVERY_DETAIL[name] for name in shown}


def test_retrieve_lead_of_a_partner_managed_by_somebody_else_is_not_found(cast: Cast) -> None:
    mine, other = made(assigned_lead, cast.ada, cast.ben), made(assigned_lead, cast.ada, cast.cleo)
    api = Caller(cast.vic)

    assert api.get(f"leads/{mine.pk}/").status_code == 200
    assert api.get(f"leads/{other.pk}/").status_code == 404


def test_update_lead_changes_what_it_names_and_nothing_else(ada: Membership) -> None:
    lead = made(new_lead, ada, **EVERY_DETAIL)

    answer = Caller(ada).patch(f"leads/{lead.pk}/", {"city": "Brno", "budget": None})

    body = answer.json()
    assert {name: body[name] for name in EVERY_DETAIL} == {**EVERY_DETAIL, "city": "Brno", "budget": None}
    assert (body["version"], answer["ETag"]) == (2, '"2"')
    with inside(ada.portal):
        event = Event.objects.get(kind=Event.Kind.LEAD_CHANGED)
        assert (event.changed_fields, event.actor_id) == (["budget", "city"], ada.pk)
        assert event.request_id == answer["X-Request-ID"]


def test_update_lead_to_no_name_at_all_names_company(ada: Membership) -> None:
    lead = made(new_lead, ada, company="Kestrel", last_name="")

    assert faults(Caller(ada).patch(f"leads/{lead.pk}/", {"company": ""})) == {"/company": "invalid"}


def test_update_lead_by_the_partner_begins_the_work(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    body = Caller(cast.ben).patch(f"leads/{lead.pk}/", {"phone": "1"}).json()

    assert (body["status"], body["phone"]) == ("working", "1")


@pytest.mark.parametrize("body", [{"city": "x"}, {"company": ""}, {"company": "", "last_name": ""}])
def test_update_lead_before_opening_is_refused_alike_whatever_it_holds(cast: Cast, body: dict[str, str]) -> None:
    """Else a partner could feel for what is in the lead by what is wrong with an edit."""
    api = Caller(cast.ben)
    answers = []
    for name in ({"company": "", "last_name": "Novák"}, {"company": "Kestrel", "last_name": ""}):
        lead = made(assigned_lead, cast.ada, cast.ben, **name)
        problem = without_id(api.patch(f"leads/{lead.pk}/", body))
        answers.append({part: str(text).replace(lead.code, "L-x") for part, text in problem.items()})

    assert answers[0] == answers[1]
    assert answers[0]["status"] == "409"


@pytest.mark.parametrize("name", ["internal_notes", "source", "source_detail", "campaign"])
def test_update_lead_by_the_partner_may_not_write_the_vendors_fields(cast: Cast, name: str) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    answer = Caller(cast.ben).patch(f"leads/{lead.pk}/", {name: "theirs", "city": "Ghent"})

    assert faults(answer) == {f"/{name}": "unknown_field"}
    with inside(cast.acme):
        now = Lead.objects.get(pk=lead.pk)
        assert (getattr(now, name), now.city, now.version) == ("", "", lead.version)


@pytest.mark.parametrize("how", ["body", "header", "weak header"])
def test_update_lead_with_an_old_version_is_stale_and_changes_nothing(ada: Membership, how: str) -> None:
    lead = made(new_lead, ada, city="Ghent")
    api = Caller(ada)
    assert api.patch(f"leads/{lead.pk}/", {"city": "Brno", "version": 1}).status_code == 200

    if how == "body":
        answer = api.patch(f"leads/{lead.pk}/", {"city": "Linz", "version": 1})
    else:
        tag = '"1"' if how == "header" else 'W/"1"'
        answer = api.send("patch", f"leads/{lead.pk}/", {"city": "Linz"}, **{"If-Match": tag})

    assert code_of(answer, 409) == "stale_version"
    now = api.get(f"leads/{lead.pk}/")
    assert (now.json()["city"], now["ETag"]) == ("Brno", '"2"')


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*", ""])
def test_update_lead_with_the_version_that_was_read_is_saved(ada: Membership, tag: str) -> None:
    lead = made(new_lead, ada)

    answer = Caller(ada).send("patch", f"leads/{lead.pk}/", {"city": "Linz"}, **{"If-Match": tag})

    assert (answer.status_code, answer["ETag"]) == (200, '"2"')


@pytest.mark.parametrize("tag", ["garbage", '"1", "2"', "-1", "9" * 400, "١"])
def test_update_lead_with_an_unreadable_version_names_the_header(ada: Membership, tag: str) -> None:
    lead = made(new_lead, ada)

    answer = Caller(ada).send("patch", f"leads/{lead.pk}/", {"city": "Linz"}, **{"If-Match": tag})

    assert faults(answer) == {"If-Match": "invalid"}


@pytest.mark.parametrize("name", ["ada", "ben"])
def test_what_is_written_out_is_what_the_fields_would_say(cast: Cast, name: str) -> None:
    """The serializer says by hand what its fields promise: to the character, for each state of a lead."""
    member = getattr(cast, name)
    with inside(cast.acme), timezone.override("Asia/Kolkata"):
        lost = opened_lead(cast.ada, cast.ben, **EVERY_DETAIL)
        actions.lose_lead(lost, reason=LostReason.objects.all()[0], by=cast.ben)
        won = opened_lead(cast.ada, cast.ben, last_name="Only")
        actions.win_lead(won, by=cast.ben)
        convert_lead(opened_lead(cast.ada, cast.ben, **EVERY_DETAIL), registration=registration(), by=cast.ben)
        view = ConvertibleLeadViewSet()
        view.request = SimpleNamespace(_request=SimpleNamespace(membership=member))  # type: ignore[assignment]
        serializer = ConvertibleLeadSerializer(context={"member": member})
        leads = list(view.rows())

        said = [serializer.to_representation(lead) for lead in leads]

        assert len(said) == 3
        assert said == [{**serializer.spelled_out(lead), "version": lead.version_for(member)} for lead in leads]

"""What an address may ask of a list: the contract that exports and verbs for many rows rely on."""

from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict

from leads import actions
from leads.lists import LEADS
from leads.models import Lead
from prm.actions import Gone
from prm.lists.listing import listing
from prm.lists.models import ListChoice
from prm.serving.paging import InvalidParameter
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead

pytestmark = pytest.mark.usefixtures("in_acme")


def names(member: Membership, query: str) -> list[str]:
    """What the member reads of each row, in the list's order."""
    rows = LEADS.rows(member, QueryDict(query))
    return [LEADS.shown(lead, member).label or lead.code for lead in rows]


def keys(member: Membership, query: str = "") -> list[str]:
    return [column.key for column in LEADS.columns(member, QueryDict(query))]


def test_listing_is_found_by_name() -> None:
    assert listing("leads") is LEADS
    with pytest.raises(Gone):
        listing("nothing")


def test_rows_are_those_of_the_address_in_its_order(cast: Cast) -> None:
    for company, country in (("Beta", "DE"), ("A", "DE"), ("C", "FR"), ("D", "AT")):
        new_lead(cast.ada, company=company, country=country)

    assert names(cast.ada, "country=DE&ordering=name") == ["A", "Beta"]
    assert names(cast.ada, "country=DE&country=AT&ordering=-name") == ["D", "Beta", "A"]
    assert names(cast.ada, "") == ["D", "C", "A", "Beta"]
    assert names(cast.ada, "country=DE&search=beta") == ["Beta"]


def test_rows_give_withheld_details_away_to_nobody(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.ben, company="Canary", budget=Decimal(7))

    (row,) = LEADS.rows(cast.ben, QueryDict(""))
    shown = LEADS.shown(row, cast.ben)
    values = {column.key: column.value(shown) for column in LEADS.columns(cast.ben, QueryDict())}

    assert values == {
        "number": lead.code,
        "name": "",
        "status": "Unopened",
        "holder": "North, Ben",
        "product_interest": "",
        "budget": None,
        "assigned_at": lead.assigned_at,
    }


@pytest.mark.parametrize(
    "query",
    [
        *("portal=x", "organization__name=North", "assignee__user__password=x", "internal_notes__contains=x"),
        *("status=nonsense", "status=lost&status=x", "country=XX", "budget_from=x", "budget_from=1e999"),
        *("budget_from=5&budget_to=4", "employees_from=-0.5", "created=nonsense", "created_from=x"),
        *("created_from=9999-12-31", "created_to=0001-01-01", "created_from=2026-13-01", "city=a&city=b"),
        *("assignee=x", "assignee=00000000-0000-7000-8000-000000000000", "organization=me", "city_is=x"),
        *(
            "columns=nonsense",
            "columns=status&columns=x",
            "ordering=nonsense",
            "search=a&search=b",
            "budget_is=0",
            "budget=1",
        ),
    ],
)
def test_rows_of_an_address_that_means_nothing_names_the_parameter(ada: Membership, query: str) -> None:
    with pytest.raises(InvalidParameter) as no:
        LEADS.rows(ada, QueryDict(query))
    assert no.value.parameter in query
    assert no.value.code == "invalid_filter"


@pytest.mark.parametrize("query", ["internal_notes=yes", "organization_is=empty", "columns=internal_notes"])
def test_rows_know_nothing_for_partners_of_what_is_the_vendors(cast: Cast, query: str) -> None:
    opened_lead(cast.ada, cast.ben)

    assert LEADS.rows(cast.ada, QueryDict(query)) is not None
    with pytest.raises(InvalidParameter):
        LEADS.rows(cast.ben, QueryDict(query))


DETAILS: dict[str, Any] = {
    "company": "Kingfisher",
    "first_name": "Zoë",
    "last_name": "Vantongeren",
    "title": "Steward",
    "email": "zoe@kingfisher.example",
    "phone": "555 1",
    "mobile": "555 2",
    "website": "https://kf.example",
    "city": "Ostend",
    "state": "Flanders",
    "postal_code": "8400",
    "country": "BE",
    "industry": "Ferries",
    "employees": 77,
    "product_interest": "Winch",
    "budget": Decimal("12.50"),
    "budget_currency": "EUR",
    "timeframe": "Soon",
    "source": "Fair",
    "source_detail": "Stand 3",
    "campaign": "Spring",
    "language": "nl",
}
MATCHING = {
    "employees": "employees_from=70&employees_to=80",
    "budget": "budget_from=12.5&budget_to=13",
    "country": "country=BE",
    "budget_currency": "budget_currency=EUR",
}


@pytest.mark.parametrize("field", DETAILS)
def test_rows_filtered_by_a_detail_are_opened_ones_for_partners(cast: Cast, field: str) -> None:
    """Neither that it matches, nor that it does not, nor that it is empty: not before it was opened."""
    lead = assigned_lead(cast.ada, cast.ben, **DETAILS)
    queries = [MATCHING.get(field, f"{field}={str(DETAILS[field])[:4]}"), f"{field}_is=filled", f"{field}_is=empty"]
    queries = queries[:1] if field == "budget_currency" else queries

    assert [names(cast.ada, query) for query in queries[:2]] == [["Kingfisher"]] * len(queries[:2])
    assert [names(cast.ben, query) for query in queries] == [[]] * len(queries)
    Lead.objects.filter(pk=lead.pk).update(opened_at=None)
    actions.open_lead(lead, by=cast.ben)
    assert [names(cast.ben, query) for query in queries[:2]] == [["Kingfisher"]] * len(queries[:2])


def test_rows_by_last_change_tell_nothing_of_edits_before_opening(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.ben)
    Lead.objects.filter(pk=lead.pk).update(assigned_at="2026-01-01T00:00Z", updated_at="2026-03-03T12:00Z")

    assert names(cast.ben, "changed_from=2026-03-03&changed_to=2026-03-03") == []
    assert names(cast.ben, "changed_from=2026-01-01&changed_to=2026-01-01") == [lead.code]


def test_rows_of_a_partner_take_no_stranger_for_a_person(cast: Cast) -> None:
    opened_lead(cast.ada, cast.bea, company="Hers")
    opened_lead(cast.ada, cast.ben, company="His")

    assert names(cast.bea, "assignee=me") == ["Hers"]
    assert names(cast.bea, f"assignee={cast.ben.pk}") == ["His"]
    for foreign in (cast.cleo, cast.dan):
        with pytest.raises(InvalidParameter):
            LEADS.rows(cast.bea, QueryDict(f"assignee={foreign.pk}"))


def test_columns_are_those_of_the_address_then_the_persons_then_the_lists(cast: Cast) -> None:
    assert keys(cast.ada) == ["number", "name", "status", "holder", "product_interest", "budget", "created_at"]
    assert keys(cast.ada, "columns=city&columns=status") == ["number", "name", "city", "status"]
    ListChoice.objects.create(membership=cast.ada, list_name="leads", columns=["email", "gone"])
    assert keys(cast.ada) == ["number", "name", "email"]
    assert keys(cast.ada, "columns=city") == ["number", "name", "city"]
    assert keys(cast.vic)[-1] == "created_at"


def test_cleaned_drops_what_means_nothing_any_more(ada: Membership) -> None:
    kept, dropped = LEADS.cleaned(ada, QueryDict("country=DE&gone=1&status=x&columns=y&cursor=abc&view=1"))

    assert kept.urlencode() == "country=DE"
    assert dropped == ["gone", "status", "columns"]

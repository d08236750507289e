"""What every list of the API promises: cursor paging, search, ordering, status, and strict parameters."""

import base64
import json
import uuid
from decimal import Decimal
from itertools import chain
from typing import Any

import pytest

from leads import actions
from leads.models import Lead
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.models import Membership
from tests.api.asking import Caller, faults, made
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead

LISTS = ["leads", "deals", "organizations", "users"]


def numbers(api: Caller, **parameters: Any) -> list[str]:
    """The leads of the first page, in their order."""
    return [row["number"] for row in api.get("leads/", **parameters).json()["results"]]


def walk(api: Caller, path: str, way: str, start: str = "", **parameters: Any) -> tuple[list[list[str]], str]:
    """The ids page by page as far as `way` (next or previous) leads, and the address of the last page."""
    page = api.at(start).json() if start else api.get(path, **parameters).json()
    pages, here = [[row["id"] for row in page["results"]]], start
    while page[way]:
        here = page[way]
        page = api.at(here).json()
        pages.append([row["id"] for row in page["results"]])
    return pages, here


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


# --- Paging ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("ordering", ["number", "created_at", "updated_at", "name"])
def test_list_leads_walks_each_ordering_there_and_back(ada: Membership, ordering: str, sign: str) -> None:
    names = ["same", "alpha", "same", "zeta", "same", "beta", "same"]
    leads = [made(new_lead, ada, company=name) for name in names]
    by = {"name": lambda lead: (lead.company, lead.pk)}.get(ordering, lambda lead: lead.number)
    expected = [str(lead.pk) for lead in sorted(leads, key=by, reverse=bool(sign))]
    api = Caller(ada)

    there, last = walk(api, "leads/", "next", ordering=sign + ordering, page_size=3)
    back, _first = walk(api, "leads/", "previous", start=last)

    assert [len(page) for page in there] == [3, 3, 1]
    assert [*chain(*there)] == expected
    assert list(reversed(back)) == there


@pytest.mark.parametrize("ordering", ["amount", "-amount", "close_date", "-name", "number"])
def test_list_deals_walks_each_ordering_there_and_back(cast: Cast, ordering: str) -> None:
    amounts = [Decimal("10.50"), Decimal("9"), Decimal("9"), Decimal("100000000")]
    deals = [made(new_deal, cast.ada, cast.ben, amount=amount) for amount in amounts]
    field = ordering.removeprefix("-")
    by = {"amount": lambda deal: (deal.amount, deal.pk)}.get(field, lambda deal: deal.pk)
    expected = [str(deal.pk) for deal in sorted(deals, key=by, reverse=ordering.startswith("-"))]
    api = Caller(cast.ada)

    there, last = walk(api, "deals/", "next", ordering=ordering, page_size=1)
    back, _first = walk(api, "deals/", "previous", start=last)

    assert [*chain(*there)] == expected
    assert list(reversed(back)) == there


@pytest.mark.parametrize("path", ["organizations/", "users/"])
def test_list_of_people_and_organizations_walks_there_and_back(cast: Cast, path: str) -> None:
    api = Caller(cast.ada)
    everything = [row["id"] for row in api.get(path).json()["results"]]

    there, last = walk(api, path, "next", page_size=2)
    back, _first = walk(api, path, "previous", start=last)

    assert [*chain(*there)] == everything
    assert list(reversed(back)) == there
    assert len(everything) > 2


def test_list_leads_names_pages_at_both_ends(ada: Membership) -> None:
    for _ in range(3):
        made(new_lead, ada)
    api = Caller(ada)

    first = api.get("leads/", page_size=2).json()
    second = api.at(first["next"]).json()

    assert (first["previous"], second["next"]) == (None, None)
    assert first["next"].startswith("http://acme.localhost:8000/api/v1/leads/?")
    assert api.at(second["previous"]).json() == {**first, "previous": None}


def test_list_leads_of_nobody_is_empty(dora: Membership) -> None:
    assert Caller(dora).get("leads/").json() == {"results": [], "next": None, "previous": None}


@pytest.mark.parametrize("ordering", ["number", "-number", "name", "-created_at"])
def test_list_leads_gives_each_row_once_while_others_come_in(ada: Membership, ordering: str) -> None:
    before = {str(made(new_lead, ada, company=name).pk) for name in "dbface"}
    api = Caller(ada)

    page = api.get("leads/", ordering=ordering, page_size=2).json()
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        made(new_lead, ada, company="c")
        page = api.at(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
        if len(seen) > 30:
            break

    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_list_leads_gives_fifty_unless_told(ada: Membership) -> None:
    with inside(ada.portal):
        first = new_lead(ada)
        Lead.objects.bulk_create(
            Lead(company="x", number=first.number + n, created_at=first.created_at, updated_at=first.created_at)
            for n in range(1, 60)
        )
    api = Caller(ada)

    assert len(numbers(api)) == 50
    assert len(numbers(api, page_size=200)) == 60
    assert len(numbers(api, page_size=1)) == 1


@pytest.mark.parametrize("path", LISTS)
def test_list_with_an_impossible_page_size_names_it(ada: Membership, path: str) -> None:
    api = Caller(ada)

    for size in ("0", "-1", "201", "1000000", "1e999", "1e3", "", " 5", "+5", "５", "9" * 400):
        assert faults(api.get(f"{path}/", page_size=size)) == {"page_size": "invalid_filter"}, size


# --- Cursors ----------------------------------------------------------------------------------------

KEY = str(uuid.UUID(int=7))
GARBAGE = [
    *("garbage", "%00", "...", "é", "=", "====", "A" * 5000, "AAAA", "bnVsbA", "W10", "e30"),
    *(cursor(), cursor("-created_at"), cursor(0, 1, KEY), cursor("number", 0, 1, KEY, 5), cursor(None, None, None)),
    cursor("number", 0, 10**300, KEY),
    cursor("number", 0, float("inf"), KEY),
    cursor("number", 0, -(2**31) - 1, KEY),
    cursor("number", 0, "x", KEY),
    cursor("number", 0, [1], KEY),
    cursor("number", 0, {"a": 1}, KEY),
    cursor("number", 0, None, KEY),
    cursor("number", 0, 1, "no uuid"),
    cursor("number", 0, 1, 5),
    cursor("number", 0, 1, f"{KEY}\x00"),
    cursor("-number", 0, 1, KEY),
    cursor("created_at", 0, "2026-01-01T00:00:00+00:00", KEY),
    cursor(["number"], 0, 1, KEY),
    base64.urlsafe_b64encode(b"[" * 50_000).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]


def test_list_with_a_cursor_of_no_such_list_names_it(ada: Membership) -> None:
    api = Caller(ada)

    for text in GARBAGE:
        answer = api.get("leads/", ordering="number", cursor=text)
        assert faults(answer) == {"cursor": "invalid_filter"}, text


@pytest.mark.parametrize(
    ("path", "ordering", "value"),
    [
        ("leads", "name", "a\x00b"),
        ("leads", "name", "\ud800"),
        ("leads", "created_at", "9999-99-99"),
        ("leads", "created_at", 5),
        ("leads", "created_at", "+99999-01-01T00:00:00Z"),
        ("deals", "amount", "1e999999"),
        ("deals", "amount", "1e-999999"),
        ("deals", "amount", "NaN"),
        ("deals", "amount", "-Infinity"),
        ("deals", "amount", "9" * 400),
        ("deals", "close_date", "9999-99-99"),
        ("deals", "close_date", 20260101),
    ],
)
def test_list_with_a_forged_value_in_its_cursor_names_it(
    ada: Membership, path: str, ordering: str, value: Any
) -> None:
    forged = cursor(ordering, 0, value, KEY)

    assert faults(Caller(ada).get(f"{path}/", ordering=ordering, cursor=forged)) == {"cursor": "invalid_filter"}


def test_list_does_not_take_the_cursor_of_another_ordering(cast: Cast) -> None:
    for _ in range(3):
        made(new_lead, cast.ada)
    api = Caller(cast.ada)
    there = api.get("leads/", ordering="-created_at", page_size=1).json()["next"]

    answer = api.at(there.replace("ordering=-created_at", "ordering=-updated_at"))

    assert faults(answer) == {"cursor": "invalid_filter"}


def test_list_with_a_forged_cursor_shows_no_more_than_without(cast: Cast) -> None:
    """A cursor is no secret and no right: it says where to begin in the rows the member sees."""
    mine, other = made(assigned_lead, cast.ada, cast.ben), made(assigned_lead, cast.ada, cast.cleo)
    forged = cursor("number", 0, other.number, str(uuid.UUID(int=0)))

    assert numbers(Caller(cast.ben), ordering="number", cursor=forged) == []
    assert numbers(Caller(cast.ben), ordering="number") == [mine.code]


# --- Ordering, status, unknown parameters ------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS)
def test_list_with_a_parameter_that_means_nothing_names_it(ada: Membership, path: str) -> None:
    api = Caller(ada)
    meaningless: list[tuple[str, Any]] = [
        *[("page", 10**20), ("limit", 5), ("portal", "globex"), ("organization__name", "North")],
        *[("status", "x"), ("status", "open\x00"), ("search", "a\x00b"), ("search", "x" * 201)],
        *[("search", ["a", "b"]), ("page_size", ["1", "1"]), ("ordering", ["name", "-name"])],
    ]

    for name, value in meaningless:
        assert faults(api.get(f"{path}/", **{name: value})) == {name: "invalid_filter"}, value


def test_list_leads_of_one_status(cast: Cast) -> None:
    new, opened = made(new_lead, cast.ada), made(opened_lead, cast.ada, cast.ben)
    api = Caller(cast.ada)

    assert numbers(api, status="opened") == [opened.code]
    assert numbers(api, status="unassigned") == [new.code]
    assert numbers(api, status="won") == []
    assert numbers(api, status="") == [opened.code, new.code]


def test_list_leads_of_the_partner_comes_in_the_order_of_assignment(cast: Cast) -> None:
    first, second = made(new_lead, cast.ada), made(new_lead, cast.ada)
    with inside(cast.acme):
        for lead in (second, first):
            actions.assign_lead(lead, to=cast.ben, by=cast.ada)
    api = Caller(cast.ben)

    assert numbers(api) == [first.code, second.code]
    assert numbers(api, ordering="assigned_at") == [second.code, first.code]


def test_list_leads_sorts_withheld_ones_by_nothing_that_is_withheld(cast: Cast) -> None:
    leads = [made(assigned_lead, cast.ada, cast.ben, company=name) for name in ("zeta", "alpha", "midi")]
    opened = made(opened_lead, cast.ada, cast.ben, company="beta")

    assert numbers(Caller(cast.ben), ordering="name") == [lead.code for lead in leads] + [opened.code]
    assert numbers(Caller(cast.ada), ordering="name") == [leads[1].code, opened.code, leads[2].code, leads[0].code]


# --- Search ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["kestrel", "NOVÁK", "zuz@kestrel", "420 2", "Brno", "L-1001", "l-1001", "1001", "  kestrel ", "100%_"]
)
def test_list_leads_finds_by_name_contact_and_number(ada: Membership, text: str) -> None:
    found = made(new_lead, ada, company="Kestrel 100%_", email="zuz@kestrel.example", phone="+420 2 1", city="Brno")
    made(new_lead, ada, company="Other", last_name="Body")

    assert numbers(Caller(ada), search=text) == [found.code]


@pytest.mark.parametrize(
    "text", ["%", "_", "\\", "'", "'; DROP TABLE leads_lead; --", "L-", "L-99999999999999", "²"]
)
def test_list_leads_takes_every_sign_of_a_search_for_itself(ada: Membership, text: str) -> None:
    made(new_lead, ada)

    assert numbers(Caller(ada), search=text) == []


def test_list_leads_does_not_find_by_what_is_withheld(cast: Cast) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben, company="Canary")
    api = Caller(cast.ben)

    assert numbers(api, search="Canary") == []
    assert numbers(api, search=lead.code) == [lead.code]
    with inside(cast.acme):
        actions.open_lead(lead, by=cast.ben)
    assert numbers(api, search="Canary") == [lead.code]


def test_list_leads_does_not_find_by_the_vendors_notes(cast: Cast) -> None:
    made(opened_lead, cast.ada, cast.ben, internal_notes="Canary")

    assert numbers(Caller(cast.ben), search="Canary") == []


def test_list_organizations_searches_name_and_city_of_what_is_seen(cast: Cast) -> None:
    with inside(cast.acme):
        Organization.objects.filter(pk=cast.south.pk).update(city="North Haven")

    def found(member: Membership) -> list[str]:
        return [row["name"] for row in Caller(member).get("organizations/", search="north").json()["results"]]

    assert (found(cast.ada), found(cast.bea), found(cast.cleo)) == (["North", "South"], ["North"], ["South"])


def test_list_users_searches_name_and_email(ada: Membership) -> None:
    api = Caller(ada)

    for text in ("cleo", "CLEO@south", "south.exam"):
        assert [row["email"] for row in api.get("users/", search=text).json()["results"]] == ["cleo@south.example"]

"""`organizations/`: the vendor, distributors and partners, as far as the member sees them."""

import uuid
from typing import Any

import pytest

from prm.organizations.context import inside
from prm.organizations.models import Organization, Tier
from prm.users.models import Membership
from tests.api.asking import Caller, code_of, faults
from tests.cast import Cast

FIELDS = {
    *("id", "name", "kind", "status", "tier", "distributor", "website", "street", "city", "state", "postal_code"),
    *("country", "countries", "notes", "created_at", "version"),
}


def names(member: Membership, **parameters: Any) -> list[str]:
    return [row["name"] for row in Caller(member).get("organizations/", **parameters).json()["results"]]


def test_list_organizations_shows_each_member_the_own_ones(cast: Cast) -> None:
    seen = {name: names(getattr(cast, name)) for name in ("ada", "vic", "bea", "ben", "cleo", "dora", "dan")}

    assert seen == {
        "ada": ["Acme", "East", "North", "South"],
        "vic": ["Acme", "North"],
        "bea": ["North"],
        "ben": ["North"],
        "cleo": ["South"],
        "dora": ["East", "South"],
        "dan": ["Globex", "West"],
    }


def test_list_organizations_orders_and_filters(cast: Cast) -> None:
    Caller(cast.ada).patch(f"organizations/{cast.north.pk}/", {"status": "inactive"})

    assert names(cast.ada, ordering="-name") == ["South", "North", "East", "Acme"]
    assert names(cast.ada, status="inactive") == ["North"]
    assert names(cast.ada, ordering="kind", status="active") == ["East", "South", "Acme"]


def test_retrieve_organization_keeps_the_vendors_notes_from_the_partner(cast: Cast) -> None:
    Caller(cast.ada).patch(f"organizations/{cast.north.pk}/", {"notes": "Canary"})

    ours, theirs = (Caller(m).get(f"organizations/{cast.north.pk}/") for m in (cast.ada, cast.bea))

    assert (ours.json().keys(), ours.json()["notes"]) == (FIELDS, "Canary")
    assert theirs.json().keys() == FIELDS - {"notes"}
    assert "Canary" not in theirs.content.decode()


def test_create_organization_takes_every_field(cast: Cast) -> None:
    body = {
        "name": "Borealis",
        "kind": "partner",
        "status": "prospective",
        "tier": "Gold",
        "distributor": str(cast.east.pk),
        "website": "https://borealis.example",
        "street": "Storgata 1",
        "city": "Tromsø",
        "state": "Troms",
        "postal_code": "9008",
        "country": "no",
        "countries": ["SE", "no", "SE"],
        "notes": "Met at the fair.",
    }

    answer = Caller(cast.ada).post("organizations/", body)

    made = answer.json()
    assert (answer.status_code, made.keys(), made["version"]) == (201, FIELDS, 1)
    with inside(cast.acme):
        gold = str(Tier.objects.get(name="Gold").pk)
    expected = {**body, "tier": gold, "country": "NO", "countries": ["NO", "SE"]}
    assert {name: made[name] for name in body} == expected


@pytest.mark.parametrize("name", ["vic", "bea", "ben", "dora"])
def test_create_organization_by_who_may_not_is_forbidden(cast: Cast, name: str) -> None:
    answer = Caller(getattr(cast, name)).post("organizations/", {"name": "Borealis"})

    assert code_of(answer, 403) == "permission_denied"
    with inside(cast.acme):
        assert not Organization.objects.filter(name="Borealis").exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/name": "required"}),
        ({"name": " "}, {"/name": "blank"}),
        ({"name": "x" * 161}, {"/name": "max_length"}),
        ({"name": "x", "kind": "spy"}, {"/kind": "invalid_choice"}),
        ({"name": "x", "status": None}, {"/status": "null"}),
        ({"name": "x", "tier": "Diamond"}, {"/tier": "invalid_reference"}),
        ({"name": "x", "distributor": "west"}, {"/distributor": "invalid_reference"}),
        ({"name": "x", "distributor": "East"}, {"/distributor": "invalid_reference"}),
        ({"name": "x", "website": "javascript:alert(1)"}, {"/website": "invalid"}),
        ({"name": "x", "country": "XX"}, {"/country": "invalid"}),
        ({"name": "x", "countries": ["DE", "XX"]}, {"/countries": "invalid"}),
        ({"name": "x", "countries": ["DEU", 5]}, {"/countries/0": "max_length"}),
        ({"name": "x", "countries": "DE"}, {"/countries": "not_a_list"}),
        ({"name": "x", "countries": ["DE"] * 301}, {"/countries": "max_length"}),
        ({"name": "x", "countries": {"0": "DE"}}, {"/countries": "not_a_list"}),
        (
            {"name": "x", "portal": "y", "id": str(uuid.uuid4())},
            {"/portal": "unknown_field", "/id": "unknown_field"},
        ),
        ({"name": "x", "created_at": "2020-01-01T00:00:00Z"}, {"/created_at": "unknown_field"}),
    ],
)
def test_create_organization_with_what_cannot_be_names_the_field(
    cast: Cast, body: dict[str, Any], expected: dict[str, str]
) -> None:
    if body.get("distributor") == "west":
        body = {**body, "distributor": str(cast.west.pk)}

    assert faults(Caller(cast.ada).post("organizations/", body)) == expected
    assert names(cast.ada) == ["Acme", "East", "North", "South"]


@pytest.mark.parametrize(
    ("body", "code"), [({"name": "North"}, "duplicate"), ({"name": "x", "kind": "vendor"}, "refused")]
)
def test_create_organization_with_a_taken_name_or_a_second_vendor_is_refused(
    ada: Membership, body: dict[str, str], code: str
) -> None:
    assert code_of(Caller(ada).post("organizations/", body), 409) == code


def test_create_organization_may_have_a_name_of_another_portal(dan: Membership) -> None:
    assert Caller(dan).post("organizations/", {"name": "North"}).status_code == 201


@pytest.mark.parametrize(
    ("who", "body"),
    [
        ("north", {"kind": "distributor"}),
        ("north", {"distributor": "south"}),
        ("east", {"distributor": "east"}),
        ("north", {"name": "South"}),
        ("vendor", {"status": "inactive"}),
        ("vendor", {"kind": "partner"}),
    ],
)
def test_update_organization_against_the_rules_is_refused(cast: Cast, who: str, body: dict[str, str]) -> None:
    if "distributor" in body:
        body = {"distributor": str(getattr(cast, body["distributor"]).pk)}
    before = Caller(cast.ada).get(f"organizations/{getattr(cast, who).pk}/").json()

    answer = Caller(cast.ada).patch(f"organizations/{getattr(cast, who).pk}/", {"city": "Oslo", **body})

    assert code_of(answer, 409) == ("duplicate" if "name" in body else "refused")
    assert Caller(cast.ada).get(f"organizations/{getattr(cast, who).pk}/").json() == before


@pytest.mark.parametrize("how", ["body", "header"])
def test_update_organization_with_an_old_version_is_stale(cast: Cast, how: str) -> None:
    api, path = Caller(cast.ada), f"organizations/{cast.north.pk}/"
    assert api.patch(path, {"city": "Oslo"})["ETag"] == '"3"'  # the second was who looks after it

    body = {"city": "Bergen"} | ({"version": 2} if how == "body" else {})
    headers = {"If-Match": '"2"'} if how == "header" else {}

    assert code_of(api.send("patch", path, body, **headers), 409) == "stale_version"
    assert api.get(path).json()["city"] == "Oslo"


def test_update_organization_by_its_own_people_is_forbidden(cast: Cast) -> None:
    answer = Caller(cast.bea).patch(f"organizations/{cast.north.pk}/", {"city": "Oslo"})

    assert code_of(answer, 403) == "permission_denied"


def test_update_organization_takes_tier_and_distributor_away(cast: Cast) -> None:
    api, path = Caller(cast.ada), f"organizations/{cast.south.pk}/"
    api.patch(path, {"tier": "Gold"})

    body = api.patch(path, {"tier": None, "distributor": None}).json()

    assert (body["tier"], body["distributor"]) == (None, None)

"""Organizations in pages."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prm.organizations.actions import create_organization, update_organization
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal, Tier
from prm.users.models import Group, Membership, MembershipGroup, PartnerManager
from tests.browsing import sign_in
from tests.cast import Cast
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


def found(portal: Portal, name: str) -> Organization:
    with inside(portal):
        organization: Organization = Organization.objects.select_related("tier", "distributor").get(name=name)
        return organization


def typed(organization: Organization, **values: object) -> dict[str, object]:
    """An edit form as a browser sends it."""
    return {"name": organization.name, "status": organization.status, "version": organization.version, **values}


# --- The list --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("ada", ["Acme", "East", "North", "South"]),
        ("vic", ["Acme", "North"]),
        ("dan", ["Globex", "West"]),
    ],
)
def test_organization_list_shows_each_member_the_own_rows(
    client_of: ClientOf, cast: Cast, name: str, seen: list[str]
) -> None:
    answer = client_of(getattr(cast, name)).get("/organizations/")

    assert answer.status_code == 200
    assert Page(answer).rows == seen


@pytest.mark.parametrize("name", ["bea", "ben", "dora"])
def test_organization_list_is_not_for_partners(client_of: ClientOf, cast: Cast, name: str) -> None:
    client = client_of(getattr(cast, name))

    answer = client.get("/organizations/")

    assert answer.status_code == 403
    own = getattr(cast, name).organization
    assert Page(client.get("/people/")).links("My organization") == [f"/organizations/{own.pk}/"]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"search": "outh"}, ["South"]),
        ({"search": "linz"}, ["North"]),
        ({"kind": "distributor"}, ["East"]),
        ({"status": "prospective"}, ["South"]),
        ({"status": "active", "kind": "partner"}, ["North"]),
        ({"ordering": "-name"}, ["South", "North", "East", "Acme"]),
        ({"search": "West"}, []),
    ],
)
def test_organization_list_follows_its_address(
    client_of: ClientOf, cast: Cast, query: dict[str, str], rows: list[str]
) -> None:
    with inside(cast.acme):
        update_organization(cast.north, values={"city": "Linz"}, by=cast.ada)
        update_organization(cast.south, values={"status": "prospective"}, by=cast.ada)

    assert Page(client_of(cast.ada).get("/organizations/", query)).rows == rows


@pytest.mark.parametrize(
    "query", ["ordering=notes", "status=nonsense", "kind=nonsense", "cursor=nonsense", "search=%00", "kind=%00"]
)
def test_organization_list_says_400_to_a_bad_address(client_of: ClientOf, ada: Membership, query: str) -> None:
    assert client_of(ada).get(f"/organizations/?{query}").status_code == 400


@pytest.mark.parametrize("count", [1, 3])
def test_organization_list_asks_the_same_for_one_and_three(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    with inside(cast.acme):
        tier = Tier.objects.get(name="Gold")
        for number in range(count):
            create_organization(
                values={"name": f"Counted {number}", "tier": tier, "distributor": cast.east}, by=cast.ada
            )
    client = sign_in(cast.ada)

    with django_assert_num_queries(14):
        answer = client.get("/organizations/", {"search": "Counted"})

    assert len(Page(answer).rows) == count


def test_organization_list_counts_active_people(client_of: ClientOf, cast: Cast) -> None:
    page = Page(client_of(cast.ada).get("/organizations/"))

    counts = {row.all("a")[0].text: row.all("td")[-1].text for row in page.root.all("tr") if row.all("td")}
    assert counts == {"Acme": "2", "East": "1", "North": "3", "South": "1"}  # neither Ivan nor Dis


# --- One organization ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("ada", {"acme", "north", "south", "east"}),
        ("vic", {"acme", "north"}),
        ("bea", {"north"}),
        ("ben", {"north"}),
        ("cleo", {"south"}),
        ("dora", {"east", "south"}),
        ("dan", {"west"}),
    ],
)
def test_organization_page_is_seen_by_its_own_people_and_the_vendor(
    client_of: ClientOf, cast: Cast, name: str, seen: set[str]
) -> None:
    places = {"acme": cast.vendor, "north": cast.north, "south": cast.south, "east": cast.east, "west": cast.west}
    client = client_of(getattr(cast, name))

    answers = {place: client.get(f"/organizations/{o.pk}/") for place, o in places.items()}

    assert {place for place, answer in answers.items() if answer.status_code == 200} == seen
    assert {answer.status_code for place, answer in answers.items() if place not in seen} == {404}
    assert all(Page(answers[place]).heading == places[place].name for place in seen)


def test_organization_page_keeps_the_vendors_notes_from_the_partner(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        update_organization(cast.north, values={"notes": "Slow to pay", "city": "Linz"}, by=cast.ada)

    pages = {m.name: Page(client_of(m).get(f"/organizations/{cast.north.pk}/")) for m in (cast.ada, cast.bea)}

    assert {name: "Linz" in page.html for name, page in pages.items()} == {"Ada": True, "Bea": True}
    assert {name: "Slow to pay" in page.html for name, page in pages.items()} == {"Ada": True, "Bea": False}


def test_organization_page_offers_the_verbs_one_has(client_of: ClientOf, cast: Cast) -> None:
    path = f"/organizations/{cast.north.pk}/"
    shown = {}
    for member in (cast.ada, cast.vic, cast.bea, cast.ben):
        hrefs = {link.attributes["href"] for link in Page(client_of(member).get(path)).by_id("main").all("a")}
        shown[member.name] = {href.removeprefix(path) for href in hrefs & {f"{path}edit/", f"{path}invite/"}}

    assert shown == {"Ada": {"edit/", "invite/"}, "Vic": set(), "Bea": {"invite/"}, "Ben": set()}


def test_organization_page_shows_a_distributors_partners_to_the_vendor(client_of: ClientOf, cast: Cast) -> None:
    page = Page(client_of(cast.ada).get(f"/organizations/{cast.east.pk}/"))

    assert page.links("South") == [f"/organizations/{cast.south.pk}/"]


def test_organization_page_shows_a_distributor_its_resellers_without_their_people(
    client_of: ClientOf, cast: Cast
) -> None:
    with inside(cast.acme):
        update_organization(cast.south, values={"notes": "Slow to pay", "city": "Linz"}, by=cast.ada)
    client = client_of(cast.dora)

    own, page = (Page(client.get(f"/organizations/{o.pk}/")) for o in (cast.east, cast.south))

    assert own.links("South") == [f"/organizations/{cast.south.pk}/"]
    assert page.links("Its leads") == [f"/leads/?organization={cast.south.pk}"]
    assert page.links("Its deals") == [f"/deals/?organization={cast.south.pk}"]
    assert "Linz" in page.text
    assert [word for word in ("Cleo", "cleo@", "Slow to pay", "Timeline") if word in page.html] == []
    for path in page.links("Its leads") + page.links("Its deals"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/organizations/{south}/invite/", "/people/{cleo}/", "/organizations/{south}/edit/"]
)
def test_people_of_a_reseller_are_not_managed_by_its_distributor(
    client_of: ClientOf, cast: Cast, path: str
) -> None:
    """Whoever may manage the distributor's own people."""
    with inside(cast.acme):
        for group in Group.objects.filter(kind="distributor"):
            MembershipGroup.objects.get_or_create(membership=cast.dora, group=group)
    sent = {"name": "Newcomer", "email": "newcomer@new.example"}

    answer = client_of(cast.dora).post(path.format(south=cast.south.pk, cleo=cast.cleo.pk), sent)

    assert answer.status_code in {403, 404}
    with inside(cast.acme):
        assert {member.name for member in cast.south.memberships.all()} == {"Cleo"}


@pytest.mark.parametrize("count", [1, 3])
def test_organization_page_asks_the_same_for_few_and_many_people(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    organization = {1: cast.south, 3: cast.north}[count]
    client = sign_in(cast.ada)
    with inside(cast.acme):
        update_organization(organization, values={"city": "Linz"}, by=cast.ada)

    with django_assert_num_queries(16):
        answer = client.get(f"/organizations/{organization.pk}/")

    assert answer.status_code == 200


# --- The form --------------------------------------------------------------------------------------


def test_organization_new_makes_one(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        gold = Tier.objects.get(name="Gold")
    values = {
        "name": "Käse & Co",
        "kind": "partner",
        "status": "prospective",
        "tier": str(gold.pk),
        "distributor": str(cast.east.pk),
        "partner_managers": [str(cast.vic.pk)],
        "country": "AT",
        "countries": ["AT", "DE"],
        "website": "kaese.example",
        "notes": "From the fair",
    }

    answer = client_of(cast.ada).post("/organizations/new/", values, follow=True)

    made = found(cast.acme, "Käse & Co")
    assert answer.redirect_chain == [(f"/organizations/{made.pk}/", 302)]
    assert Page(answer).toasts == ["Käse & Co is in the portal."]
    assert (made.status, made.tier, made.distributor) == ("prospective", gold, cast.east)
    assert (made.country, made.countries, made.website) == ("AT", ["AT", "DE"], "https://kaese.example")
    with inside(cast.acme):
        assert [row.membership_id for row in PartnerManager.objects.filter(organization=made)] == [cast.vic.pk]


def test_organization_new_keeps_what_was_typed(client_of: ClientOf, ada: Membership) -> None:
    values = {
        "name": "",
        "kind": "partner",
        "status": "inactive",
        "website": "no address",
        "notes": "Kept",
        "city": "Linz",
    }

    answer = client_of(ada).post("/organizations/new/", values)

    page = Page(answer)
    assert answer.status_code == 422
    assert {name: page.value(name) for name in values} == values
    assert {name: page.error(name) for name in values if page.error(name)} == {
        "name": "This field is required.",
        "website": "Enter a valid URL.",
    }


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "North"}, "There is an organization named North already."),
        ({"kind": "vendor"}, "Select a valid choice. vendor is not one of the available choices."),
        ({"distributor": "south"}, "Select a valid choice."),
        ({"distributor": "west"}, "Select a valid choice."),
        ({"kind": "distributor", "distributor": "east"}, "Only a partner sits under a distributor."),
        ({"countries": "ZZ"}, "Select a valid choice. ZZ is not one of the available choices."),
        ({"partner_managers": "bea"}, "Select a valid choice."),
        ({"name": "a\x00b"}, "This holds control characters, which are no text."),
        ({"name": "x" * 10_000}, "Ensure this value has at most 160 characters (it has 10000)."),
    ],
)
def test_organization_new_refuses_in_words(
    client_of: ClientOf, cast: Cast, values: dict[str, str], words: str
) -> None:
    people_and_places = {name: str(getattr(cast, name).pk) for name in ("south", "west", "east", "bea")}
    sent = {"kind": "partner", "status": "active", "name": "New"}
    sent |= {field: people_and_places.get(value, value) for field, value in values.items()}

    answer = client_of(cast.ada).post("/organizations/new/", sent)

    assert answer.status_code == 422
    assert words in Page(answer).by_id("main").text
    with inside(cast.acme):
        assert Organization.objects.count() == 4


@pytest.mark.parametrize("name", ["vic", "bea", "dora"])
@pytest.mark.parametrize("path", ["new/", "{north}/edit/"])
def test_organization_forms_are_for_system_administrators(
    client_of: ClientOf, cast: Cast, name: str, path: str
) -> None:
    client = client_of(getattr(cast, name))

    answer = client.post(f"/organizations/{path.format(north=cast.north.pk)}", {"name": "Mine"})

    assert answer.status_code == 403
    assert found(cast.acme, "North").version == cast.north.version


def test_organization_edit_saves(client_of: ClientOf, cast: Cast) -> None:
    path = f"/organizations/{cast.north.pk}/"
    client = client_of(cast.ada)
    before = Page(client.get(f"{path}edit/"))

    answer = client.post(f"{path}edit/", typed(cast.north, city="Linz", countries=["AT"]), follow=True)

    assert (before.value("name"), before.value("version")) == ("North", str(cast.north.version))
    assert answer.redirect_chain == [(path, 302)]
    assert Page(answer).toasts == ["Saved."]
    assert (found(cast.acme, "North").city, found(cast.acme, "North").countries) == ("Linz", ["AT"])
    with inside(cast.acme):
        assert not PartnerManager.objects.filter(organization=cast.north).exists()  # the boxes were left empty


def test_organization_edit_says_when_somebody_else_was_faster(client_of: ClientOf, cast: Cast) -> None:
    path = f"/organizations/{cast.north.pk}/edit/"
    values = typed(cast.north, city="Yours", countries=["AT", "DE"])
    with inside(cast.acme):
        update_organization(cast.north, values={"city": "Theirs"}, by=cast.ada)
    client = client_of(cast.ada)

    answer = client.post(path, values)

    page = Page(answer)
    assert answer.status_code == 409
    assert "Ada changed this" in page.root.all(role="alert")[0].text
    assert page.value("city") == "Yours"
    chosen = [box.attributes["value"] for box in page.root.all("input", name="countries", checked="")]
    assert chosen == ["AT", "DE"]
    assert found(cast.acme, "North").city == "Theirs"

    answer = client.post(path, {**values, "version": page.value("version")})

    assert answer.status_code == 302
    assert found(cast.acme, "North").city == "Yours"


def test_organization_edit_of_the_vendor_keeps_it_the_vendor(client_of: ClientOf, cast: Cast) -> None:
    client, path = client_of(cast.ada), f"/organizations/{cast.vendor.pk}/edit/"

    form = Page(client.get(path))
    answer = client.post(path, typed(cast.vendor, status="inactive", kind="partner", city="Wien"))

    names = {e.attributes.get("name") for tag in ("input", "select") for e in form.by_id("main").all(tag)}
    assert names & {"status", "kind", "tier", "distributor", "partner_managers"} == set()
    assert answer.status_code == 302
    vendor = found(cast.acme, "Acme")
    assert (vendor.kind, vendor.status, vendor.city) == ("vendor", "active", "Wien")


@pytest.mark.parametrize("where", ["west", "nowhere"])
@pytest.mark.parametrize("path", ["", "edit/", "invite/"])
def test_organization_of_another_portal_is_not_found(
    client_of: ClientOf, cast: Cast, where: str, path: str
) -> None:
    pk = cast.west.pk if where == "west" else "01890000-0000-7000-8000-000000000000"

    assert client_of(cast.ada).get(f"/organizations/{pk}/{path}").status_code == 404

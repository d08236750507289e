"""People in pages: the list, one person, and inviting."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.models import Group, Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


def again(member: Membership) -> Membership:
    """The person as the database has it."""
    with inside(member.portal):
        people = Membership.objects.select_related("user", "organization").prefetch_related("groups")
        found: Membership = people.get(pk=member.pk)
        return found


def groups_of(member: Membership) -> list[str]:
    return [group.name for group in again(member).groups.all()]


def group(kind: str, name: str, member: Membership) -> str:
    with inside(member.portal):
        return str(Group.objects.get(kind=kind, name=name).pk)


# --- The list --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seen", "is_linked"),
    [
        ("ada", ["Ada", "Bea", "Ben", "Cleo", "Dis", "Dora", "Eve", "Ivan", "Vic"], True),
        ("vic", ["Ada", "Bea", "Ben", "Dis", "Eve", "Ivan", "Vic"], False),
        ("bea", ["Bea", "Ben", "Dis", "Eve", "Ivan"], True),
        ("ben", ["Bea", "Ben", "Dis", "Eve", "Ivan"], False),
        ("cleo", ["Cleo"], False),
        ("dora", ["Dora"], False),
        ("dan", ["Dan", "Eve"], True),
    ],
)
def test_member_list_shows_each_member_the_own_people(
    client_of: ClientOf, cast: Cast, name: str, seen: list[str], is_linked: bool
) -> None:
    answer = client_of(getattr(cast, name)).get("/people/")

    page = Page(answer)
    assert answer.status_code == 200
    assert [cell.all("a" if is_linked else "b")[0].text for cell in page.root.all("td", css="main")] == seen
    assert page.rows == (seen if is_linked else [])


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"search": "@south"}, ["Cleo"]),
        ({"search": "east"}, ["Dora"]),
        ({"status": "invited"}, ["Ivan"]),
        ({"status": "disabled", "search": "d"}, ["Dis"]),
        ({"ordering": "-name", "search": "north"}, ["Ivan", "Eve", "Dis", "Ben", "Bea"]),
        ({"search": "dan"}, []),
    ],
)
def test_member_list_follows_its_address(
    client_of: ClientOf, ada: Membership, query: dict[str, str], rows: list[str]
) -> None:
    assert Page(client_of(ada).get("/people/", query)).rows == rows


@pytest.mark.parametrize("query", ["ordering=user", "status=nonsense", "cursor=nonsense", "search=%00"])
def test_member_list_says_400_to_a_bad_address(client_of: ClientOf, ada: Membership, query: str) -> None:
    assert client_of(ada).get(f"/people/?{query}").status_code == 400


@pytest.mark.parametrize(("search", "count"), [("cleo", 1), ("north", 3)])
def test_member_list_asks_the_same_for_one_and_many(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, search: str, count: int
) -> None:
    client = sign_in(cast.ada)

    with django_assert_num_queries(15):
        answer = client.get("/people/", {"search": search, "status": "active"})

    assert len(Page(answer).rows) == count


# --- One person ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "other", "status"),
    [
        ("ada", "ben", 200),
        ("ada", "ada", 200),
        ("bea", "ben", 200),
        ("bea", "cleo", 404),
        ("bea", "ada", 404),
        ("ada", "dan", 404),
        ("vic", "ben", 403),
        ("ben", "ben", 403),
        ("dora", "cleo", 403),
    ],
)
def test_member_page_is_for_who_manages_the_person(
    client_of: ClientOf, cast: Cast, name: str, other: str, status: int
) -> None:
    answer = client_of(getattr(cast, name)).get(f"/people/{getattr(cast, other).pk}/")

    assert answer.status_code == status


def test_member_edit_saves(client_of: ClientOf, cast: Cast) -> None:
    path = f"/people/{cast.ben.pk}/"
    values = {
        "name": "Ben Ünal",
        "phone": "+49 40 1",
        "language": "en",
        "time_zone": "Europe/Berlin",
        "groups": [group("partner", "View All Leads", cast.ben)],
    }

    answer = client_of(cast.bea).post(path, values, follow=True)

    assert answer.redirect_chain == [(path, 302)]
    page = Page(answer)
    assert (page.toasts, page.heading) == (["Saved."], "Ben Ünal")
    ben = again(cast.ben)
    assert (ben.name, ben.phone, ben.language, ben.time_zone) == ("Ben Ünal", "+49 40 1", "en", "Europe/Berlin")
    assert groups_of(cast.ben) == ["View All Leads"]


def test_member_edit_keeps_what_was_typed(client_of: ClientOf, cast: Cast) -> None:
    values = {"name": "", "phone": "1" * 41, "language": "en", "time_zone": "Europe/Atlantis"}

    answer = client_of(cast.bea).post(f"/people/{cast.ben.pk}/", values)

    page = Page(answer)
    assert answer.status_code == 422
    assert (page.value("phone"), page.value("language")) == ("1" * 41, "en")
    assert {name: page.error(name) for name in values if page.error(name)} == {
        "name": "This field is required.",
        "phone": "Ensure this value has at most 40 characters (it has 41).",
        "time_zone": "Select a valid choice. Europe/Atlantis is not one of the available choices.",
    }
    assert page.heading == "Ben"
    assert groups_of(cast.ben) == ["Receive Leads"]


def test_member_edit_offers_groups_of_the_own_kind_only(client_of: ClientOf, cast: Cast) -> None:
    client, path = client_of(cast.bea), f"/people/{cast.ben.pk}/"
    admin = group("vendor", "System Administration", cast.ben)

    page = Page(client.get(path))
    answer = client.post(path, {"name": "Ben", "language": "en", "time_zone": "UTC", "groups": [admin]})

    assert [box.parent.text for box in page.root.all("input", name="groups") if box.parent] == [
        *("Manage Users", "Receive Leads", "View All Leads"),
    ]
    assert answer.status_code == 422
    assert groups_of(cast.ben) == ["Receive Leads"]


def test_member_disable_and_enable(client_of: ClientOf, cast: Cast) -> None:
    path = f"/people/{cast.ben.pk}/"
    client, bens = client_of(cast.bea), client_of(cast.ben)

    disabled = client.post(f"{path}disable/", follow=True)
    shut_out = bens.get("/leads/").status_code
    enabled = client.post(f"{path}enable/", follow=True)

    assert disabled.redirect_chain == enabled.redirect_chain == [(path, 302)]
    assert Page(disabled).toasts == ["Ben can no longer sign in."]
    assert "Enable account" in Page(disabled).buttons()
    assert shut_out == 302
    assert Page(enabled).toasts == ["Ben may sign in again."]
    assert bens.get("/leads/").status_code == 302  # the session is over, and stays so
    assert client_of(cast.ben).get("/leads/").status_code == 200


@pytest.mark.parametrize(
    ("other", "verb", "words"),
    [
        ("bea", "disable", "You cannot disable yourself."),
        ("dis", "disable", "Dis is disabled already."),
        ("ben", "enable", "Ben is not disabled."),
        ("ben", "resend", "Ben has accepted already."),
    ],
)
def test_member_verbs_that_do_not_fit_are_refused(
    client_of: ClientOf, cast: Cast, other: str, verb: str, words: str
) -> None:
    member = getattr(cast, other)

    answer = client_of(cast.bea).post(f"/people/{member.pk}/{verb}/", follow=True)

    assert answer.redirect_chain == [(f"/people/{member.pk}/", 302)]
    assert Page(answer).toasts == [words]
    assert again(member).status == member.status


@pytest.mark.parametrize("verb", ["disable", "enable", "resend"])
def test_member_verbs_refuse_get(client_of: ClientOf, cast: Cast, verb: str) -> None:
    assert client_of(cast.bea).get(f"/people/{cast.ivan.pk}/{verb}/").status_code == 405


# --- Invite ----------------------------------------------------------------------------------------


def test_member_invite_invites(client_of: ClientOf, cast: Cast) -> None:
    place = f"/organizations/{cast.north.pk}/"
    values = {
        "name": "Nils",
        "email": "Nils@North.example",
        "groups": [group("partner", "Receive Leads", cast.bea)],
    }

    answer = client_of(cast.bea).post(f"{place}invite/", values, follow=True)

    assert answer.redirect_chain == [(place, 302)]
    assert Page(answer).toasts == ["The invitation to nils@north.example is on its way."]
    with inside(cast.acme):
        nils = Membership.objects.get(user__email="nils@north.example")
        assert Event.objects.filter(kind=Event.Kind.MEMBER_INVITED, subject_id=nils.pk, actor=cast.bea).count() == 1
    assert (nils.organization_id, nils.status) == (cast.north.pk, "invited")
    assert groups_of(nils) == ["Receive Leads"]


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"email": "nobody"}, "email", "Enter a valid email address."),
        ({"email": "BEN@north.example"}, "email", "ben@north.example cannot be invited. Please ask the vendor."),
        ({"email": "cleo@south.example"}, "email", "cleo@south.example cannot be invited. Please ask the vendor."),
        ({"name": ""}, "name", "This field is required."),
    ],
)
def test_member_invite_keeps_what_was_typed(
    client_of: ClientOf, cast: Cast, values: dict[str, str], field: str, error: str
) -> None:
    typed = {"name": "Nils", "email": "nils@north.example", **values}

    answer = client_of(cast.bea).post(f"/organizations/{cast.north.pk}/invite/", typed)

    page = Page(answer)
    assert answer.status_code == 422
    assert {name: page.value(name) for name in typed} == typed
    assert page.error(field) == error


@pytest.mark.parametrize(
    ("name", "place", "status"),
    [
        ("bea", "south", 404),
        ("bea", "vendor", 404),
        ("vic", "north", 403),
        ("ben", "north", 403),
        ("ada", "west", 404),
    ],
)
def test_member_invite_is_for_who_manages_the_organization(
    client_of: ClientOf, cast: Cast, name: str, place: str, status: int
) -> None:
    values = {"name": "Nils", "email": "nils@north.example"}

    answer = client_of(getattr(cast, name)).post(f"/organizations/{getattr(cast, place).pk}/invite/", values)

    assert answer.status_code == status
    with inside(cast.acme):
        assert not Membership.objects.filter(user__email="nils@north.example").exists()

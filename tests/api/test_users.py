"""`users/`: a user is somebody's membership in this portal."""

from typing import Any

import pytest

from prm.events.models import Delivery, Event
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.models import Membership, User
from tests.api.asking import Caller, code_of, faults
from tests.cast import Cast

FIELDS = {
    *("id", "name", "email", "organization", "organization_name", "phone", "language", "time_zone"),
    *("status", "groups", "created_at", "version"),
}


def emails(member: Membership, **parameters: Any) -> list[str]:
    rows = Caller(member).get("users/", **parameters).json()["results"]
    return [row["email"].partition("@")[0] for row in rows]


def test_list_users_shows_each_member_the_own_people(cast: Cast) -> None:
    north = ["bea", "ben", "dis", "eve", "ivan"]

    seen = {name: emails(getattr(cast, name)) for name in ("ada", "vic", "bea", "ben", "cleo", "dora", "dan")}

    assert seen == {
        "ada": ["ada", "bea", "ben", "cleo", "dis", "dora", "eve", "ivan", "vic"],
        "vic": ["ada", *north, "vic"],
        "bea": north,
        "ben": north,
        "cleo": ["cleo"],
        "dora": ["dora"],
        "dan": ["dan", "eve"],
    }


def test_list_users_of_one_status(ada: Membership) -> None:
    assert (emails(ada, status="invited"), emails(ada, status="disabled")) == (["ivan"], ["dis"])


def test_retrieve_user(cast: Cast) -> None:
    body = Caller(cast.ada).get(f"users/{cast.bea.pk}/").json()

    assert body.keys() == FIELDS
    assert (body["name"], body["email"], body["status"]) == ("Bea", "bea@north.example", "active")
    assert (body["organization_name"], body["groups"]) == ("North", ["Manage Users", "View All Leads"])


@pytest.mark.parametrize("name", ["ada", "bea"])
def test_create_user_invites(cast: Cast, name: str) -> None:
    body = {
        "name": "Nina",
        "email": "Nina@North.example",
        "organization": str(cast.north.pk),
        "groups": ["Receive Leads"],
    }

    answer = Caller(getattr(cast, name)).post("users/", body)

    nina = answer.json()
    assert (answer.status_code, nina["status"], nina["groups"]) == (201, "invited", ["Receive Leads"])
    assert (nina["email"], nina["organization"]) == ("nina@north.example", str(cast.north.pk))
    with inside(cast.acme):
        delivery = Delivery.objects.get(recipient=nina["id"], channel="email")
        assert delivery.event.kind == Event.Kind.MEMBER_INVITED


@pytest.mark.parametrize(
    ("who", "organization", "status"),
    [
        ("vic", "north", 403),
        ("ben", "north", 403),
        ("bea", "south", 400),
        ("bea", "vendor", 400),
        ("ada", "west", 400),
    ],
)
def test_create_user_where_one_may_not(cast: Cast, who: str, organization: str, status: int) -> None:
    target: Organization = getattr(cast, organization)
    body = {"name": "Nina", "email": "nina@north.example", "organization": str(target.pk)}

    answer = Caller(getattr(cast, who)).post("users/", body)

    expected = {"/organization": "invalid_reference"} if status == 400 else {}
    assert faults(answer, status) == expected
    assert not User.objects.filter(email="nina@north.example").exists()


@pytest.mark.parametrize(
    ("groups", "fault"),
    [
        (["System Administration"], "/groups"),
        (["Lead Management"], "/groups"),
        (["Receive Leads", "Nonsense"], "/groups"),
        ("Receive Leads", "/groups"),
        ([["Receive Leads"]], "/groups/0"),
        (None, "/groups"),
    ],
)
def test_create_user_with_groups_of_another_kind_names_them(cast: Cast, groups: Any, fault: str) -> None:
    body = {"name": "N", "email": "n@north.example", "organization": str(cast.north.pk), "groups": groups}

    answer = Caller(cast.ada).post("users/", body)

    assert set(faults(answer)) == {fault}
    assert not User.objects.filter(email="n@north.example").exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "", "email": "n@north.example"}, {"/name": "blank"}),
        ({"name": "N", "email": "none"}, {"/email": "invalid"}),
        ({"name": "N", "email": "n@north.example\x00"}, None),
        ({"name": "N", "email": "\ud800@north.example"}, None),
        ({"name": "N", "email": f"{'n' * 300}@north.example"}, None),
        ({"name": "N", "email": "n@north.example", "status": "active"}, {"/status": "unknown_field"}),
        ({"name": "N", "email": "n@north.example", "password": "x"}, {"/password": "unknown_field"}),
        ({"name": "N", "email": "n@north.example", "is_staff": True}, {"/is_staff": "unknown_field"}),
    ],
)
def test_create_user_with_what_cannot_be_names_the_field(
    cast: Cast, body: dict[str, Any], expected: dict[str, str] | None
) -> None:
    found = faults(Caller(cast.ada).post("users/", {"organization": str(cast.north.pk), **body}))

    assert found == expected if expected else found.keys() == {"/email"}


@pytest.mark.parametrize(
    "email", ["ben@north.example", "BEN@north.example", "cleo@south.example", "dis@north.example"]
)
def test_create_user_who_is_here_already_is_refused(cast: Cast, email: str) -> None:
    answer = Caller(cast.ada).post("users/", {"name": "N", "email": email, "organization": str(cast.north.pk)})

    assert code_of(answer, 409) == "duplicate"


def test_update_user_changes_oneself(cast: Cast) -> None:
    body = {"name": "Benjamin", "phone": "+49 40 1", "language": "en", "time_zone": "Europe/Berlin"}

    changed = Caller(cast.ben).patch(f"users/{cast.ben.pk}/", body).json()

    assert {name: changed[name] for name in body} == body


@pytest.mark.parametrize(
    ("who", "whom", "body", "status"),
    [
        ("ben", "bea", {"name": "x"}, 403),
        ("ben", "ben", {"groups": ["View All Leads"]}, 403),
        ("vic", "ben", {"name": "x"}, 403),
        ("bea", "cleo", {"name": "x"}, 404),
        ("bea", "ada", {"name": "x"}, 404),
        ("ada", "dan", {"name": "x"}, 404),
        ("ada", "eve_globex", {"name": "x"}, 404),
    ],
)
def test_update_user_one_does_not_manage(
    cast: Cast, who: str, whom: str, body: dict[str, Any], status: int
) -> None:
    target: Membership = getattr(cast, whom)

    answer = Caller(getattr(cast, who)).patch(f"users/{target.pk}/", body)

    assert faults(answer, status) == {}
    with inside(target.portal):
        now = Membership.objects.get(pk=target.pk)
        assert (now.name, {g.pk for g in now.groups.all()}) == (target.name, {g.pk for g in target.groups.all()})


def test_update_user_by_the_own_manager_gives_and_takes_groups(cast: Cast) -> None:
    api, path = Caller(cast.bea), f"users/{cast.ben.pk}/"

    assert api.patch(path, {"groups": ["View All Leads", "Receive Leads"]}).json()["groups"] == [
        "Receive Leads", "View All Leads",
    ]  # fmt: skip
    assert api.patch(path, {"groups": []}).json()["groups"] == []
    assert Caller(cast.ben).get("leads/").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"language": "xx"}, {"/language": "invalid_choice"}),
        ({"time_zone": "Mars/Olympus"}, {"/time_zone": "invalid"}),
        ({"time_zone": "../../etc/passwd"}, {"/time_zone": "invalid"}),
        ({"name": None}, {"/name": "null"}),
        ({"phone": "1" * 41}, {"/phone": "max_length"}),
        ({"email": "other@north.example"}, {"/email": "unknown_field"}),
        ({"status": "active", "organization": "x"}, {"/status": "unknown_field", "/organization": "unknown_field"}),
        (
            {"portal": "x", "user": "x", "id": "x"},
            {f"/{name}": "unknown_field" for name in ("portal", "user", "id")},
        ),
    ],
)
def test_update_user_with_what_cannot_be_names_the_field(
    cast: Cast, body: dict[str, Any], expected: dict[str, str]
) -> None:
    assert faults(Caller(cast.ben).patch(f"users/{cast.ben.pk}/", body)) == expected

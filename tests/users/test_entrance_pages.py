"""The way in and out, by pages: invitation, sign-in, the own profile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from prm.organizations.context import inside
from prm.users.actions import invite_member
from prm.users.invitations import token_for
from prm.users.models import Membership
from tests.browsing import visitor
from tests.cast import PASSWORD, Cast
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


def link_for(member: Membership) -> str:
    with inside(member.portal):
        return f"/invitations/{token_for(again(member))}/"


# --- The invitation --------------------------------------------------------------------------------


def test_invitation_of_a_new_account_lets_the_person_in(cast: Cast) -> None:
    client, link = visitor(cast.acme), link_for(cast.ivan)

    page = Page(client.get(link))
    answer = client.post(link, {"name": "Iván", "password": "a quiet harbour at noon"}, follow=True)

    assert "You are invited as ivan@north.example, for North." in page.text
    assert page.value("name") == "Ivan"
    assert [address for address, _ in answer.redirect_chain] == ["/"]
    assert (again(cast.ivan).status, again(cast.ivan).name) == ("active", "Iván")
    assert Page(client.get(link)).heading == "This invitation no longer works"
    assert client.get(link).status_code == 410


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "Use at least 12 characters."),
        ("password1234", "Too easy to guess: it is made of a common password"),
        ("ivan@north.example", "Too easy to guess: it is little more than a name"),
    ],
)
def test_invitation_asks_for_a_good_password(cast: Cast, password: str, words: str) -> None:
    answer = visitor(cast.acme).post(link_for(cast.ivan), {"name": "Iván", "password": password})

    page = Page(answer)
    assert answer.status_code == 422
    assert words in page.error("password")
    assert page.value("name") == "Iván"
    assert page.value("password") == ""
    assert again(cast.ivan).status == "invited"


def test_invitation_of_a_known_account_asks_for_its_password(cast: Cast) -> None:
    with inside(cast.globex):
        ben = invite_member(cast.west, email="ben@north.example", name="Ben", groups=[], by=cast.dan)
    client, link = visitor(cast.globex), link_for(ben)

    wrong = client.post(link, {"name": "Ben", "password": "another long password"})
    right = client.post(link, {"name": "Ben", "password": PASSWORD})

    assert wrong.status_code == 422
    assert Page(wrong).error("password") == "This is not the password of this account."
    assert right.status_code == 302
    assert again(ben).status == "active"


@pytest.mark.parametrize("place", ["globex", "bare"])
def test_invitation_works_in_its_own_portal(cast: Cast, place: str) -> None:
    client = visitor(cast.globex if place == "globex" else None)

    answer = client.get(link_for(cast.ivan))

    assert answer.status_code == (410 if place == "globex" else 200)  # its code says which portal
    assert "ivan@north.example" not in answer.content.decode() or place == "bare"


def test_invitation_runs_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    link = link_for(cast.ivan)
    later = timezone.now() + timedelta(days=15)
    monkeypatch.setattr("django.core.signing.time.time", later.timestamp)

    answer = visitor(cast.acme).get(link)

    assert answer.status_code == 410


# --- Oneself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ada", "vic", "bea", "ben", "cleo", "dora", "dan", "eve_globex"])
def test_profile_saves_for_everybody(client_of: ClientOf, cast: Cast, name: str) -> None:
    member = getattr(cast, name)
    values = {"name": "New Name", "phone": "1", "language": "en", "time_zone": "Asia/Tokyo", "status": "disabled"}

    answer = client_of(member).post("/profile/", values)

    assert (answer.status_code, answer["Location"]) == (302, "/profile/")
    assert (again(member).name, again(member).time_zone, again(member).status) == (
        "New Name",
        "Asia/Tokyo",
        "active",
    )
    assert groups_of(member) == [group.name for group in member.groups.all()]


def test_profile_keeps_what_was_typed(client_of: ClientOf, ben: Membership) -> None:
    values = {"name": "x" * 121, "phone": "1", "language": "tlh", "time_zone": "nowhere"}

    answer = client_of(ben).post("/profile/", values)

    page = Page(answer)
    assert answer.status_code == 422
    assert (page.value("name"), page.value("phone")) == ("x" * 121, "1")
    assert all(page.error(field) for field in ("name", "language", "time_zone"))
    assert again(ben).name == "Ben"


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/accounts/login/", "Sign in"),
        ("/accounts/password/reset/", "Forgot your password?"),
        ("/accounts/password/reset/done/", "Look into your mailbox"),
        ("/accounts/password/reset/key/done/", "Your new password is set"),
        ("/accounts/password/reset/key/1-nonsense/", "There is nothing here"),
        ("/accounts/password/reset/key/1/nonsense-key/", "This link no longer works"),
    ],
)
def test_entrance_pages_are_public_and_in_the_portal_only(cast: Cast, path: str, heading: str) -> None:
    assert Page(visitor(cast.acme).get(path)).heading == heading
    assert visitor(None).get(path).status_code == 404


def test_sign_in_leads_to_where_one_wanted(cast: Cast) -> None:
    client = visitor(cast.acme)
    values = {"login": "ben@north.example", "password": PASSWORD}

    asked = client.get("/people/?search=b")
    form = Page(client.get(asked["Location"]))
    answer = client.post("/accounts/login/", {**values, "next": form.value("next")}, follow=True)

    assert answer.redirect_chain == [("/people/?search=b", 302)]
    assert Page(answer).heading == "People"


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_sign_in_leads_nowhere_else(cast: Cast, address: str) -> None:
    values = {"login": "ben@north.example", "password": PASSWORD, "next": address}

    answer = visitor(cast.acme).post("/accounts/login/", values)

    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_sign_in_keeps_the_address_but_not_the_password(cast: Cast) -> None:
    answer = visitor(cast.acme).post(
        "/accounts/login/", {"login": "ben@north.example", "password": "wrong-and-long"}
    )

    page = Page(answer)
    assert page.value("login") == "ben@north.example"
    assert "wrong-and-long" not in page.html
    assert page.root.all(role="alert")[0].text != ""


def test_sign_out_ends_the_session(client_of: ClientOf, ben: Membership) -> None:
    client = client_of(ben)

    answer = client.post("/accounts/logout/")

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    assert client.get("/leads/").status_code == 302

"""Accounts under attack: cases 41 to 48 of the abuse list, each with its one clear answer."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.account import change_email
from prm.users.actions import change_member
from prm.users.invitations import token_for
from prm.users.models import Group, Membership, Session, User
from tests.abuse.attacking import (
    NEW,
    choose,
    code_of,
    half_in,
    link_in,
    mails_of,
    open_reset,
    send_code,
    with_second_factor,
)
from tests.browsing import Answer, Api, sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.users.entering import enter, is_in

pytestmark = pytest.mark.usefixtures("mailbox")
BEN = "ben@north.example"
GUESSED_AT = (BEN, "Somebody is guessing at your account")
RESET = "Choose a new password for Acme"


def knows(cast: Cast, email: str, password: str) -> bool:
    client = visitor(cast.acme)
    enter(client, email, password)
    return is_in(client)


# --- 41: reset links -----------------------------------------------------------------------------------


@pytest.fixture
def reset_link(cast: Cast) -> str:
    visitor(cast.acme).post("/accounts/password/reset/", {"email": BEN})
    return link_in(cast.acme, RESET)


def test_case_41_reset_link_used_twice(cast: Cast, reset_link: str) -> None:
    client, opened = open_reset(cast.acme, reset_link)
    again, opened_too = open_reset(cast.acme, reset_link)
    form = {"password1": NEW, "password2": NEW}
    client.post(opened.request["PATH_INFO"], form)
    other = {"password1": "another quiet harbour", "password2": "another quiet harbour"}

    second = again.post(opened_too.request["PATH_INFO"], other)

    assert second.status_code == 410
    assert open_reset(cast.acme, reset_link)[1].status_code == 410
    assert "Send a new link" in second.content.decode()
    assert knows(cast, BEN, NEW)


def test_case_41_reset_link_after_an_hour(cast: Cast, reset_link: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert choose(cast.acme, reset_link).status_code == 410

    assert knows(cast, BEN, PASSWORD)


def test_case_41_reset_link_after_a_change_of_address(cast: Cast, reset_link: str) -> None:
    with inside(cast.acme):
        change_email(cast.ben, email="benjamin@north.example")

    assert choose(cast.acme, reset_link).status_code == 410
    assert knows(cast, "benjamin@north.example", PASSWORD)


def test_case_41_reset_link_at_another_portal(cast: Cast) -> None:
    """Eve has an account in both: the link of one is no good in the other."""
    visitor(cast.acme).post("/accounts/password/reset/", {"email": "eve@north.example"})
    path = link_in(cast.acme, RESET)

    assert choose(cast.globex, path).status_code == 410
    assert knows(cast, "eve@north.example", PASSWORD)
    assert choose(cast.acme, path).status_code == 410  # she has signed in since


def test_case_41_reset_link_of_somebody_disabled_since(cast: Cast, reset_link: str) -> None:
    sign_in(cast.bea).post(f"/people/{cast.ben.pk}/disable/")

    assert choose(cast.acme, reset_link).status_code == 410
    assert User.objects.get(email=BEN).check_password(PASSWORD)


# --- 42: passwords -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("seven77", "at least 12 characters"),
        ("Password1234", "Too easy to guess"),
        ("P@ssw0rd2026!", "Too easy to guess"),
        ("passwordpassword", "Too easy to guess"),
        ("qwertyuiop12", "Too easy to guess"),
        ("aaaaaaaaaaaaaaaa", "Too easy to guess"),
        ("Acme-Acme-Acme", "a name of the company"),
        ("northnorth2026", "a name of the company"),
        ("ivan@north.example", "a name of the company"),
        ("x" * 129, "at most 128"),
    ],
)
def test_case_42_password_is_refused_with_the_reason(cast: Cast, password: str, words: str) -> None:
    with inside(cast.acme):
        path = f"/invitations/{token_for(cast.ivan)}/"

    answer = visitor(cast.acme).post(path, {"name": "Ivan", "password": password})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not User.objects.get(email="ivan@north.example").has_usable_password()


@pytest.mark.parametrize(
    "password", [("many words in a row " * 7)[:127] + ".", "              a b c d e f", "ein Rätsel für 猫"]
)
def test_case_42_long_passwords_spaces_and_any_letters_are_good(cast: Cast, password: str) -> None:
    with inside(cast.acme):
        path = f"/invitations/{token_for(cast.ivan)}/"

    visitor(cast.acme).post(path, {"name": "Ivan", "password": password})

    assert knows(cast, "ivan@north.example", password)


# --- 43: codes -----------------------------------------------------------------------------------------


def test_case_43_a_code_is_good_once(cast: Cast) -> None:
    secret = with_second_factor(cast.ben.user)
    first, second = half_in(cast.acme, BEN), half_in(cast.acme, BEN)
    code = code_of(secret)

    assert send_code(first, code)["Location"] == "/"
    again = send_code(second, code)

    assert (is_in(first), again.status_code, is_in(second)) == (True, 422, False)
    assert send_code(second, code_of(secret, ahead=-1)).status_code == 422  # nor an older one
    assert send_code(second, code_of(secret, ahead=1))["Location"] == "/"


def test_case_43_ten_wrong_codes(cast: Cast) -> None:
    secret = with_second_factor(cast.ben.user)
    client = half_in(cast.acme, BEN)

    statuses = [send_code(client, "000000").status_code for _ in range(11)]
    right = send_code(client, code_of(secret))

    assert statuses == [422] * 10 + [429]
    assert (right.status_code, right["Retry-After"], is_in(client)) == (429, "1", False)
    assert GUESSED_AT in mails_of(cast.acme)


def test_case_43_the_password_alone_opens_nothing(cast: Cast) -> None:
    with_second_factor(cast.ben.user)
    client = half_in(cast.acme, BEN)

    for path in ("/leads/", "/profile/", "/accounts/2fa/", "/accounts/2fa/remove/", "/accounts/password/change/"):
        assert client.get(path)["Location"].startswith("/accounts/login/"), path
    assert client.get("/api/v1/leads/").status_code == 401


# --- 44: sessions --------------------------------------------------------------------------------------


def test_case_44_a_session_set_before_is_replaced(cast: Cast) -> None:
    client = visitor(cast.acme)
    with inside(cast.acme):
        session = client.session
        session["planted"] = True
        session.save()
    before = client.cookies["session"].value

    enter(client, BEN)

    stale = visitor(cast.acme)
    stale.cookies["session"] = before
    assert client.cookies["session"].value != before
    assert (is_in(client), is_in(stale)) == (True, False)
    with inside(cast.acme):
        assert Session.objects.filter(user=None).count() == 0


def test_case_44_nothing_is_left_after_signing_out(cast: Cast) -> None:
    client = visitor(cast.acme)
    enter(client, BEN)
    kept = client.cookies["session"].value
    page = client.get("/leads/")

    out = client.post("/accounts/logout/")

    assert page["Cache-Control"] == "no-store, private"
    assert out["Clear-Site-Data"] == '"cache"'
    back = visitor(cast.acme)
    back.cookies["session"] = kept
    assert back.get("/leads/").status_code == 302


# --- 45: rights ----------------------------------------------------------------------------------------


def test_case_45_a_role_lowered_counts_at_the_next_request(cast: Cast) -> None:
    client, api = sign_in(cast.bea), Api(cast.bea)
    before = client.get(f"/organizations/{cast.north.pk}/invite/").status_code
    with inside(cast.acme):
        receive = Group.objects.filter(kind="partner", name="Receive Leads")
        change_member(cast.bea, values={}, groups=receive, by=cast.ada)

    invitation = {"name": "X", "email": "x@new.example", "organization": str(cast.north.pk)}
    assert (before, client.get(f"/organizations/{cast.north.pk}/invite/").status_code) == (200, 403)
    assert api.post("users/", invitation).status_code == 403


# --- 47: the address -----------------------------------------------------------------------------------


def ask_for(client: Client, email: str) -> Answer:
    answer: Answer = client.post("/profile/email/", {"email": email})
    return answer


ASKED = (BEN, "A new e-mail address was asked for")
CONFIRM = "Confirm your new e-mail address"


def test_case_47_the_new_address_counts_after_the_button_only(cast: Cast) -> None:
    client, elsewhere = sign_in(cast.ben), sign_in(cast.ben)
    ask_for(client, "Benjamin@new.example")

    assert mails_of(cast.acme) == [ASKED, ("benjamin@new.example", CONFIRM)]
    path = link_in(cast.acme, CONFIRM)
    for scanner in (visitor(cast.acme), client):
        assert scanner.get(path).status_code == 200
        scanner.head(path)
    assert User.objects.get(pk=cast.ben.user_id).email == BEN

    client.post(path)

    assert knows(cast, "benjamin@new.example", PASSWORD)
    assert (is_in(client), is_in(elsewhere), knows(cast, BEN, PASSWORD)) == (True, False, False)
    assert (BEN, "Your e-mail address was changed") in mails_of(cast.acme)


def test_case_47_an_address_that_exists_gets_the_same_answer_and_no_mail(cast: Cast) -> None:
    free, taken = sign_in(cast.ben), sign_in(cast.bea)
    answers = [ask_for(free, "fresh@globex.example"), ask_for(taken, "dan@globex.example")]
    pages = [
        re.sub(r"fresh|dan", "X", "".join(str(m) for m in client.get("/profile/").context["messages"]))
        for client in (free, taken)
    ]

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/profile/")}
    assert pages[0] == pages[1]
    assert [to for to, _subject in mails_of(cast.acme)] == [
        "bea@north.example",
        BEN,
        "fresh@globex.example",
    ]


def test_case_47_an_address_taken_meanwhile_is_refused(cast: Cast) -> None:
    ask_for(sign_in(cast.ben), "fresh@new.example")
    path = link_in(cast.acme, CONFIRM)
    User.objects.create_user("fresh@new.example", PASSWORD)

    assert visitor(cast.acme).post(path).status_code == 409
    assert User.objects.get(pk=cast.ben.user_id).email == BEN


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=61)])
def test_case_47_a_link_works_once_and_for_an_hour(cast: Cast, later: timedelta) -> None:
    ask_for(sign_in(cast.ben), "benjamin@new.example")
    path = link_in(cast.acme, CONFIRM)
    if not later:
        visitor(cast.acme).post(path)

    with time_machine.travel(timezone.now() + later):
        assert visitor(cast.acme).get(path).status_code == 410
        assert visitor(cast.acme).post(path).status_code == 410


def test_case_47_a_link_is_good_in_its_own_portal_only(cast: Cast) -> None:
    ask_for(sign_in(cast.eve), "eve@new.example")
    path = link_in(cast.acme, CONFIRM)

    assert visitor(cast.globex).post(path).status_code == 410
    assert User.objects.get(pk=cast.eve.user_id).email == "eve@north.example"


def test_case_47_asks_who_it_is_first(cast: Cast) -> None:
    """A session somebody else has got hold of cannot take the account away."""
    client = sign_in(cast.ben)
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        answer = ask_for(client, "thief@new.example")
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert mails_of(cast.acme) == []


# --- 48: the last admin --------------------------------------------------------------------------------


def test_case_48_the_last_admin_stays(cast: Cast) -> None:
    client, api = sign_in(cast.ada), Api(cast.ada)
    path = f"/people/{cast.ada.pk}/"
    form = {"name": "Ada", "language": "en", "time_zone": "UTC", "groups": []}

    page = client.post(path, form, follow=True)
    answer = api.patch(f"users/{cast.ada.pk}/", {"groups": ["Lead Management"]})

    assert "A portal needs an active system administrator." in page.content.decode()
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    with inside(cast.acme):
        now = Membership.objects.get(pk=cast.ada.pk)
        assert {group.name for group in now.groups.all()} == {"System Administration", "Lead Administration"}
        assert not Event.objects.filter(kind=Event.Kind.MEMBER_CHANGED, subject_id=now.pk).exists()


# --- V25: who gives what -------------------------------------------------------------------------------


def test_v25_nobody_gives_more_than_they_have(cast: Cast) -> None:
    """Whoever manages users, and sees no leads but the own ones, makes nobody see them, least of all oneself."""
    with inside(cast.acme):
        groups = Group.objects.filter(kind="partner")
        change_member(cast.ben, values={}, groups=groups.exclude(name="View All Leads"), by=cast.ada)
        before = set(Membership.objects.get(pk=cast.ben.pk).groups.values_list("name", flat=True))
    api = Api(cast.ben)

    for member in (cast.ben, cast.ivan):
        refused = api.patch(f"users/{member.pk}/", {"groups": ["Receive Leads", "View All Leads", "Manage Users"]})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "invalid_reference")
    given = api.patch(f"users/{cast.ivan.pk}/", {"groups": ["Receive Leads", "Manage Users"]})

    assert (before, given.status_code) == ({"Receive Leads", "Manage Users"}, 200)


@pytest.mark.parametrize("verb", ["disable", "resend", "sign-out"])
def test_v25_other_organizations_people_are_not_there(cast: Cast, verb: str) -> None:
    assert sign_in(cast.bea).post(f"/people/{cast.cleo.pk}/{verb}/").status_code == 404

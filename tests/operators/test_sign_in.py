"""The operators' way in: one host, accounts of their own, always a second factor, sessions that end."""

import logging

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from prm.operators.people import remove_operator, renew_operator
from prm.organizations.context import inside
from prm.users.models import Guesses, User
from prm.users.sessions import digest_of
from tests.abuse.attacking import WRONG, code_of, with_second_factor
from tests.browsing import sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.operators.entering import (
    CODE,
    OLGA,
    SIGN_IN,
    enter,
    is_in,
    later,
    new_operator,
    send_password,
    signed_in,
    signed_in_by_hand,
)
from tests.reading import Page

PAGES = ("/admin/", "/admin/portals/", "/admin/leads/lead/", SIGN_IN, CODE, "/admin/portals/acme/enter/")


def at(host: str) -> Client:
    return Client(headers={"host": host})


# --- Where it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_portals_have_no_admin(cast: Cast, path: str) -> None:
    """Not for strangers, not for the administrator, and not for an operator who brings a session along."""
    operator = signed_in(new_operator().user)
    for client in (visitor(cast.acme), sign_in(cast.ada), operator):
        answer = client.get(path, headers={"host": "acme.localhost:8000"})
        nowhere = client.get("/nothing/like/it/", headers={"host": "acme.localhost:8000"})

        assert answer.status_code == nowhere.status_code == 404
        assert Page(answer).text == Page(nowhere).text


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "nobody.localhost:8000"])
def test_other_hosts_have_no_admin(cast: Cast, host: str) -> None:
    assert {at(host).get(path).status_code for path in PAGES} == {404}


def test_without_a_host_of_their_own_there_is_no_admin(cast: Cast, settings: Settings) -> None:
    settings.PRM_OPERATORS_HOST = ""

    assert {visitor(None).get(path).status_code for path in PAGES} == {404}


@pytest.mark.parametrize("path", ["/admin/", SIGN_IN])
def test_the_bare_host_that_is_a_portals_is_not_the_operators(cast: Cast, settings: Settings, path: str) -> None:
    settings.PRM_DEFAULT_PORTAL = "acme"

    assert visitor(None).get(path).status_code == 404


def test_a_portal_on_the_operators_host_wins(cast: Cast, settings: Settings) -> None:
    settings.PRM_OPERATORS_HOST = "acme.localhost"

    assert visitor(cast.acme).get(SIGN_IN).status_code == 404


def test_a_host_of_their_own_serves_nothing_else(cast: Cast, settings: Settings) -> None:
    settings.PRM_OPERATORS_HOST = "operators.localhost"

    assert at("operators.localhost:8000").get(SIGN_IN).status_code == 200
    assert visitor(None).get(SIGN_IN).status_code == 404
    for path in ("/", "/accounts/login/", "/leads/", "/api/v1/leads/", "/administration/"):
        assert at("operators.localhost:8000").get(path).status_code == 404


def test_the_bare_host_goes_on_beside_the_admin(cast: Cast) -> None:
    assert visitor(None).get("/security/").status_code == 200
    assert visitor(None).get("/admin")["Location"] == "/admin/"


# --- Password and code ------------------------------------------------------------------------------------


def test_password_and_code_lead_to_the_portals(cast: Cast) -> None:
    client, answer = signed_in_by_hand(new_operator())

    assert answer["Location"] == "/admin/portals/"
    assert is_in(client)


def test_page_that_was_asked_for_comes_after_the_sign_in(cast: Cast) -> None:
    made = new_operator()
    asked = visitor(None).get("/admin/leads/lead/?status=lost")

    assert asked["Location"] == "/admin/sign-in/?next=%2Fadmin%2Fleads%2Flead%2F%3Fstatus%3Dlost"
    assert signed_in_by_hand(made, to="/admin/leads/lead/?status=lost")[1]["Location"].endswith("?status=lost")
    renew_operator(OLGA, password=PASSWORD)


def test_nobody_is_led_away_by_the_sign_in(cast: Cast) -> None:
    _client, answer = signed_in_by_hand(new_operator(), to="http://acme.localhost:8000/")

    assert answer["Location"] == "/admin/portals/"


def test_password_alone_opens_nothing(cast: Cast) -> None:
    new_operator()
    client = visitor(None)
    send_password(client)

    assert not is_in(client)
    assert client.post(CODE, {"code": "000000"}).status_code == 422
    assert not is_in(client)


def test_session_without_a_code_opens_nothing(cast: Cast) -> None:
    """Should allauth's steps ever be passed by."""
    client = signed_in(new_operator().user, proved=False)

    assert not is_in(client)
    assert client.post("/admin/portals/acme/enter/")["Location"].startswith(SIGN_IN)


def test_code_is_good_once(cast: Cast) -> None:
    made = new_operator()
    with later(seconds=0):
        signed_in_by_hand(made)
        client = visitor(None)
        send_password(client)

        assert client.post(CODE, {"code": code_of(made.secret)}).status_code == 422


def test_recovery_code_is_good_for_the_app(cast: Cast) -> None:
    made = new_operator()
    client = visitor(None)
    send_password(client)

    assert client.post(CODE, {"code": made.recovery_codes[0]})["Location"] == "/admin/portals/"
    assert is_in(client)


@pytest.mark.parametrize("has_factor", [True, False])
def test_members_have_no_way_in(cast: Cast, has_factor: bool) -> None:
    """The right password of the vendor's administrator is answered like a wrong one, and like nobody's."""
    if has_factor:
        with_second_factor(cast.ada.user)
    answers = [
        send_password(visitor(None), cast.ada.user.email),
        send_password(visitor(None), cast.ada.user.email, WRONG),
        send_password(visitor(None), "nobody@nowhere.example"),
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert len({Page(answer).text.replace("ada@acme.example", "nobody@nowhere.example") for answer in answers}) == 1


def test_operators_have_no_way_into_a_portal(cast: Cast) -> None:
    new_operator()
    client = visitor(cast.acme)
    answer = client.post("/accounts/login/", {"login": OLGA, "password": PASSWORD})

    assert answer.status_code == 422
    assert client.get("/profile/").status_code == 302


def test_staff_without_a_factor_is_nobody(cast: Cast) -> None:
    """As `createsuperuser` makes them: `operator renew` gives one."""
    User.objects.create_superuser("root@operations.example", PASSWORD)

    assert send_password(visitor(None), "root@operations.example").status_code == 422


def test_member_session_opens_nothing_at_the_operators_host(cast: Cast) -> None:
    client = sign_in(cast.ada)

    assert client.get("/admin/portals/", headers={"host": "localhost:8000"}).status_code == 302


# --- Guessing ---------------------------------------------------------------------------------------------


def test_guesses_are_slowed_as_at_a_portal(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """Counted with those at portals, since the account is one; whoever reads the log is told, once."""
    made = new_operator()
    with caplog.at_level(logging.WARNING, logger="prm.users.account"):
        for _ in range(5):
            send_password(visitor(None), OLGA, WRONG)
            visitor(cast.acme).post("/accounts/login/", {"login": OLGA, "password": WRONG})
        slowed = send_password(visitor(None), OLGA)

    assert (slowed.status_code, slowed["Retry-After"]) == (429, "1")
    told = [record for record in caplog.records if "operators' sign-in" in record.message]
    assert len(told) <= 1
    assert all(record.operator == str(made.user.pk) for record in told)  # type: ignore[attr-defined]
    assert Guesses.objects.exists()


def test_codes_are_counted_too(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    made = new_operator()
    client = visitor(None)
    send_password(client)
    with caplog.at_level(logging.WARNING, logger="prm.users.account"):
        answers = [client.post(CODE, {"code": f"{number:06}"}).status_code for number in range(11)]

    assert answers[-1] == 429
    (told,) = [record for record in caplog.records if "operators' sign-in" in record.message]
    assert told.operator == str(made.user.pk)  # type: ignore[attr-defined]


# --- Sessions ---------------------------------------------------------------------------------------------


def test_session_is_kept_as_a_digest(cast: Cast) -> None:
    client, _answer = signed_in_by_hand(new_operator())
    key = client.cookies["session"].value

    assert [row.session_key for row in Session.objects.all()] == [digest_of(key)[:40]]


def test_session_is_a_new_one_after_the_sign_in(cast: Cast) -> None:
    made, client = new_operator(), visitor(None)
    send_password(client)
    half = client.cookies["session"].value
    client.post(CODE, {"code": code_of(made.secret)})

    assert client.cookies["session"].value != half
    client.cookies["session"] = half
    assert not is_in(client)


def test_session_ends_after_half_an_hour_of_quiet(cast: Cast) -> None:
    client = signed_in(new_operator().user)
    with later(minutes=29):
        assert is_in(client)
    with later(minutes=58):
        assert is_in(client)
    with later(minutes=89):
        assert not is_in(client)


def test_session_ends_after_twelve_hours_of_work(cast: Cast) -> None:
    client = signed_in(new_operator().user)
    for minutes in range(20, 12 * 60, 20):
        with later(minutes=minutes):
            assert is_in(client)
    with later(hours=12, seconds=1):
        assert not is_in(client)


def test_session_that_has_lapsed_is_forgotten_at_the_next_sign_in(cast: Cast) -> None:
    made = new_operator()
    signed_in(made.user)
    with later(hours=1):
        signed_in_by_hand(made)
        assert Session.objects.count() == 1


@pytest.mark.parametrize("end", [remove_operator, lambda email: renew_operator(email, password=PASSWORD)])
def test_sessions_end_with_the_account_and_with_its_password(cast: Cast, end: object) -> None:
    client = signed_in(new_operator().user)
    assert is_in(client)

    end(OLGA)  # type: ignore[operator]

    assert not is_in(client)


def test_session_of_a_disabled_account_ends(cast: Cast) -> None:
    made = new_operator()
    client = signed_in(made.user)
    User.objects.filter(pk=made.user.pk).update(is_active=False)

    assert not is_in(client)


def test_sign_out_ends_the_session_for_good(cast: Cast) -> None:
    client = signed_in(new_operator().user)
    key = client.cookies["session"].value

    answer = client.post("/admin/sign-out/")

    assert answer["Location"] == SIGN_IN
    assert answer["Clear-Site-Data"] == '"cache"'
    client.cookies["session"] = key
    assert not is_in(client)
    assert client.get("/admin/sign-out/").status_code == 405


def test_two_windows_do_not_undo_each_other(cast: Cast) -> None:
    """A page only puts the end off: what another window has written meanwhile stays."""
    operator = new_operator().user
    one = signed_in(operator)
    two = visitor(None)
    two.cookies["session"] = one.cookies["session"].value
    enter(one, cast.acme)
    is_in(two)

    assert "Acme" in Page(one.get("/admin/")).text


def test_every_request_is_in_the_log_with_operator_and_portal(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    made = new_operator()
    client = signed_in(made.user, cast.acme)
    with caplog.at_level(logging.INFO, logger="prm.request"):
        client.get("/admin/leads/lead/")

    *_entering, line = [record for record in caplog.records if record.name == "prm.request"]
    assert (line.operator, line.portal) == (str(made.user.pk), "acme")  # type: ignore[attr-defined]


def test_members_never_see_the_operators_address_in_use(cast: Cast) -> None:
    """An invitation of that address is refused, and no account of it becomes a member's."""
    from prm.actions import Refused
    from prm.users.actions import invite_member
    from prm.users.models import Membership

    new_operator()
    with inside(cast.acme):
        with pytest.raises(Refused, match="cannot be used"):
            invite_member(cast.north, email=OLGA.upper(), name="Olga", groups=[], by=cast.ada)
        assert not Membership.objects.filter(user__email=OLGA).exists()

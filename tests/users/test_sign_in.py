"""Signing in: right credentials of an active member, in the portal of the membership, or the one same no."""

import re
from collections.abc import Callable

import pytest

from leads.models import Lead
from prm.organizations.actions import update_organization
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import disable_member
from prm.users.models import User
from tests.browsing import Answer, sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.factories import assigned_lead, opened_lead
from tests.users.entering import enter, is_in

WRONG = "not the password at all"


def shown(answer: Answer, email: str) -> str:
    """The page without what differs by nature: the address that was typed, and the token."""
    page = answer.content.decode().replace(email, "EMAIL")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


@pytest.mark.parametrize("name", ["ada", "vic", "bea", "ben", "cleo", "dora"])
def test_sign_in_of_an_active_member(cast: Cast, name: str) -> None:
    client = visitor(cast.acme)

    answer = enter(client, getattr(cast, name).email)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(client)


@pytest.mark.parametrize("email", ["BEN@North.Example", " ben@north.example "])
def test_sign_in_does_not_mind_how_the_address_is_written(cast: Cast, email: str) -> None:
    client = visitor(cast.acme)
    enter(client, email)

    assert is_in(client)


def test_sign_in_says_the_same_no_to_everybody_else(cast: Cast) -> None:
    with inside(cast.acme):
        update_organization(cast.south, values={"status": "inactive"}, by=cast.ada)
    User.objects.filter(email="dora@east.example").update(is_active=False)
    tries = {
        "wrong password": ("ben@north.example", WRONG),
        "unknown address": ("nobody@north.example", PASSWORD),
        "disabled": ("dis@north.example", PASSWORD),
        "invited": ("ivan@north.example", PASSWORD),
        "member of another portal": ("dan@globex.example", PASSWORD),
        "organization inactive": ("cleo@south.example", PASSWORD),
        "account inactive": ("dora@east.example", PASSWORD),
    }

    pages = {}
    for why, (email, password) in tries.items():
        client = visitor(cast.acme)
        answer = enter(client, email, password)
        assert (answer.status_code, is_in(client)) == (422, False), why
        pages[why] = shown(answer, email)

    assert "not correct" in pages["wrong password"]
    assert {why for why, page in pages.items() if page != pages["wrong password"]} == set()


@pytest.mark.parametrize("email", ["", "none", "ben@north.example\x00", "'; DROP TABLE users_user; --", "x" * 5000])
def test_sign_in_with_what_is_no_address_lets_nobody_in(cast: Cast, email: str) -> None:
    client = visitor(cast.acme)

    assert enter(client, email).status_code in {422, 400}
    assert not is_in(client)


def test_sign_in_of_one_address_is_slowed_down_after_ten_failures(cast: Cast) -> None:
    for _ in range(10):
        enter(visitor(cast.acme), "ben@north.example", WRONG)

    client = visitor(cast.acme)
    answer = enter(client, "ben@north.example")

    assert not is_in(client)
    assert "Too many tries that were wrong" in answer.content.decode()
    enter(client, "bea@north.example")
    assert is_in(client)


# --- The session --------------------------------------------------------------------------------------------


def test_session_is_good_in_its_own_portal_only(cast: Cast) -> None:
    """Eve belongs to both portals, and is signed in where she signed in."""
    here, there = visitor(cast.acme), visitor(cast.globex)
    enter(here, "eve@north.example")
    there.cookies = here.cookies

    assert (is_in(here), is_in(there)) == (True, False)
    enter(there, "eve@north.example")
    assert is_in(there)


def test_session_shows_each_portal_its_own_member(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.eve, company="Acme's lead")
    seen = {}
    for portal in (cast.acme, cast.globex):
        client = visitor(portal)
        enter(client, "eve@north.example")
        seen[portal.slug] = client.get(f"/leads/{lead.code}/").status_code

    assert seen == {"acme": 200, "globex": 404}


def test_session_is_nobodys_on_the_bare_host(cast: Cast) -> None:
    client, bare = visitor(cast.acme), visitor(None)
    enter(client, "ben@north.example")
    bare.cookies = client.cookies

    assert bare.get("/profile/").status_code == 404


def test_session_is_another_one_after_signing_in(cast: Cast) -> None:
    """A session that somebody else has planted before is worth nothing afterwards."""
    client = visitor(cast.acme)
    with inside(cast.acme):
        session = client.session
        session["planted"] = True
        session.save()
    before = client.cookies["session"].value

    enter(client, "ben@north.example")

    assert client.cookies["session"].value != before
    stale = visitor(cast.acme)
    stale.cookies["session"] = before
    assert not is_in(stale)


def test_session_cookie_is_kept_from_scripts_and_strangers(cast: Cast) -> None:
    client = visitor(cast.acme)
    enter(client, "ben@north.example")

    cookie = client.cookies["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")


def test_sign_out_ends_the_session_on_the_server(cast: Cast) -> None:
    client, copy = visitor(cast.acme), visitor(cast.acme)
    enter(client, "ben@north.example")
    copy.cookies["session"] = client.cookies["session"].value
    assert is_in(copy)

    client.get("/accounts/logout/")
    assert is_in(client)
    client.post("/accounts/logout/")

    assert (is_in(client), is_in(copy)) == (False, False)


def _disable(cast: Cast) -> None:
    disable_member(cast.ben, by=cast.ada)


def _rest(cast: Cast) -> None:
    update_organization(cast.north, values={"status": "inactive"}, by=cast.ada)


def _switch_off(cast: Cast) -> None:
    Portal.objects.filter(pk=cast.acme.pk).update(is_active=False)


def _change_password(cast: Cast) -> None:
    user = User.objects.get(pk=cast.ben.user.pk)
    user.set_password("a quiet harbour at noon")
    user.save()


@pytest.mark.parametrize("shut", [_disable, _rest, _switch_off, _change_password])
def test_session_ends_with_the_right_to_it(cast: Cast, shut: Callable[[Cast], None]) -> None:
    client = visitor(cast.acme)
    enter(client, "ben@north.example")
    assert is_in(client)

    with inside(cast.acme):
        shut(cast)

    assert not is_in(client)


# --- The link in the mail -------------------------------------------------------------------------------------


def lead_now(cast: Cast, lead: Lead) -> Lead:
    with inside(cast.acme):
        return Lead.objects.get(pk=lead.pk)


@pytest.fixture
def lead(cast: Cast) -> Lead:
    with inside(cast.acme):
        return assigned_lead(cast.ada, cast.ben, company="Canary GmbH")


def test_link_followed_by_sign_in_opens_the_lead(cast: Cast, lead: Lead) -> None:
    client = visitor(cast.acme)
    asked = client.get(f"/leads/{lead.code}/open/")
    assert asked["Location"].startswith("/accounts/login/?next=")
    assert lead_now(cast, lead).opened_at is None

    answer = enter(client, "ben@north.example", to=f"/leads/{lead.code}/open/")

    now = lead_now(cast, lead)
    assert (now.status, now.opened_by_id) == ("opened", cast.ben.pk)
    assert answer["Location"] == f"/leads/{lead.code}/open/"
    assert "Canary GmbH" in client.get(answer["Location"], follow=True).content.decode()


def test_link_alone_opens_nothing(cast: Cast, lead: Lead) -> None:
    """Mail scanners follow links, and so do people who are signed in already."""
    for client in (visitor(cast.acme), sign_in(cast.ben)):
        for _ in range(2):
            client.get(f"/leads/{lead.code}/open/", follow=True)
            client.head(f"/leads/{lead.code}/open/")

    assert lead_now(cast, lead).status == "assigned"


@pytest.mark.parametrize("name", ["ada", "vic", "cleo", "dora"])
def test_link_followed_by_somebody_else_opens_nothing(cast: Cast, lead: Lead, name: str) -> None:
    client = visitor(cast.acme)

    enter(client, getattr(cast, name).email, to=f"/leads/{lead.code}/open/")

    assert is_in(client)
    assert lead_now(cast, lead).status == "assigned"


def test_link_followed_with_a_wrong_password_opens_nothing(cast: Cast, lead: Lead) -> None:
    enter(visitor(cast.acme), "ben@north.example", WRONG, to=f"/leads/{lead.code}/open/")

    assert lead_now(cast, lead).status == "assigned"


@pytest.mark.parametrize(
    "to", ["/leads/L-99999999/open/", "/leads/L-0/open/", "https://evil.example/leads/L-1001/open/"]
)
def test_link_to_no_lead_of_the_portal_does_no_harm(cast: Cast, lead: Lead, to: str) -> None:
    client = visitor(cast.acme)

    assert enter(client, "ben@north.example", to=to).status_code == 302
    assert is_in(client)
    assert lead_now(cast, lead).status == "assigned"


def test_link_to_an_opened_lead_leads_to_its_page(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
    client = visitor(cast.acme)

    enter(client, "ben@north.example", to=f"/leads/{lead.code}/open/")

    assert lead_now(cast, lead).version == lead.version
    assert client.get(f"/leads/{lead.code}/open/")["Location"] == f"/leads/{lead.code}/"

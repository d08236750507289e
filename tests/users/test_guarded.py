"""What must not be possible around people: no admin left, accounts taken over, walls told about."""

import pytest

from prm.actions import Refused
from prm.organizations.context import inside
from prm.users.actions import change_member, disable_member, invite_member
from prm.users.invitations import token_for
from prm.users.models import Group, Membership
from tests.browsing import sign_in, visitor
from tests.cast import PASSWORD, Cast


@pytest.mark.usefixtures("in_acme")
def test_change_member_keeps_the_last_administrator(cast: Cast) -> None:
    groups = cast.ada.groups.exclude(name="System Administration")

    with pytest.raises(Refused, match="administrator"):
        change_member(cast.ada, values={}, groups=list(groups), by=cast.ada)


@pytest.mark.usefixtures("in_acme")
def test_disable_member_keeps_the_last_administrator(cast: Cast) -> None:
    with pytest.raises(Refused, match="administrator"):
        disable_member(cast.ada, by=None)


@pytest.mark.usefixtures("in_acme")
def test_disable_member_lets_one_of_two_administrators_go(cast: Cast) -> None:
    group = Group.objects.get(name="System Administration")
    change_member(cast.vic, values={}, groups=[group], by=cast.ada)

    vic = Membership.objects.get(pk=cast.vic.pk)
    assert disable_member(cast.ada, by=vic).status == Membership.Status.DISABLED


@pytest.mark.usefixtures("in_acme")
def test_invite_member_does_not_tell_a_partner_who_else_is_here(cast: Cast) -> None:
    words = []
    for email in ("cleo@south.example", "ada@acme.example"):
        with pytest.raises(Refused) as refused:
            invite_member(cast.north, email=email, name="X", groups=[], by=cast.bea)
        words.append(str(refused.value).replace(email, ""))

    assert words[0] == words[1]
    assert "this portal" not in words[0]


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize("name", ["ben", "cleo", "dora", "vic"])
def test_change_member_of_others_is_refused(cast: Cast, name: str) -> None:
    with pytest.raises(Refused):
        change_member(cast.bea, values={"name": "Mine"}, by=getattr(cast, name))


def test_member_page_does_not_show_the_invitations_link(cast: Cast) -> None:
    with inside(cast.acme):
        token = token_for(cast.ivan)

    page = sign_in(cast.bea).get(f"/people/{cast.ivan.pk}/").content.decode()

    assert "Ivan" in page
    assert token not in page


def test_invitation_limits_the_tries_of_a_known_password(cast: Cast) -> None:
    with inside(cast.acme):
        wim = invite_member(cast.north, email="dan@globex.example", name="Dan", groups=[], by=cast.ada)
        token = token_for(wim)
    client = visitor(cast.acme)

    words = {
        client.post(f"/invitations/{token}/", {"name": "Dan", "password": f"wrong {n}"}).content.decode()
        for n in range(11)
    }
    answer = client.post(f"/invitations/{token}/", {"name": "Dan", "password": PASSWORD})

    assert any("Too many" in page for page in words)
    assert answer.status_code == 429


@pytest.mark.parametrize(
    "address", ["http://[", "http://127.0.0.1/", "//globex.localhost:8000/", "\\\\evil.example"]
)
def test_sign_in_leads_nowhere_else(cast: Cast, address: str) -> None:
    answer = visitor(cast.acme).post(
        "/accounts/login/", {"login": cast.ben.email, "password": PASSWORD, "next": address}
    )

    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_session_cookie_that_is_no_text_is_nobody(cast: Cast) -> None:
    client = visitor(cast.acme)
    client.cookies["session"] = "abcdefghijkl\x00mnop"

    assert client.get("/leads/").status_code == 302

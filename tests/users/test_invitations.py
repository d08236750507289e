"""The invitation link: good for one person in one portal, until accepted, sent anew or too old."""

import re
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail, signing
from django.utils import timezone

from prm.events.delivery import deliver_due
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import (
    accept_invitation,
    change_member,
    disable_member,
    enable_member,
    invite_member,
    resend_invitation,
)
from prm.users.invitations import SALT, member_for, token_for
from prm.users.models import Group, Membership
from tests.browsing import visitor
from tests.cast import PASSWORD, Cast
from tests.users.entering import enter, is_in

A_PASSWORD = "a quiet harbour at noon"


def link_in_mail(portal: Portal, email: str) -> str:
    """The path of the newest link that this person was sent."""
    deliver_due(portal)
    letter = [message for message in mail.outbox if message.to == [email]][-1]
    (link,) = set(re.findall(r"https?://\S+", str(letter.body)))
    prefix = portal.url("")
    assert link.startswith(prefix)
    return str(link.removeprefix(prefix))


def is_good(portal: Portal, token: str) -> bool:
    with inside(portal):
        return member_for(token) is not None


@pytest.fixture
def token(cast: Cast) -> str:
    """Ivan's."""
    with inside(cast.acme):
        return token_for(cast.ivan)


def test_invitation_is_in_the_language_of_whoever_invites_and_then_in_that_of_the_page(cast: Cast) -> None:
    with inside(cast.acme):
        bea = change_member(cast.bea, values={"language": "de"}, by=cast.bea)
        receive = Group.objects.filter(kind="partner", name="Receive Leads")
        nina = invite_member(cast.north, email="nina@north.example", name="Nina", groups=receive, by=bea)
    path, client = link_in_mail(cast.acme, "nina@north.example"), visitor(cast.acme)

    client.post(path, {"name": "Nina N.", "password": A_PASSWORD}, headers={"Accept-Language": "fr"})

    assert mail.outbox[-1].subject == "Bea lädt Sie in das Partnerportal ein"
    with inside(cast.acme):
        nina.refresh_from_db()
    assert (nina.status, nina.language) == ("active", "fr")


def test_invitation_from_mail_to_the_first_home_page(cast: Cast) -> None:
    with inside(cast.acme):
        receive = Group.objects.filter(kind="partner", name="Receive Leads")
        invite_member(cast.north, email="nina@north.example", name="Nina", groups=receive, by=cast.bea)
    path, client = link_in_mail(cast.acme, "nina@north.example"), visitor(cast.acme)

    answer = client.post(path, {"name": "Nina N.", "password": A_PASSWORD}, follow=True)

    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/")
    client.post("/accounts/logout/")
    assert not is_in(client)
    enter(client, "nina@north.example", A_PASSWORD)
    assert is_in(client)


def test_invitation_of_a_known_account_keeps_its_password(cast: Cast) -> None:
    with inside(cast.globex):
        invite_member(cast.west, email="ben@north.example", name="Ben", groups=[], by=cast.dan)
    path = link_in_mail(cast.globex, "ben@north.example")

    visitor(cast.globex).post(path, {"name": "Ben", "password": PASSWORD})

    for portal in (cast.acme, cast.globex):
        client = visitor(portal)
        enter(client, "ben@north.example", PASSWORD)
        assert is_in(client)


def test_invitation_is_no_way_around_a_known_accounts_password(cast: Cast) -> None:
    """Who steals the mail of somebody with an account cannot get in with it, nor set a password."""
    with inside(cast.globex):
        ben = invite_member(cast.west, email="ben@north.example", name="Ben", groups=[], by=cast.dan)
    client, path = visitor(cast.globex), link_in_mail(cast.globex, "ben@north.example")

    assert client.post(path, {"name": "Ben", "password": A_PASSWORD}).status_code == 422
    assert not is_in(client)
    with inside(cast.globex):
        assert Membership.objects.get(pk=ben.pk).status == "invited"
    assert ben.user.check_password(PASSWORD)


def test_token_begins_with_the_portals_code_and_names_nobody(cast: Cast, token: str) -> None:
    assert token.startswith(f"{cast.acme.code}.")
    assert "ivan" not in token.lower()
    assert is_good(cast.acme, token)


def test_token_is_dead_in_another_portal(cast: Cast, token: str) -> None:
    assert not is_good(cast.globex, token)
    assert not is_good(cast.globex, token.replace(cast.acme.code, cast.globex.code))
    assert visitor(cast.globex).get(f"/invitations/{token}/").status_code == 410


def test_token_works_on_the_bare_host_too(cast: Cast, token: str) -> None:
    """A public token says which portal it is for."""
    assert visitor(None).get(f"/invitations/{token}/").status_code == 200
    assert visitor(None).get("/invitations/nonsense/").status_code == 404


def test_token_is_dead_after_accepting(cast: Cast, token: str) -> None:
    with inside(cast.acme):
        accept_invitation(cast.ivan, name="Ivan", password=A_PASSWORD)

    assert not is_good(cast.acme, token)
    answer = visitor(cast.acme).post(f"/invitations/{token}/", {"name": "x", "password": "another password here"})
    assert answer.status_code == 410
    with inside(cast.acme):
        assert Membership.objects.get(pk=cast.ivan.pk).user.check_password(A_PASSWORD)


def test_token_is_dead_after_a_newer_one_was_sent(cast: Cast, token: str) -> None:
    with inside(cast.acme):
        newer = token_for(resend_invitation(cast.ivan, by=cast.bea))

    assert (is_good(cast.acme, token), is_good(cast.acme, newer)) == (False, True)


@pytest.mark.parametrize(("days", "good"), [(13.9, True), (14.1, False)])
def test_token_is_dead_after_two_weeks(
    cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch, days: float, good: bool
) -> None:
    assert django_settings.INVITATION_DAYS == 14
    later = timezone.now() + timedelta(days=days)
    monkeypatch.setattr("django.core.signing.time.time", later.timestamp)

    assert is_good(cast.acme, token) is good


def test_token_is_dead_while_its_person_is_disabled(cast: Cast, token: str) -> None:
    with inside(cast.acme):
        disable_member(cast.ivan, by=cast.bea)
    assert not is_good(cast.acme, token)

    with inside(cast.acme):
        enable_member(cast.ivan, by=cast.bea)
    assert is_good(cast.acme, token)


def test_token_lives_through_a_change_of_name_and_groups(cast: Cast, token: str) -> None:
    with inside(cast.acme):
        change_member(cast.ivan, values={"name": "Iván"}, groups=[], by=cast.bea)

    assert is_good(cast.acme, token)


def test_tokens_that_were_made_up_are_dead(cast: Cast, token: str) -> None:
    code, _, value = token.partition(".")
    ivan, at = str(cast.ivan.pk), cast.ivan.invited_at.isoformat()  # type: ignore[union-attr]
    made_up = [
        *("", ".", "..", code, f"{code}.", value, f"{code}.{value}x", f"{code}.{value[:-1]}", f"{code}.x:y:z"),
        f"{code}.{signing.dumps([ivan, at], salt='another.purpose')}",
        f"{code}.{signing.dumps([ivan, at], key='another key', salt=SALT)}",
        f"{code}.{signing.dumps([str(cast.ben.pk), at], salt=SALT)}",
        f"{code}.{signing.dumps([str(cast.dan.pk), at], salt=SALT)}",
        f"{code}.{signing.dumps([ivan, None], salt=SALT)}",
    ]

    assert [text for text in made_up if is_good(cast.acme, text)] == []
    assert is_good(cast.acme, f"{code}.{signing.dumps([ivan, at], salt=SALT)}")


@pytest.mark.parametrize("tail", ["nonsense", "%00", "%ED%A0%80", "x" * 5000, "a:b:c", "é"])
def test_page_of_a_made_up_token_says_that_it_no_longer_works(cast: Cast, tail: str) -> None:
    answer = visitor(cast.acme).get(f"/invitations/{cast.acme.code}.{tail}/")

    assert answer.status_code in {400, 410}
    assert "ivan" not in answer.content.decode().lower()

"""The second factor: set up, asked for, used up, replaced, required, and away from the cache."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from prm.events.models import Delivery, Event
from prm.organizations.context import inside
from prm.serving import secrets
from prm.users.models import Membership
from prm.users.security import change_policy
from tests.abuse.attacking import code_of, half_in, send_code, with_second_factor
from tests.browsing import Api, sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.reading import Page
from tests.users.entering import enter, is_in

SET_UP, REMOVE, CODES = "/accounts/2fa/set-up/", "/accounts/2fa/remove/", "/accounts/2fa/recovery-codes/"


def secret_on(page: str) -> str:
    (found,) = re.findall(r'<code class="key">(\w+)</code>', page)
    return str(found)


def set_up(client: Client) -> str:
    """Through the page, as a person does; returns the secret."""
    secret = secret_on(client.get(SET_UP).content.decode())
    assert client.post(SET_UP, {"code": code_of(secret)})["Location"] == CODES
    return secret


def told(member: Membership) -> list[str]:
    """What this member is told of by mail."""
    with inside(member.portal):
        mails = Delivery.objects.filter(recipient=member, channel="email", event__kind__contains="_")
        kinds = mails.exclude(event__kind=Event.Kind.MEMBER_INVITED).values_list("event__kind", flat=True)
        return sorted(kinds)


@pytest.fixture
def required(cast: Cast) -> None:
    with inside(cast.acme):
        change_policy(values={"require_second_factor": True}, by=cast.ada)


def test_set_up_is_asked_for_at_the_next_sign_in(cast: Cast) -> None:
    client, elsewhere = sign_in(cast.ben), sign_in(cast.ben)

    with time_machine.travel(timezone.now(), tick=False):  # all within one code's half minute
        secret = set_up(client)

        assert (is_in(client), is_in(elsewhere)) == (True, False)
        half = half_in(cast.acme, cast.ben.email)
        assert send_code(half, code_of(secret)).status_code == 422  # it proved the app already
        assert send_code(half, code_of(secret, ahead=1))["Location"] == "/"
        assert is_in(half)
    assert "second_factor_on" in told(cast.ben)


def test_set_up_with_a_wrong_code_keeps_the_picture(cast: Cast) -> None:
    client = sign_in(cast.ben)
    before = secret_on(client.get(SET_UP).content.decode())

    answer = client.post(SET_UP, {"code": "000000"})

    assert (answer.status_code, secret_on(answer.content.decode())) == (422, before)
    assert not Authenticator.objects.exists()


def test_secret_is_encrypted_in_the_database(cast: Cast) -> None:
    secret = set_up(sign_in(cast.ben))

    row = Authenticator.objects.get(type="totp")
    assert secret not in str(row.data)
    assert secrets.decrypt(row.data["secret"]) == secret


def test_link_in_a_mail_is_followed_after_the_code(cast: Cast) -> None:
    secret = with_second_factor(cast.ben.user)
    client = visitor(cast.acme)
    enter(client, cast.ben.email, to="/people/?search=b")

    assert send_code(client, code_of(secret))["Location"] == "/people/?search=b"


def test_invitation_does_not_pass_it_by(cast: Cast) -> None:
    """A known account that joins a second portal enters its code there too."""
    from prm.users.actions import invite_member
    from prm.users.invitations import token_for

    secret = with_second_factor(cast.ben.user)
    with inside(cast.globex):
        member = invite_member(cast.west, email=cast.ben.email, name="Ben", groups=[], by=cast.dan)
        path = f"/invitations/{token_for(member)}/"
    client = visitor(cast.globex)

    answer = client.post(path, {"name": "Ben", "password": PASSWORD})

    assert (answer["Location"], is_in(client)) == ("/accounts/2fa/code/", False)
    send_code(client, code_of(secret))
    assert is_in(client)


def test_sign_in_that_comes_by_without_the_code_is_refused(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As if the library had a hole: the last door counts for itself."""
    with_second_factor(cast.ben.user)
    monkeypatch.setattr(AuthenticateStage, "handle", lambda stage: (None, True))
    client, bea = visitor(cast.acme), visitor(cast.acme)

    answer = enter(client, cast.ben.email)

    assert (answer.status_code, is_in(client)) == (403, False)
    assert "without its second factor" in caplog.text
    enter(bea, cast.bea.email)
    assert is_in(bea)  # who has none needs none


# --- Recovery codes --------------------------------------------------------------------------------------


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<li><code>(\d+)</code></li>", client.post(CODES).content.decode())


def test_recovery_codes_are_shown_once_and_good_once(cast: Cast) -> None:
    client = sign_in(cast.ben)
    set_up(client)
    old, new = recovery_codes(client), recovery_codes(client)

    assert (len(new), set(old) & set(new)) == (10, set())
    assert new[0] not in client.get(CODES).content.decode()
    half = half_in(cast.acme, cast.ben.email)
    assert send_code(half, old[0]).status_code == 422
    assert send_code(half, new[0])["Location"] == "/"
    assert send_code(half_in(cast.acme, cast.ben.email), new[0]).status_code == 422
    assert "9 codes are left" in Page(client.get("/accounts/2fa/")).text
    assert {"recovery_codes_made", "recovery_code_used"} <= set(told(cast.ben))


# --- Taking it away --------------------------------------------------------------------------------------


def test_removal_asks_for_proof_and_tells_the_owner(cast: Cast) -> None:
    secret = with_second_factor(cast.ben.user)
    client = sign_in(cast.ben)
    with time_machine.travel(timezone.now() + timedelta(minutes=20), tick=False):
        asked = client.post(REMOVE)
        assert asked["Location"].startswith("/accounts/reauthenticate/")
        assert client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 422
        assert client.post("/accounts/2fa/reauthenticate/", {"code": "000000"}).status_code == 422
        assert Authenticator.objects.count() == 1
        client.post("/accounts/2fa/reauthenticate/", {"code": code_of(secret)})
        client.post(REMOVE)

    assert Authenticator.objects.count() == 0
    assert "second_factor_off" in told(cast.ben)


# --- Required --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("path", ["/", "/leads/", "/profile/", "/settings/security/", "/accounts/2fa/"])
def test_required_leads_administrators_to_the_set_up(cast: Cast, path: str) -> None:
    client = sign_in(cast.ada)

    assert client.get(path)["Location"] == SET_UP
    assert client.get("/api/v1/leads/").json()["code"] == "second_factor_required"
    secret = set_up(client)
    assert client.get(path, follow=True).status_code == 200
    half = half_in(cast.acme, cast.ada.email)
    send_code(half, code_of(secret, ahead=1))
    assert half.get("/leads/").status_code == 200


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize(
    "path", ["/theme.css", "/script.js", "/manifest.webmanifest", "/icon/4f46e5.svg", "/icon/4f46e5/192.png"]
)
def test_required_leaves_the_set_up_its_looks(cast: Cast, path: str) -> None:
    assert sign_in(cast.ada).get(path).status_code == 200


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("name", ["vic", "bea", "ben", "dora"])
def test_required_is_offered_to_the_others_only(cast: Cast, name: str) -> None:
    assert sign_in(getattr(cast, name)).get("/leads/").status_code == 200


@pytest.mark.usefixtures("required")
def test_required_stays(cast: Cast) -> None:
    client = sign_in(cast.ada)
    set_up(client)

    answer = client.post(REMOVE)

    assert answer.status_code == 422
    assert "asks its administrators" in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").count() == 1


@pytest.mark.usefixtures("required")
def test_required_of_one_portal_asks_nothing_of_another(cast: Cast) -> None:
    assert sign_in(cast.dan).get("/leads/").status_code == 200


@pytest.mark.usefixtures("required")
def test_required_lets_keys_work(cast: Cast) -> None:
    """A key is no sign-in: it was made by somebody who was let in, and can be revoked by name."""
    assert Api(cast.ada).get("leads/").status_code == 200


# --- The cache -------------------------------------------------------------------------------------------


def test_sign_in_and_codes_need_no_cache(cast: Cast, settings: Settings) -> None:
    secret = with_second_factor(cast.ben.user)
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "unix:///nonexistent/valkey.sock"}}
    client = half_in(cast.acme, cast.ben.email)

    assert send_code(client, "000000").status_code == 422
    assert send_code(client, code_of(secret))["Location"] == "/"
    assert send_code(half_in(cast.acme, cast.ben.email), code_of(secret)).status_code == 422

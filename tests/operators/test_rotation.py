"""After a rotation no stored secret needs the old key, and nothing was lost on the way."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from pytest_django import Settings

from prm.operators import rotation
from prm.organizations.context import inside
from prm.serving.secrets import decrypt, encrypt
from prm.sso.actions import add_provider
from prm.sso.models import IdentityProvider
from prm.users.models import Membership
from tests.cast import Cast
from tests.guards.catalogue import fenced_tables, rows

OLD, NEW = "an old key of thirty-two letters!", "a new key of thirty-two letters!!"
TOKEN = re.compile(r"gAAAA[\w=-]{40,}")  # how everything begins that Fernet has sealed


@pytest.fixture
def sealed(cast: Cast, settings: Settings) -> Cast:
    """Second factors of everybody, a provider with a secret and one without in each portal."""
    settings.PRM_ENCRYPTION_KEYS = [OLD]
    for member in (cast.ada, cast.ben, cast.dan):
        factors = {
            "totp": {"secret": encrypt(member.email), "used_step": 7},
            "recovery_codes": {"seed": encrypt("seed"), "used_mask": 1},
        }
        for kind, data in factors.items():
            Authenticator.objects.create(user=member.user, type=kind, data=data)
    for admin in (cast.ada, cast.dan):
        with inside(admin.portal):
            for secret in (f"of {admin.portal}", ""):
                values = {"name": "ID", "issuer": "https://id.example", "client_id": "portal"}
                add_provider(protocol="oidc", values=values, secret=secret, by=admin)
    return cast


def everything_sealed(cast: Cast) -> set[str]:
    """Whatever looks like it, in any table: a kind of secret that the rotation forgets is found here."""
    found: set[str] = set()
    for portal in (cast.acme, cast.globex):
        with inside(portal):
            for table in (*sorted(fenced_tables()), "mfa_authenticator", "users_user"):
                for (text,) in rows(f"SELECT t::text FROM {table} t WHERE strpos(t::text, 'gAAAA') > 0"):
                    found |= set(TOKEN.findall(text))
    return found


@pytest.mark.django_db
def test_rotate_secrets_frees_the_old_key(
    sealed: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 4)
    before = everything_sealed(sealed)
    settings.PRM_ENCRYPTION_KEYS = [NEW, OLD]

    call_command("rotate_secrets")

    settings.PRM_ENCRYPTION_KEYS = [NEW]
    after = everything_sealed(sealed)
    assert capsys.readouterr().out == "8 secrets are encrypted with the first key.\n"
    assert (len(before), len(after), before & after) == (8, 8, set())
    for token in after:
        decrypt(token)
    assert _factor(sealed.ben)["used_step"] == 7
    assert decrypt(_factor(sealed.ben)["secret"]) == sealed.ben.email
    with inside(sealed.globex):
        assert [provider.secret for provider in IdentityProvider.objects.order_by("created_at")] == [
            "of Globex",
            "",
        ]


@pytest.mark.django_db
def test_rotate_secrets_says_when_a_key_was_dropped_too_early(sealed: Cast, settings: Settings) -> None:
    settings.PRM_ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CommandError, match="Put the key back"):
        call_command("rotate_secrets")

    settings.PRM_ENCRYPTION_KEYS = [OLD]
    assert decrypt(_factor(sealed.ben)["secret"]) == sealed.ben.email


def _factor(member: Membership) -> dict[str, Any]:
    data: dict[str, Any] = Authenticator.objects.get(user=member.user, type="totp").data
    return data

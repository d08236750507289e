"""`manage.py reencrypt`: afterwards the old key opens nothing, and everything is read as before."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from pytest_django import Settings

from prm.organizations.context import inside
from prm.serving import secrets
from prm.sso.models import IdentityProvider
from tests.cast import Cast
from tests.populate import vouch_for

OLD, NEW = "an-old-key-of-some-length-0123456789", "a-new-key-of-some-length-0123456789"


@pytest.fixture
def sealed(cast: Cast, settings: Settings) -> Authenticator:
    """A second factor, recovery codes and a provider's client secret, all under the old key."""
    settings.PRM_ENCRYPTION_KEYS = [OLD]
    row = Authenticator.objects.create(
        user=cast.ben.user, type="totp", data={"secret": secrets.encrypt("JBSWY3DPEHPK3PXP"), "used_step": 7}
    )
    Authenticator.objects.create(
        user=cast.ben.user, type="recovery_codes", data={"seed": secrets.encrypt("seed"), "used_mask": 3}
    )
    with inside(cast.acme):
        vouch_for(cast.ben, by=cast.ada)
        provider = IdentityProvider.objects.get()
        provider.secret = "client secret"
        provider.save()
    return row


def test_reencrypt_lets_the_old_key_go(cast: Cast, settings: Settings, sealed: Authenticator) -> None:
    settings.PRM_ENCRYPTION_KEYS = [NEW, OLD]
    call_command("reencrypt")
    call_command("reencrypt")  # once more does no harm
    settings.PRM_ENCRYPTION_KEYS = [NEW]

    sealed.refresh_from_db()
    assert (secrets.decrypt(sealed.data["secret"]), sealed.data["used_step"]) == ("JBSWY3DPEHPK3PXP", 7)
    codes = Authenticator.objects.get(user=cast.ben.user, type="recovery_codes")
    assert (secrets.decrypt(codes.data["seed"]), codes.data["used_mask"]) == ("seed", 3)
    with inside(cast.acme):
        assert IdentityProvider.objects.get().secret == "client secret"


def test_old_key_taken_away_too_early_opens_nothing(cast: Cast, settings: Settings, sealed: Authenticator) -> None:
    settings.PRM_ENCRYPTION_KEYS = [NEW]

    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(sealed.data["secret"])

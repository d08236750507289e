"""Stored secrets written anew under the first of PRM_ENCRYPTION_KEYS, so that the last one may go."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.serving.secrets import rotated
from prm.sso.models import IdentityProvider

BATCH = 500
SEALED = ("secret", "seed")  # of a TOTP, of recovery codes


def rotate_secrets() -> int:
    """Write all of them anew and return how many. May be killed and run again, and while people sign in.

    Raises Unreadable when one of them was encrypted by a key that is not on the list any more.
    """
    count, last = 0, 0
    while keys := list(
        Authenticator.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        count += _rotate_factors(keys)
        last = keys[-1]
    return count + sum(_rotate_providers(portal) for portal in Portal.objects.all())


@transaction.atomic
def _rotate_factors(keys: list[int]) -> int:
    count = 0
    for factor in Authenticator.objects.select_for_update().filter(pk__in=keys):
        for name in set(SEALED) & set(factor.data):
            factor.data[name] = rotated(factor.data[name])
            count += 1
        factor.save(update_fields=["data"])
    return count


def _rotate_providers(portal: Portal) -> int:
    with inside(portal):
        providers = list(IdentityProvider.objects.exclude(sealed_secret="").select_for_update())
        for provider in providers:
            provider.sealed_secret = rotated(provider.sealed_secret)
            provider.save(update_fields=["sealed_secret"])
        return len(providers)

"""Writes stored secrets anew under the first of PRM_ENCRYPTION_KEYS, so that an old key can be taken away.

Row by row, each in a transaction of its own: killed in between, it is run again. Nothing is locked for
longer than one row, so the portals stay open.
"""

from allauth.mfa.models import Authenticator
from django.db import transaction

from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.serving.secrets import rotated
from prm.sso.models import IdentityProvider

SEALED = ("secret", "seed")  # of an authenticator app, and of recovery codes


def reencrypt_authenticators() -> int:
    """Second factors; returns how many rows."""
    keys = list(Authenticator.objects.values_list("pk", flat=True))
    for pk in keys:
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is not None:
                row.data |= {name: rotated(row.data[name]) for name in SEALED if name in row.data}
                row.save(update_fields=["data"])
    return len(keys)


def reencrypt_providers(portal: Portal) -> int:
    """The client secrets of a portal's identity providers; returns how many."""
    with inside(portal):
        rows = list(IdentityProvider.objects.exclude(sealed_secret="").select_for_update())
        for row in rows:
            row.sealed_secret = rotated(row.sealed_secret)
            row.save(update_fields=["sealed_secret"])
        return len(rows)

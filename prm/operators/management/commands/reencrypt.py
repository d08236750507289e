"""`manage.py reencrypt`: after a new key was put in front of PRM_ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from prm.operators.sealed import reencrypt_authenticators, reencrypt_providers
from prm.organizations.models import Portal


class Command(BaseCommand):
    help = "Write every stored secret anew under the first of PRM_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reencrypt_authenticators():>7,} second factors")
        providers = sum(reencrypt_providers(portal) for portal in Portal.objects.all())
        self.stdout.write(f"{providers:>7,} secrets of identity providers")
        self.stdout.write("The keys after the first may be taken out of PRM_ENCRYPTION_KEYS.")

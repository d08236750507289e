"""`manage.py rotate_secrets`: after a new key was put in front of PRM_ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.operators.rotation import rotate_secrets
from prm.serving.secrets import Unreadable


class Command(BaseCommand):
    help = "Write every stored secret anew under the first of PRM_ENCRYPTION_KEYS; the others may go then."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = rotate_secrets()
        except Unreadable as error:
            raise CommandError(f"{error} Put the key back that it was encrypted with.") from error
        self.stdout.write(f"{count:,} secrets are encrypted with the first key.")

"""`manage.py revoke_api_key --portal SLUG --user EMAIL --name N`: dead from the next request on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import revoke_api_key
from prm.users.models import ApiKey


class Command(BaseCommand):
    help = "Revoke the API keys of one person that have a name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--portal", required=True, metavar="SLUG")
        parser.add_argument("--user", required=True, metavar="EMAIL")
        parser.add_argument("--name", required=True, help="the name it was made with")

    def handle(self, *args: Any, **options: Any) -> None:
        portal = Portal.objects.filter(slug=options["portal"]).first()
        if portal is None:
            raise CommandError(f"There is no portal {options['portal']}.")
        with inside(portal):
            keys = ApiKey.objects.filter(name=options["name"], membership__user__email=options["user"].lower())
            found = list(keys.filter(revoked_at=None))
            for key in found:
                revoke_api_key(key, by=None)
        if not found:
            raise CommandError("There is no such key, or it is revoked already.")
        self.stdout.write(f"Revoked: {len(found)}")

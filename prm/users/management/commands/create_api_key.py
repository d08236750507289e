"""`manage.py create_api_key --portal SLUG --user EMAIL --name N` prints the key, once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import create_api_key
from prm.users.models import ApiKey, Membership


class Command(BaseCommand):
    help = "Make an API key that acts as one person of one portal, and print only the key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--portal", required=True, metavar="SLUG")
        parser.add_argument("--user", required=True, metavar="EMAIL")
        parser.add_argument("--name", required=True, help="what it is for")
        parser.add_argument("--days", type=int, help="how long it is good for; until revoked when not given")
        parser.add_argument("--scope", choices=ApiKey.Scope.values, default=ApiKey.Scope.WRITE.value)

    def handle(self, *args: Any, **options: Any) -> None:
        portal = Portal.objects.filter(slug=options["portal"]).first()
        if portal is None:
            raise CommandError(f"There is no portal {options['portal']}.")
        if not 0 < len(options["name"]) <= 80:
            raise CommandError("A key's name has 1 to 80 characters.")
        with inside(portal):
            member = Membership.objects.signed_up().filter(user__email=options["user"].lower()).first()
            if member is None:
                raise CommandError(f"{options['user']} is not active in {portal}.")
            scope = ApiKey.Scope(options["scope"])
            end = timezone.now() + timedelta(days=options["days"]) if options["days"] is not None else None
            _key, secret = create_api_key(member, name=options["name"], scope=scope, by=None, expires_at=end)
        self.stdout.write(secret)

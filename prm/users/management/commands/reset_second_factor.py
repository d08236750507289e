"""`manage.py reset_second_factor --portal SLUG --user EMAIL`: for who has lost the app and the recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.actions import Refused
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import Membership
from prm.users.second_factor import reset_second_factor


class Command(BaseCommand):
    help = "Take the second factor off an account, in all its portals, and end its sessions. The person is told."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--portal", required=True, metavar="SLUG", help="the one whose administrator asked")
        parser.add_argument("--user", required=True, metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        portal = Portal.objects.filter(slug=options["portal"]).first()
        if portal is None:
            raise CommandError(f"There is no portal {options['portal']}.")
        with inside(portal):
            member = Membership.objects.signed_up().filter(user__email=options["user"].lower()).first()
            if member is None:
                raise CommandError(f"{options['user']} is not active in {portal}.")
            user = member.user
        try:
            reset_second_factor(user, asked_by=portal)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{user.email} signs in with the password alone, until a new factor is set up.")

"""`manage.py allow_other_ways_in SLUG` breaks the glass: a portal's single sign-on only is over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.sso.actions import allow_other_ways
from prm.users.models import policy


class Command(BaseCommand):
    help = "Let people of a portal sign in with passwords again, when its identity provider keeps everybody out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("portal", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        portal = Portal.objects.filter(slug=options["portal"]).first()
        if portal is None:
            raise CommandError(f"There is no portal {options['portal']}.")
        with inside(portal):
            if not policy().is_sso_only:
                raise CommandError(f"{portal} allows other ways in already.")
            allow_other_ways(by=None)
        self.stdout.write(f"{portal}: passwords, resets and invitations work again.")

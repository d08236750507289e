"""`manage.py create_portal SLUG --name N --admin EMAIL [--password P]`"""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.actions import Refused
from prm.organizations.actions import FirstAdmin, create_portal
from prm.users.models import User


class Command(BaseCommand):
    help = "Make a portal with its vendor and first admin. A known account keeps its password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the portal's address: SLUG.<PRM_BASE_DOMAIN>")
        parser.add_argument("--name", required=True, help="the vendor's name")
        parser.add_argument("--admin", required=True, metavar="EMAIL")
        parser.add_argument("--admin-name", default="", metavar="NAME")
        parser.add_argument("--password", help="for a new account; without one the admin is invited by mail")

    def handle(self, *args: Any, **options: Any) -> None:
        email: str = options["admin"]
        name = options["admin_name"] or email.partition("@")[0].replace(".", " ").title()
        admin = FirstAdmin(email=email, name=name, password=options["password"])
        try:
            if admin.password:
                validate_password(admin.password, User(email=email))
            portal = create_portal(options["slug"], name=options["name"], admin=admin)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"{portal.name}: {portal.url()}")

"""`manage.py operator add|renew|remove MAIL` and `operator list`: who may enter /admin."""

from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.actions import Refused
from prm.operators.people import Credentials, add_operator, operators, remove_operator, renew_operator
from prm.users.second_factor import has_second_factor


class Command(BaseCommand):
    help = "Give somebody the admin's way in, with a second factor, renew it after a loss, or take it away."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        words = {
            "add": "an account of its own; asks for a password and shows the second factor once",
            "renew": "a new password and a new second factor; all sessions end",
            "remove": "the account opens nothing any more",
        }
        for verb, meaning in words.items():
            verbs.add_parser(verb, help=meaning).add_argument("email", metavar="MAIL")
        verbs.add_parser("list", help="who they are")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options.get("email", ""))
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _add(self, email: str) -> None:
        self._show(add_operator(email, password=_asked()))

    def _renew(self, email: str) -> None:
        self._show(renew_operator(email, password=_asked()))

    def _remove(self, email: str) -> None:
        self.stdout.write(f"{remove_operator(email)} is no operator any more.")

    def _list(self, email: str) -> None:
        for user in operators():
            has = "signs in with a second factor" if has_second_factor(user) else "cannot sign in: renew it"
            self.stdout.write(f"{user}: {has}")

    def _show(self, made: Credentials) -> None:
        self.stdout.write(f"{made.user} may enter /admin. This is shown once:")
        self.stdout.write(f"  for the authenticator app  {made.address}")
        self.stdout.write(f"  the same, to be typed      {made.secret}")
        self.stdout.write(f"  recovery codes             {' '.join(made.recovery_codes)}")


def _asked() -> str:
    password = getpass("Password: ")
    if getpass("The same again: ") != password:
        raise CommandError("These are two different passwords.")
    return password

"""`manage.py deliveries list|release|drop`: what to do with deliveries that a restore has held."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.operators.held import count_held, drop_held, release_held
from prm.organizations.models import Portal


class Command(BaseCommand):
    help = "Count, send or give up the deliveries that a restore has held."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["list", "release", "drop"])
        parser.add_argument("--portal", metavar="SLUG", help="of this portal only")

    def handle(self, *args: Any, **options: Any) -> None:
        portals = Portal.objects.order_by("slug")
        if options["portal"]:
            portals = portals.filter(slug=options["portal"])
        if options["portal"] and not portals:
            raise CommandError(f"There is no portal {options['portal']}.")
        act, word = {
            "list": (count_held, "held"),
            "release": (release_held, "released"),
            "drop": (drop_held, "dropped"),
        }[options["verb"]]
        for portal in portals:
            self.stdout.write(f"{act(portal):>7,} {word}  {portal.slug}")

"""`manage.py seed_demo`: two portals, the cast and some months of leads. Refused in production."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from deals.demo.people import ACME, GLOBEX, set_stage
from deals.demo.stories import tell_stories
from prm.organizations.models import Portal


class Command(BaseCommand):
    help = "Fill an empty development installation with the demonstration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is a portal already")
        parser.add_argument("--leads", type=int, default=200, help="how many for the first portal")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demonstration has a well-known password: development settings only.")
        if options["if_empty"] and Portal.objects.exists():
            return
        taken = Portal.objects.filter(slug__in=[ACME.slug, GLOBEX.slug]).values_list("slug", flat=True)
        if taken:
            raise CommandError(f"There is a portal {' and '.join(taken)} already.")
        with transaction.atomic():  # both or none: --if-empty would not mend half a demonstration
            for program, count, seed in ((ACME, options["leads"], 7), (GLOBEX, options["leads"] // 4, 11)):
                portal = set_stage(program)
                tell_stories(portal, count=count, seed=seed)
                self.stdout.write(f"{portal.name}: {count} leads at {portal.url()}")

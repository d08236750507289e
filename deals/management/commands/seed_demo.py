"""`manage.py seed_demo`: two portals, the cast and some months of leads. Refused in production."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from deals.demo.people import ACME, GLOBEX, set_stage
from deals.demo.stories import tell_stories
from leads.models import Lead
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import User


class Command(BaseCommand):
    help = "Fill an empty development installation with the demonstration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is a portal already")
        parser.add_argument("--leads", type=int, default=200, help="how many for the first portal")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demonstration has a well-known password: development settings only.")
        plan = ((ACME, options["leads"], 7), (GLOBEX, options["leads"] // 4, 11))
        known = {portal.slug: portal for portal in Portal.objects.all()}
        taken = [program.slug for program, _, _ in plan if program.slug in known]
        if options["if_empty"]:
            was_begun = len(taken) == len(plan) and User.objects.filter(email=ACME.admin.email).exists()
            if known and not was_begun:
                return
        elif taken:
            raise CommandError(f"There is a portal {' and '.join(taken)} already.")
        with transaction.atomic():  # people can sign in while the leads are still being told
            portals = [known.get(program.slug) or set_stage(program) for program, _, _ in plan]
        for portal, (_, count, seed) in zip(portals, plan, strict=True):
            if not _has_leads(portal):
                tell_stories(portal, count=count, seed=seed)
                self.stdout.write(f"{portal.name}: {count} leads at {portal.url()}")


def _has_leads(portal: Portal) -> bool:
    """Whether this portal's stories are told; those of an interrupted run are not."""
    with inside(portal):
        return Lead.objects.exists()

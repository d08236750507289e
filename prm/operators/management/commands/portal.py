"""`manage.py portal suspend|resume|export|delete SLUG`: what an operator does to a whole portal."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from prm.actions import Refused
from prm.operators.portal_export import export_portal
from prm.operators.portal_removal import remove_portal
from prm.organizations.models import Portal
from prm.organizations.portals import resume_portal, suspend_portal


class Command(BaseCommand):
    help = "Suspend a portal, open it again, export all of it, or delete it for good."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        words = {
            "suspend": "nobody gets in, deliveries wait",
            "resume": "open it again",
            "export": "write everything of it into a ZIP",
            "delete": "remove a suspended portal with all its rows and files",
        }
        for verb, meaning in words.items():
            one = verbs.add_parser(verb, help=meaning)
            one.add_argument("slug")
            if verb == "export":
                one.add_argument("--output", type=Path, metavar="FILE", help="SLUG-<date>.zip when not given")
            if verb == "delete":
                one.add_argument("--yes", metavar="SLUG", help="the slug once more, instead of being asked")

    def handle(self, *args: Any, **options: Any) -> None:
        portal = Portal.objects.filter(slug=options["slug"]).first()
        if portal is None:
            raise CommandError(f"There is no portal {options['slug']}.")
        try:
            getattr(self, f"_{options['verb']}")(portal, options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal

    def _suspend(self, portal: Portal, options: dict[str, Any]) -> None:
        suspend_portal(portal, by=None)
        self.stdout.write(f"{portal.name} is suspended: {portal.url()} says so to everybody.")

    def _resume(self, portal: Portal, options: dict[str, Any]) -> None:
        resume_portal(portal, by=None)
        self.stdout.write(f"{portal.name} is open again: {portal.url()}")

    def _export(self, portal: Portal, options: dict[str, Any]) -> None:
        target: Path = options["output"] or Path(f"{portal.slug}-{timezone.now():%Y-%m-%d}.zip")
        manifest = export_portal(portal, target)
        for name, table in manifest["tables"].items():
            self.stdout.write(f"{table['rows']:>9,}  {name}")
        self.stdout.write(f"{len(manifest['files']):>9,}  files")
        for place in manifest["lost_files"]:
            self.stderr.write(f"The store has lost {place}.")
        self.stdout.write(f"{target}: {target.stat().st_size:,} bytes")

    def _delete(self, portal: Portal, options: dict[str, Any]) -> None:
        again = options["yes"] or input(f"All of {portal.name} goes for good. Its slug once more: ")
        if again.strip() != portal.slug:
            raise CommandError("That is not its slug. Nothing was deleted.")
        for label, count in sorted(remove_portal(portal).items()):
            self.stdout.write(f"{count:>9,}  {label}")
        self.stdout.write(f"{portal.name} is gone. Backups made before still hold it.")

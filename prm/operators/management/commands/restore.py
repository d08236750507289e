"""`manage.py restore FILE`: a backup becomes an installation again, in an empty database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from prm.operators.restore import restore_backup


class Command(BaseCommand):
    help = "Restore an archive of `backup` into an empty database and an empty PRM_FILES_DIR. Needs pg_restore."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        manifest, held = restore_backup(options["file"])
        total = sum(sum(portals.values()) for portals in manifest["rows"].values())
        self.stdout.write(f"Restored {total:,} rows and {len(manifest['files'])} files of {manifest['made_at']}.")
        if held:
            self.stdout.write(
                f"{held:,} deliveries waited at that moment and may have been sent since: they are held."
                " Look with `manage.py deliveries list`, then release or drop them."
            )

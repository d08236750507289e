"""`manage.py backup FILE`: database and files, counted and checked, in one archive."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.operators.backup import make_backup


class Command(BaseCommand):
    help = "Write database and stored files into one archive, while the portals stay open. Needs pg_dump."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["file"]
        if target.exists():
            raise CommandError(f"{target} is there already.")
        manifest = make_backup(target)
        total = sum(sum(portals.values()) for portals in manifest["rows"].values())
        self.stdout.write(
            f"{target}: {total:,} rows of {len(manifest['rows'])} tables, {len(manifest['files'])} files,"
            f" {target.stat().st_size:,} bytes. The secrets of the environment are not in it."
        )

"""`migrate`, as the owner of the tables, seeing every portal's rows while it runs."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate

from prm.organizations.owner import ALIAS, seeing_all


class Command(migrate.Command):
    """Row-level security is forced on the owner too: without the switch a data migration changes 0 rows."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=ALIAS)

    def handle(self, *args: Any, **options: Any) -> None:
        with seeing_all(options["database"]):
            super().handle(*args, **options)

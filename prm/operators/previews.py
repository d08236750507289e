"""What an import has shown travels with the page, signed: no file waits anywhere between the two presses."""

from dataclasses import astuple

from django.core import signing

from prm.operators.csv_files import Table
from prm.organizations.context import active_portal_id

SALT = "prm.operators.preview"
LASTS = 3600  # seconds


class Lapsed(Exception):
    """Too old, of another table or portal, or not ours."""


def seal_preview(table: Table, *, of: str) -> str:
    return signing.dumps([str(active_portal_id()), of, *astuple(table)], salt=SALT, compress=True)


def open_preview(text: str, *, of: str) -> Table:
    """The table that was shown in this portal. Raises Lapsed."""
    try:
        portal, label, columns, rows, lines = signing.loads(text, salt=SALT, max_age=LASTS)
    except signing.BadSignature as error:
        raise Lapsed from error
    if (portal, label) != (str(active_portal_id()), of):
        raise Lapsed
    return Table(columns, rows, lines)

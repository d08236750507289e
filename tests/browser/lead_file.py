"""Rows of a lead file, as marketing tools write it: the shared one where it is at hand, else our own."""

import csv
from dataclasses import dataclass
from pathlib import Path

from prm.local.paths import PROJECT

SHARED = PROJECT.parent / "shared" / "data" / "leads-1000.csv"
OWN = PROJECT / "tests" / "data" / "leads.csv"


@dataclass(frozen=True)
class Row:
    """One row, in the words of the lead form."""

    company: str
    first_name: str
    last_name: str
    email: str
    phone: str
    mobile: str
    website: str
    source: str
    description: str
    internal_notes: str  # the second address: for the vendor's eyes only

    @property
    def values(self) -> dict[str, str]:
        return dict(self.__dict__)

    @property
    def details(self) -> list[str]:
        """What must not be read by whom the lead is withheld from."""
        return [value for value in self.values.values() if value]


def rows(count: int, *, own: bool = False) -> list[Row]:
    """The first rows of the shared file, or of our own."""
    path: Path = OWN if own or not SHARED.exists() else SHARED
    with path.open(encoding="utf-8", newline="") as file:
        return [_row(line) for line, _ in zip(csv.DictReader(file), range(count), strict=False)]


def _row(line: dict[str, str]) -> Row:
    return Row(
        company=line["Company"],
        first_name=line["First Name"],
        last_name=line["Last Name"],
        email=line["Email 1"],
        phone=line["Phone 1"],
        mobile=line["Phone 2"],
        website=line["Website"],
        source=line["Source"],
        description=line["Notes"],
        internal_notes=line["Email 2"],
    )

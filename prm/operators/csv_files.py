"""A CSV as people have it: by a spreadsheet of today or of 1998, with commas, semicolons or tabs."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from prm.files.cells import restored
from prm.files.sheets import LONGEST_CELL

MOST_BYTES = 256 * 1024  # the preview of it travels with a form
MOST_ROWS = 1_000  # each goes through its verb while the page is awaited, and that twice
DELIMITERS = ",;\t"
PROGRAMS_OWN = {b"PK\x03\x04": "xlsx", b"\xd0\xcf\x11\xe0": "xls"}  # how their files begin
WITH_MARK = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class TableError(Exception):
    """Why the file is no table for us, in words."""


@dataclass(frozen=True)
class Table:
    """Rows of text under known columns; `lines` says where in the file each row stands."""

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]


def read_table(data: bytes, *, columns: Mapping[str, str]) -> Table:
    """The table in a file. `columns` leads from a heading in small letters to the column. Raises TableError."""
    if len(data) > MOST_BYTES:
        raise TableError(_("The file has more than %(n)d kilobytes.") % {"n": MOST_BYTES // 1024})
    text = _text_of(data)
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        found = [(reader.line_num, [restored(cell) for cell in row]) for row in reader]
    except csv.Error as error:
        raise TableError(_("Line %(n)d is no CSV.") % {"n": reader.line_num}) from error
    found = [(line, row) for line, row in found if any(cell.strip() for cell in row)]
    if found and found[0][1][0].lower().startswith("sep="):  # a spreadsheet's note to itself
        del found[0]
    if len(found) < 2:
        raise TableError(_("There are no rows in this file."))
    if len(found) - 1 > MOST_ROWS:
        raise TableError(_("The file has more than %(n)d rows. Import it in parts.") % {"n": MOST_ROWS})
    headings = _headings(found[0][1], columns)
    rows = [_filled(row, len(headings), line) for line, row in found[1:]]
    return Table(headings, rows, [line for line, _row in found[1:]])


def _text_of(data: bytes) -> str:
    """By its mark, else UTF-8, else the Western Windows code page, in which nearly every byte is a letter."""
    for beginning, name in PROGRAMS_OWN.items():
        if data.startswith(beginning):
            raise TableError(_("This is an .%(name)s file. Save it as CSV first.") % {"name": name})
    marked = [encoding for mark, encoding in WITH_MARK.items() if data.startswith(mark)]
    for encoding in marked or ["utf-8", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableError(_("This file holds no text that can be read."))


def _delimiter(text: str) -> str:
    """The one that stands in the first lines most often; a note of a spreadsheet names it."""
    first = text[:2000].splitlines()[:1]
    if first and first[0].lower().startswith("sep=") and first[0][4:5] in tuple(DELIMITERS):
        return first[0][4]
    head = "".join(first)
    return max(DELIMITERS, key=head.count)


def _headings(row: list[str], columns: Mapping[str, str]) -> list[str]:
    while row and not row[-1].strip():
        row = row[:-1]
    unknown = [cell for cell in row if cell.strip().lower() not in columns]
    if unknown:
        words = _("The column %(column)s is not known. These are: %(columns)s.")
        known = ", ".join(dict.fromkeys(columns.values()))
        raise TableError(words % {"column": unknown[0].strip()[:40], "columns": known})
    found = [columns[cell.strip().lower()] for cell in row]
    if len(set(found)) < len(found):
        raise TableError(_("A column is there twice."))
    if "name" not in found:
        raise TableError(_("The column name is missing: by it a row is known."))
    return found


def _filled(row: list[str], width: int, line: int) -> list[str]:
    if any(cell.strip() for cell in row[width:]):
        raise TableError(_("Line %(n)d has more cells than there are columns.") % {"n": line})
    return [*(cell.strip() for cell in row[:width]), *[""] * (width - len(row))]

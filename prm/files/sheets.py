"""Tables as files: CSV (RFC 4180) and XLSX (ECMA-376), written piece by piece so that memory stays small.

A `Sheet` turns rows into pieces of bytes; put one after the other, between its head and its tail, they are
the table. Whoever makes them may stop after any piece and go on later. Text is guarded against being taken
for a formula by either (prm/files/cells.py); numbers stay numbers.
"""

import csv
import io
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from prm.files.cells import guarded, restored

BOM = b"\xef\xbb\xbf"  # by which a spreadsheet knows that this is UTF-8
LONGEST_CELL = 100_000  # characters that are read; 32,767 of them fit into a cell of XLSX
MOST_IN_XLSX_CELL = 32_767
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Sheet(ABC):
    """One of the formats."""

    content_type: str
    most_rows: int

    @abstractmethod
    def head(self, labels: Sequence[str]) -> bytes:
        """The first piece."""

    @abstractmethod
    def piece(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """Some rows. A value is text, a number, a date, a time, yes or no, or None."""

    @abstractmethod
    def write(self, pieces: Iterable[bytes], out: IO[bytes]) -> None:
        """The whole file, from its pieces in their order."""


class CsvSheet(Sheet):
    """All cells quoted, lines ended by CRLF, in UTF-8 with a mark that says so."""

    def head(self, labels: Sequence[str]) -> bytes:
        return BOM + self.piece([labels])

    def piece(self, rows: Iterable[Sequence[Any]]) -> bytes:
        out = io.StringIO(newline="")
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerows([_as_text(value) for value in row] for row in rows)
        return out.getvalue().encode(errors="replace")

    def write(self, pieces: Iterable[bytes], out: IO[bytes]) -> None:
        out.writelines(pieces)


class XlsxSheet(Sheet):
    """One sheet. Its texts are strings by type: not even without the apostrophe would one be a formula."""

    def head(self, labels: Sequence[str]) -> bytes:
        return self.piece([labels])

    def piece(self, rows: Iterable[Sequence[Any]]) -> bytes:
        lines = (f"<row>{''.join(map(_as_xml, row))}</row>" for row in rows)
        return "".join(lines).encode(errors="replace")

    def write(self, pieces: Iterable[bytes], out: IO[bytes]) -> None:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
            for name, text in _PARTS.items():
                archive.writestr(name, text)
            with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
                sheet.write(_SHEET_HEAD)
                for piece in pieces:
                    sheet.write(piece)
                sheet.write(_SHEET_TAIL)


CSV, XLSX = "csv", "xlsx"
SHEETS: dict[str, Sheet] = {
    CSV: CsvSheet("text/csv", most_rows=1_000_000),
    XLSX: XlsxSheet("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", most_rows=100_000),
}


def read_csv(lines: Iterable[str]) -> Iterator[list[str]]:
    """The rows of a CSV with every text as it was before it was guarded. Open a file with `newline=""`.

    Raises csv.Error for what is no CSV, and for a cell of more than LONGEST_CELL characters.
    """
    csv.field_size_limit(LONGEST_CELL)
    for row in csv.reader(lines, strict=True):
        yield [restored(cell) for cell in row]


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("Yes") if value else _("No")
        case int() | float() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case datetime():
            return timezone.localtime(value).isoformat(sep=" ", timespec="seconds")
        case date():
            return value.isoformat()
    return guarded(str(value))


# --- XLSX: the few parts that a spreadsheet needs ------------------------------------------------------

_EPOCH = datetime(1899, 12, 30)  # day 0 of a spreadsheet's calendar
_DAY, _MOMENT = 1, 2  # the cell styles below


def _as_xml(value: Any) -> str:
    match value:
        case None | "":
            return "<c/>"
        case bool():
            return _text_cell(_as_text(value))
        case int() | float() | Decimal():
            return f"<c><v>{_as_text(value)}</v></c>"
        case datetime():
            since = timezone.localtime(value).replace(tzinfo=None) - _EPOCH
            return f'<c s="{_MOMENT}"><v>{since.total_seconds() / 86_400:.8f}</v></c>'
        case date():
            return f'<c s="{_DAY}"><v>{(value - _EPOCH.date()).days}</v></c>'
    return _text_cell(guarded(str(value)))


def _text_cell(text: str) -> str:
    plain = escape(_NO_XML.sub("\ufffd", text[:MOST_IN_XLSX_CELL]), quote=False)
    plain = plain.replace("\r", "&#13;")  # a bare CR is read as a LF
    return f'<c t="inlineStr"><is><t xml:space="preserve">{plain}</t></is></c>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET_HEAD = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
).encode()
_SHEET_TAIL = b"</sheetData></worksheet>"
_PARTS = {
    "[Content_Types].xml": (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'{_XML}<styleSheet xmlns="{_MAIN}">'
        '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
        '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}

"""Tables as files: no cell is a formula, every text comes back as it was, and another reader agrees."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from prm.files.cells import TRIGGERS, guarded, restored
from prm.files.sheets import BOM, CSV, LONGEST_CELL, SHEETS, XLSX, read_csv

NASTY = [
    *(f"{trigger}cmd|' /C calc'!A0" for trigger in TRIGGERS),
    *TRIGGERS,
    *(f"'{trigger}" for trigger in TRIGGERS),
    *("+1", "-1", "'", "''", "'''", "''=1", "' =1", "it's", "", " =1", '=HYPERLINK("http://x")', 'a"b', "a,b\r\nc"),
]
"""Case 36 of what has to be withstood, and what comes near it."""
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
risky = st.tuples(st.text(f"'{TRIGGERS}", max_size=4), texts).map("".join)


def written(name: str, rows: Sequence[Sequence[Any]], labels: Sequence[str] = ("A", "B")) -> bytes:
    """A file of these rows, each of which was made as a piece of its own."""
    sheet, out = SHEETS[name], io.BytesIO()
    sheet.write([sheet.head(labels), *(sheet.piece([row]) for row in rows)], out)
    return out.getvalue()


def csv_cells(content: bytes) -> list[list[str]]:
    """As any other program reads it."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def xlsx_rows(content: bytes) -> list[tuple[Any, ...]]:
    """As any other program reads it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return list(book.worksheets[0].iter_rows(values_only=True))


@pytest.mark.parametrize("text", NASTY)
def test_guarded_is_no_formula_and_comes_back(text: str) -> None:
    assert guarded(text)[:1] not in {*TRIGGERS}
    assert restored(guarded(text)) == text


@given(risky)
@settings(max_examples=10_000, deadline=None)
def test_guarded_and_restored_are_inverse_for_any_text(text: str) -> None:
    assert guarded(text)[:1] not in {*TRIGGERS}
    assert restored(guarded(text)) == text


def test_guarded_leaves_plain_text_alone() -> None:
    plain = ["Kestrel", "it's", "'quoted'", "a=b", "", "'", " x"]

    assert [guarded(text) for text in plain] == plain


@given(st.lists(st.tuples(risky, risky), max_size=5))
@settings(max_examples=500, deadline=None)
def test_csv_comes_back_as_it_was(rows: list[tuple[str, str]]) -> None:
    content = written(CSV, rows)

    assert list(read_csv(io.StringIO(content.decode("utf-8-sig"), newline=""))) == [["A", "B"], *map(list, rows)]
    assert [cell for row in csv_cells(content) for cell in row if cell[:1] and cell[0] in TRIGGERS] == []


def test_csv_is_quoted_and_says_that_it_is_utf_8() -> None:
    assert written(CSV, [("Ünal", 'say "hi"')]) == BOM + '"A","B"\r\n"Ünal","say ""hi"""\r\n'.encode()


def test_csv_keeps_numbers_as_numbers() -> None:
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    with timezone.override("Europe/Berlin"):
        content = written(
            CSV, [(-5, Decimal("-1200.50")), (Decimal("1E+3"), at), (date(2026, 3, 1), None), (True, 0)]
        )

    assert csv_cells(content)[1:] == [
        ["-5", "-1200.50"],
        ["1000", "2026-03-01 13:30:00+01:00"],
        ["2026-03-01", ""],
        ["Yes", "0"],
    ]


def test_read_csv_refuses_what_is_none_and_what_is_endless() -> None:
    with pytest.raises(csv.Error):
        list(read_csv(['"a" b,"c']))
    with pytest.raises(csv.Error, match="field larger"):
        list(read_csv(["x" * (LONGEST_CELL + 1)]))


@pytest.mark.parametrize("text", NASTY)
def test_xlsx_holds_text_and_no_formula(text: str) -> None:
    content = written(XLSX, [(text, "beside")])
    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"]

    assert cell.data_type != "f"
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    if "\0" not in text:  # which XML cannot hold
        assert restored(cell.value or "") == text


@given(st.lists(texts, min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_xlsx_can_always_be_opened(row: list[str]) -> None:
    assert len(xlsx_rows(written(XLSX, [row], labels=["Head"] * len(row)))) == 2


def test_xlsx_keeps_numbers_dates_and_times() -> None:
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    with timezone.override("Europe/Berlin"):
        content = written(XLSX, [(-5, Decimal("1200.50")), (date(2026, 3, 1), at), (None, False)])

    assert xlsx_rows(content)[1:] == [
        (-5, 1200.5),
        (datetime(2026, 3, 1), datetime(2026, 3, 1, 13, 30)),
        (None, "No"),
    ]


def test_xlsx_cuts_what_no_cell_can_hold() -> None:
    ((_a, _b), (long, _c)) = xlsx_rows(written(XLSX, [("x" * 40_000, "")]))

    assert len(long) == 32_767

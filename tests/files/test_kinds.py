"""What a file is, is found in its content (cases 60 and 61 for files that are kept as they are)."""

import contextlib
import io
import tracemalloc
import zipfile

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from prm.files import kinds
from prm.files.kinds import KINDS, kind_of
from prm.files.names import LONGEST, plain_name, safe_name
from prm.files.sheets import XLSX, XlsxSheet
from tests.files.making import (
    EICAR,
    HTML,
    OLE,
    PDF,
    SVG,
    bomb,
    giant,
    office,
    open_document,
    package,
    picture,
    workbook,
)


def found(content: bytes, name: str = "x") -> str:
    return kind_of(io.BytesIO(content), name=name).name


def our_own_sheet() -> bytes:
    made, sheet = io.BytesIO(), XlsxSheet(XLSX, most_rows=1)
    sheet.write([sheet.head(["a"])], made)
    return made.getvalue()


GOOD = {
    "pdf": (PDF, "pdf"),
    "docx": (office("docx"), "docx"),
    "pptx": (office("pptx"), "pptx"),
    "xlsx of another program": (workbook(), "xlsx"),
    "xlsx of ours": (our_own_sheet(), "xlsx"),
    "odt": (open_document("odt"), "odt"),
    "ods": (open_document("ods"), "ods"),
    "odp": (open_document("odp"), "odp"),
    "png": (picture("PNG"), "png"),
    "jpeg": (picture("JPEG"), "jpeg"),
    "gif": (picture("GIF"), "gif"),
    "webp": (picture("WEBP"), "webp"),
    "text": ("Grüße aus Graz\r\n".encode(), "txt"),
    "text of 1998": ("Grüße aus Graz\r\n\x1a".encode("cp1252"), "txt"),
    "text in UTF-16": ("Grüße".encode("utf-16"), "txt"),
    "text with a mark": (b"\xef\xbb\xbfname;city\r\n", "txt"),
    "one letter": (b"x", "txt"),
    "smaller than": (b"a < b and 1 <2", "txt"),
}


@pytest.mark.parametrize("name", GOOD)
def test_kind_is_found_in_the_content_whatever_the_name(name: str) -> None:
    content, expected = GOOD[name]

    assert found(content, "evil.html") == found(content, "") == expected


def test_kind_of_text_alone_goes_by_the_name() -> None:
    assert found(b"a;b\r\n1;2\r\n", "Prices.CSV") == "csv"
    assert found(PDF, "prices.csv") == "pdf"


def with_zip64(content: bytes) -> bytes:
    """With the locator of a directory somewhere else, which readers would follow."""
    return content[:-22] + b"PK\x06\x07" + b"\0" * 16 + content[-22:]


def locked() -> bytes:
    """With the flag of a password on its first part."""
    content = bytearray(office())
    for place in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[place] |= 1
    return bytes(content)


NO_KIND, PAGE, MACROS, OLD = "no kind of file", "Web pages, XML and SVG", "holds macros", "old Office program"
BAD = {
    "empty": (b"", "is empty"),
    "eicar": (EICAR, "virus"),
    "svg": (SVG, PAGE),
    "html": (HTML, PAGE),
    "html after blanks": (b"\xef\xbb\xbf \r\n\t<HTML>", PAGE),
    "html in UTF-16": ("<html>".encode("utf-16"), PAGE),
    "html further down": (b"Hello\n<script>alert(1)</script>", PAGE),
    "html in a pdf": (b"%PDF-1.4\n<html><script>alert(1)</script>\n%%EOF", PAGE),
    "html in a gif": (b"GIF89a/*<script>*/" + picture("GIF")[6:], PAGE),
    "xml": (b'<?xml version="1.0"?><a/>', PAGE),
    "php": (b"<?php system($_GET[0]);", PAGE),
    "pdf without an end": (PDF[:30], NO_KIND),
    "pdf behind something": (b"MZ\0" + PDF, NO_KIND),
    "doc of 1998": (OLE, OLD),
    "program": (b"MZ\x90\0\x03\0\0\0" + b"\0" * 200, NO_KIND),
    "rich text": (b"{\\rtf1\\ansi hello}", NO_KIND),
    "only a signature": (b"\x89PNG\r\n\x1a\n", NO_KIND),
    "30,000 x 30,000": (giant(30_000, 30_000), "too many pixels"),
    "10,000 x 9,000": (giant(10_000, 9_000), "too many pixels"),
    "bitmap": (picture("BMP"), NO_KIND),
    "just a zip": (package({"a": b"a"}), NO_KIND),
    "zip of nothing": (b"PK\x05\x06" + b"\0" * 18, NO_KIND),
    "zip with more behind it": (office() + b"x" * 30, NO_KIND),
    "zip with a directory elsewhere": (with_zip64(office()), NO_KIND),
    "zip cut short": (office()[:-30], NO_KIND),
    "zip with a password": (locked(), NO_KIND),
    "macros by type": (office(types="<Override ContentType='application/vnd.ms-office.vbaProject'/>"), MACROS),
    "macros by part": (office(parts={"word/vbaProject.bin": b"x"}), MACROS),
    "macros of old Excel": (office("xlsx", parts={"xl/macrosheets/sheet1.xml": b"x"}), MACROS),
    "macros of OpenDocument": (open_document("odt", parts={"Basic/Standard/x.xml": b"x"}), MACROS),
    "types written otherwise": (office(types="<Override ContentType='vba&#80;roject'/>"), NO_KIND),
    "two kinds": (office("docx", types="<Override ContentType='spreadsheetml.sheet.main+xml'/>"), NO_KIND),
    "template": (package({"mimetype": b"application/vnd.oasis.opendocument.text-template"}), NO_KIND),
    "bomb": (bomb(), "far too large"),
    "list of types that is a bomb": (office(types=" " * 5_000_000), NO_KIND),
    "many parts": (package({f"{n}": b"" for n in range(4001)}), "far too large"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("called", ["offer.pdf", "offer.docx", "offer.txt"])
def test_case_61_what_is_not_taken_is_refused_with_what_is(name: str, called: str) -> None:
    content, words = BAD[name]

    with pytest.raises(ValidationError, match=words) as refused:
        found(content, called)

    assert refused.value.code == "file_rejected"
    assert "Taken are PDF, Word" in refused.value.message


def test_case_61_nothing_of_a_bomb_is_unpacked() -> None:
    """Of half a gigabyte, and of a list of types that is 50 MB."""
    half, types = bomb(), office(types=" " * 50_000_000)
    tracemalloc.start()
    try:
        for content in (half, types):
            with pytest.raises(ValidationError):
                found(content)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 6 * 1024 * 1024


def test_case_61_a_directory_of_very_many_parts_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry is small, and an object of the reader's once it is read."""
    content = package({f"{n:040}": b"" for n in range(8000)})

    def never(*args: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(zipfile, "ZipFile", never)
    with pytest.raises(ValidationError, match=NO_KIND):
        found(content)


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(sorted(GOOD)),
    cut=st.integers(0, 900),
    changes=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=12),
)
def test_case_61_broken_files_are_refused_never_a_crash(
    kind: str, cut: int, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(GOOD[kind][0][: cut or None])
    for place, value in changes:
        if content:
            content[place % len(content)] = value
    with contextlib.suppress(ValidationError):
        assert found(bytes(content)) in KINDS


def test_every_kind_is_reached_by_some_file() -> None:
    assert {kind for _content, kind in GOOD.values()} | {"csv"} == set(KINDS)


def test_head_is_what_browsers_look_at() -> None:
    """Further down nobody takes a page for one: it is saved, with nosniff, as text."""
    assert found(b"x" * kinds.HEAD + HTML) == "txt"


# --- Names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Offer 2026.pdf", "Offer 2026.pdf"),
        ("Angebot Käse & Söhne.PDF", "Angebot Käse & Söhne.PDF"),
        ("見積書.pdf", "見積書.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\boot.pdf", "boot.pdf"),
        ("C:\\Users\\ben\\offer.pdf", "offer.pdf"),
        ("a\0b.pdf", "a b.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("report\u202efdp.exe", "reportfdp.exe.pdf"),
        ("\ufeffoffer\u200b.pdf", "offer.pdf"),
        ("x.html", "x.html.pdf"),
        ("x.pdf.exe", "x.pdf.exe.pdf"),
        ("con.txt", "_con.txt.pdf"),
        ("CON", "_CON.pdf"),
        ("com1.pdf", "_com1.pdf"),
        ("console.pdf", "console.pdf"),
        (".pdf", "pdf.pdf"),
        ("...", "pdf.pdf"),
        ("", "pdf.pdf"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("offer.pdf. . ", "offer.pdf"),
        ("e\u0301.pdf", "é.pdf"),
    ],
)
def test_case_60_a_name_is_made_safe_and_gets_its_kinds_ending(sent: str, kept: str) -> None:
    assert safe_name(sent, KINDS["pdf"]) == kept


def test_case_60_a_long_name_keeps_its_ending() -> None:
    for sent in ("x" * 300 + ".pdf", "x" * 300, "." * 10 + "x." * 300 + "pdf"):
        kept = safe_name(sent, KINDS["pdf"])
        assert (len(kept) <= LONGEST, kept.endswith("x.pdf")) == (True, True)


@given(st.text(max_size=400))
def test_case_60_any_name_fits_a_header_and_a_folder(sent: str) -> None:
    kept = safe_name(sent, KINDS["jpeg"])

    assert kept == plain_name(kept)
    assert 1 < len(kept) <= LONGEST
    assert kept.lower().endswith((".jpg", ".jpeg"))
    assert not set(kept) & set('<>:"/\\|?*\0\r\n\u202e')
    assert kept[0] not in ". "
    kept.encode()

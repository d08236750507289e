"""Files as people hand them in, and as others would like them to be taken: made in memory, byte by byte."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504  # of 1998
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
MAIN = {
    "docx": "wordprocessingml.document.main+xml",
    "xlsx": "spreadsheetml.sheet.main+xml",
    "pptx": "presentationml.presentation.main+xml",
}
NONE: Mapping[str, bytes] = {}
ODF = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}


def pdf(content: bytes) -> bytes:
    """One that holds this."""
    return PDF + content + b"\n%%EOF\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(made, kind)
    return made.getvalue()


def package(parts: Mapping[str, bytes]) -> bytes:
    """A ZIP; OpenDocument's first part is laid in as it is."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return made.getvalue()


def office(kind: str = "docx", types: str = "", parts: Mapping[str, bytes] = NONE) -> bytes:
    """Word, Excel or PowerPoint, as far as anybody looks; `types` goes into the list of its parts' types."""
    main = f"application/vnd.openxmlformats-officedocument.{MAIN[kind]}"
    listed = f'<?xml version="1.0"?><Types><Override PartName="/x" ContentType="{main}"/>{types}</Types>'
    return package({"[Content_Types].xml": listed.encode(), "_rels/.rels": b"<Relationships/>", **parts})


def open_document(kind: str = "odt", parts: Mapping[str, bytes] = NONE) -> bytes:
    first = f"application/vnd.oasis.opendocument.{ODF[kind]}".encode()
    return package({"mimetype": first, "content.xml": b"<x/>", **parts})


def workbook() -> bytes:
    """As another program writes it."""
    made, book = io.BytesIO(), Workbook()
    sheet: Any = book.active
    sheet.append(["Kestrel", 1])
    book.save(made)
    return made.getvalue()


@cache
def bomb() -> bytes:
    """An office file of half a megabyte that would be half a gigabyte."""
    zeroes = b"\0" * 1024 * 1024 * 50
    return office(parts={f"word/media/{number}.bmp": zeroes for number in range(10)})


def giant(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises this many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def upload(name: str = "offer.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    """As a browser sends it; what kind it says to be is no matter."""
    return SimpleUploadedFile(name, content, "text/html")

"""What a file is that somebody hands in, found in its content: what it is called and said to be does not count.

Taken are documents, tables, slides, pictures and plain text, each recognised by what stands in it. Nothing
is unpacked but the one small part of an office file that says what the rest is, and that only so far. All
of it is ever only saved, never shown: prm/files/views.py.
"""

import codecs
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image

from prm.files.pictures import BROKEN

HEAD = 1445  # bytes that a browser looks at to guess a kind (WHATWG MIME Sniffing, 5.1)
TAIL = 2048  # bytes within which a PDF ends
CHUNK = 64 * 1024
MOST_PARTS = 4000  # of an office file
LARGEST_DIRECTORY = 512 * 1024  # bytes of the list of them
MOST_UNPACKED = 400 * 1024 * 1024  # bytes that they promise to be, together
MOST_READ = 1024 * 1024  # bytes of the one part that is read


@dataclass(frozen=True)
class Kind:
    """One of the kinds that are taken. The first of its `endings` is given to a name that has none of them."""

    name: str
    content_type: str
    endings: tuple[str, ...]
    icon: str


_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
_ALL = (
    Kind("pdf", "application/pdf", ("pdf",), "document-text"),
    Kind("docx", f"{_OOXML}.wordprocessingml.document", ("docx",), "document-text"),
    Kind("odt", f"{_ODF}.text", ("odt",), "document-text"),
    Kind("xlsx", f"{_OOXML}.spreadsheetml.sheet", ("xlsx",), "table-cells"),
    Kind("ods", f"{_ODF}.spreadsheet", ("ods",), "table-cells"),
    Kind("csv", "text/csv", ("csv",), "table-cells"),
    Kind("pptx", f"{_OOXML}.presentationml.presentation", ("pptx",), "presentation-chart-bar"),
    Kind("odp", f"{_ODF}.presentation", ("odp",), "presentation-chart-bar"),
    Kind("png", "image/png", ("png",), "photo"),
    Kind("jpeg", "image/jpeg", ("jpg", "jpeg"), "photo"),
    Kind("gif", "image/gif", ("gif",), "photo"),
    Kind("webp", "image/webp", ("webp",), "photo"),
    Kind("txt", "text/plain", ("txt", "text", "md", "log"), "document"),
)
KINDS = {kind.name: kind for kind in _ALL}
BY_CONTENT_TYPE = {kind.content_type: kind for kind in _ALL}

_PICTURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}
_MAIN = {  # the main part's type, by which the packages differ (ECMA-376, part 1, 15.2)
    b"wordprocessingml.document.main+xml": "docx",
    b"spreadsheetml.sheet.main+xml": "xlsx",
    b"presentationml.presentation.main+xml": "pptx",
}
_PAGE = re.compile(rb"<(?:html|head|body|script|iframe|svg|!doctype|\?php)", re.IGNORECASE)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<[!?/a-z]", re.IGNORECASE)
_MACROS = re.compile(rb"macroenabled|macrosheet|vbaproject", re.IGNORECASE)
_MACRO_PARTS = ("basic/", "scripts/", "xl/macrosheets/")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")  # in no text: not tab, LF, FF, CR, the end of DOS
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office until 2003, and what is locked with a password since
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_TEST_VIRUS = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"  # eicar.org; what scanners are tried with


def kind_of(content: IO[bytes], *, name: str) -> Kind:
    """What this is. Of text alone the ending of `name` says whether it is a table.

    Raises ValidationError, code `file_rejected`, in words that say what is wrong and what is taken.
    """
    head = _read_at(content, 0, HEAD)
    if not head:
        raise rejected(_("This file is empty."))
    if _TEST_VIRUS in head:
        raise rejected(_("This file holds a virus, or the mark that virus scanners are tested with."))
    if head.startswith(_OLE):
        raise rejected(
            _(
                "This is a file of an old Office program (.doc, .xls, .ppt), or one locked with a password."
                " Save it as .docx, .xlsx, .pptx or PDF, without a password."
            )
        )
    plain = head.replace(b"\0", b"")  # UTF-16 hides nothing
    if _PAGE.search(plain) or _MARKUP.match(plain):
        raise rejected(_("Web pages, XML and SVG are not taken, whatever they are called: they may hold programs."))
    found = _sniffed(content, head, name)
    if found is None:
        raise rejected(_("This is no kind of file that is taken here, or it is broken."))
    return KINDS[found]


def rejected(words: str) -> ValidationError:
    """What is wrong, with what is taken instead."""
    taken = _("Taken are PDF, Word, Excel, PowerPoint and OpenDocument files, PNG, JPEG, GIF, WebP, CSV and text.")
    return ValidationError(f"{words} {taken}", code="file_rejected")


def _sniffed(content: IO[bytes], head: bytes, name: str) -> str | None:
    if head.startswith(b"%PDF-"):
        return "pdf" if b"%%EOF" in _tail(content, TAIL) else None
    for signature, kind in _PICTURES.items():
        if head.startswith(signature):
            return _picture(content, kind)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _picture(content, "webp")
    if head.startswith(b"PK\x03\x04"):
        return _package(content)
    if head.startswith(b"{\\rtf") or not _is_text(content, head):
        return None
    return "csv" if name.lower().endswith(".csv") else "txt"


def _picture(content: IO[bytes], kind: str) -> str | None:
    """Its header is read, nothing is decoded: not by us, but by whoever opens it."""
    content.seek(0)
    try:
        with Image.open(content, formats=[kind.upper()]) as picture:
            pixels = picture.width * picture.height
    except Image.DecompressionBombError:
        pixels = _most_pixels() + 1
    except BROKEN:
        return None
    if pixels > _most_pixels():
        raise rejected(_("This picture has too many pixels."))
    return kind


def _most_pixels() -> int:
    return Image.MAX_IMAGE_PIXELS or 0


# --- Packages: Office Open XML, OpenDocument ----------------------------------------------------------------


def _package(content: IO[bytes]) -> str | None:
    """What a ZIP says it is, after looking at its list of parts. Of their content one is read, so far."""
    end = _tail(content, 42)
    directory = int.from_bytes(end[-10:-6], "little")
    # An end without a comment, as office programs write it: nothing follows, and its figures are those that count.
    if end[-22:-18] != _END or end[-2:] != b"\0\0" or _END_64 in end[:-22] or directory > LARGEST_DIRECTORY:
        return None
    try:
        with zipfile.ZipFile(content) as archive:
            return (_open_document(archive) or _office(archive)) if _measured(archive) else None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, LookupError, RuntimeError):
        return None


def _measured(archive: zipfile.ZipFile) -> bool:
    """Whether it is no bomb, and every part of it can be read. Raises ValidationError for one that is."""
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise rejected(_("This file would be far too large once it is unpacked."))
    names = [part.filename.lower() for part in parts]
    if any(name.startswith(_MACRO_PARTS) or "vbaproject" in name for name in names):
        raise _has_macros()
    known = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    return all(part.compress_type in known and not part.flag_bits & 1 for part in parts)


def _open_document(archive: zipfile.ZipFile) -> str | None:
    """By its first part (OpenDocument 1.3, part 2, 3.3)."""
    first = archive.infolist()[0]
    if first.filename != "mimetype" or first.compress_type != zipfile.ZIP_STORED:
        return None
    kind = BY_CONTENT_TYPE.get(_part(archive, first.filename).decode("ascii", "replace"))
    return kind.name if kind and kind.content_type.startswith(_ODF) else None


def _office(archive: zipfile.ZipFile) -> str | None:
    """By the types of its parts, in which no character may be written in another way."""
    types = _part(archive, "[Content_Types].xml")
    if _MACROS.search(types):
        raise _has_macros()
    found = [kind for main, kind in _MAIN.items() if main in types]
    return found[0] if len(found) == 1 and b"&" not in types else None


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        text = part.read(MOST_READ + 1)
    if len(text) > MOST_READ:
        raise ValueError(name)
    return text


def _has_macros() -> ValidationError:
    return rejected(_("This file holds macros. Save it without them."))


# --- Text ---------------------------------------------------------------------------------------------------


def _is_text(content: IO[bytes], head: bytes) -> bool:
    """In UTF-8, UTF-16 with its mark, or one of the older sets: no text has control characters."""
    is_wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if is_wide else "latin-1")()
    try:
        texts = (decoder.decode(chunk) for chunk in _chunks(content))
        has_controls = any(_CONTROLS.search(text) for text in texts)
        return not has_controls and not decoder.decode(b"", final=True)
    except UnicodeError:
        return False


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    content.seek(0)
    while chunk := content.read(CHUNK):
        yield chunk


def _read_at(content: IO[bytes], place: int, count: int) -> bytes:
    content.seek(place)
    return content.read(count)


def _tail(content: IO[bytes], count: int) -> bytes:
    return _read_at(content, max(0, content.seek(0, 2) - count), count)

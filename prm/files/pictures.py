"""Uploaded pictures: what they are is found in their content, and only a picture of our own is kept."""

import struct
import zlib
from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
LARGEST = 1024 * 1024  # bytes, as uploaded
MOST_PIXELS = 10_000_000  # read from the header: nothing larger is ever decoded
SIDE = 512  # of what is kept

# What Pillow's readers raise on broken content.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    ArithmeticError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def as_png(content: bytes) -> bytes:
    """The picture painted anew, 512 pixels a side at most: no metadata, no second file, no script rides in it.

    Raises ValidationError, code `file_rejected`, for anything but a PNG, JPEG, WebP or GIF of a sane size,
    whatever its name and its sender call it. Of several frames the first is taken.
    """
    check_size(len(content))
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            is_sane = picture.width * picture.height <= MOST_PIXELS
            painted = _painted(picture) if is_sane else b""
    except Image.DecompressionBombError as error:
        raise _rejected(_too_many_pixels()) from error
    except BROKEN as error:
        raise _rejected(_("This is no picture that can be read. Use a PNG, JPEG, WebP or GIF.")) from error
    if not painted:
        raise _rejected(_too_many_pixels())
    return painted


def check_size(size: int) -> None:
    """Raises ValidationError, code `file_rejected`, for more bytes than are taken."""
    if size > LARGEST:
        raise _rejected(_("This file is larger than 1 MB."))


def _painted(picture: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((SIDE, SIDE))
    canvas = Image.new("RGBA", upright.size)  # without the notes that the old one carried
    canvas.paste(upright)
    made = BytesIO()
    canvas.save(made, "PNG", optimize=True)
    return made.getvalue()


def _too_many_pixels() -> str:
    return _("This picture has too many pixels. 4,000 by 2,500 is the most.")


def _rejected(words: str) -> ValidationError:
    return ValidationError(words, code="file_rejected")

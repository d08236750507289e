"""Text that people write: what may stand in it, the same for columns, forms and the API.

A `Line` column is a name, a city, a phone number; a `Prose` column is a note of many lines. Their form
fields come from here, and those of the API from prm/api/text.py.
"""

import logging
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # Bidi_Control, Unicode UAX #9
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")  # not tab, LF, CR, NEL
_BREAKS = re.compile("[\n\r\x85\u2028\u2029]")


def plain_text(text: str, *, is_prose: bool) -> str:
    """The text as it may be kept and shown. Raises ValidationError for what cannot be typed.

    Marks that turn the direction of writing are taken out, which the log notes: with them a name shows as
    another one. NUL, lone surrogates and control characters are refused, in a line its breaks, too.
    """
    if _CONTROLS.search(text):
        raise ValidationError(_("This holds control characters, which are no text."), code="control_characters")
    plain = _DIRECTIONS.sub("", text)
    if plain != text:
        log.info("took direction marks out of a text")
    if is_prose:
        return plain.strip()
    if _BREAKS.search(plain.strip()):
        raise ValidationError(_("Write this on one line."), code="line_break")
    return plain.replace("\t", " ").strip()


class LineField(forms.CharField):
    """A form's field for one line of text."""

    def to_python(self, value: Any) -> Any:
        return plain_text(super().to_python(value) or "", is_prose=False)


class ProseField(forms.CharField):
    """A form's field for text of many lines."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        return plain_text(super().to_python(value) or "", is_prose=True)


class _PlainColumn:
    """To migrations it is the column that Django knows: what may stand in it is no matter of the schema."""

    _as_django: str

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, self._as_django, args, kwargs


class Line(_PlainColumn, models.CharField):
    """A column for one line of text."""

    _as_django = "django.db.models.CharField"

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": LineField, **kwargs})


class Prose(_PlainColumn, models.TextField):
    """A column for text of many lines."""

    _as_django = "django.db.models.TextField"

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": ProseField, **kwargs})

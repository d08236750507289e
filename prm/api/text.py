"""The API's fields for text that people write; prm/text.py says what may stand in it. And values as text."""

from datetime import datetime, tzinfo
from typing import Any

from rest_framework import serializers

from prm.text import Line, Prose, plain_text


class LineField(serializers.CharField):
    """One line of text."""

    def to_internal_value(self, data: Any) -> str:
        return plain_text(super().to_internal_value(data), is_prose=False)


class ProseField(serializers.CharField):
    """Text of many lines."""

    def to_internal_value(self, data: Any) -> str:
        return plain_text(super().to_internal_value(data), is_prose=True)


FIELDS_OF_COLUMNS = {**serializers.ModelSerializer.serializer_field_mapping, Line: LineField, Prose: ProseField}


def as_text(value: object | None) -> str | None:
    """An id or an amount in JSON; null stays null."""
    return None if value is None else str(value)


def as_time(at: datetime | None, zone: tzinfo) -> str | None:
    """ISO 8601 in the reader's time zone, Z for UTC."""
    if at is None:
        return None
    text = at.astimezone(zone).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text

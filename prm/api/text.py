"""The API's fields for text that people write; prm/text.py says what may stand in it."""

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

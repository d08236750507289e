"""Codes of countries and currencies in the API: checked the same way wherever they stand."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from prm.world import CURRENCIES, country_codes


def country_code(value: str) -> str:
    """An ISO 3166 alpha-2 code in capitals, or nothing. Raises ValidationError for anything else."""
    if value and value.upper() not in country_codes():
        raise serializers.ValidationError(_("Give an ISO 3166 code of two letters, like DE."))
    return value.upper()


def currency_code(value: str) -> str:
    """An ISO 4217 code in capitals, or nothing. Raises ValidationError for anything else."""
    if value and value.upper() not in CURRENCIES:
        raise serializers.ValidationError(_("Give an ISO 4217 code of three letters, like EUR."))
    return value.upper()

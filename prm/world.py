"""Countries, currencies and numbers as the reader writes them, from the Unicode CLDR (by Babel)."""

import re
import unicodedata
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import (
    NumberPattern,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
    parse_pattern,
)
from django.utils.translation import get_language

# CLDR lists regions that are no ISO 3166-1 country: groupings, reserved and test codes, Kosovo's user-assigned one.
_NOT_ISO = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
# Money people sell in (ISO 4217): what the European Central Bank quotes, and the larger economies beside.
CURRENCIES = [
    "AED",
    "ARS",
    "AUD",
    "BRL",
    "CAD",
    "CHF",
    "CLP",
    "CNY",
    "COP",
    "CZK",
    "DKK",
    "EGP",
    "EUR",
    "GBP",
    "HKD",
    "HUF",
    "IDR",
    "ILS",
    "INR",
    "ISK",
    "JPY",
    "KES",
    "KRW",
    "KWD",
    "MAD",
    "MXN",
    "MYR",
    "NGN",
    "NOK",
    "NZD",
    "PEN",
    "PHP",
    "PKR",
    "PLN",
    "QAR",
    "RON",
    "RSD",
    "SAR",
    "SEK",
    "SGD",
    "THB",
    "TRY",
    "TWD",
    "UAH",
    "USD",
    "VND",
    "ZAR",
]


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def locale() -> Locale:
    """The active language as a Babel locale."""
    return _locale(get_language() or "en")


@cache
def country_codes() -> frozenset[str]:
    """The ISO 3166-1 alpha-2 codes."""
    codes = (str(code) for code in _locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NOT_ISO


def country_name(code: str) -> str:
    """The name of DE in the active language; the code itself where it is none."""
    return str(locale().territories.get(code, code))


def country_choices() -> list[tuple[str, str]]:
    """Choices for a form, sorted by name, the empty one first."""
    names = [(code, country_name(code)) for code in country_codes()]
    return [("", "—"), *sorted(names, key=lambda choice: in_order(choice[1]))]


def in_order(name: str) -> str:
    """Sorts names as a reader looks for them: "Österreich" among those with O."""
    return "".join(c for c in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(c))


def currency_choices() -> list[tuple[str, str]]:
    """Choices for a form, the empty one first."""
    return [("", "—"), *((code, f"{code} · {locale().currencies.get(code, code)}") for code in CURRENCIES)]


def number(count: int) -> str:
    """A whole number as the reader writes it, "84,000" or "84.000"."""
    return _number(count, locale())


@lru_cache(maxsize=4096)
def _number(count: int, of: Locale) -> str:
    words: str = format_decimal(count, locale=of)
    return words


def money(amount: Decimal, currency: str) -> str:
    """An amount as the reader writes it, "€84,000" or "84.000 €"; cents only where there are some."""
    return _money(amount, currency, locale())


@lru_cache(maxsize=4096)
def _money(amount: Decimal, currency: str, of: Locale) -> str:
    if amount == amount.to_integral_value() or get_currency_precision(currency) == 0:
        text = _without_cents(of).apply(amount, of, currency=currency, currency_digits=False)
    else:
        text = format_currency(amount, currency, locale=of)
    return re.sub(r"(?<=[A-Z])(?=\d)", "\u00a0", text)  # CLDR's spacing, "CHF 12", which Babel leaves out


def day(at: date) -> str:
    """A day as the reader writes it: "28 Nov 2026"."""
    return _day(at.year, at.month, at.day, "medium", locale())


def exact_moment(at: datetime) -> str:
    """A day in full, a time to the minute and the zone's name, of an aware time in the reader's zone.

    A page shows a hundred of them, so its three parts, which repeat, are kept.
    """
    of = locale()
    in_full: str = of.datetime_formats["full"]
    clock = _minute(at.hour, at.minute, of).format(_zone(at.tzinfo, bool(at.dst()), of))
    return in_full.replace("'", "").format(clock, _day(at.year, at.month, at.day, "full", of))


@lru_cache(maxsize=4096)
def _day(year: int, month: int, number: int, length: Literal["medium", "full"], of: Locale) -> str:
    return format_date(date(year, month, number), length, locale=of)


@lru_cache(maxsize=8192)
def _minute(hour: int, minute: int, of: Locale) -> str:
    """The time of day, with a place for the zone's name."""
    pattern = of.time_formats["full"].pattern.replace(":ss", "").replace("zzzz", "'{}'")
    return format_time(time(hour, minute), pattern, locale=of)


@lru_cache(maxsize=512)
def _zone(zone: tzinfo | None, is_summer: bool, of: Locale) -> str:
    return get_timezone_name(zone, zone_variant="daylight" if is_summer else "standard", locale=of)


def percent(share: int) -> str:
    """25 as "25%", or as the reader writes it: "25 %"."""
    return format_percent(Decimal(share) / 100, locale=locale())


def written(number: Decimal) -> str:
    """A number as one types it: "1234,50" to a German."""
    pattern = "0." + "0" * max(0, -int(number.as_tuple().exponent))
    return format_decimal(number, pattern.rstrip("."), locale=locale())


def read_number(text: str) -> Decimal:
    """What was typed as a number, in the reader's own way or the plain one: "1.234,50", "1 234,50", "1234.5".

    The sign that comes last divides off the decimals. A single one with three digits behind it is the only
    case of doubt: it stands between thousands where it does so in the reader's language. Raises ValueError.
    """
    plain = re.sub("[\\s'’\u066c]", "", text).replace("\u066b", ",")  # U+066B, U+066C: Arabic decimal, thousands
    if not re.fullmatch(r"[+-]?\d[\d.,]*", plain):
        raise ValueError(f"{text!r} is no number.")
    last = max(plain.rfind("."), plain.rfind(","))
    if last < 0:
        return Decimal(plain)
    mark, whole, rest = plain[last], plain[:last], plain[last + 1 :]
    thousands = locale().number_symbols["latn"]["group"]
    if mark in whole or (mark == thousands and len(rest) == 3 and whole.lstrip("+-").isdigit()):
        whole, rest = plain, ""
    if not re.fullmatch(r"[+-]?(\d+|\d{1,3}([.,])\d{3}(\2\d{3})*)", whole):
        raise ValueError(f"{text!r} is no number.")
    return Decimal(re.sub("[.,]", "", whole) + ("." + rest if rest else ""))


@cache
def _without_cents(of: Locale) -> NumberPattern:
    return parse_pattern(of.currency_formats["standard"].pattern.replace(".00", ""))

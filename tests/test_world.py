"""Countries and currencies, and money and numbers as their reader writes them."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_datetime
from django.utils import translation

from prm.world import (
    CURRENCIES,
    country_choices,
    country_codes,
    country_name,
    currency_choices,
    exact_moment,
    in_order,
    locale,
    money,
    number,
    percent,
    read_number,
    written,
)

# ISO 3166-1 alpha-2, all officially assigned codes (249 of them).
ISO_3166 = set(
    """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
""".split()  # noqa: SIM905  (a table reads better than 249 quotes)
)
NBSP, NARROW = "\u00a0", "\u202f"


def test_country_codes_are_those_of_the_standard() -> None:
    assert len(ISO_3166) == 249
    assert country_codes() == ISO_3166


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [("en", "DE", "Germany"), ("de", "DE", "Deutschland"), ("fr", "CZ", "Tchéquie"), ("es", "JP", "Japón")],
)
def test_country_name_is_the_readers(language: str, code: str, name: str) -> None:
    with translation.override(language):
        assert country_name(code) == name


@pytest.mark.parametrize("code", ["", "XX", "de", "nonsense"])
def test_country_name_of_none_is_what_was_given(code: str) -> None:
    assert country_name(code) == code


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_country_choices_are_all_named_and_sorted(language: str) -> None:
    with translation.override(language):
        empty, *choices = country_choices()

    names = [name for _code, name in choices]
    assert empty == ("", "—")
    assert {code for code, _name in choices} == ISO_3166
    assert names == sorted(names, key=in_order)
    assert all(name and name != code for code, name in choices)


def test_country_choices_are_where_their_reader_looks_for_them() -> None:
    with translation.override("de"):
        names = [name for _code, name in country_choices()]

    assert names.index("Norwegen") < names.index("Österreich") < names.index("Pakistan")


def test_currency_choices_name_each_currency() -> None:
    empty, *choices = currency_choices()

    assert empty == ("", "—")
    assert [code for code, _name in choices] == CURRENCIES == sorted(set(CURRENCIES))
    assert dict(choices)["EUR"] == "EUR · Euro"
    assert all(
        len(code) == 3 and name.startswith(f"{code} · ") and name != f"{code} · {code}" for code, name in choices
    )


@pytest.mark.parametrize(
    ("language", "amount", "currency", "written"),
    [
        ("en", "84000", "EUR", "€84,000"),
        ("en", "84000.00", "EUR", "€84,000"),
        ("en", "84000.50", "EUR", "€84,000.50"),
        ("en", "0", "USD", "$0"),
        ("en", "0.01", "USD", "$0.01"),
        ("en", "-5", "USD", "-$5"),
        ("en", "1234567890123.99", "USD", "$1,234,567,890,123.99"),
        ("en", "1500", "JPY", "¥1,500"),
        ("en", "1500.40", "JPY", "¥1,500"),
        ("en", "12", "CHF", f"CHF{NBSP}12"),
        ("de", "84000", "EUR", f"84.000{NBSP}€"),
        ("de", "84000.50", "EUR", f"84.000,50{NBSP}€"),
        ("fr", "84000.50", "EUR", f"84{NARROW}000,50{NBSP}€"),
        ("es", "84000", "EUR", f"84.000{NBSP}€"),
        ("en", "5", "KWD", f"KWD{NBSP}5"),
        ("en", "5.125", "KWD", f"KWD{NBSP}5.125"),
        ("en", "5", "XYZ", f"XYZ{NBSP}5"),
    ],
)
def test_money_is_written_as_its_reader_does(language: str, amount: str, currency: str, written: str) -> None:
    with translation.override(language):
        assert money(Decimal(amount), currency) == written


@pytest.mark.parametrize(("language", "written"), [("en", "84,000"), ("de", "84.000"), ("fr", f"84{NARROW}000")])
def test_number_is_written_as_its_reader_does(language: str, written: str) -> None:
    with translation.override(language):
        assert number(84_000) == written


@pytest.mark.parametrize(
    ("language", "typed", "number"),
    [
        ("en", "1,234.50", "1234.50"),
        ("en", "1234.5", "1234.5"),
        ("en", "1,234", "1234"),
        ("en", "1234,50", "1234.50"),
        ("en", " 84 000 ", "84000"),
        ("en", "-5", "-5"),
        ("en", "12.", "12"),
        ("de", "1.234,50", "1234.50"),
        ("de", "1.234", "1234"),
        ("de", "1.234.567", "1234567"),
        ("de", "1234.50", "1234.50"),
        ("de", "1234,5", "1234.5"),
        ("de", "1’234.50", "1234.50"),
        ("fr", f"84{NARROW}000,50", "84000.50"),
        ("fr", f"84{NBSP}000", "84000"),
        ("fr", "1.234", "1.234"),
        ("es", "1.234.567,89", "1234567.89"),
        ("ar", "١٬٢٣٤٫٥٠", "1234.50"),
        ("ar", "1,234.50", "1234.50"),
    ],
)
def test_number_is_read_as_its_reader_writes_it(language: str, typed: str, number: str) -> None:
    with translation.override(language):
        assert read_number(typed) == Decimal(number)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ar"])
@pytest.mark.parametrize(
    "typed", ["", "many", "NaN", "1e5", "1.2.3", "1,2,3", "12.34.567", "1234,567.8,9", ".5", "--1", "€5", "1,,2"]
)
def test_number_that_is_none_is_refused(language: str, typed: str) -> None:
    with translation.override(language), pytest.raises(ValueError, match="is no number"):
        read_number(typed)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ar"])
@pytest.mark.parametrize("number", ["0", "0.01", "12", "1234.50", "1234567.89", "-3.5"])
def test_number_that_was_written_is_read_again(language: str, number: str) -> None:
    with translation.override(language):
        assert read_number(written(Decimal(number))) == Decimal(number)


@pytest.mark.parametrize(("language", "words"), [("en", "25%"), ("de", f"25{NBSP}%"), ("fr", f"25{NARROW}%")])
def test_percent_is_written_as_its_reader_does(language: str, words: str) -> None:
    with translation.override(language):
        assert percent(25).replace(NBSP, words[2]) == words


def test_locale_is_english_where_no_language_is_active() -> None:
    with translation.override(None):
        assert str(locale()) == "en"


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ar"])
@pytest.mark.parametrize("month", [1, 7])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York"])
def test_exact_moment_is_cldrs_own_but_for_the_seconds(language: str, month: int, zone: str) -> None:
    at = datetime(2026, month, 5, 14, 7, tzinfo=ZoneInfo(zone))
    whole = format_datetime(at, "full", locale=language)

    with translation.override(language):
        said = exact_moment(at)

    assert said == whole.replace(":07:00", ":07")

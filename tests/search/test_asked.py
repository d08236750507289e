"""How the words of a search are read, without any row."""

import pytest

from prm.search.asked import Asked


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("L-1042", 1042),
        ("l-1042", 1042),
        (" 1042 ", 1042),
        ("D-1042", None),
        ("L-", None),
        ("1042a", None),
        ("-1042", None),
        ("١٠٤٢", None),
        ("9999999999", None),
    ],
)
def test_number_is_read_with_its_prefix_or_without(text: str, number: int | None) -> None:
    assert Asked.of(text).number("L-") == number


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+49 (0)30 1234-567", "49301234567"),
        ("0049 30 1234567", "49301234567"),
        ("030/1234567", "301234567"),
        ("(030) 123.45.67", "301234567"),
        ("1042", "1042"),
        ("room 1042", ""),
        ("104", ""),
    ],
)
def test_digits_are_those_of_a_telephone_number(text: str, digits: str) -> None:
    assert Asked.of(text).digits == digits


def test_case_and_blanks_do_not_count() -> None:
    assert Asked.of("  Kestrel\t BIOTECH ").text == "kestrel biotech"


@pytest.mark.parametrize(("text", "is_enough"), [("", False), ("k", False), ("ke", True), (" k ", False)])
def test_one_letter_is_in_every_row(text: str, is_enough: bool) -> None:
    assert Asked.of(text).is_enough is is_enough


@pytest.mark.parametrize("text", ["kestrel", "kestrel biotech", "no.domain here", "l-1042"])
def test_words_are_meant_as_words(text: str) -> None:
    assert Asked.of(text).exactly("searched") is None


@pytest.mark.parametrize(
    "text", ["anna@kestrel.example", "kestrel.example", "https://www.kestrel.example/lab", "+49 30 123456"]
)
def test_addresses_and_numbers_are_meant_exactly(text: str) -> None:
    assert Asked.of(text).exactly("searched") is not None


@pytest.mark.parametrize("text", ["+49 30 1234567", "0049301234567", "030/1234567", "(030) 123.45.67", "123456"])
def test_a_whole_number_is_looked_for_by_what_its_ways_have_in_common(text: str) -> None:
    """The one look that spares the others must hold for each of them."""
    asked = Asked.of(text)

    assert asked._core
    assert all(asked._core in part for part in [*asked._exact_parts, asked.digits])


@pytest.mark.parametrize("text", ["1042", "12.34.5", "kestrel", "a@b.example", "kestrel.example"])
def test_what_is_no_whole_number_has_nothing_in_common(text: str) -> None:
    assert Asked.of(text)._core == ""

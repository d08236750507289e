"""What a password costs to guess, by how people make them."""

import pytest

from prm.users.passwords import LEAST_EFFORT, effort


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Passw0rd!!!!",
        "P@$$w0rd2026",
        "letmein12345",
        "dragonmonkey",
        "manchester11",
        "qwertyuiop12",
        "1qaz2wsx3edc",
        "zyxwvutsrqponm",
        "121212121212",
        "abcabcabcabc",
        "passwordpasswordpassword",
        "            ",
        "Summer2026!!",
        "2024202520262027",
    ],
)
def test_effort_of_what_people_try_first_is_too_little(password: str) -> None:
    assert effort(password) < LEAST_EFFORT


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "a quiet harbour at noon",
        "quite-another-one-9",
        "xK9#mQ2$vL7!",
        "das rote Fahrrad im Keller",
        "partner-portal-demo",
        "猫が三匹 屋根の上で寝ている",
    ],
)
def test_effort_of_a_few_words_is_enough(password: str) -> None:
    assert effort(password) >= LEAST_EFFORT


def test_effort_knows_the_names_around() -> None:
    password = "kestrel2026biotech"

    assert effort(password) >= LEAST_EFFORT
    assert effort(password, {"kestrel", "biotech"}) < LEAST_EFFORT


def test_effort_of_the_longest_is_found_quickly() -> None:
    assert effort("many words in a row " * 7) >= LEAST_EFFORT

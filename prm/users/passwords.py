"""Which passwords are good enough: 12 to 128 characters of any kind that nobody would try first.

No rules about capitals or signs (ASVS 5.0, 6.2.5). A list of common passwords alone says little at
twelve characters, where people lengthen a common one; so the guess is made the way they made it.
"""

import re
from collections.abc import Collection
from functools import cache

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from prm.organizations.context import active_portal, is_inside_portal
from prm.users.models import Membership, User

SHORTEST, LONGEST = 12, 128
LEAST_EFFORT = 6  # parts that have to be guessed one by one
ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm"),
    *("azertyuiop", "qsdfghjklm", "wxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "!@#$%^&*()", "q1w2e3r4t5y6u7i8o9p0"),
)
RUNS = tuple(row for straight in ROWS for row in (straight, straight[::-1]))
SIGNS_FOR_LETTERS = str.maketrans("013457@$!", "oieastasi")
YEAR = re.compile(r"(19|20)\d\d")
LONGEST_PART = 24


class LengthValidator:
    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) < SHORTEST:
            raise ValidationError(_("Use at least %(n)d characters.") % {"n": SHORTEST}, code="password_too_short")
        if len(password) > LONGEST:
            raise ValidationError(_("Use at most %(n)d characters.") % {"n": LONGEST}, code="password_too_long")

    def get_help_text(self) -> str:
        return _("At least 12 characters. A few words in a row are easy to keep in mind.")


class GuessableValidator:
    """Refuses common passwords, rows of keys and repetitions, alone or put together."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) <= LONGEST and effort(password) < LEAST_EFFORT:
            message = _("Too easy to guess: it is made of a common password, a row of keys or a repetition.")
            raise ValidationError(message, code="password_too_common")

    def get_help_text(self) -> str:
        return ""


class NamesValidator:
    """Refuses what is little more than the name of the portal, the company, the person, or the address."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > LONGEST or effort(password) < LEAST_EFFORT:
            return
        if effort(password, names_around(user)) < LEAST_EFFORT:
            message = _("Too easy to guess: it is little more than a name of the company, of the portal, or yours.")
            raise ValidationError(message, code="password_too_similar")

    def get_help_text(self) -> str:
        return ""


def names_around(user: User | None) -> frozenset[str]:
    """What somebody who knows the person would try, whole and word by word."""
    texts = [user.email] if user else []
    if is_inside_portal():
        texts.append(active_portal().name)
        members = Membership.objects.filter(user=user) if user and user.pk else Membership.objects.none()
        texts += [text for names in members.values_list("name", "organization__name") for text in names]
    whole = {text.lower() for text in texts} | {re.sub(r"\W+", "", text.lower()) for text in texts}
    words = {word for text in texts for word in re.split(r"\W+", text.lower())}
    return frozenset(name for name in whole | words if len(name) >= 3)


def effort(password: str, names: Collection[str] = ()) -> int:
    """How many parts somebody has to guess: the cheapest way of putting the password together.

    A single character, a repeated one, a row of keys and a year count one, a common password or name
    counts two, and what was written just before counts nothing.
    """
    text = password.lower()
    plain = text.translate(SIGNS_FOR_LETTERS)
    longest = max([LONGEST_PART, *map(len, names)])
    cheapest = [0]
    for end in range(1, len(text) + 1):
        starts = range(max(0, end - longest), end)
        cheapest.append(min(cheapest[s] + _cost(text, plain, s, end, names) for s in starts))
    return cheapest[-1]


def _cost(text: str, plain: str, start: int, end: int, names: Collection[str]) -> int:
    part, length = text[start:end], end - start
    if length == 1:
        return 1
    if length >= 2 and part == text[max(0, start - length) : start]:
        return 0
    if length >= 3 and (len(set(part)) == 1 or any(part in run for run in RUNS)):
        return 1
    if YEAR.fullmatch(part):
        return 1
    letters = plain[start:end]
    if part in names or letters in names or (length >= 4 and (part in _common() or letters in _common())):
        return 2
    return length


@cache
def _common() -> frozenset[str]:
    """Django's list: 20,000 passwords that were used most."""
    return frozenset(CommonPasswordValidator().passwords)

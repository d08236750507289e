"""What somebody typed into a search box, and how a row's text is held against it.

A row is searched by one lower-case text (`searched_text`): names first, each value between blanks, telephone
numbers as digits alone. docs/adr/0013-search.md says why it is scanned and not indexed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Expression, F, Func, Lookup, Q, TextField, Value
from django.db.models.functions import Concat, Left, Lower

LONGEST = 600
"""Characters of a row's text: as much as names, address, numbers and city take, whatever the website adds."""
MOST_WORDS = 8
SHORTEST = 2  # characters; a single one is in every row
SHORTEST_MISSPELT = 4
PHONE = re.compile(r"[+(]?[\d\s().+/-]{4,}", re.ASCII)
DOMAIN = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)+)(?:[/:].*)?")
NO_DIGIT = r"\(0\)|\D"  # with the zero that is dialled at home only: +49 (0)30 ...
COUNTRY_CODES = (1, 2, 3)  # digits that a telephone number may have in front of it, or lack: ITU-T E.164
WHOLE_NUMBER = 6  # digits from which on a telephone number counts as a whole one


def searched_text(*fields: str, phones: Sequence[str] = (), website: str = "") -> Expression:
    """The text of a row by which it is found: what its names are, first; `phones` by their digits."""
    return _in_lower_case(Concat(*_parts(fields, phones, website), output_field=TextField()))


def text_in_query(*fields: str, phones: Sequence[str] = (), website: str = "") -> Expression:
    """The same text, made while a query runs. By a function that no generated column may use, and soon written."""
    return _in_lower_case(Func(*_parts(fields, phones, website), function="CONCAT", output_field=TextField()))


def _in_lower_case(whole: Expression) -> Expression:
    return Lower(Left(whole, LONGEST), output_field=TextField())


def _parts(fields: Sequence[str], phones: Sequence[str], website: str) -> list[Expression]:
    """Each value between blanks."""
    digits: list[Any] = [
        Func(F(phone), Value(NO_DIGIT), Value(""), Value("g"), function="regexp_replace", output_field=TextField())
        for phone in phones
    ]
    values = [*map(F, fields), *digits, *([F(website)] if website else [])]
    return [Value(" "), *(part for value in values for part in (value, Value(" ")))]


class _Holds(Lookup):
    """Parts that are looked for in a text. `strpos` takes half the time of `LIKE`."""

    prepare_rhs = False
    between = ""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, before = self.process_lhs(compiler, connection)
        held = self.between.join([f"strpos({column}, %s) > 0"] * len(self.rhs))
        return f"({held})", [value for part in self.rhs for value in (*before, part)]


@TextField.register_lookup
class HoldsAll(_Holds):
    lookup_name, between = "holds_all", " AND "


@TextField.register_lookup
class HoldsAny(_Holds):
    lookup_name, between = "holds_any", " OR "


@TextField.register_lookup
class HoldsOneOfMany(Lookup):
    """As `holds_any`, for a text that has to be made first: it is made once, however many the parts are."""

    prepare_rhs = False
    lookup_name = "holds_one_of_many"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, before = self.process_lhs(compiler, connection)
        parts = [f"%{connection.ops.prep_for_like_query(part)}%" for part in self.rhs]
        return f"{column} LIKE ANY (%s)", [*before, parts]


@dataclass(frozen=True)
class Asked:
    """The words of a search. Conditions take the name of the column or alias that holds a row's text."""

    text: str  # trimmed, lower case

    @classmethod
    def of(cls, text: str) -> "Asked":
        return cls(" ".join(text.lower().split()))

    @property
    def is_enough(self) -> bool:
        return len(self.text) >= SHORTEST

    @property
    def may_be_misspelt(self) -> bool:
        """Whether words that are spelt alike may be meant: of an address or a number they are not."""
        return len(self.text) >= SHORTEST_MISSPELT and not self._exact_parts and not self.digits

    @property
    def threes(self) -> list[str]:
        """Every three characters that stand together."""
        text = f" {self.text} "
        return sorted({text[start : start + 3] for start in range(len(text) - 2)})

    @cached_property
    def digits(self) -> str:
        """The digits of what may be a telephone number or a part of one, without zeros in front; else ''."""
        return re.sub(NO_DIGIT, "", self.text).lstrip("0") if PHONE.fullmatch(self.text) else ""

    def is_number_alone(self, prefix: str) -> bool:
        """Whether it is a human number with its prefix, and so nothing else."""
        return bool(prefix) and self.text.startswith(prefix.lower()) and self.number(prefix) is not None

    def number(self, prefix: str) -> int | None:
        """The human number that was asked for, with its prefix ("L-") or without."""
        digits = self.text.removeprefix(prefix.lower())
        return int(digits) if re.fullmatch(r"[0-9]{1,9}", digits, re.ASCII) else None

    def within(self, column: str) -> Q:
        """Rows that hold each of the words somewhere, or are meant exactly."""
        words = self.text.split(" ")[:MOST_WORDS]
        found = Q(**{f"{column}__holds_all": words})
        others = self._exact_parts + ([self.digits] if len(self.digits) > 2 else [])
        if len(words) == 1:
            others = [part for part in others if self.text not in part]  # of these the word itself tells
        if not others:
            return found
        met = Q(**{f"{column}__holds_any": others})
        core = self._core
        if not core:
            return found | met
        first = Q(**{f"{column}__holds_all": [core]})  # one look spares the others in nearly every row
        return first & (found | met) if core in self.text else found | first & met

    def exactly(self, column: str) -> Q | None:
        """Rows with this e-mail address, domain or telephone number; None when it is none of them."""
        return Q(**{f"{column}__holds_any": self._exact_parts}) if self._exact_parts else None

    @property
    def _core(self) -> str:
        """What all ways to write a whole telephone number have in common; '' when it is none."""
        if len(self.digits) < WHOLE_NUMBER:
            return ""
        return self._shorter[-1] if self._shorter else self.digits

    @cached_property
    def _shorter(self) -> list[str]:
        """The digits of a telephone number without what may be the country's code: 3012345 for +493012345."""
        cuts = COUNTRY_CODES if self.text.startswith(("+", "00")) else ()
        return [self.digits[cut:] for cut in cuts if len(self.digits) - cut >= WHOLE_NUMBER]

    @cached_property
    def _exact_parts(self) -> list[str]:
        """How an address, a domain or a whole telephone number stands in a row's text."""
        if re.fullmatch(r"\S+@\S+", self.text):
            return [f" {self.text} "]
        if len(self.digits) >= WHOLE_NUMBER:
            # Either side may be without the country's code; a zero may stand in front instead.
            parts = [f" {zero}{part} " for part in self._shorter for zero in ("", "0")]
            return [f"{self.digits} ", *parts]
        if domain := DOMAIN.fullmatch(self.text):
            name = domain[1]
            return [f"@{name} ", *(f"//{www}{name}{end}" for www in ("", "www.") for end in ("/", " "))]
        return []

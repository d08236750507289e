"""What a list can be narrowed by. Each filter reads its own parameters of an address, and no others.

A filter names one column that the code has chosen: nothing of an address ever becomes the name of a
column. `guard` holds the rows of which a filter may tell this member something; it stands outside of
whatever is asked, so that neither a match nor a miss speaks of the others.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm import world
from prm.lists.columns import Words, everybody
from prm.lists.spans import SPANS
from prm.serving.paging import MAX_TEXT, InvalidParameter

if TYPE_CHECKING:
    from prm.users.models import Membership

Found = tuple[Q, str]
MOST_CHOICES = 300
WHETHER = "_is"
EMPTY, FILLED = "empty", "filled"
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)


def unguarded(member: "Membership") -> Q:
    return Q()


def one(query: QueryDict, name: str) -> str:
    """A parameter's value, trimmed; '' where it is not there. Raises InvalidParameter when it is there twice."""
    values = query.getlist(name)
    if len(values) > 1:
        raise InvalidParameter(name, _("Give this parameter once."))
    return values[0].strip() if values else ""


@dataclass(frozen=True)
class Chosen:
    """A filter as an address uses it: which rows it keeps, and how its chip says so."""

    filter: "Filter"
    condition: Q
    words: str


@dataclass(frozen=True)
class Option:
    """One choice in a filter's form."""

    value: str
    label: Words
    is_chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Filter(ABC):
    """Base of all kinds. `field` is a column or an annotation of the list's rows; the key where not given."""

    key: str
    label: Words
    field: str = ""
    guard: Callable[["Membership"], Q] = unguarded
    is_for: Callable[["Membership"], bool] = everybody
    can_be_empty: bool = False
    template: ClassVar[str]

    is_long: ClassVar[bool] = False  # more to tick than a form can hold: it is looked for by name

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that are this filter's."""
        return (*self._own_names(), *((f"{self.key}{WHETHER}",) if self.can_be_empty else ()))

    def choose(self, query: QueryDict, member: "Membership") -> Chosen | None:
        """What the address asks of it, if anything. Raises InvalidParameter for what means nothing."""
        found = self._whether(query) or self.read(query, member)
        if found is None:
            return None
        condition, words = found
        return Chosen(self, condition & self.guard(member), words)

    @abstractmethod
    def read(self, query: QueryDict, member: "Membership") -> Found | None:
        """What its parameters ask for: a condition, and in words; None for nothing."""

    def options(self, query: QueryDict, member: "Membership") -> list[Option]:
        """What its form offers to tick."""
        return []

    def given(self, query: QueryDict) -> dict[str, str]:
        """What its form holds already, by the part of a name after the key."""
        return {name.removeprefix(self.key).lstrip("_") or "value": query.get(name, "") for name in self.names}

    def _own_names(self) -> tuple[str, ...]:
        return (self.key,)

    @property
    def _column(self) -> str:
        return self.field or self.key

    def _emptiness(self) -> Q:
        return Q(**{f"{self._column}__isnull": True})

    def _whether(self, query: QueryDict) -> Found | None:
        name = f"{self.key}{WHETHER}"
        word = one(query, name) if self.can_be_empty else ""
        if not word:
            return None
        if word not in (EMPTY, FILLED):
            raise InvalidParameter(name, _("Choose one of: %(names)s.") % {"names": f"{EMPTY}, {FILLED}"})
        return (self._emptiness(), _("empty")) if word == EMPTY else (~self._emptiness(), _("filled in"))


@dataclass(frozen=True, kw_only=True)
class Text(Filter):
    """Rows whose text contains the words."""

    template = "lists/filters/text.html"

    def read(self, query: QueryDict, member: "Membership") -> Found | None:
        text = one(query, self.key)
        if len(text) > MAX_TEXT:
            raise InvalidParameter(self.key, _("Give %(max)d characters at most.") % {"max": MAX_TEXT})
        return (Q(**{f"{self._column}__icontains": text}), f"“{text}”") if text else None

    def _emptiness(self) -> Q:
        return Q(**{self._column: ""})


@dataclass(frozen=True, kw_only=True)
class Choice(Filter):
    """Rows that hold one of the ticked values."""

    choices: Callable[[], Iterable[tuple[str, Words]]]
    template = "lists/filters/choice.html"

    def read(self, query: QueryDict, member: "Membership") -> Found | None:
        asked = chosen_values(query, self.key)
        labels = dict(self.choices()) if asked else {}
        if unknown := [value for value in asked if value not in labels]:
            words = {"value": unknown[0][:40]}
            raise InvalidParameter(self.key, _("“%(value)s” is none of the choices here.") % words)
        condition = self._condition(asked)
        return (condition, ", ".join(str(labels[value]) for value in asked)) if asked else None

    def options(self, query: QueryDict, member: "Membership") -> list[Option]:
        asked = query.getlist(self.key)
        return [Option(value, label, value in asked) for value, label in self.choices() if value]

    def _condition(self, values: list[str]) -> Q:
        # One value as an equation: Postgres reads an index further with it than with a list.
        return Q(**({self._column: values[0]} if len(values) == 1 else {f"{self._column}__in": values}))

    def _emptiness(self) -> Q:
        return Q(**{self._column: ""})


def chosen_values(query: QueryDict, name: str) -> list[str]:
    """All values of a parameter that may be there several times, each once, blanks left out."""
    return list(dict.fromkeys(value for value in query.getlist(name) if value))


@dataclass(frozen=True, kw_only=True)
class Cases(Filter):
    """Rows of one of the ticked cases, each with a condition of its own."""

    labels: Mapping[str, Words]
    conditions: Callable[[], Mapping[str, Q]]  # of the same names, as they are at the moment
    template = "lists/filters/choice.html"

    def read(self, query: QueryDict, member: "Membership") -> Found | None:
        asked = chosen_values(query, self.key)
        if not asked:
            return None
        if any(value not in self.labels for value in asked):
            raise InvalidParameter(self.key, _("Choose one of: %(names)s.") % {"names": ", ".join(self.labels)})
        conditions = self.conditions()
        condition = reduce(or_, (conditions[value] for value in asked))
        return condition, ", ".join(str(self.labels[value]) for value in asked)

    def options(self, query: QueryDict, member: "Membership") -> list[Option]:
        asked = query.getlist(self.key)
        return [Option(value, label, value in asked) for value, label in self.labels.items()]


@dataclass(frozen=True, kw_only=True)
class Country(Choice):
    """Rows in one of the countries (ISO 3166-1), whose names stand in the reader's language."""

    choices: Callable[[], Iterable[tuple[str, Words]]] = world.country_choices


@dataclass(frozen=True, kw_only=True)
class Countries(Country):
    """Rows whose list of countries holds one of the ticked ones."""

    def _condition(self, values: list[str]) -> Q:
        return Q(**{f"{self._column}__overlap": values})

    def _emptiness(self) -> Q:
        return Q(**{f"{self._column}__len": 0})


@dataclass(frozen=True, kw_only=True)
class YesNo(Filter):
    """Rows of which something is so, or is not so; perhaps to whoever looks."""

    yes: Q | Callable[["Membership"], Q]
    words: tuple[Words, Words] = (gettext_lazy("yes"), gettext_lazy("no"))
    template = "lists/filters/yes_no.html"

    def read(self, query: QueryDict, member: "Membership") -> Found | None:
        word = one(query, self.key)
        if word not in ("", "yes", "no"):
            raise InvalidParameter(self.key, _("Choose one of: %(names)s.") % {"names": "yes, no"})
        if not word:
            return None
        yes = self.yes if isinstance(self.yes, Q) else self.yes(member)
        return (yes, str(self.words[0])) if word == "yes" else (~yes, str(self.words[1]))

    def options(self, query: QueryDict, member: "Membership") -> list[Option]:
        now = query.get(self.key, "")
        return [Option("yes", self.words[0], now == "yes"), Option("no", self.words[1], now == "no")]


@dataclass(frozen=True, kw_only=True)
class Range(Filter):
    """Rows between two ends, both included, either of which may be missing."""

    def _own_names(self) -> tuple[str, ...]:
        return (f"{self.key}_from", f"{self.key}_to")

    def _ends(self, query: QueryDict) -> tuple[Any, Any]:
        first, last = (self._end(name, one(query, name)) for name in self._own_names()[-2:])
        if first is not None and last is not None and first > last:
            raise InvalidParameter(self._own_names()[-1], _("This range ends before it begins."))
        return first, last

    def _end(self, name: str, text: str) -> Any:
        try:
            return self._parse(text) if text else None
        except (ValidationError, ValueError, OverflowError) as error:
            raise InvalidParameter(name, self._no) from error

    @abstractmethod
    def _parse(self, text: str) -> Any:
        """An end as it was written. Raises ValidationError, ValueError or OverflowError."""

    @property
    @abstractmethod
    def _no(self) -> str:
        """What to say of an end that is none."""


@dataclass(frozen=True, kw_only=True)
class Number(Range):
    """Rows whose number lies in a range."""

    digits: int = 14
    places: int = 0
    template = "lists/filters/number.html"

    def read(self, query: QueryDict, member: "Membership") -> Found | None:
        first, last = self._ends(query)
        return (
            (within(self._column, first, last), _range_words(first, last))
            if (first, last) != (None, None)
            else None
        )

    def _parse(self, text: str) -> Decimal:
        field = forms.DecimalField(max_digits=self.digits, decimal_places=self.places)
        value: Decimal = field.clean(text)
        return value

    @property
    def _no(self) -> str:
        return _("This is no number of this kind.")


@dataclass(frozen=True, kw_only=True)
class Day(Range):
    """Rows whose day or moment lies in a range: between two dates, or in a span like "last 7 days".

    Days are those of the reader's time zone.
    """

    spans: tuple[str, ...] = ("today", "yesterday", "last_7_days", "last_30_days", "last_90_days", "this_month")
    is_moment: bool = True  # a column of moments, not of days
    template = "lists/filters/day.html"

    def _own_names(self) -> tuple[str, ...]:
        return (self.key, *super()._own_names())

    def read(self, query: QueryDict, member: "Membership") -> Found | None:
        span = one(query, self.key)
        if span:
            if span not in self.spans:
                raise InvalidParameter(self.key, _("Choose one of: %(names)s.") % {"names": ", ".join(self.spans)})
            label, ends = SPANS[span]
            return self._condition(*ends(timezone.localdate())), str(label)
        first, last = self._ends(query)
        if (first, last) == (None, None):
            return None
        words = _range_words(*(formats.date_format(day) if day else None for day in (first, last)))
        return self._condition(first, last), words

    def options(self, query: QueryDict, member: "Membership") -> list[Option]:
        return [Option(span, SPANS[span][0], query.get(self.key) == span) for span in self.spans]

    def _condition(self, first: date | None, last: date | None) -> Q:
        if not self.is_moment:
            return within(self._column, first, last)
        condition = Q()
        if first is not None:
            condition &= Q(**{f"{self._column}__gte": _midnight(first)})
        if last is not None:
            condition &= Q(**{f"{self._column}__lt": _midnight(last + timedelta(days=1))})
        return condition

    def _parse(self, text: str) -> date:
        day = date.fromisoformat(text)
        if not EARLIEST <= day < LATEST:
            raise ValueError
        return day

    @property
    def _no(self) -> str:
        return _("Write this day as 2026-12-31.")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def within(column: str, first: Any, last: Any) -> Q:
    """Both ends included; None leaves one open."""
    ends = {f"{column}__gte": first, f"{column}__lte": last}
    return Q(**{lookup: end for lookup, end in ends.items() if end is not None})


def _range_words(first: object, last: object) -> str:
    if last is None:
        return _("from %(first)s") % {"first": first}
    return _("up to %(last)s") % {"last": last} if first is None else f"{first} – {last}"


@dataclass(frozen=True, kw_only=True)
class Reference(Filter):
    """Rows that point at one of the ticked records, of those that the member sees.

    `me`, where `is_person`, is whoever looks. The records have a `name`. One of another portal or partner
    is answered like one that never was.
    """

    records: Callable[["Membership"], QuerySet[Any]]
    pointing: Callable[[list[uuid.UUID]], Q] | None = None  # where it is not simply `field`
    is_person: bool = False
    is_long = True
    template = "lists/filters/choice.html"

    def read(self, query: QueryDict, member: "Membership") -> Found | None:
        asked = chosen_values(query, self.key)
        if not asked:
            return None
        keys = [member.pk if self.is_person and text == "me" else self._key(text) for text in asked]
        names = {record.pk: str(record) for record in self.records(member).filter(pk__in=keys)}
        if member.pk in keys:
            names[member.pk] = _("me")
        if any(key not in names for key in keys):
            raise self._unknown()
        condition = self.pointing(keys) if self.pointing else Q(**{f"{self._column}__in": keys})
        return condition, ", ".join(names[key] for key in keys)

    def options(self, query: QueryDict, member: "Membership") -> list[Option]:
        """Those that are ticked, then as many others as fit; `find` narrows them by name."""
        return list(self._options(query.getlist(self.key), one(query, "find")[:MAX_TEXT], member))

    def _options(self, asked: list[str], words: str, member: "Membership") -> Iterator[Option]:
        if self.is_person:
            yield Option("me", _("Me"), "me" in asked)
        ticked = [self._key(text) for text in asked if text != "me"]
        records = self.records(member)
        for record in records.filter(pk__in=ticked):
            yield Option(str(record.pk), str(record), is_chosen=True)
        others = records.exclude(pk__in=ticked)
        for record in (others.filter(name__icontains=words) if words else others)[:MOST_CHOICES]:
            yield Option(str(record.pk), str(record))

    def _key(self, text: str) -> uuid.UUID:
        try:
            return uuid.UUID(text)
        except ValueError as error:
            raise self._unknown() from error

    def _unknown(self) -> InvalidParameter:
        return InvalidParameter(self.key, _("There is none like this."))

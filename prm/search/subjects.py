"""What can be searched for. Each noun registers itself; the floors above do so for theirs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import OperationalError, connection, models, transaction
from django.db.models import Case, TextField, Value, When
from django.db.models.functions import Left
from django.utils.functional import Promise

from prm.search.asked import Asked
from prm.users.models import Membership

Rows = models.QuerySet[Any]
PATIENCE = 700  # milliseconds for one statement; after that the page says that it has not looked everywhere
NEWEST = 20_000  # rows among which misspelt words are looked for
NAMES = 50  # characters at the beginning of a row's text, where its names are; each costs time in a big portal
ALIKE = 0.45  # trigrams that a misspelt word has in common with a part of the names: 0 none, 1 all


@dataclass(frozen=True)
class Hit:
    """One row that was found, as it is shown."""

    title: str
    url: str
    code: str = ""
    detail: str = ""
    state: str = ""
    icon: str = ""  # instead of the title's letters


@dataclass(frozen=True)
class Subject:
    """A noun that can be found.

    `rows` are those that a member sees, with what a hit shows, and `text` the name of the column or alias
    that holds their text. `readable` leaves out those whose text is withheld: they are found by number only.
    """

    name: str
    label: str | Promise
    position: int  # among the others, from 1 on
    rows: Callable[[Membership], Rows]
    hit: Callable[[Any, Membership], Hit]
    list_url: Callable[[Membership, str], str]  # where all rows with these words are listed; '' for nowhere
    text: str = "searched"
    readable: Callable[[Rows, Membership], Rows] = lambda rows, member: rows
    newest: Sequence[str] = ("-created_at", "-pk")
    code: str = ""  # what stands before a human number


@dataclass(frozen=True)
class Group:
    """What was found of one noun."""

    subject: Subject
    hits: list[Hit]
    list_url: str = ""  # set when there is more than is shown
    is_similar: bool = False  # none holds the words, these are spelt alike


@dataclass
class Found:
    """An answer: groups in the order of their nouns; those without hits are left out."""

    groups: list[Group] = field(default_factory=list)
    is_cut_short: bool = False  # the time was over before everything was looked through

    @property
    def count(self) -> int:
        return sum(len(group.hits) for group in self.groups)

    @property
    def is_similar(self) -> bool:
        return any(group.is_similar for group in self.groups)


_subjects: dict[str, Subject] = {}


def register(subject: Subject) -> None:
    _subjects[subject.name] = subject


def find(text: str, *, member: Membership, most: int) -> Found:
    """What this member finds by these words: at most `most` rows of each noun.

    Numbers, addresses and domains that are meant exactly come first, then whatever holds the words; where
    nothing does, what is spelt alike.
    """
    asked = Asked.of(text)
    if not asked.is_enough:
        return Found()
    subjects = sorted(_subjects.values(), key=lambda subject: subject.position)
    groups: list[Group] = []
    try:
        with _patience():
            # From the last, which is soon looked through, to the first, which may be too many.
            groups += [_holding(subject, asked, member, most) for subject in reversed(subjects)]
            if asked.may_be_misspelt and not any(group.hits for group in groups):
                groups += [_similar(subject, asked, member, most) for subject in reversed(subjects)]
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        return Found(_shown(groups), is_cut_short=True)
    return Found(_shown(groups))


def _shown(groups: list[Group]) -> list[Group]:
    return sorted((group for group in groups if group.hits), key=lambda group: group.subject.position)


def _holding(subject: Subject, asked: Asked, member: Membership, most: int) -> Group:
    number = asked.number(subject.code) if subject.code else None
    found = list(subject.rows(member).filter(number=number)) if number is not None else []
    if not asked.is_number_alone(subject.code):
        rows = subject.readable(subject.rows(member), member).filter(asked.within(subject.text))
        order = list(subject.newest)
        if (exactly := asked.exactly(subject.text)) is not None:
            rows = rows.annotate(place=Case(When(exactly, then=Value(0)), default=Value(1)))
            order = ["place", *order]
        found += [row for row in rows.order_by(*order)[: most + 1] if row not in found]
    hits = [subject.hit(row, member) for row in found[:most]]
    return Group(subject, hits, subject.list_url(member, asked.text) if len(found) > most else "")


def _similar(subject: Subject, asked: Asked, member: Membership, most: int) -> Group:
    rows = subject.readable(subject.rows(member), member)
    newest = rows.order_by(*subject.newest).values("pk")[:NEWEST]
    rows = rows.filter(pk__in=newest).alias(names=Left(subject.text, NAMES, output_field=TextField()))
    # Three letters in common are soon found, or not; only then is it worth while to compare all of them.
    alike = When(names__holds_one_of_many=asked.threes, then=TrigramWordSimilarity(asked.text, "names"))
    rows = rows.annotate(likeness=Case(alike, default=Value(0.0))).filter(likeness__gte=ALIKE)
    found = rows.order_by("-likeness", *subject.newest)[:most]
    return Group(subject, [subject.hit(row, member) for row in found], is_similar=True)


@contextmanager
def _patience() -> Iterator[None]:
    """Each statement in here is stopped after a while; what follows in the transaction is not."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [PATIENCE])
        yield
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")

"""Keyset paging: from any page, in any ordering, with ties and newcomers, each row once and in order."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deals.models import Account, Contact, Deal, DealStage
from leads.models import Lead
from prm.organizations.models import Organization
from prm.serving.paging import InvalidParameter, Page, choice_of, neighbours, page_of, search_text
from prm.users.models import Membership
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("in_acme")
ALLOWED = {
    "number": "number",
    "name": "name",
    "amount": "amount",
    "close_date": "close_date",
    "created_at": "created_at",
}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
# Few different values, so that there are ties; the second letter of each word keeps Postgres' order Python's.
NAMES = st.sampled_from(["", "a", "b", "bb", "c"])
ROWS = st.lists(st.tuples(NAMES, st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)), min_size=0, max_size=12)
Row = tuple[str, int, int, int]


@pytest.fixture
def add(cast: Cast) -> Callable[[Row], Deal]:
    """Makes a deal of a row's name, amount, close date and time."""
    account = Account.objects.create(name="x")
    contact = Contact.objects.create(account=account)
    stage = DealStage.objects.all()[0]
    numbers = iter(range(1, 1_000_000))

    def make(row: Row) -> Deal:
        name, amount, days, seconds = row
        at = BEGIN + timedelta(microseconds=seconds)
        return Deal.objects.create(
            number=next(numbers), name=name, amount=Decimal(amount) / 2, currency="EUR", stage=stage,
            close_date=date(2026, 1, 1) + timedelta(days=days), organization=cast.north, owner=cast.ben,
            account=account, contact=contact, created_at=at, updated_at=at,
        )  # fmt: skip

    return make


def page(ordering: str, cursor: str = "", size: int = 3) -> Page[Deal]:
    return page_of(Deal.objects.all(), ordering=ordering, allowed=ALLOWED, cursor=cursor, size=size)


def sorted_by(ordering: str) -> list[Deal]:
    field = ordering.removeprefix("-")
    rows = list(Deal.objects.all())
    return sorted(rows, key=lambda deal: (getattr(deal, field), deal.pk), reverse=ordering.startswith("-"))


ORDERINGS = st.sampled_from([sign + name for name in ALLOWED for sign in ("", "-")])
quick = settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@quick
@given(rows=ROWS, ordering=ORDERINGS, size=st.integers(1, 5))
def test_page_of_gives_each_row_once_and_in_order_there_and_back(
    add: Callable[[Row], Deal], rows: list[Row], ordering: str, size: int
) -> None:
    with transaction.atomic():
        for row in rows:
            add(row)
        expected = sorted_by(ordering)

        there = [page(ordering, size=size)]
        while there[-1].next:
            there.append(page(ordering, there[-1].next, size))
        back = [there[-1]]
        while back[-1].previous:
            back.append(page(ordering, back[-1].previous, size))

        assert [row for one in there for row in one.rows] == expected
        assert [len(one.rows) for one in there[:-1]] == [size] * (len(there) - 1)
        assert len(there) == max(1, -(-len(expected) // size))
        assert [one.rows for one in reversed(back)] == [one.rows for one in there]
        assert (there[0].previous, there[-1].next) == ("", "")
        transaction.set_rollback(True)


@quick
@given(rows=ROWS, ordering=ORDERINGS)
def test_neighbours_are_those_beside_it_in_the_list(
    add: Callable[[Row], Deal], rows: list[Row], ordering: str
) -> None:
    with transaction.atomic():
        for row in rows:
            add(row)
        expected: list[int | None] = [None, *(deal.number for deal in sorted_by(ordering)), None]

        for place, deal in enumerate(sorted_by(ordering), start=1):
            beside = neighbours(Deal.objects.all(), of=deal, ordering=ordering, allowed=ALLOWED, name="number")
            assert beside == (expected[place - 1], expected[place + 1])
        transaction.set_rollback(True)


def test_neighbours_of_what_is_not_in_the_list_are_those_around_its_place(add: Callable[[Row], Deal]) -> None:
    first, other, last = (add(("a", amount, 0, 0)) for amount in (1, 2, 3))
    rows = Deal.objects.exclude(pk=other.pk)

    assert neighbours(rows, of=other, ordering="amount", allowed=ALLOWED, name="number") == (
        first.number, last.number,
    )  # fmt: skip
    with pytest.raises(InvalidParameter):
        neighbours(rows, of=other, ordering="owner", allowed=ALLOWED, name="number")


@quick
@given(rows=ROWS, newcomers=st.lists(st.tuples(st.integers(0, 5), ROWS), max_size=4), ordering=ORDERINGS)
def test_page_of_gives_each_old_row_once_while_others_come_in(
    add: Callable[[Row], Deal], rows: list[Row], newcomers: list[tuple[int, list[Row]]], ordering: str
) -> None:
    with transaction.atomic():
        old = {add(row).pk for row in rows}
        coming = dict(newcomers)

        one, seen, number = page(ordering), [], 0
        while True:
            seen += one.rows
            for row in coming.get(number, []):
                add(row)
            if not one.next:
                break
            one, number = page(ordering, one.next), number + 1

        keys = [deal.pk for deal in seen]
        assert len(keys) == len(set(keys))
        assert old <= set(keys)
        assert seen == [deal for deal in sorted_by(ordering) if deal.pk in set(keys)]
        transaction.set_rollback(True)


@quick
@given(rows=ROWS, gone=st.sets(st.integers(0, 11)), ordering=ORDERINGS)
def test_page_of_goes_on_behind_a_row_that_is_gone(
    add: Callable[[Row], Deal], rows: list[Row], gone: set[int], ordering: str
) -> None:
    with transaction.atomic():
        deals = [add(row) for row in rows]
        first = page(ordering, size=2)
        expected = sorted_by(ordering)[2:]
        Deal.objects.filter(pk__in=[deals[n].pk for n in gone if n < len(deals)]).delete()

        rest = page(ordering, first.next, size=200).rows if first.next else []

        assert rest == [deal for deal in expected if Deal.objects.filter(pk=deal.pk).exists()]
        transaction.set_rollback(True)


def test_page_of_nothing_is_one_empty_page() -> None:
    assert page("number") == Page([])


def test_page_of_what_was_emptied_meanwhile_is_empty(add: Callable[[Row], Deal]) -> None:
    for n in range(4):
        add(("a", n, 0, 0))
    after = page("number").next
    Deal.objects.all().delete()

    assert page("number", after) == Page([])


def test_page_of_asks_once_and_for_one_row_more(add: Callable[[Row], Deal], django_assert_num_queries: Any) -> None:
    for n in range(6):
        add(("a", n, 0, 0))
    after = page("amount").next

    with django_assert_num_queries(1) as asked:
        page("amount", after)
    assert asked[0]["sql"].endswith("LIMIT 4")


@pytest.mark.parametrize("ordering", ["", "-", "nonsense", "--number", "number,name", "owner__name", "pk", "?"])
def test_page_of_in_an_order_that_is_not_allowed_names_the_parameter(ordering: str) -> None:
    with pytest.raises(InvalidParameter) as no:
        page(ordering)
    assert no.value.parameter == "ordering"


@quick
@given(text=st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_page_of_with_a_cursor_of_nobody_names_the_parameter(text: str) -> None:
    if text:
        with pytest.raises(InvalidParameter) as no:
            page("number", text)
        assert no.value.parameter == "cursor"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda v: st.lists(v, max_size=2)
)


@quick
@given(ordering=ORDERINGS, parts=st.lists(JSON, max_size=5), value=JSON)
def test_page_of_with_a_forged_cursor_is_a_page_or_names_the_parameter(
    ordering: str, parts: list[Any], value: Any
) -> None:
    for forged in (parts, [ordering, 0, value, "00000000-0000-7000-8000-000000000000"]):
        text = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
        faults = []
        try:
            with transaction.atomic():
                rows = page(ordering, text).rows
        except InvalidParameter as no:
            rows, faults = [], [no.parameter]
        assert (rows, faults) in (([], []), ([], ["cursor"]))


def test_page_of_takes_no_cursor_of_another_ordering(add: Callable[[Row], Deal]) -> None:
    for n in range(5):
        add(("a", n, 0, 0))
    after = page("number").next

    for ordering in ("-number", "amount", "name", "created_at"):
        with pytest.raises(InvalidParameter):
            page(ordering, after)


def test_page_of_an_annotation(ada: Membership) -> None:
    at = {"created_at": BEGIN, "updated_at": BEGIN}
    for number, name in enumerate(["b", "a", "", "c"], start=1):
        Lead.objects.create(number=number, company=name, last_name="z", **at)

    def one(cursor: str = "") -> Page[Lead]:
        rows = Lead.objects.named_for(ada)
        return page_of(rows, ordering="name", allowed={"name": "name"}, cursor=cursor, size=3)

    first = one()
    assert [lead.number for lead in first.rows] == [2, 1, 4]
    assert [lead.number for lead in one(first.next).rows] == [3]


@pytest.mark.parametrize(
    ("given_text", "found"), [("", ""), ("  a b ", "a b"), ("x" * 200, "x" * 200), ("é😀", "é😀")]
)
def test_search_text_is_trimmed(given_text: str, found: str) -> None:
    assert search_text({"search": given_text}) == found


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 201])
def test_search_text_that_is_none_names_the_parameter(text: str) -> None:
    with pytest.raises(InvalidParameter) as no:
        search_text({"search": text})
    assert no.value.parameter == "search"


def test_choice_of_is_one_of_the_choices() -> None:
    choices: type[models.TextChoices] = Organization.Status

    assert choice_of({}, "status", choices) == choice_of({"status": ""}, "status", choices) == ""
    assert choice_of({"status": "active"}, "status", choices) == "active"
    for wrong in ("Active", "ACTIVE", "x", "active ", "\x00"):
        with pytest.raises(InvalidParameter, match="active"):
            choice_of({"status": wrong}, "status", choices)

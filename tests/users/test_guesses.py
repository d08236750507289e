"""How many guesses there are in a day, whoever makes them and from wherever."""

from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from prm.users.guesses import ACCOUNT, ADDRESS, Count, Limit, Series, Slowed, forget_old, strangers
from prm.users.models import Guesses
from tests.racing import together

DAY = timedelta(days=1)
REQUEST = RequestFactory().get("/")


def guesses_in_a_day(limit: Limit) -> int:
    """How many an attacker makes who tries again the moment the wait is over, and never sleeps."""
    series, made = Series((Count("somebody", limit),)), 0
    now = start = timezone.now()
    while now < start + DAY:
        with time_machine.travel(now, tick=False):
            series.check(REQUEST)
            series.add()
            made += 1
            now = max(now, Guesses.objects.get().free_at)
    return made


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "figure"), [(ACCOUNT, 91), (ADDRESS, 267)])
def test_guesses_of_a_day_are_bounded(limit: Limit, figure: int) -> None:
    """G22: at most 100 at one account, at most 300 from one address."""
    assert guesses_in_a_day(limit) == figure


@pytest.mark.django_db
def test_guesses_are_forgotten_after_a_day_of_quiet_and_not_before() -> None:
    series, now = Series((Count("somebody"),)), timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(ACCOUNT.free):
            series.add()
    with time_machine.travel(now + timedelta(hours=23), tick=False):
        forget_old()
        series.add()
        wrong = Guesses.objects.get().wrong
    with time_machine.travel(now + timedelta(hours=48), tick=False):
        series.add()
        again = Guesses.objects.get().wrong
    with time_machine.travel(now + timedelta(hours=73), tick=False):
        forget_old()

    assert (wrong, again, Guesses.objects.count()) == (ACCOUNT.free + 1, 1, 0)


@pytest.mark.django_db
def test_right_guess_leaves_the_count_of_the_account_alone() -> None:
    theirs, own = Series((Count("account"),)), Series((Count("device"),), is_own=True)
    for series in (theirs, own):
        series.add()
        series.end()

    assert list(Guesses.objects.values_list("wrong", flat=True)) == [1]


@pytest.mark.django_db
def test_neighbours_of_one_ipv6_network_count_together() -> None:
    for n in range(ADDRESS.free):
        request = RequestFactory().get("/", REMOTE_ADDR=f"2001:db8:1:2::{n:x}")
        strangers(request, "password", f"{n}@x.example").add()
    inside, beside = (RequestFactory().get("/", REMOTE_ADDR=f"2001:db8:1:{n}::f") for n in (2, 3))

    with pytest.raises(Slowed):
        strangers(inside, "password", "new@x.example").check(inside)
    strangers(beside, "password", "new@x.example").check(beside)


@pytest.mark.django_db
def test_table_names_nobody() -> None:
    strangers(REQUEST, "password", "ben@north.example").add()

    keys = " ".join(Guesses.objects.values_list("key", flat=True))
    assert "ben" not in keys
    assert "127.0.0.1" not in keys


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_guesses_at_once_count_one_after_the_other() -> None:
    series = Series((Count(f"somebody {uuid4()}", Limit(free=2, longest=DAY)),))

    def guess(start: Barrier) -> str:
        start.wait()
        with transaction.atomic():
            try:
                series.check(RequestFactory().get("/"))
            except Slowed:
                return "slowed"
            series.add()
            return "made"

    assert sorted(map(str, together(*[guess] * 4))) == ["made", "made", "slowed", "slowed"]

"""How much one key, or one person's sessions, may ask in a minute."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from pytest_django import Settings

from leads.models import Lead
from prm.organizations.context import inside
from tests.api.asking import Caller, code_of
from tests.browsing import sign_in, visitor
from tests.cast import Cast

LEADS = "/api/v1/leads/"
AWAY = "unix:///nonexistent/valkey.sock"


@pytest.fixture(autouse=True)
def three_a_minute(settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.PRM_API_PER_MINUTE = 3
    cache.clear()
    with time_machine.travel(datetime(2031, 5, 6, 7, 8, 20, tzinfo=UTC), tick=False) as clock:
        yield clock
    cache.clear()


def statuses(caller: Caller, times: int = 4) -> list[int]:
    return [caller.get("leads/").status_code for _ in range(times)]


def test_key_is_told_when_to_come_back(cast: Cast, three_a_minute: time_machine.Traveller) -> None:
    caller = Caller(cast.ben)

    assert statuses(caller) == [200, 200, 200, 429]
    answer = caller.get("leads/")
    assert (code_of(answer, 429), answer["Retry-After"]) == ("throttled", "40")

    three_a_minute.shift(39)
    assert statuses(caller, 1) == [429]
    three_a_minute.shift(1)
    assert statuses(caller) == [200, 200, 200, 429]


def test_writes_count_and_change_nothing_above_it(cast: Cast) -> None:
    caller = Caller(cast.ada)

    answers = [caller.post("leads/", {"company": f"No. {number}", "last_name": "x"}) for number in range(5)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    with inside(cast.acme):
        assert Lead.objects.count() == 3


def test_each_key_and_each_person_counts_alone(cast: Cast) -> None:
    """All browsers of a person together; a key beside them, which may be somebody else's program."""
    first, second, other = Caller(cast.ben), Caller(cast.ben), Caller(cast.cleo)
    browsers = [sign_in(cast.ben), sign_in(cast.ben)]

    assert statuses(first) == statuses(second) == statuses(other) == [200, 200, 200, 429]
    assert [browsers[number % 2].get(LEADS).status_code for number in range(4)] == [200, 200, 200, 429]
    assert browsers[0].get("/leads/").status_code == 200  # pages are not the API


def test_strangers_are_not_counted_and_learn_nothing(cast: Cast) -> None:
    client = visitor(cast.acme)

    assert {client.get(LEADS).status_code for _ in range(5)} == {401}
    assert {client.get("/api/v1/schema/").status_code for _ in range(5)} == {200}


def test_ceiling_stands_while_the_cache_is_away(cast: Cast, settings: Settings) -> None:
    """Then each process counts for itself."""
    settings.CACHES = {"default": {"BACKEND": "prm.serving.cache.ForgivingCache", "LOCATION": AWAY}}

    assert statuses(Caller(cast.ben)) == [200, 200, 200, 429]


def test_ceiling_of_a_cache_emptied_meanwhile_begins_anew(cast: Cast) -> None:
    caller = Caller(cast.ben)
    statuses(caller)

    cache.clear()

    assert statuses(caller) == [200, 200, 200, 429]

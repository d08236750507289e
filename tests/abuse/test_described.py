"""G13: whatever schemathesis makes of the API's own description, the answer is one that is described.

The short run puts about 1,100 requests: every edge of each operation (the coverage phase) is asked by one of
three roles in turn, generated ones by all of them and by a stranger, and a few stories of several requests.
The long run lets everybody ask everything and goes on with other seeds to 40,000. What schemathesis does not
send (bodies that are no JSON, forged cursors, lone surrogates) is in tests/api/test_fuzz.py, which puts 60,000
more. A request costs about 15 ms of a core, three fifths of it for the SQL that Django makes anew for each key and
its member; schemathesis takes as long again for each of its own.
"""

import itertools
import time
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler

from tests import soak
from tests.abuse.described import PHASES, Door, Seen, ask, operations
from tests.api.asking import made
from tests.browsing import Api
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead

ROLES = ("ada", "bea", "ben")  # the vendor's admin, a partner's admin, a partner's rep
SOAK = 40_000


@pytest.fixture
def records(cast: Cast) -> dict[str, list[str]]:
    """What the ids of the requests lead to: something in each state, and something of others."""
    leads = [made(new_lead, cast.ada), made(assigned_lead, cast.ada, cast.ben)]
    leads += [made(opened_lead, cast.ada, cast.ben), made(opened_lead, cast.ada, cast.cleo)]
    found: dict[str, list[Any]] = {
        "leads": leads,
        "deals": [made(new_deal, cast.ada, cast.ben), made(new_deal, cast.ada, cast.cleo)],
        "organizations": [cast.north, cast.south, cast.vendor],
        "users": [cast.ben, cast.bea, cast.cleo, cast.ada],
    }
    return {resource: [str(record.pk) for record in rows] for resource, rows in found.items()}


def key_of(cast: Cast, who: str) -> str:
    return Api(getattr(cast, who)).headers["Authorization"].removeprefix("Bearer ") if who in ROLES else ""


@pytest.mark.parametrize("who", ROLES)
def test_every_answer_is_a_described_one(
    application: WSGIHandler, cast: Cast, records: dict[str, list[str]], who: str
) -> None:
    door, key = Door(application, "acme.localhost:8000", records), key_of(cast, who)

    ask(door, key, "coverage", share=(ROLES.index(who), len(ROLES)), one_in=2)
    ask(door, key, "fuzzing", examples=2)
    seen = ask(door, key, "stateful", examples=2)

    assert seen.findings == []
    assert seen.requests > 200
    assert {200, 400, 404, 405} <= set(seen.statuses)


def test_a_stranger_gets_nothing_from_any_operation(
    application: WSGIHandler, cast: Cast, records: dict[str, list[str]]
) -> None:
    seen = ask(Door(application, "acme.localhost:8000", records), "", "fuzzing", examples=2)

    assert seen.findings == []
    assert seen.requests >= len(operations())
    assert set(seen.statuses) <= {401, 404}  # 404: an address that is none
    assert seen.statuses[401] > seen.statuses[404]


@pytest.mark.soak
def test_every_answer_is_a_described_one_for_long(
    application: WSGIHandler, cast: Cast, records: dict[str, list[str]]
) -> None:
    begun = time.monotonic()
    doors = {who: Door(application, "acme.localhost:8000", records) for who in (*ROLES, "nobody")}
    keys = {who: key_of(cast, who) for who in doors}
    rounds = itertools.chain(
        ((who, phase, 10, 1) for phase in PHASES for who in doors),
        ((who, "fuzzing", 100, seed) for seed in itertools.count(2) for who in ROLES),
    )
    for who, phase, examples, seed in rounds:
        ask(doors[who], keys[who], phase, examples=examples, seed=seed)
        seen = {name: door.seen for name, door in doors.items()}
        soak.write("requests", figures_of(seen, begun), packages=("schemathesis", "hypothesis"))
        if sum(one.requests for one in seen.values()) >= SOAK:
            break

    assert [finding for one in seen.values() for finding in one.findings] == []
    assert all(status < 500 for one in seen.values() for status in one.statuses)


def figures_of(seen: dict[str, Seen], begun: float) -> dict[str, object]:
    """Written down after each round, so that a run that is broken off leaves something."""
    findings = [finding for one in seen.values() for finding in one.findings]
    return {
        "requests": sum(one.requests for one in seen.values()),
        **{f"requests as {who}": one.requests for who, one in seen.items()},
        **{f"answers to {who}": dict(sorted(one.statuses.items())) for who, one in seen.items()},
        "answers 5xx": sum(n for one in seen.values() for status, n in one.statuses.items() if status >= 500),
        "findings": len(findings),
        **{f"finding {number}": finding for number, finding in enumerate(findings[:20], start=1)},
        "minutes": round((time.monotonic() - begun) / 60, 1),
    }

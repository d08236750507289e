"""kill -9 of worker and web at points of chance: what was answered is stored, what is stored is told, once."""

import time

import pytest

from tests.fakes.mail import slow
from tests.faults.conftest import SOAK, long_with_make_soak
from tests.faults.ledger import Balance, Ledger, chance
from tests.faults.site import Site

pytestmark = long_with_make_soak

KILLS = 25 if SOAK else 2
PAUSE = 0.5 if SOAK else 0.05  # seconds between two leads: the worker, dead half of the time, is not to fall behind
UNDER_WAY = {"worker": 2 + 1, "web": 0}
"""Mails that a round may find sent and not yet noted: one of each of the worker's two children, then one of the
child that is killed by itself. The web sends none."""


@pytest.mark.parametrize("victim", ["worker", "web"])
def test_kill(site: Site, ledger: Ledger, victim: str) -> None:
    when = chance(victim)
    for receiver in ledger.receivers:  # so that a kill finds mail under way
        site.mail.always_for(site.people[receiver].email, slow(0.1))

    with ledger.load(clients=3, pause=PAUSE):
        for _ in range(KILLS):
            time.sleep(when.uniform(0.2, 2))
            site.restart_hard(victim)
            time.sleep(when.uniform(0.2, 1))
            if victim == "worker":  # whose parent notices, and takes another child
                site[victim].kill_one_child(when)

    assert ledger.balance() == Balance()
    assert ledger.caught_up_after <= 60
    assert ledger.repetitions() <= KILLS * UNDER_WAY[victim]
    assert len(ledger.stored) > KILLS

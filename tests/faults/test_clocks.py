"""A worker whose clock is a day ahead: leases go by the database's clock, so it takes nothing from anybody."""

import time

from prm.local.processes import wait_until
from tests.fakes.mail import slow
from tests.faults.conftest import long_with_make_soak
from tests.faults.ledger import Balance, Ledger
from tests.faults.site import Site

pytestmark = long_with_make_soak


def test_worker_a_day_ahead_takes_nothing_from_the_others(site: Site, ledger: Ledger) -> None:
    for receiver in ledger.receivers:
        site.mail.always_for(site.people[receiver].email, slow(0.3))  # so that there is something to take
    with site.another_worker("tests.faults.tomorrow"):
        with ledger.load(clients=3):
            time.sleep(4)
        balance = ledger.balance()
        # Each beat goes to one of the two: some time may pass before it is the wrong one's turn.
        assert wait_until(lambda: site.readyz_of("worker").startswith("its clock is"), seconds=60, step=0.2)

    assert balance == Balance()
    assert ledger.repetitions() == 0

"""One site for all tests of faults; each finds it whole, and is to leave it so."""

import os
from collections.abc import Iterator

import pytest

from prm.local import paths, running
from tests.faults.ledger import Ledger
from tests.faults.site import Site

SOAK = bool(os.environ.get("PRM_SOAK"))


@pytest.fixture(scope="package")
def whole_site() -> Iterator[Site]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    state = paths.throw_away_state()
    made = Site(state, first_port=25000 + 100 * int(worker))
    with running.hold(state):  # or another run of tests takes it for abandoned
        try:
            made.start()
            yield made
        finally:
            made.stop()
            paths.remove(state)


@pytest.fixture
def site(whole_site: Site) -> Site:
    whole_site.mail.behave()
    whole_site.wait_until_ready()
    return whole_site


@pytest.fixture
def ledger(site: Site, request: pytest.FixtureRequest) -> Ledger:
    return Ledger(site, request.node.name.removeprefix("test_")[:60])

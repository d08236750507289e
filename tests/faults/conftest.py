"""One site for all tests of faults; each finds it whole, and is to leave it so."""

import os
import re
from collections.abc import Iterator

import pytest

from prm.local import paths, portal, running
from tests import soak
from tests.fakes.mail import MailServer
from tests.faults.ledger import Ledger
from tests.faults.site import Site

SOAK = bool(os.environ.get("PRM_SOAK"))
long_with_make_soak = [pytest.mark.soak] if SOAK else []
"""The same tests, with their full figures."""


@pytest.fixture(scope="package")
def whole_site() -> Iterator[Site]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    state = paths.throw_away_state()
    port = portal.free_port(25000 + 100 * int(worker))
    made = Site(state, port, MailServer(portal.free_port(port + 1)))
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
    whole_site.revive()
    whole_site.wait_until_ready()
    return whole_site


@pytest.fixture
def ledger(site: Site, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """For this test's own leads. A soak run leaves what was counted in bench/soak/, passed or not."""
    made = Ledger(site, request.node.name.removeprefix("test_")[:60])
    if SOAK:
        request.getfixturevalue("db")
    yield made
    if SOAK:
        site.revive()  # a database that is away can be asked nothing
        name = re.sub(r"\W+", "_", made.name).strip("_")
        soak.write(f"fault_{name}", made.figures(), packages=("redis", "kombu"))

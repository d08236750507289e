"""Two portals with rows in every table, committed, and a store of their own."""

from pathlib import Path

import pytest

from prm.organizations.context import inside
from tests import cast as cast_module
from tests.cast import Cast
from tests.factories import new_lead
from tests.populate import populate


@pytest.fixture
def two_portals(transactional_db: None, files: Path) -> Cast:
    """Every table of both holds rows; deliveries wait, since nobody is there to make them."""
    cast = cast_module.load()
    populate(cast.ada, cast.ben)
    populate(cast.dan, cast.eve_globex)
    with inside(cast.globex):
        new_lead(cast.dan, company="Hollow Reed Ltd")
    return cast

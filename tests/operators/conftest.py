"""Two portals with rows in every table, committed, and a store of their own."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from prm.files import store
from prm.organizations.context import inside
from tests import cast as cast_module
from tests.cast import Cast
from tests.factories import new_lead
from tests.populate import populate


@pytest.fixture
def files(tmp_path: Path, settings: Settings) -> Path:
    """An empty store for files."""
    folder = tmp_path / "files"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            **settings.STORAGES["default"],
            "OPTIONS": {**settings.STORAGES["default"]["OPTIONS"], "location": str(folder)},
        },
    }
    assert Path(default_storage.path("")) == folder == store.folder()
    return folder


@pytest.fixture
def two_portals(transactional_db: None, files: Path) -> Cast:
    """Every table of both holds rows; deliveries wait, since nobody is there to make them."""
    cast = cast_module.load()
    populate(cast.ada, cast.ben)
    populate(cast.dan, cast.eve_globex)
    with inside(cast.globex):
        new_lead(cast.dan, company="Hollow Reed Ltd")
    return cast

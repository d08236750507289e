"""Fixtures every test may ask for: the cast by name, and being inside Acme."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from django.test.utils import setup_databases
from pytest_django import DjangoDbBlocker, Settings

from prm.files import store
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal
from prm.users.models import Membership
from tests import browsing
from tests import cast as cast_module
from tests.canaries import (  # noqa: F401  (pytest finds them here)
    canaries,
    pytest_runtest_call,
    pytest_runtest_teardown,
)
from tests.cast import Cast


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """A database per worker, made and migrated as prm_owner, served as prm_app, with the cast in it.

    pytest-django's own fixture sets up only the aliases that tests name, and `default` mirrors `owner`.
    Nothing is torn down: the server itself is thrown away.
    """
    with django_db_blocker.unblock():
        setup_databases(
            verbosity=0, interactive=False, aliases={"default": None, "owner": None}, serialized_aliases=set()
        )
        cast_module.load()


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody, as `cast.ada`, `cast.north`, ... Rolled back after the test."""
    return cast_module.load()


@pytest.fixture(scope="session")
def application(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> WSGIHandler:
    """What the server serves. Its import looks at the database role, outside of any test's transaction."""
    with django_db_blocker.unblock():
        return import_module("prm.wsgi").application  # type: ignore[no-any-return]


@pytest.fixture
def in_acme(cast: Cast) -> Iterator[Portal]:
    """The test runs inside Acme. For tests of actions; tests of pages stay outside."""
    with inside(cast.acme) as portal:
        yield portal


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
def client_of() -> Callable[[Membership], Client]:
    """`client_of(cast.ben)`: a browser in which Ben is signed in."""
    return browsing.sign_in


def _member(name: str) -> Callable[[Cast], Membership]:
    @pytest.fixture(name=name)
    def member(cast: Cast) -> Membership:
        found: Membership = getattr(cast, name)
        return found

    return member


def _organization(name: str) -> Callable[[Cast], Organization]:
    @pytest.fixture(name=name)
    def organization(cast: Cast) -> Organization:
        found: Organization = getattr(cast, name)
        return found

    return organization


ada, vic, bea, ben, cleo, dora, ivan, dis, eve, eve_globex, dan = map(_member, cast_module.MEMBERS)
vendor, north, south, east, west = map(_organization, ("vendor", "north", "south", "east", "west"))

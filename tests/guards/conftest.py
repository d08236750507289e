"""The stage of the access matrix, set once per module."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests import stage as stage_module
from tests.stage import Stage


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """Rows of every kind, and everybody who may ask for them. Never committed."""
    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()  # sign-in counts its failures there
        yield stage_module.build()
        transaction.set_rollback(True)

"""The stage of the access matrix, set once per module."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from tests import stage as stage_module
from tests.browsing import unwritten_requests
from tests.stage import Stage


@pytest.fixture(scope="module")
def quiet_and_still() -> Iterator[datetime]:
    """The clock stands still, since pages say "5 seconds ago"; nobody reads thousands of log lines."""
    now = timezone.now()
    with unwritten_requests(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: now)
        yield now


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker, quiet_and_still: datetime) -> Iterator[Stage]:
    """Rows of every kind, and everybody who may ask for them. Never committed."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield stage_module.build()
        transaction.set_rollback(True)

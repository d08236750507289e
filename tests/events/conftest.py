"""What the outbox meets at its ends: the time, and the mail server."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.events import last_hop
from tests.events.last_hop import LastHop


class Clock:
    """Stands still, until told to go on."""

    def __init__(self) -> None:
        self.time = datetime.now(timezone.get_default_timezone())

    def now(self) -> datetime:
        return self.time

    def forward(self, by: timedelta) -> None:
        self.time += by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(timezone, "now", found.now)
    return found


@pytest.fixture
def hop(settings: Settings) -> Iterator[LastHop]:
    """The mail server that takes what is sent, in place of a real one."""
    settings.EMAIL_BACKEND = "tests.events.last_hop.Backend"
    last_hop.present = LastHop()
    yield last_hop.present
    last_hop.present = LastHop()

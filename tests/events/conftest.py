"""What the outbox meets at its ends: the time, and the mail server."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models import F
from pytest_django import Settings

from prm.events.delivery import deliver_due
from prm.events.mail_server import AWAY
from prm.events.models import Delivery, DueWork
from prm.organizations.context import inside
from prm.organizations.models import Portal
from tests.cast import Cast
from tests.events import last_hop
from tests.events.last_hop import LastHop

PassTime = Callable[[timedelta], None]


@pytest.fixture
def pass_time(cast: Cast) -> PassTime:
    """`pass_time(timedelta(hours=1))`. The clock is the database's: so every row becomes so much older."""

    def older(by: timedelta) -> None:
        for portal in (cast.acme, cast.globex):
            _age(portal, by)
        cache.delete(AWAY)

    return older


def _age(portal: Portal, by: timedelta) -> None:
    with inside(portal):
        times = ("queued_at", "not_before", "lease_until", "done_at")
        Delivery.objects.update(**{name: F(name) - by for name in times})
        due = list(DueWork.objects.filter(portal=portal).values_list("due_at", flat=True))
        DueWork.objects.filter(portal=portal).delete()
        DueWork.objects.bulk_create(DueWork(portal=portal, due_at=at - by) for at in due)


@pytest.fixture
def hop(settings: Settings) -> Iterator[LastHop]:
    """The mail server that takes what is sent, in place of a real one."""
    settings.EMAIL_BACKEND = "tests.events.last_hop.Backend"
    last_hop.present = LastHop()
    cache.delete(AWAY)
    yield last_hop.present
    last_hop.present = LastHop()
    cache.delete(AWAY)


@pytest.fixture
def nothing_waits(cast: Cast, hop: LastHop) -> None:
    """What the making of the cast has left to send is sent."""
    for portal in (cast.acme, cast.globex):
        deliver_due(portal)
    DueWork.objects.all().delete()
    hop.taken.clear()
    hop.tries = hop.calls = 0

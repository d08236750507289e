"""Celery doors of the outbox: ids in, enter the portal, one call."""

import logging
import uuid

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from prm.events import delivery
from prm.events.models import DueWork
from prm.organizations.models import Portal
from prm.serving.health import beat_heart

log = logging.getLogger(__name__)


def ring(portal_id: uuid.UUID) -> None:
    """Tell the workers that a portal has work. A broker that is away costs seconds, never the work."""
    try:
        deliver_due.delay(str(portal_id))
    except OperationalError:
        log.warning("the broker did not take the bell; the sweeper will find the rows")


@shared_task
def deliver_due(portal_id: str) -> None:
    portal = Portal.objects.get(pk=portal_id)
    if delivery.deliver_due(portal):
        ring(portal.pk)


@shared_task
def sweep() -> None:
    """Every few seconds: ring again for each portal with work due, whatever became of the first bell."""
    due = DueWork.objects.filter(due_at__lte=timezone.now(), portal__is_active=True)
    for portal_id in due.values_list("portal_id", flat=True).distinct():
        ring(portal_id)


@shared_task
def heartbeat() -> None:
    """Proves to /readyz that beat, broker and worker are alive together."""
    beat_heart()

"""Celery doors of all work that is rows: ids in, enter the portal, one call."""

from celery import shared_task
from django.db.models.functions import Now

from prm.events import delivery
from prm.events.bell import ring
from prm.events.due import WORKS
from prm.events.models import DueWork
from prm.organizations.models import Portal
from prm.serving.health import beat_heart


@shared_task
def deliver_due(portal_id: str) -> None:
    """The outbox first: nobody's mail waits for somebody's long run."""
    portal = Portal.objects.filter(pk=portal_id, is_active=True).first()
    if portal is None:
        return
    waiting = [delivery.deliver_due(portal), *(work.carry_out(portal) for work in WORKS)]
    if any(waiting):
        ring(portal.pk)


@shared_task
def sweep() -> None:
    """Every few seconds: ring again for each portal with work due, whatever became of the first bell."""
    due = DueWork.objects.filter(due_at__lte=Now(), portal__is_active=True)
    for portal_id in due.values_list("portal_id", flat=True).distinct():
        ring(portal_id)


@shared_task
def forget() -> None:
    """Daily: what was sent or dropped a month ago."""
    for portal in Portal.objects.filter(is_active=True):
        delivery.forget_finished(portal)


@shared_task
def heartbeat() -> None:
    """Proves to /readyz that beat, broker and worker are alive together."""
    beat_heart()

"""What is thrown away when its time is over."""

from celery import shared_task

from prm.organizations.models import Portal
from prm.runs import actions


@shared_task
def forget() -> None:
    """Hourly, in suspended portals too: exports after a day, runs after three months."""
    for portal in Portal.objects.all():
        actions.forget_old(portal)

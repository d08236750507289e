"""The outbox's part of the home page: what did not reach anybody."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy

from prm.events.models import Delivery, Message
from prm.home.navigation import counts_beside
from prm.home.panels import Wait, finds_waits
from prm.users.access import Permission
from prm.users.models import Membership

LATELY = timedelta(days=7)
FAILED = {
    Delivery.Status.BOUNCED: gettext_lazy("Mails bounced this week"),
    Delivery.Status.DEAD: gettext_lazy("Notices given up this week"),
}


@finds_waits(position=20)
def undelivered(member: Membership) -> Iterator[Wait]:
    """For whoever may see operations. What failed longer ago is history, and stands in the e-mail log."""
    if member.can(Permission.MANAGE_PORTAL):
        lately = Delivery.objects.filter(channel__in=Delivery.Channel.values, queued_at__gte=Now() - LATELY)
        for status, label in FAILED.items():
            url = f"{reverse('events:mail_log')}?status={status.value}"
            yield Wait(
                label,
                lately.filter(status=status).order_by("queued_at"),
                url,
                "exclamation-triangle",
                since="queued_at",
            )


@counts_beside("messages")
def unread(member: Membership) -> "models.QuerySet[Message]":
    return Message.objects.visible_to(member).filter(read_at=None).order_by()

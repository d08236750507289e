"""Verbs about deliveries: send again, choose how to hear of things."""

from collections.abc import Mapping
from datetime import time

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from prm.actions import Refused
from prm.events.bell import ring
from prm.events.models import Delivery, DueWork, Event, NotificationChoice
from prm.events.record import Actor, record
from prm.events.unsubscribing import optional_kinds
from prm.organizations.context import active_portal
from prm.organizations.models import Organization
from prm.users.access import Permission, require
from prm.users.models import Membership

Status = Delivery.Status
AGAIN = frozenset({Status.SENT, Status.BOUNCED, Status.DEAD})
"""What may be sent again. What is no longer needed would be dropped again."""


@transaction.atomic
def resend_delivery(delivery: Delivery, *, by: Actor) -> Delivery:
    """Queue it anew with all that travelled with it. A mail's Message-ID is a new one: this is on purpose."""
    require(by, Permission.MANAGE_PORTAL)
    delivery = Delivery.objects.locked(delivery.pk)
    if delivery.status not in AGAIN:
        raise Refused(_("Only what was sent, came back or was given up can be sent again."))
    _queue_again(delivery.parcel, delivery.status)
    record(Event.Kind.DELIVERY_RESENT, delivery.event, by=by, facts={"delivery": str(delivery.pk)})
    return delivery


@transaction.atomic
def retry_dead(*, by: Actor) -> int:
    """Queue everything anew that was given up; returns how many rows."""
    require(by, Permission.MANAGE_PORTAL)
    dead = Delivery.objects.filter(status=Status.DEAD)
    parcels = set(dead.select_for_update().values_list("parcel", flat=True))
    count = sum(_queue_again(parcel, Status.DEAD) for parcel in parcels)
    if count:
        record(Event.Kind.DELIVERY_RESENT, active_portal(), by=by, facts={"count": count})
    return count


def _queue_again(parcel: object, status: str) -> int:
    count = Delivery.objects.filter(parcel=parcel, status=status).update(
        status=Status.PENDING,
        is_collected=False,
        attempts=0,
        losses=0,
        resends=F("resends") + 1,
        last_error="",
        queued_at=Now(),
        not_before=Now(),
        done_at=None,
    )
    portal = active_portal()
    DueWork.objects.create(portal=portal, due_at=Now())
    transaction.on_commit(lambda: ring(portal.pk))
    return count


@transaction.atomic
def choose_notifications(
    member: Membership, *, by_kind: Mapping[str, str], quiet_from: time | None, quiet_until: time | None, by: Actor
) -> NotificationChoice:
    """Set how a person hears by e-mail of each kind, and the hours at which not at all."""
    if by is None or by.pk != member.pk:
        raise Refused(_("How somebody hears of things is for that person to choose."))
    choice = _choice_of(member)
    choice.by_kind = {kind: how for kind, how in by_kind.items() if how != NotificationChoice.How.AT_ONCE}
    choice.quiet_from, choice.quiet_until = quiet_from, quiet_until
    choice.save()
    record(Event.Kind.NOTIFICATIONS_CHANGED, member, by=by, organization=_concerned(member))
    return choice


@transaction.atomic
def unsubscribe(member: Membership, *, kind: str) -> NotificationChoice:
    """No more mails about `kind`, or about anything that is optional when it is ''. Done twice, it is done once."""
    choice = _choice_of(member)
    kinds = [kind] if kind else optional_kinds()
    wanted = dict.fromkeys(kinds, NotificationChoice.How.NONE.value)
    if choice.by_kind | wanted != choice.by_kind:
        choice.by_kind = choice.by_kind | wanted
        choice.save(update_fields=["by_kind"])
        record(Event.Kind.NOTIFICATIONS_CHANGED, member, by=member, organization=_concerned(member))
    return choice


def _choice_of(member: Membership) -> NotificationChoice:
    choice, _is_new = NotificationChoice.objects.get_or_create(membership=member)
    locked: NotificationChoice = NotificationChoice.objects.locked(choice.pk)
    return locked


def _concerned(member: Membership) -> Organization | None:
    return None if member.is_vendor else member.organization

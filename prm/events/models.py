"""What happened (Event), who must hear of it (Delivery), and what they read in the portal (Message)."""

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.organizations.fence import (
    Fenced,
    FencedManager,
    FencedModel,
    FencedQuerySet,
    PortalForeignKey,
    SamePortal,
)
from prm.organizations.models import Organization, Portal
from prm.users.models import Membership

if TYPE_CHECKING:
    from prm.users.models import Membership as Member


class EventQuerySet(FencedQuerySet["Event"]):
    def visible_to(self, member: "Member") -> Self:
        """The vendor sees all but another organization's private ones; the others what concerns them."""
        if member.is_vendor:
            return self.filter(Q(is_private=False) | Q(organization=member.organization_id))
        return self.filter(organization=member.organization_id)


class Event(FencedModel):
    """One thing that happened, written in the transaction of the change and never altered afterwards.

    Names the changed fields but holds no personal value: those stand beside it, in EventValue.
    """

    class Kind(models.TextChoices):
        PORTAL_CREATED = "portal_created", _("Portal created")
        ORGANIZATION_CREATED = "organization_created", _("Organization created")
        ORGANIZATION_CHANGED = "organization_changed", _("Organization changed")
        MEMBER_INVITED = "member_invited", _("Person invited")
        MEMBER_JOINED = "member_joined", _("Invitation accepted")
        MEMBER_CHANGED = "member_changed", _("Person changed")
        MEMBER_DISABLED = "member_disabled", _("Person disabled")
        MEMBER_ENABLED = "member_enabled", _("Person enabled")
        PASSWORD_RESET_ASKED = "password_reset_asked", _("Password reset asked for")
        API_KEY_CREATED = "api_key_created", _("API key created")
        API_KEY_REVOKED = "api_key_revoked", _("API key revoked")
        SETTINGS_CHANGED = "settings_changed", _("Settings changed")
        LEAD_CREATED = "lead_created", _("Lead created")
        LEAD_CHANGED = "lead_changed", _("Lead changed")
        LEAD_ASSIGNED = "lead_assigned", _("Lead assigned")
        LEAD_RECALLED = "lead_recalled", _("Lead recalled")
        LEAD_OPENED = "lead_opened", _("Lead opened")
        LEAD_HANDED_OVER = "lead_handed_over", _("Lead handed over to a colleague")
        LEAD_COMMENTED = "lead_commented", _("Comment")
        LEAD_ACTIVITY = "lead_activity", _("Activity")
        LEAD_LOST = "lead_lost", _("Lead closed as lost")
        LEAD_WON = "lead_won", _("Lead closed as won")
        LEAD_CONVERTED = "lead_converted", _("Lead converted to a deal")
        LEAD_REOPENED = "lead_reopened", _("Lead re-opened")
        DEAL_REGISTERED = "deal_registered", _("Deal registered")
        DEAL_CHANGED = "deal_changed", _("Deal changed")
        DEAL_WITHDRAWN = "deal_withdrawn", _("Deal withdrawn")

    kind = models.CharField(max_length=30, choices=Kind.choices)
    subject_type = models.CharField(max_length=40)  # "leads.lead"; the floors above are not known here
    subject_id = models.UUIDField()
    organization = PortalForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+"
    )  # whom it concerns beside the vendor
    is_private = models.BooleanField(default=False)  # the vendor does not see it
    actor = PortalForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    changed_fields = ArrayField(models.CharField(max_length=60), default=list)
    facts = models.JSONField(default=dict)  # ids and words of the product, nothing personal
    request_id = models.CharField(max_length=36, blank=True)

    objects = FencedManager.from_queryset(EventQuerySet)()

    class Meta(FencedModel.Meta):
        ordering = ["-at", "-id"]
        constraints = [
            Fenced(append_only=True),
            SamePortal("organization"),
            SamePortal("actor"),
        ]
        indexes = [models.Index(fields=["portal", "subject_id", "at"], name="events_event_of_subject")]


class EventValue(FencedModel):
    """Old and new value of a changed field, beside the event so that erasure may empty it."""

    event = PortalForeignKey(Event, on_delete=models.CASCADE, related_name="values")
    field = models.CharField(max_length=60)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("event"),
            models.UniqueConstraint(fields=["portal", "event", "field"], name="events_eventvalue_once"),
        ]


class Delivery(FencedModel):
    """One person to be told of one event over one channel: a row of work, done by a worker."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        MESSAGE = "message", _("Portal message")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        CLAIMED = "claimed", _("Being sent")
        SENT = "sent", _("Sent")
        CANCELLED = "cancelled", _("No longer needed")
        DEAD = "dead", _("Given up")

    event = PortalForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    recipient = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    claim = models.UUIDField(
        null=True
    )  # the claimant's token: a late worker cannot overwrite the next one's result
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("event"),
            SamePortal("recipient"),
            models.UniqueConstraint(
                fields=["portal", "event", "recipient", "channel"], name="events_delivery_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["portal", "not_before"],
                condition=Q(status__in=["pending", "claimed"]),
                name="events_delivery_due",
            )
        ]


class MessageQuerySet(FencedQuerySet["Message"]):
    def visible_to(self, member: "Member") -> Self:
        return self.filter(recipient=member)


class Message(FencedModel):
    """A notice in the portal. Its text is made from the event when it is read, so it holds no details."""

    recipient = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="messages")
    event = PortalForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    objects = FencedManager.from_queryset(MessageQuerySet)()

    class Meta(FencedModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("recipient"),
            SamePortal("event"),
            models.UniqueConstraint(fields=["portal", "recipient", "event"], name="events_message_once"),
        ]


class DueWork(models.Model):
    """Which portal has deliveries due when. Shared, so that the sweeper need not walk a thousand idle portals.

    Rows are only added and deleted: concurrent transactions of one portal never wait for each other here.
    """

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="+", db_index=False)
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.portal_id} at {self.due_at:%Y-%m-%d %H:%M}"

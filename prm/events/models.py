"""What happened (Event), who must hear of it (Delivery), and what they read in the portal (Message)."""

import uuid
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
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
    def visible_to(self, member: "Member", *, holder: uuid.UUID | None = None) -> Self:
        """The vendor sees all but another organization's private ones; the others what concerns them.

        `holder` has the record that is asked about: where that is a reseller, its distributor, who sees the
        record, sees what concerns the reseller, but for its private ones.
        Who looks through a member's eyes sees only what both may see.
        """
        rows = self if member.viewer is None else self.visible_to(member.viewer)
        if member.is_vendor:
            return rows.filter(Q(is_private=False) | Q(organization=member.organization_id))
        if holder is not None and member.has_resellers:
            of_reseller = Q(organization=holder, organization__distributor=member.organization_id, is_private=False)
            return rows.filter(Q(organization=member.organization_id) | of_reseller)
        return rows.filter(organization=member.organization_id)


class Event(FencedModel):
    """One thing that happened, written in the transaction of the change and never altered afterwards.

    Names the changed fields but holds no personal value: those stand beside it, in EventValue.
    """

    class Kind(models.TextChoices):
        PORTAL_CREATED = "portal_created", _("Portal created")
        PORTAL_SUSPENDED = "portal_suspended", _("Portal suspended")
        PORTAL_RESUMED = "portal_resumed", _("Portal opened again")
        ORGANIZATION_CREATED = "organization_created", _("Organization created")
        ORGANIZATION_CHANGED = "organization_changed", _("Organization changed")
        MEMBER_INVITED = "member_invited", _("Person invited")
        MEMBER_JOINED = "member_joined", _("Invitation accepted")
        MEMBER_CHANGED = "member_changed", _("Person changed")
        MEMBER_DISABLED = "member_disabled", _("Person disabled")
        MEMBER_ENABLED = "member_enabled", _("Person enabled")
        PASSWORD_RESET_ASKED = "password_reset_asked", _("Password reset asked for")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        SECOND_FACTOR_ON = "second_factor_on", _("Second factor set up")
        SECOND_FACTOR_OFF = "second_factor_off", _("Second factor removed")
        RECOVERY_CODES_MADE = "recovery_codes_made", _("Recovery codes made")
        RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
        SIGNED_IN_ON_NEW_DEVICE = "signed_in_on_new_device", _("Signed in on a new device")
        SIGN_IN_SLOWED = "sign_in_slowed", _("Many wrong passwords or codes")
        SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
        EMAIL_CHANGE_ASKED = "email_change_asked", _("New e-mail address asked for")
        EMAIL_CHANGE_TO_CONFIRM = "email_change_to_confirm", _("New e-mail address to be confirmed")
        EMAIL_CHANGED = "email_changed", _("E-mail address changed")
        API_KEY_EXPOSED = "api_key_exposed", _("API key sent in an address")
        API_KEY_CREATED = "api_key_created", _("API key created")
        API_KEY_REVOKED = "api_key_revoked", _("API key revoked")
        VIEWING_BEGUN = "viewing_begun", _("Viewing as a person begun")
        VIEWING_ENDED = "viewing_ended", _("Viewing as a person ended")
        SETTINGS_CHANGED = "settings_changed", _("Settings changed")
        SSO_LINKED = "sso_linked", _("Single sign-on used for the first time")
        SSO_REFUSED = "sso_refused", _("Single sign-on refused")
        LEAD_CREATED = "lead_created", _("Lead created")
        LEAD_CHANGED = "lead_changed", _("Lead changed")
        LEAD_ASSIGNED = "lead_assigned", _("Lead assigned")
        LEAD_RECALLED = "lead_recalled", _("Lead recalled")
        LEAD_OPENED = "lead_opened", _("Lead opened")
        LEAD_HANDED_OVER = "lead_handed_over", _("Lead handed over to a colleague")
        LEAD_COMMENTED = "lead_commented", _("Comment")
        LEAD_ACTIVITY = "lead_activity", _("Activity")
        LEAD_FILE_ADDED = "lead_file_added", _("File added to a lead")
        LEAD_FILE_REMOVED = "lead_file_removed", _("File removed from a lead")
        LEAD_LOST = "lead_lost", _("Lead closed as lost")
        LEAD_WON = "lead_won", _("Lead closed as won")
        LEAD_CONVERTED = "lead_converted", _("Lead converted to a deal")
        LEAD_REOPENED = "lead_reopened", _("Lead re-opened")
        DEAL_REGISTERED = "deal_registered", _("Deal registered")
        DEAL_CHANGED = "deal_changed", _("Deal changed")
        DEAL_MOVED = "deal_moved", _("Deal moved to another stage")
        DEAL_WON = "deal_won", _("Deal won")
        DEAL_LOST = "deal_lost", _("Deal lost")
        DEAL_REOPENED = "deal_reopened", _("Deal re-opened")
        DEAL_WITHDRAWN = "deal_withdrawn", _("Deal withdrawn")
        DELIVERY_RESENT = "delivery_resent", _("Notice sent again")
        LIST_EXPORTED = "list_exported", _("List exported")
        NOTIFICATIONS_CHANGED = "notifications_changed", _("Notifications changed")
        OPERATOR_ENTERED = "operator_entered", _("Operator entered the portal")
        OPERATOR_LOOKED = "operator_looked", _("Operator looked at a record")

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
    """One person to be told of one event over one channel: a row of work, done by a worker.

    Deliveries of one **lane** are carried out in the order in which they were queued. Those of one
    **parcel** travel together, as one mail or message: the parcel bears the id of its first row, and that
    row's `not_before`, claim and lease hold for all of it. All times are the database's.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        MESSAGE = "message", _("Portal message")

    class Status(models.TextChoices):
        PENDING = "pending", _("Queued")
        CLAIMED = "claimed", _("Being sent")
        SENT = "sent", _("Sent")
        BOUNCED = "bounced", _("Bounced")  # the far end says that it will never take it
        CANCELLED = "cancelled", _("No longer needed")
        DEAD = "dead", _("Given up")
        HELD = "held", _("Held after a restore")  # may have been sent since the backup: an operator decides

    UNFINISHED = (Status.PENDING, Status.CLAIMED)

    event = PortalForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    recipient = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    lane = models.CharField(max_length=80)  # recipient, channel and record
    parcel = models.UUIDField()
    is_collected = models.BooleanField(default=False)  # waits for others, in a digest or for quiet hours to end
    queued_at = models.DateTimeField(db_default=Now())
    not_before = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)  # attempts whose worker was never heard of again
    claim = models.UUIDField(null=True)  # the token without which nobody may write a result
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    resends = models.PositiveSmallIntegerField(default=0)  # by hand; each makes a new Message-ID

    class Meta(FencedModel.Meta):
        verbose_name_plural = _("deliveries")
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
            ),
            models.Index(
                fields=["portal", "lane", "queued_at"],
                condition=Q(status__in=["pending", "claimed"]),
                name="events_delivery_lane",
            ),
            models.Index(fields=["portal", "parcel"], name="events_delivery_parcel"),
            models.Index(fields=["portal", "channel", "queued_at", "id"], name="events_delivery_log"),
        ]


class MessageQuerySet(FencedQuerySet["Message"]):
    def visible_to(self, member: "Member") -> Self:
        return self.filter(recipient=member)


class Message(FencedModel):
    """A notice in the portal. Its text is made from the event when it is read, so it holds no details."""

    recipient = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="messages")
    event = PortalForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField(default=1)  # of events of this kind that one cause brought about
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


class NotificationChoice(FencedModel):
    """How one person wants to hear by e-mail. Without a row: of everything, at once, at any hour.

    What happened stands in the portal's messages whatever is chosen here.
    """

    class How(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        DIGEST = "digest", _("Collected, about once an hour")
        NONE = "none", _("Not by e-mail")

    membership = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    by_kind = models.JSONField(default=dict)  # {event kind: How}; a kind that is missing is sent at once
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)  # in the person's own time zone
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("membership"),
            models.UniqueConstraint(fields=["portal", "membership"], name="events_notificationchoice_once"),
        ]

    def how(self, kind: str) -> str:
        return str(self.by_kind.get(kind, self.How.AT_ONCE))


class DueWork(models.Model):
    """Which portal has deliveries due when. Shared, so that the sweeper need not walk a thousand idle portals.

    Rows are only added and deleted: concurrent transactions of one portal never wait for each other here.
    """

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="+", db_index=False)
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.portal_id} at {self.due_at:%Y-%m-%d %H:%M}"

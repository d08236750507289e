"""The lists of messages, each reader's own, and of the mails that left the portal."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.events.actions import AGAIN
from prm.events.delivery import NOT_CONCERNED, UNWANTED
from prm.events.models import Delivery, Event, Message
from prm.events.notices import NOTICES, path_of, text_of
from prm.lists.columns import Column, everybody
from prm.lists.filters import Cases, Choice, Day, Filter, Number, Reference, YesNo
from prm.lists.listing import Listing, register
from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.models import Membership

Status = Delivery.Status
STATES = {
    "queued": gettext_lazy("Queued"),
    "sent": gettext_lazy("Sent"),
    "bounced": gettext_lazy("Bounced"),
    "dead": gettext_lazy("Given up"),
    "cancelled": gettext_lazy("Not needed"),
}
IN_STATE = {
    "queued": Q(status__in=[Status.PENDING, Status.CLAIMED, Status.HELD]),
    "sent": Q(status=Status.SENT),
    "bounced": Q(status=Status.BOUNCED),
    "dead": Q(status=Status.DEAD),
    "cancelled": Q(status=Status.CANCELLED),
}
REASONS = {
    UNWANTED: gettext_lazy("The person has chosen not to be mailed about this."),
    NOT_CONCERNED: gettext_lazy("By the time of sending it no longer concerned this person."),
}
LOGGED = Q(channel=Delivery.Channel.EMAIL) | Q(status=Status.DEAD)


def kinds() -> Iterable[tuple[str, Any]]:
    """What somebody may be told of, by its words."""
    return sorted(((kind, Event.Kind(kind).label) for kind in NOTICES), key=lambda choice: str(choice[1]))


# --- Messages -------------------------------------------------------------------------------------------


def _found_messages(member: Membership, search: str) -> QuerySet[Message]:
    return Message.objects.visible_to(member).select_related("event__actor")


def _as_read(message: Message, member: Membership) -> Message:
    """With its words and where its link leads."""
    message.text = text_of(message.event, count=message.count)  # type: ignore[attr-defined]
    message.url = path_of(message.event, count=message.count)  # type: ignore[attr-defined]
    return message


MESSAGES = register(
    Listing(
        name="messages",
        url_name="events:messages",
        label=gettext_lazy("Messages"),
        found=_found_messages,
        shown=_as_read,
        orderings=lambda member: ({"created_at": "created_at"}, "-created_at"),
        ordering_labels={"created_at": gettext_lazy("Received")},
        every_filter=(
            YesNo(
                key="unread",
                label=gettext_lazy("Unread"),
                yes=Q(read_at=None),
                words=(gettext_lazy("Unread"), gettext_lazy("Read")),
            ),
            Choice(key="kind", field="event__kind", label=gettext_lazy("About"), choices=kinds),
            Day(key="created", field="created_at", label=gettext_lazy("Received")),
        ),
        every_column=(
            Column(
                key="text",
                label=gettext_lazy("Message"),
                value=lambda message: message.text,
                template="events/cells/message.html",
                css="main",
                is_fixed=True,
            ),
            Column(
                key="created_at",
                label=gettext_lazy("Received"),
                value=lambda message: message.created_at,
                css="end",
                ordering="created_at",
                first="-",
                by_default=everybody,
            ),
            Column(key="read_at", label=gettext_lazy("Read"), value=lambda message: message.read_at, css="end"),
        ),
        tab="unread",
        suggested=("kind",),
        row_name="message",
    )
)


# --- Mails ----------------------------------------------------------------------------------------------


def _found_mails(member: Membership, search: str) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(LOGGED)
    if search:
        rows = rows.filter(Q(recipient__name__icontains=search) | Q(recipient__user__email__icontains=search))
    return rows.select_related("event__actor", "event__organization", "recipient__user", "recipient__organization")


def _as_logged(delivery: Delivery, member: Membership) -> Delivery:
    """With what it was about, why it did not arrive, and whether it can be sent again."""
    delivery.text = _subject(delivery.event, member)  # type: ignore[attr-defined]
    delivery.reason = str(REASONS.get(delivery.last_error, delivery.last_error))  # type: ignore[attr-defined]
    delivery.can_resend = delivery.status in AGAIN  # type: ignore[attr-defined]
    return delivery


def _subject(event: Event, member: Membership) -> str:
    """What the mail is about, unless that is an organization's own affair."""
    if event.is_private and event.organization_id != member.organization_id:
        return _("A notice within %(organization)s") % {"organization": event.organization}
    return text_of(event) if event.kind in NOTICES else str(event.get_kind_display())


def _no_own_affairs(member: Membership) -> Q:
    """What another organization tells its own people is nobody's to sort by."""
    return Q(event__is_private=False) | Q(event__organization=member.organization_id)


def _organizations(member: Membership) -> Any:
    return Organization.objects.visible_to(member).order_by("name", "pk")


MAIL_FILTERS: tuple[Filter, ...] = (
    Cases(key="status", label=gettext_lazy("Status"), labels=STATES, conditions=lambda: IN_STATE),
    Reference(
        key="organization",
        field="recipient__organization",
        label=gettext_lazy("Organization"),
        records=_organizations,
    ),
    Choice(key="channel", label=gettext_lazy("Channel"), choices=lambda: Delivery.Channel.choices),
    Choice(key="kind", field="event__kind", label=gettext_lazy("About"), choices=kinds, guard=_no_own_affairs),
    Day(key="queued", field="queued_at", label=gettext_lazy("Queued")),
    Day(key="done", field="done_at", label=gettext_lazy("Done"), can_be_empty=True),
    Number(key="attempts", label=gettext_lazy("Attempts"), digits=4),
)

MAILS = register(
    Listing(
        name="mails",
        url_name="events:mail_log",
        label=gettext_lazy("E-mail log"),
        search_label=gettext_lazy("Search people"),
        found=_found_mails,
        shown=_as_logged,
        orderings=lambda member: ({"queued_at": "queued_at"}, "-queued_at"),
        ordering_labels={"queued_at": gettext_lazy("Queued")},
        every_filter=MAIL_FILTERS,
        every_column=(
            Column(
                key="to",
                label=gettext_lazy("To"),
                value=lambda delivery: delivery.recipient.name,
                template="events/cells/to.html",
                css="main",
                is_fixed=True,
            ),
            Column(
                key="email",
                label=gettext_lazy("E-mail"),
                value=lambda delivery: delivery.recipient.email,
                is_fixed=True,
                is_within=True,
            ),
            Column(
                key="status",
                label=gettext_lazy("Status"),
                value=lambda delivery: str(delivery.get_status_display()),
                template="components/delivery_badge.html",
                css="state",
                by_default=everybody,
            ),
            Column(
                key="about",
                label=gettext_lazy("About"),
                value=lambda delivery: delivery.text,
                template="events/cells/about.html",
                by_default=everybody,
            ),
            Column(
                key="queued_at",
                label=gettext_lazy("Queued"),
                value=lambda delivery: delivery.queued_at,
                css="end",
                ordering="queued_at",
                first="-",
                by_default=everybody,
            ),
            Column(
                key="organization",
                label=gettext_lazy("Organization"),
                value=lambda delivery: delivery.recipient.organization.name,
                css="spare",
            ),
            Column(
                key="channel",
                label=gettext_lazy("Channel"),
                value=lambda delivery: str(delivery.get_channel_display()),
                css="spare",
            ),
            Column(key="reason", label=gettext_lazy("Reason"), value=lambda delivery: delivery.reason, css="spare"),
            Column(
                key="attempts",
                label=gettext_lazy("Attempts"),
                value=lambda delivery: delivery.attempts,
                css="end number",
            ),
            Column(key="done_at", label=gettext_lazy("Done"), value=lambda delivery: delivery.done_at, css="end"),
            Column(
                key="again",
                label=gettext_lazy("Send again"),
                value=lambda delivery: None,
                template="events/cells/again.html",
                css="end",
                is_verb=True,
            ),
        ),
        permissions=(Permission.MANAGE_PORTAL,),
        tab="status",
        suggested=("organization", "kind", "queued"),
        row_name="delivery",
    )
)

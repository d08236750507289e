"""The one maker of mails: a parcel of deliveries in the reader's language and time zone, as text and HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from prm.events.models import Delivery, Event
from prm.events.notices import NOTICES, by_kind, path_of, text_of
from prm.events.unsubscribing import unsubscribe_url
from prm.organizations.context import active_portal

MOST_LINES = 50


@dataclass(frozen=True)
class Line:
    """One sentence of a mail, and where it leads."""

    text: str
    url: str


def mail_of(deliveries: Sequence[Delivery]) -> EmailMultiAlternatives:
    """The mail of one parcel: `deliveries` to one person, in their order."""
    recipient = deliveries[0].recipient
    with translation.override(recipient.language), timezone.override(recipient.time_zone):
        events = [delivery.event for delivery in deliveries]
        template, context = _one(events[0], deliveries[0]) if len(events) == 1 else _several(events)
        portal = active_portal()
        context |= {"portal": portal, "recipient": recipient, "settings_url": portal.url("/notifications/")}
        context["is_optional"] = all(NOTICES[event.kind].is_optional for event in events)
        mail = EmailMultiAlternatives(
            subject=" ".join(context["subject"].split()),  # a line end in a name would begin a header
            body=render_to_string(f"{template}.txt", context),
            from_email=_sender(portal.name),
            to=[NOTICES[events[0].kind].to(events[0], recipient)],  # those with a `to` of their own travel alone
            headers=_headers(deliveries, is_optional=context["is_optional"]),
        )
        mail.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return mail


def _one(event: Event, delivery: Delivery) -> tuple[str, dict[str, Any]]:
    notice = NOTICES[event.kind]
    context = {
        "actor": event.actor,
        "url": active_portal().url(notice.path(event)),
        "code": event.facts.get("code", ""),
        "subject": text_of(event),
        **notice.context(event, delivery.recipient),
    }
    return notice.template, context


def _several(events: Sequence[Event]) -> tuple[str, dict[str, Any]]:
    portal = active_portal()
    lines = [
        Line(text_of(group[0], count=len(group)), portal.url(path_of(group[0], count=len(group))))
        for group in by_kind(events)
    ]
    subject = lines[0].text if len(lines) == 1 else _("%(count)d notices") % {"count": len(lines)}
    url = lines[0].url if len(lines) == 1 else portal.url("/messages/")
    more = max(0, len(lines) - MOST_LINES)
    return "emails/several", {"subject": subject, "url": url, "lines": lines[:MOST_LINES], "more": more}


def _sender(name: str) -> str:
    """The portal's name before the installation's address; what would need quoting is left out."""
    words = "".join(c for c in name if c.isalnum() or c in " -&'").strip()
    return f'"{words}" <{settings.DEFAULT_FROM_EMAIL}>' if words else settings.DEFAULT_FROM_EMAIL


def _headers(deliveries: Sequence[Delivery], *, is_optional: bool) -> dict[str, str]:
    """The same for each attempt: whoever gets a mail twice can tell (RFC 5322 3.6.4)."""
    portal, first = active_portal(), min(deliveries, key=lambda delivery: delivery.pk)
    again = f".{first.resends}" if first.resends else ""
    headers = {
        "Message-ID": f"<{first.pk}{again}@{portal.slug}.{settings.PRM_BASE_DOMAIN.partition(':')[0]}>",
        "X-Portal": portal.slug,
        "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers
    }
    if is_optional:
        kinds = {delivery.event.kind for delivery in deliveries}
        url = unsubscribe_url(first.recipient, kinds.pop() if len(kinds) == 1 else "")
        headers |= {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers

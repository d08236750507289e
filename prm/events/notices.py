"""How an event reads to the person who is told of it. Each floor registers its own kinds (leads/emails.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise

from prm.events.models import Delivery, Event
from prm.organizations.context import active_portal
from prm.users.models import Membership


@dataclass(frozen=True)
class Notice:
    """One kind's words: never a detail of the record, only its number and a link.

    `text` is formatted with the event's facts and `actor`; `path` gives the link; `concerns` asks again at
    sending time whether this person may still hear of it; `context` adds what the mail's template needs.
    """

    template: str
    text: str | Promise
    path: Callable[[Event], str]
    concerns: Callable[[Event, Membership], bool]
    channels: frozenset[Delivery.Channel] = frozenset(Delivery.Channel)
    context: Callable[[Event, Membership], dict[str, Any]] = lambda event, recipient: {}


NOTICES: dict[str, Notice] = {}


def text_of(event: Event) -> str:
    """The notice as one sentence in the active language."""
    actor = event.actor.name if event.actor else str(active_portal())
    return str(NOTICES[event.kind].text).format(**{**event.facts, "actor": actor})


def mail_for(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail of a delivery, in the recipient's language, as text and HTML."""
    event, recipient, portal = delivery.event, delivery.recipient, active_portal()
    notice = NOTICES[event.kind]
    with translation.override(recipient.language):
        context = {
            "portal": portal,
            "recipient": recipient,
            "actor": event.actor,
            "url": portal.url(notice.path(event)),
            "code": event.facts.get("code", ""),
            "subject": text_of(event),
            **notice.context(event, recipient),
        }
        mail = EmailMultiAlternatives(
            subject=" ".join(text_of(event).split()),  # a line end in a name would begin a header
            body=render_to_string(f"{notice.template}.txt", context),
            to=[recipient.email],
            headers={"Message-ID": f"<{delivery.pk}@{portal.slug}.portal>", "X-Portal": portal.slug},
        )
        mail.attach_alternative(render_to_string(f"{notice.template}.html", context), "text/html")
    return mail

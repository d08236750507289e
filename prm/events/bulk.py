"""A verb over many rows of the e-mail log: send again."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prm.events import actions, lists  # noqa: F401  (the list has to be there)
from prm.events.models import Delivery, Event
from prm.runs.kinds import Parameters
from prm.runs.verbs import ManyVerb, Rows, offer_verbs
from prm.serving.logs import current_request_id
from prm.users.access import Permission
from prm.users.models import Membership

ROWS = Rows(listing="mails", name_of=lambda mail: (mail.recipient.name, reverse("events:mail_log")))


def _resend(mail: Delivery, parameters: Parameters, by: Membership) -> None:
    """Once for all that travelled in one parcel, however many of its rows were chosen."""
    if not _went_along(mail):
        actions.resend_delivery(mail, by=by)


def _went_along(mail: Delivery) -> bool:
    """Whether this run has queued another row of the mail's parcel, and so all of it."""
    parcel = Delivery.objects.filter(parcel=mail.parcel).values_list("pk", "event")
    keys, events = zip(*parcel, strict=True)
    resent = Event.objects.filter(kind=Event.Kind.DELIVERY_RESENT, request_id=current_request_id())
    return resent.filter(subject_id__in=events, facts__delivery__in=[str(pk) for pk in keys]).exists()


RESEND = ManyVerb(
    kind=ROWS.kind("resend", _resend, permissions=[Permission.MANAGE_PORTAL]),
    label=_("Send again"),
    icon="arrow-path",
    url_name="events:resend_many",
    title=lambda count: (
        ngettext("Send %(count)d notice again", "Send %(count)d notices again", count) % {"count": count}
    ),
    consequence=_("What was sent already is sent a second time. What travelled in one mail is sent as one mail."),
    fitting=Q(status__in=actions.AGAIN),
)

offer_verbs(RESEND)

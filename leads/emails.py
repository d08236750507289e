"""What people are told about leads: a number and a link, never a detail."""

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from prm.events.models import Event
from prm.events.notices import NOTICES, Notice
from prm.users.models import Membership


def _sees_lead(event: Event, recipient: Membership) -> bool:
    return _may_act(event, recipient) and Lead.objects.concerning(recipient).filter(pk=event.subject_id).exists()


def _may_act(event: Event, recipient: Membership) -> bool:
    return Membership.objects.signed_up().filter(pk=recipient.pk).exists()


def _lead_page(event: Event) -> str:
    return reverse("leads:detail", args=[event.facts["code"]])


def _open_link(event: Event) -> str:
    return reverse("leads:open", args=[event.facts["code"]])


def _whether_open(event: Event, recipient: Membership) -> dict[str, Any]:
    return {"is_open": Lead.objects.filter(pk=event.subject_id, opened_at__isnull=False).exists()}


def _notice(template: str, text: str | Promise, **others: object) -> Notice:
    words: dict[str, object] = {"path": _lead_page, "concerns": _sees_lead, "many_path": "/leads/", **others}
    return Notice(template=f"emails/{template}", text=text, **words)  # type: ignore[arg-type]


K = Event.Kind
NOTICES.update(
    {
        K.LEAD_ASSIGNED: _notice(
            "lead_assigned",
            _("Lead {code} waits for you"),
            many=_("{count} leads wait for you"),
            path=_open_link,
            context=_whether_open,
        ),
        K.LEAD_HANDED_OVER: _notice(
            "lead_assigned",
            _("{actor} handed lead {code} over to you"),
            many=_("{actor} handed {count} leads over to you"),
            context=_whether_open,
        ),
        K.LEAD_RECALLED: _notice(
            "lead_recalled",
            _("Lead {code} was taken back"),
            many=_("{count} leads were taken back"),
            path=lambda event: reverse("leads:list"),
            concerns=_may_act,
        ),
        K.LEAD_OPENED: _notice(
            "lead_opened", _("{actor} opened lead {code}"), many=_("{actor} opened {count} leads")
        ),
        K.LEAD_COMMENTED: _notice("lead_commented", _("{actor} commented on lead {code}")),
        K.LEAD_LOST: _notice(
            "lead_closed", _("Lead {code} was closed as lost"), many=_("{count} leads were closed as lost")
        ),
        K.LEAD_WON: _notice(
            "lead_closed", _("Lead {code} was closed as won"), many=_("{count} leads were closed as won")
        ),
        K.LEAD_CONVERTED: _notice("lead_converted", _("Lead {code} was converted to a deal")),
        K.LEAD_REOPENED: _notice(
            "lead_reopened", _("Lead {code} was re-opened"), many=_("{count} leads were re-opened")
        ),
    }
)

"""What people are told about deals: a number and a link, never a detail."""

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deals.models import Deal
from prm.events.models import Event
from prm.events.notices import NOTICES, Notice
from prm.users.models import Membership


def _sees_deal(event: Event, recipient: Membership) -> bool:
    is_there = Membership.objects.signed_up().filter(pk=recipient.pk).exists()
    return is_there and Deal.objects.visible_to(recipient).filter(pk=event.subject_id).exists()


def _deal_page(event: Event) -> str:
    return reverse("deals:detail", args=[event.facts["code"]])


def _notice(template: str, text: str | Promise, many: str | Promise) -> Notice:
    return Notice(
        template=f"emails/{template}",
        text=text,
        many=many,
        path=_deal_page,
        concerns=_sees_deal,
        many_path="/deals/",
    )


K = Event.Kind
NOTICES.update(
    {
        K.DEAL_WON: _notice("deal_closed", _("Deal {code} is won"), _("{count} deals are won")),
        K.DEAL_LOST: _notice("deal_closed", _("Deal {code} is lost"), _("{count} deals are lost")),
        K.DEAL_REOPENED: _notice(
            "deal_reopened", _("Deal {code} is open again"), _("{count} deals are open again")
        ),
    }
)

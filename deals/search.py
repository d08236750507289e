"""Deals can be searched for, by their own name, their account's and their contact's."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from deals.models import CODE, Deal
from prm.search.asked import text_in_query
from prm.search.subjects import Hit, Rows, Subject, register
from prm.users.models import Membership


def _rows(member: Membership) -> Rows:
    text = text_in_query(
        *("name", "account__name", "contact__first_name", "contact__last_name", "contact__email", "account__city"),
        phones=["contact__phone", "contact__mobile"],
        website="account__website",
    )
    return Deal.objects.visible_to(member).select_related("account", "stage").alias(searched=text)


def _hit(deal: Deal, member: Membership) -> Hit:
    state = deal.get_status_display() if deal.status == Deal.Status.WITHDRAWN else deal.stage.name
    url = reverse("deals:detail", args=[deal.number])
    return Hit(deal.name, url, code=deal.code, detail=deal.account.name, state=state)


def _list_url(member: Membership, words: str) -> str:
    return f"{reverse('deals:list')}?{urlencode({'search': words})}"


register(Subject("deals", _("Deals"), 2, rows=_rows, hit=_hit, list_url=_list_url, code=CODE))

"""Tells a lead's page which deal it became."""

from typing import Any

from django.urls import reverse

from deals.models import Deal
from leads.models import Lead
from leads.outcomes import finds_outcome
from leads.states import Status
from prm.users.models import Membership


@finds_outcome
def deal_of(lead: Lead, member: Membership) -> dict[str, Any]:
    """The deal's address and number, if the lead was converted and this member sees the deal."""
    if lead.status != Status.CONVERTED:
        return {}
    deal = Deal.objects.visible_to(member).filter(lead=lead).exclude(status=Deal.Status.WITHDRAWN).first()
    if deal is None:
        return {}
    return {"deal": deal, "deal_code": deal.code, "deal_url": reverse("deals:detail", args=[deal.number])}

"""Who hears of what becomes of a deal: always the other side."""

from deals.models import Deal
from leads.receiving import vendors_watching
from prm.events.record import Actor
from prm.users.models import Membership


def other_side(deal: Deal, *, by: Actor) -> list[Membership]:
    """The owner, where the vendor or the system acts; else whoever of the vendor watches over the partner."""
    if by is None or by.is_vendor:
        return [deal.owner]
    if deal.lead is not None and deal.lead.organization_id == deal.organization_id:
        return vendors_watching(deal.lead)
    return list(Membership.objects.signed_up().filter(manages__organization=deal.organization_id))

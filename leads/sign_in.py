"""Following the link in a mail and signing in is a deliberate act: it opens the lead."""

from leads.actions import open_lead
from leads.models import Lead
from prm.actions import Gone, Refused
from prm.users.models import Membership
from prm.users.sign_in import follows_sign_in


@follows_sign_in("leads:open")
def open_followed(member: Membership, code: int) -> None:
    """Opens it if it is this member's to open; else the page that follows says how things stand."""
    lead = Lead.objects.visible_to(member).filter(number=code).first()
    if lead is not None:
        try:
            open_lead(lead, by=member)
        except (Refused, Gone):
            return

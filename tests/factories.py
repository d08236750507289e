"""Leads and deals in the state a test needs, made by the product's own verbs.

Call these inside the portal of `by` (the fixture `in_acme`, or `with inside(portal):`).
"""

from datetime import date
from decimal import Decimal
from typing import Any

from deals.actions import Registration, convert_lead
from deals.models import Deal
from leads import actions
from leads.models import VENDOR_WRITES, Lead
from prm.organizations.models import Organization
from prm.users.models import Membership
from tests.planting import columns, plant

EMPTY = VENDOR_WRITES | {"first_name", "city", "product_interest"}
BARE = dict.fromkeys(columns(Lead), "") | {"company": "Kestrel Biotech", "last_name": "Novák"}
"""A lead without canaries, for a test that reads all its fields."""


def new_lead(by: Membership, **values: Any) -> Lead:
    """An unassigned lead. `by` is a vendor's member who may enter leads.

    What is not given holds canaries (tests/planting.py), but for a few fields that tests know as empty.
    """
    lead = actions.create_lead(values={"company": "Kestrel Biotech", "last_name": "Novák", **values}, by=by)
    plant(lead, but=EMPTY | set(values))
    return lead


def assigned_lead(by: Membership, to: Membership | Organization, **values: Any) -> Lead:
    return actions.assign_lead(new_lead(by, **values), to=to, by=by)


def opened_lead(by: Membership, to: Membership, **values: Any) -> Lead:
    """A lead that `to` was given and has opened."""
    return actions.open_lead(assigned_lead(by, to, **values), by=to)


def registration(**values: Any) -> Registration:
    fields = {"name": "Picking cell", "amount": Decimal(50_000), "currency": "EUR", "close_date": date(2027, 3, 31)}
    return Registration(deal={**fields, **values})


def new_deal(by: Membership, to: Membership, **values: Any) -> Deal:
    """A deal that `to` registered from a lead of its own."""
    return convert_lead(opened_lead(by, to), registration=registration(**values), by=to)

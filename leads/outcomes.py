"""What a lead became. The floors above say it: deals registers how to find a lead's deal."""

from collections.abc import Callable
from typing import Any

from leads.models import Lead
from prm.users.models import Membership

Finder = Callable[[Lead, Membership], dict[str, Any]]
_finders: list[Finder] = []


def finds_outcome(finder: Finder) -> Finder:
    """Register what a lead's page shall know of what it became, for this member."""
    _finders.append(finder)
    return finder


def outcome_of(lead: Lead, member: Membership) -> dict[str, Any]:
    """Everything registered, merged; nothing for a lead still on its way."""
    found: dict[str, Any] = {}
    for finder in _finders:
        found |= finder(lead, member)
    return found

"""People, how they get in, and what their portal asks of them there."""

from prm.users.models.drafts import Draft
from prm.users.models.people import (
    ApiKey,
    ApiKeyQuerySet,
    Group,
    GroupQuerySet,
    Membership,
    MembershipGroup,
    MembershipQuerySet,
    PartnerManager,
    User,
    UserManager,
    check_time_zone,
)
from prm.users.models.security import Guesses, SecurityPolicy, Session, policy
from prm.users.models.viewing import Viewing

__all__ = [
    "ApiKey",
    "ApiKeyQuerySet",
    "Draft",
    "Group",
    "GroupQuerySet",
    "Guesses",
    "Membership",
    "MembershipGroup",
    "MembershipQuerySet",
    "PartnerManager",
    "SecurityPolicy",
    "Session",
    "User",
    "UserManager",
    "Viewing",
    "check_time_zone",
    "policy",
]

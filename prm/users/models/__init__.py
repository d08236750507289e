"""People, how they get in, and what their portal asks of them there."""

from prm.users.models.people import (
    ApiKey,
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

__all__ = [
    "ApiKey",
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
    "check_time_zone",
    "policy",
]

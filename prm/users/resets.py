"""Reset links: signed, never stored; good for an hour, once, for one address, in one portal."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from prm.organizations.context import active_portal
from prm.users.middleware import active_member
from prm.users.models import User


class ResetTokens(PasswordResetTokenGenerator):
    """Django's, which dies with the password, the address and the next sign-in, bound to the portal as well.

    Whoever was disabled meanwhile has no good link any more.
    """

    key_salt = "prm.users.resets"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{active_portal().code}"

    def check_token(self, user: Any, token: str | None) -> bool:
        is_member = isinstance(user, User) and active_member(user) is not None
        return is_member and super().check_token(user, token)

"""Who runs the installation: accounts of their own, made on the machine itself, each with a second factor."""

from dataclasses import dataclass

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils import timezone

from prm.actions import Refused
from prm.users.models import User


@dataclass(frozen=True)
class Credentials:
    """What a new operator is shown once."""

    user: User
    address: str  # otpauth://, what an authenticator app reads
    secret: str  # the same for typing
    recovery_codes: list[str]


def operators() -> models.QuerySet[User]:
    return User.objects.filter(is_staff=True).order_by("email")


def operator_called(email: str) -> User:
    found: User | None = operators().select_for_update().filter(email=email.lower()).first()
    if found is None:
        raise Refused(f"{email} is no operator.")
    return found


@transaction.atomic
def add_operator(email: str, *, password: str) -> Credentials:
    """An account that opens /admin and no portal. Refused where the address has an account already.

    A member's account would be open to whoever resets passwords or invites people in one of its portals.
    Raises ValidationError for an address or password that will not do.
    """
    validate_email(email)
    if User.objects.filter(email=email.lower()).exists():
        raise Refused(f"{email} has an account already. An operator needs an address that no portal knows.")
    user = User(email=email.lower(), is_staff=True)
    return _equip(user, password)


@transaction.atomic
def renew_operator(email: str, *, password: str) -> Credentials:
    """A new password, app and recovery codes, after a loss. Every session of the operator ends."""
    return _equip(operator_called(email), password)


@transaction.atomic
def remove_operator(email: str) -> User:
    """The account opens nothing any more: its sessions end with the next request."""
    user = operator_called(email)
    user.is_staff = False
    user.set_unusable_password()
    user.save(update_fields=["is_staff", "password"])
    Authenticator.objects.filter(user=user).delete()
    return user


def _equip(user: User, password: str) -> Credentials:
    validate_password(password, user)
    user.set_password(password)
    user.save()
    Authenticator.objects.filter(user=user).delete()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    return Credentials(user, get_adapter().build_totp_url(user, secret), secret, codes)


def forget_old_sessions() -> None:
    """Operators' sessions that have lapsed. Nobody else's stand in that table."""
    Session.objects.filter(expire_date__lte=timezone.now()).delete()

"""The second factor, by allauth.mfa: codes of an authenticator app, and recovery codes for the day it is lost."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prm.actions import Refused
from prm.organizations.context import active_portal, inside, is_inside_portal
from prm.organizations.models import Portal
from prm.serving import secrets
from prm.users import account, devices
from prm.users.access import Permission
from prm.users.middleware import SESSION_IDENTITY, active_member
from prm.users.models import Membership, User, policy

ADMINISTERS = frozenset({Permission.MANAGE_PORTAL, Permission.CONFIGURE_LEADS})
Type = Authenticator.Type


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Type.TOTP).exists())


def recovery_codes_left(user: User) -> int:
    row = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    return len(row.wrap().get_unused_codes()) if row else 0


def proved_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session has seen one of the account's codes."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def must_have_second_factor(member: Membership) -> bool:
    """Whether this portal asks one of this member."""
    return member.can(*ADMINISTERS) and policy().require_second_factor


def must_set_up(request: HttpRequest, member: Membership) -> bool:
    """Whether this member has to set one up before anything else."""
    if not member.can(*ADMINISTERS):
        return False
    if proved_second_factor(request, member.user):
        return False  # asked most often, and answered without a query
    if SESSION_IDENTITY in request.session:
        return False  # how strong a sign-in over there is, the vendor's own provider says
    asks: bool = request.session.asks_second_factor  # type: ignore[attr-defined]
    return asks and not has_second_factor(member.user)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not correct, or was used already."),
        "cannot_delete_authenticator": _("This portal asks its administrators for a second factor."),
    }

    def get_totp_issuer(self) -> str:
        return active_portal().name if is_inside_portal() else f"Operators of {settings.PRM_BASE_DOMAIN}"

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        member = active_member(authenticator.user)
        return member is None or not must_have_second_factor(member)


# --- Codes: each good once, and counted ------------------------------------------------------------


class CodeForm(AuthenticateForm):
    """The second step of signing in."""

    def clean_code(self) -> str:
        self.authenticator = _checked(self.user, self.cleaned_data["code"])
        return str(self.cleaned_data["code"])

    def save(self) -> None:
        super().save()
        if self.authenticator.type == Type.RECOVERY_CODES:
            account.note_recovery_code(self.user)


class CodeAgainForm(ReauthenticateForm):
    """The proof before something about the account is changed."""

    def clean_code(self) -> str:
        self.authenticator = _checked(self.user, self.cleaned_data["code"])
        return str(self.cleaned_data["code"])


class SetUpForm(ActivateTOTPForm):
    """The first code of a new authenticator. Its secret is the session's own: nothing to guess."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from the app")


def _checked(user: User, code: str) -> Authenticator:
    """The authenticator that made the code, which is used up by this. Raises ValidationError."""
    series = devices.series_of(context.request, user, "code", str(user.pk))
    series.check(context.request)
    found = _use_up(user, code)
    if found is None:
        if series.add():
            account.warn_of_guesses(user)
        raise SecondFactorAdapter().validation_error("incorrect_code")
    series.end()
    return found


def _use_up(user: User, code: str) -> Authenticator | None:
    """In the database, under a lock: allauth keeps used codes in the cache, which may be away or emptied."""
    rows = Authenticator.objects.select_for_update().filter(user=user, type__in=[Type.TOTP, Type.RECOVERY_CODES])
    for row in rows.order_by("-type"):
        is_totp = row.type == Type.TOTP
        if _use_up_totp(row, code) if is_totp else row.wrap().validate_code(code):
            row.user = user
            return row
    return None


def _use_up_totp(row: Authenticator, code: str) -> bool:
    secret = secrets.decrypt(row.data["secret"])
    for step in totp.yield_hotp_counters_from_time():
        if step <= row.data.get("used_step", 0):
            continue
        if compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, step))):
            row.data["used_step"] = step  # RFC 6238 5.2: no code a second time, nor an older one
            row.save(update_fields=["data"])
            return True
    return False


def use_up_first_code(user: User, code: str) -> None:
    """After the set-up: the code that proved the app is used up like any other."""
    _use_up_totp(Authenticator.objects.get(user=user, type=Type.TOTP), code)


# --- Lost, app and codes ------------------------------------------------------------------------------


@transaction.atomic
def reset_second_factor(user: User, *, asked_by: Portal) -> None:
    """An operator's: take app and recovery codes off an account and end its sessions, in all portals.

    The factor has guarded them all, so each in which the person is active has the event; the person is told
    once, by the portal that has asked. Keys go on: a key is no sign-in. Raises Refused where there is none.
    """
    found, _by_table = Authenticator.objects.filter(user=user).delete()
    if not found:
        raise Refused(_("%(email)s has no second factor.") % {"email": user.email})
    for portal in Portal.objects.order_by("pk"):
        with inside(portal):
            account.end_sessions(user)
            account.note_lost_factor(user, tell=portal == asked_by)

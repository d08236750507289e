"""Verbs about one's own account. It is good in all portals; what happens is noted in the one where it happened.

Everything here is done by the person alone, and the person is told by mail all the same, in case it was
somebody else: that is why these events name no actor.
"""

import logging
from dataclasses import dataclass

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.actions import Refused
from prm.events.models import Event
from prm.events.record import Change, record
from prm.organizations.context import is_inside_portal
from prm.organizations.models import Organization
from prm.users.middleware import active_member
from prm.users.models import Membership, Session, User

K = Event.Kind
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Browser:
    """Where somebody is: the address and what the browser calls itself."""

    address: str
    agent: str

    @property
    def changes(self) -> dict[str, Change]:
        """As values beside an event, where erasure reaches them."""
        return {"address": ("", self.address), "browser": ("", self.agent[:300])}


@transaction.atomic
def change_password(user: User, *, password: str) -> None:
    """Set it and end the sessions there are: in this portal by the row, elsewhere by what is signed into them."""
    user.set_password(password)
    user.save(update_fields=["password"])
    end_sessions(user)
    _note(K.PASSWORD_CHANGED, user)


@transaction.atomic
def note_new_device(user: User, browser: Browser) -> None:
    """Somebody signed in where this account was never seen before."""
    _note(K.SIGNED_IN_ON_NEW_DEVICE, user, changes=browser.changes)


@transaction.atomic
def warn_of_guesses(user: User) -> None:
    """Once per series: many wrong passwords or codes."""
    _note(K.SIGN_IN_SLOWED, user)


@transaction.atomic
def note_second_factor(user: User, *, is_on: bool) -> None:
    _note(K.SECOND_FACTOR_ON if is_on else K.SECOND_FACTOR_OFF, user)


@transaction.atomic
def note_lost_factor(user: User, *, tell: bool) -> None:
    """An operator took the factor away; the person is told by one portal, each of the person's has the event."""
    _note(K.SECOND_FACTOR_OFF, user, facts={"by": "operator"}, tell=tell)


@transaction.atomic
def note_recovery_codes(user: User) -> None:
    _note(K.RECOVERY_CODES_MADE, user)


@transaction.atomic
def note_recovery_code(user: User) -> None:
    """One was used instead of the app."""
    _note(K.RECOVERY_CODE_USED, user)


# --- The address ------------------------------------------------------------------------------------


@transaction.atomic
def ask_email_change(member: Membership, *, email: str) -> None:
    """Mail a link to the new address and a notice to the old one. Nothing changes before the link is followed.

    Whether the address has an account already makes no difference here: the mail is left out when it is
    sent (prm/users/emails.py).
    """
    changes = {"email": (member.user.email, email.lower())}
    record(K.EMAIL_CHANGE_ASKED, member, by=None, organization=_concerned(member), tell=[member])
    record(
        K.EMAIL_CHANGE_TO_CONFIRM,
        member,
        by=None,
        organization=_concerned(member),
        changes=changes,
        tell=[member],
    )


@transaction.atomic
def change_email(member: Membership, *, email: str) -> User:
    """The new address counts from now on, in all portals. Refused where an account has it already.

    Every session ends, in the other portals too: the address is signed into them.
    """
    user = User.objects.select_for_update().get(pk=member.user_id)
    old, user.email = user.email, email.lower()
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError as error:
        raise Refused(_("This address cannot be used.")) from error
    user.forget_other_addresses()
    end_sessions(user)
    record(
        K.EMAIL_CHANGED,
        member,
        by=None,
        organization=_concerned(member),
        changes={"email": (old, user.email)},
        tell=[member],
    )
    return user


# --- Sessions ---------------------------------------------------------------------------------------


def sessions_of(user: User) -> models.QuerySet[Session]:
    """The ones that have not ended, in the active portal."""
    return Session.objects.filter(user=user, expires_at__gt=timezone.now())


@transaction.atomic
def end_sessions(user: User, *, but: str = "", only: Session | None = None) -> int:
    """All in this portal, or `only` one, except the one with the digest `but`. Returns how many there were."""
    rows = sessions_of(user).exclude(digest=but)
    ended, _by_table = (rows.filter(pk=only.pk) if only else rows).delete()
    return ended


def _note(
    kind: Event.Kind,
    user: User,
    changes: dict[str, Change] | None = None,
    *,
    facts: dict[str, str] | None = None,
    tell: bool = True,
) -> None:
    if not is_inside_portal():  # an operator, who signs in at no portal: whoever reads the log is told
        log.warning("at the operators' sign-in: %s", kind, extra={"operator": str(user.pk)})
        return
    member = active_member(user)
    if member is not None:
        told, concerned = [member] if tell else [], _concerned(member)
        record(kind, member, by=None, organization=concerned, changes=changes, facts=facts, tell=told)


def _concerned(member: Membership) -> Organization | None:
    return None if member.organization.is_vendor else member.organization

"""What people are told about their own accounts."""

from collections.abc import Callable
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prm.events.models import Delivery, Event
from prm.events.notices import NOTICES, Notice
from prm.organizations.context import active_portal
from prm.users import addresses
from prm.users.browsers import browser_in_words
from prm.users.invitations import token_for
from prm.users.models import Membership, User

MAIL_ONLY = frozenset({Delivery.Channel.EMAIL})


def _is_invited(event: Event, recipient: Membership) -> bool:
    return recipient.status == Membership.Status.INVITED


def _is_active(event: Event, recipient: Membership) -> bool:
    return Membership.objects.signed_up().filter(pk=recipient.pk).exists()


def _invitation_link(event: Event, recipient: Membership) -> dict[str, Any]:
    return {"url": active_portal().url(reverse("users:invitation", args=[token_for(recipient)]))}


def _reset_link(event: Event, recipient: Membership) -> dict[str, Any]:
    from allauth.account.forms import default_token_generator  # importing forms asks for loaded apps

    key = [user_pk_to_url_str(recipient.user), default_token_generator.make_token(recipient.user)]
    return {"url": active_portal().url(reverse("account_reset_password_from_key", args=key))}


NOTICES[Event.Kind.MEMBER_INVITED] = Notice(
    template="emails/invitation",
    text=_("{actor} invites you to the partner portal"),
    path=lambda event: "/",
    concerns=_is_invited,
    channels=MAIL_ONLY,
    context=_invitation_link,
    is_optional=False,
)
NOTICES[Event.Kind.PASSWORD_RESET_ASKED] = Notice(
    template="emails/password_reset",
    text=_("Choose a new password for {actor}"),
    path=lambda event: "/",
    concerns=_is_active,
    channels=MAIL_ONLY,
    context=_reset_link,
    is_optional=False,
)


# --- What happened to the account itself: told to its owner at once, in case it was somebody else -------


def _value(event: Event, field: str) -> tuple[str, str]:
    """Old and new, '' once erased."""
    found = event.values.filter(field=field).first()
    return (found.old, found.new) if found else ("", "")


def _is_to_confirm(event: Event, recipient: Membership) -> bool:
    """Not where the address belongs to somebody: whoever asked is told the same, and nobody is bothered."""
    _old, new = _value(event, "email")
    return bool(new) and _is_active(event, recipient) and not User.objects.filter(email=new).exists()


def _confirmation_link(event: Event, recipient: Membership) -> dict[str, Any]:
    _old, new = _value(event, "email")
    return {"url": active_portal().url(reverse("users:email_confirm", args=[addresses.token_for(recipient, new)]))}


def _old_address(event: Event, recipient: Membership) -> str:
    return _value(event, "email")[0] or recipient.email


def _own_address(event: Event, recipient: Membership) -> str:
    return recipient.email


def _account(what: str | Promise, *, to: Callable[[Event, Membership], str] = _own_address) -> Notice:
    """`what` happened, in one sentence; the mail says when, where from, and what to do if it was not oneself."""
    return Notice(
        template="emails/account_notice",
        text=what,
        path=lambda event: reverse("users:profile"),
        concerns=_is_active,
        channels=MAIL_ONLY,
        is_optional=False,
        context=lambda event, recipient: {
            "at": event.at,
            "zone": recipient.time_zone,
            "address": _value(event, "address")[1],
            "browser": browser_in_words(_value(event, "browser")[1]),
        },
        to=to,
    )


NOTICES |= {
    Event.Kind.PASSWORD_CHANGED: _account(_("Your password was changed")),
    Event.Kind.SECOND_FACTOR_ON: _account(_("A second factor was set up for your account")),
    Event.Kind.SECOND_FACTOR_OFF: _account(_("The second factor of your account was removed")),
    Event.Kind.RECOVERY_CODES_MADE: _account(_("New recovery codes were made for your account")),
    Event.Kind.RECOVERY_CODE_USED: _account(_("A recovery code was used to sign in to your account")),
    Event.Kind.SIGNED_IN_ON_NEW_DEVICE: _account(_("Your account was used on a new device")),
    Event.Kind.SIGN_IN_SLOWED: _account(_("Somebody is guessing at your account")),
    Event.Kind.EMAIL_CHANGE_ASKED: _account(_("A new e-mail address was asked for")),
    Event.Kind.EMAIL_CHANGED: _account(_("Your e-mail address was changed"), to=_old_address),
    Event.Kind.API_KEY_EXPOSED: _account(_("Your API key {name} was revoked: it was sent in an address")),
    Event.Kind.EMAIL_CHANGE_TO_CONFIRM: Notice(
        template="emails/email_confirm",
        text=_("Confirm your new e-mail address"),
        path=lambda event: "/",
        concerns=_is_to_confirm,
        channels=MAIL_ONLY,
        is_optional=False,
        context=_confirmation_link,
        to=lambda event, recipient: _value(event, "email")[1],
    ),
}

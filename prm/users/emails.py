"""What people are told about their own accounts."""

from typing import Any

from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.events.models import Delivery, Event
from prm.events.notices import NOTICES, Notice
from prm.organizations.context import active_portal
from prm.users.invitations import token_for
from prm.users.models import Membership

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

"""What people are told about single sign-on."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.events.models import Delivery, Event
from prm.events.notices import NOTICES, Notice
from prm.users.models import Membership


def _is_active(event: Event, recipient: Membership) -> bool:
    return Membership.objects.signed_up().filter(pk=recipient.pk).exists()


NOTICES[Event.Kind.SSO_LINKED] = Notice(
    template="emails/sso_linked",
    text=_("You now sign in to {actor} with {provider}"),
    path=lambda event: reverse("users:profile"),
    concerns=_is_active,
    channels=frozenset({Delivery.Channel.EMAIL}),
    is_optional=False,
)

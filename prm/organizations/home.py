"""The portal's own part of the home page: its first steps, and who joined it."""

import uuid
from collections.abc import Collection

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from prm.events.models import Event
from prm.home.first_steps import FirstStep, register_step
from prm.home.latest import Subject, tells_of
from prm.organizations.context import active_portal_id
from prm.organizations.models import Organization, Portal
from prm.users.models import Membership

PLAIN = Q(logo="", brand=Portal._meta.get_field("brand").default, hue=Portal._meta.get_field("hue").default)

register_step(
    10,
    FirstStep(
        name="look",
        title=gettext_lazy("Make it yours"),
        text=gettext_lazy("The name, your colour and your logo: what partners see first."),
        page="organizations:portal",
        done=lambda: Portal.objects.filter(pk=active_portal_id()).exclude(PLAIN),
    ),
)
register_step(
    20,
    FirstStep(
        name="partner",
        title=gettext_lazy("Add a partner"),
        text=gettext_lazy("The company that is to work your leads, or a distributor."),
        page="organizations:new",
        done=lambda: Organization.objects.exclude(kind=Organization.Kind.VENDOR),
    ),
)
register_step(
    30,
    FirstStep(
        name="person",
        title=gettext_lazy("Invite somebody there"),
        text=gettext_lazy("On the organization's page. They choose their own password."),
        page="organizations:list",
        done=lambda: Membership.objects.exclude(organization__kind=Organization.Kind.VENDOR),
    ),
)


@tells_of([Event.Kind.ORGANIZATION_CREATED])
def organizations_told_of(member: Membership, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Subject]:
    """By name."""
    rows = Organization.objects.visible_to(member).filter(pk__in=ids)
    return {row.pk: Subject(row.name, reverse("organizations:detail", args=[row.pk])) for row in rows}

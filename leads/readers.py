"""Who may see a lead, and who has, and when: the vendor's question, answered from what was recorded."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, OuterRef, Q, Subquery, When

from leads.models import Lead
from prm.events.models import Event
from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.models import Membership


@dataclass(frozen=True)
class Reader:
    """Somebody outside the vendor. `opened_at` and `last_at`: when they opened it, and did anything last.

    `looks_on`: works for the holder's distributor, and can do nothing with it.
    """

    member: Membership
    may_see: bool
    opened_at: datetime | None = None
    last_at: datetime | None = None
    looks_on: bool = False


def readers_of(lead: Lead, member: Membership) -> list[Reader]:
    """Those who may see it now, then those who have seen it and no longer may; as far as `member` sees either.

    That somebody only looked is not recorded; opening, commenting, editing and all other verbs are. One query, for
    all of the holder's people: who of them does neither is left out here, where it costs less to say.
    """
    acts = Event.objects.visible_to(member).filter(subject_id=lead.pk, actor__isnull=False)
    own = acts.filter(actor=OuterRef("pk"))
    people: Any = (
        Membership.objects.visible_to(member)
        .filter(Q(organization__in=_organizations_of_readers(lead)) | Q(pk__in=acts.order_by().values("actor")))
        .exclude(organization__kind=Organization.Kind.VENDOR)
        .annotate(
            may_see=Case(When(_may_see(lead), then=True), default=False),
            opened_at=Subquery(own.filter(kind=Event.Kind.LEAD_OPENED).order_by("at").values("at")[:1]),
            last_at=Subquery(own.order_by("-at").values("at")[:1]),
        )
        .select_related("organization")
        .order_by("name", "pk")
    )
    found = [
        Reader(
            person,
            person.may_see,
            opened_at=person.opened_at,
            last_at=person.last_at,
            looks_on=person.may_see and person.organization_id != lead.organization_id,
        )
        for person in people
        if person.may_see or person.last_at is not None
    ]
    return sorted(found, key=lambda reader: not reader.may_see)


def _organizations_of_readers(lead: Lead) -> list[uuid.UUID]:
    """The organization that has it, and the distributor above."""
    if lead.organization is None:
        return []
    return [pk for pk in (lead.organization_id, lead.organization.distributor_id) if pk is not None]


def _may_see(lead: Lead) -> Q:
    """The same as Lead.visible_to, asked the other way round: which members outside the vendor."""
    if lead.organization is None:
        return Q(pk__in=[])
    whole = Membership.objects.signed_up().holding(Permission.VIEW_ORGANIZATION_LEADS)
    own = Membership.objects.signed_up().holding(Permission.RECEIVE_LEADS).filter(leads=lead.pk)
    at_holder = Q(organization=lead.organization_id) & (Q(pk__in=whole.values("pk")) | Q(pk__in=own.values("pk")))
    distributor = lead.organization.distributor_id
    return at_holder | Q(organization=distributor, pk__in=whole.values("pk")) if distributor else at_holder

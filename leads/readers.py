"""Who may see a lead, and who has, and when: the vendor's question, answered from what was recorded."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min, Q

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

    That somebody only looked is not recorded; opening, commenting, editing and all other verbs are.
    """
    people = Membership.objects.visible_to(member).select_related("organization").order_by("name", "pk")
    may = {person.pk: person for person in people.filter(_may_see(lead))} if lead.organization_id else {}
    acts = (
        Event.objects.visible_to(member)
        .filter(subject_id=lead.pk, actor__isnull=False)
        .exclude(actor__organization__kind=Organization.Kind.VENDOR)
        .order_by()
        .values_list("actor")
        .annotate(opened=Min("at", filter=Q(kind=Event.Kind.LEAD_OPENED)), last=Max("at"))
    )
    times = {actor: (opened, last) for actor, opened, last in acts}
    former = times.keys() - may.keys()
    readers = [*may.values(), *(people.filter(pk__in=former) if former else ())]
    found = []
    for person in readers:
        opened, last = times.get(person.pk, (None, None))
        may_see = person.pk in may
        looks_on = may_see and person.organization_id != lead.organization_id
        found.append(Reader(person, may_see, opened_at=opened, last_at=last, looks_on=looks_on))
    return found


def _may_see(lead: Lead) -> Q:
    """The same as Lead.visible_to, asked the other way round: which members outside the vendor."""
    whole = Membership.objects.signed_up().holding(Permission.VIEW_ORGANIZATION_LEADS)
    own = Membership.objects.signed_up().holding(Permission.RECEIVE_LEADS).filter(leads=lead.pk)
    at_holder = Q(organization=lead.organization_id) & (Q(pk__in=whole.values("pk")) | Q(pk__in=own.values("pk")))
    assert lead.organization is not None  # with nobody, nobody outside sees it
    distributor = lead.organization.distributor_id
    return at_holder | Q(organization=distributor, pk__in=whole.values("pk")) if distributor else at_holder

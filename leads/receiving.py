"""Who can receive a lead, and why somebody cannot."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from leads.models import Lead
from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.models import Membership


@dataclass(frozen=True)
class Person:
    member: Membership
    reason: str  # why not offered; empty when offered


@dataclass(frozen=True)
class Place:
    organization: Organization
    reason: str
    people: list[Person]


def why_organization_cannot(organization: Organization, people: Iterable[Membership], *, allowed: bool) -> str:
    """Why no lead can be assigned to the organization as a whole, in words; empty when one can."""
    if organization.is_vendor:
        return _("The vendor does not receive leads.")
    if organization.status != Organization.Status.ACTIVE:
        return _("Is %(status)s, not active.") % {"status": organization.get_status_display().lower()}
    if not allowed:
        return _("This portal assigns leads to people only (Settings, Lead Distribution).")
    if not any(m.can(Permission.VIEW_ORGANIZATION_LEADS) and not m.why_cannot_receive() for m in people):
        return _("Nobody active there is in the group View All Leads.")
    return ""


def places(*, by: Membership, search: str = "", allowed: bool) -> list[Place]:
    """Everybody a lead might go to, as far as `by` sees them, offered or with the reason why not."""
    people = Membership.objects.select_related("user", "organization").prefetch_related("groups")
    rows = (
        Organization.objects.visible_to(by)
        .exclude(kind=Organization.Kind.VENDOR)
        .select_related("tier")
        .prefetch_related(Prefetch("memberships", queryset=people.order_by("name", "pk")))
        .order_by("name", "pk")
    )
    found = []
    for organization in rows:
        members = list(organization.memberships.all())
        if search:
            needle = search.lower()
            hits = [m for m in members if needle in f"{m.name} {m.email}".lower()]
            if needle not in organization.name.lower() and not hits:
                continue
            members = members if needle in organization.name.lower() else hits
        everybody = organization.memberships.all()
        reason = why_organization_cannot(organization, everybody, allowed=allowed)
        offered = [Person(m, m.why_cannot_receive()) for m in members]
        found.append(Place(organization, reason, sorted(offered, key=lambda person: bool(person.reason))))
    return found


def colleagues(lead: Lead, *, by: Membership) -> list[Person]:
    """The own organization's people to whom an opened lead can be handed over."""
    rows = Membership.objects.filter(organization=by.organization_id).exclude(leads=lead.pk)
    rows = rows.select_related("user", "organization").prefetch_related("groups").order_by("name", "pk")
    people = [Person(member, member.why_cannot_receive()) for member in rows]
    return sorted(people, key=lambda person: bool(person.reason))


def receivers(lead: Lead) -> list[Membership]:
    """Who has to hear that this lead waits: the assignee, or all of the organization who see its leads."""
    if lead.assignee is not None:
        return [lead.assignee]
    people = Membership.objects.signed_up().filter(organization=lead.organization_id)
    return list(people.holding(Permission.VIEW_ORGANIZATION_LEADS))


def vendors_watching(lead: Lead) -> list[Membership]:
    """Who of the vendor hears what becomes of it: who assigned it, and the organization's partner managers."""
    managing = Membership.objects.signed_up().filter(manages__organization=lead.organization_id)
    people = {member.pk: member for member in managing}
    if lead.assigned_by is not None:
        people[lead.assigned_by.pk] = lead.assigned_by
    return list(people.values())

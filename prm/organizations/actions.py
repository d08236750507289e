"""Verbs about portals and organizations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.actions import Refused, Stale, apply_values, unique
from prm.events.models import Event
from prm.events.record import Actor, record
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal, Tier
from prm.users.access import GROUPS, Permission
from prm.users.models import Group, Membership, MembershipGroup, PartnerManager, User

EDITABLE = frozenset(
    [
        "name",
        "kind",
        "status",
        "tier",
        "distributor",
        "website",
        "street",
        "city",
        "state",
        "postal_code",
        "country",
        "countries",
        "notes",
    ]
)
FIRST_TIERS = ("Gold", "Silver", "Registered")


@dataclass(frozen=True)
class FirstAdmin:
    """The person who begins a portal. A known account keeps its own password."""

    email: str
    name: str
    password: str | None = None


def create_portal(slug: str, *, name: str, admin: FirstAdmin, brand: str = "", hue: int | None = None) -> Portal:
    """A portal with its vendor, groups, tiers and first admin; the floors above add their settings.

    Refused where the address is taken. Runs in a transaction of its own, outside any portal.
    """
    with transaction.atomic():
        if Portal.objects.filter(slug=slug).exists():
            raise Refused(_("The address %(slug)s is taken.") % {"slug": slug})
        portal = Portal(slug=slug, name=name)
        if brand:
            portal.brand = brand
        if hue is not None:
            portal.hue = hue
        portal.full_clean()
        portal.save()
        validate_email(admin.email)
        user = User.objects.account_of(admin.email)
        if admin.password and not user.has_usable_password():
            user.set_password(admin.password)
            user.save(update_fields=["password"])
        with inside(portal):
            _furnish(portal, user, admin)
    return portal


def _furnish(portal: Portal, user: User, admin: FirstAdmin) -> None:
    vendor = Organization.objects.create(name=portal.name, kind=Organization.Kind.VENDOR)
    Tier.objects.bulk_create(Tier(name=name, rank=rank) for rank, name in enumerate(FIRST_TIERS, start=1))
    for kind, groups in GROUPS.items():
        Group.objects.bulk_create(
            Group(name=name, kind=kind, permissions=sorted(permissions)) for name, permissions in groups.items()
        )
    is_known = user.has_usable_password()
    member = Membership.objects.create(
        user=user,
        organization=vendor,
        name=admin.name,
        status=Membership.Status.ACTIVE if is_known else Membership.Status.INVITED,
        invited_at=None if is_known else timezone.now(),
    )
    for group in Group.objects.filter(kind="vendor", name__in=["System Administration", "Lead Administration"]):
        MembershipGroup.objects.create(membership=member, group=group)
    record(Event.Kind.PORTAL_CREATED, portal, by=member)
    if not is_known:
        record(Event.Kind.MEMBER_INVITED, member, by=None, tell=[member])


@transaction.atomic
def create_organization(*, values: Mapping[str, Any], by: Actor) -> Organization:
    """A distributor or partner. `values` holds any of EDITABLE; Refused where the name is taken."""
    _check_may_manage(by)
    organization = Organization(**_checked(values, None))
    _save_named(organization)
    record(Event.Kind.ORGANIZATION_CREATED, organization, by=by, organization=organization)
    return organization


@transaction.atomic
def update_organization(
    organization: Organization, *, values: Mapping[str, Any], by: Actor, version: int | None = None
) -> Organization:
    """Change any of EDITABLE. Raises Stale when `version` is given and no longer the current one."""
    _check_may_manage(by)
    organization = Organization.objects.locked(organization.pk)
    if version is not None and version != organization.version:
        raise Stale(_("Somebody else changed %(name)s meanwhile.") % {"name": organization})
    changes = apply_values(organization, _checked(values, organization))
    if changes:
        organization.version += 1
        _save_named(organization)
        record(
            Event.Kind.ORGANIZATION_CHANGED,
            organization,
            by=by,
            organization=None if organization.is_vendor else organization,
            changes=changes,
        )
    return organization


@transaction.atomic
def set_partner_managers(organization: Organization, *, managers: Iterable[Membership], by: Actor) -> None:
    """Who of the vendor's people looks after the organization."""
    _check_may_manage(by)
    organization = Organization.objects.locked(organization.pk)  # two at once would both add the same
    wanted = {member.pk: member for member in managers}
    rows = PartnerManager.objects.filter(organization=organization)
    before = {row.membership_id: row.membership for row in rows.select_related("membership")}
    if set(before) == set(wanted):
        return
    if organization.is_vendor:
        raise Refused(_("Partner managers look after partners and distributors."))
    if any(not member.organization.is_vendor for member in wanted.values()):
        raise Refused(_("A partner manager works for the vendor."))
    organization = Organization.objects.locked(organization.pk)
    organization.version += 1
    organization.save(update_fields=["version"])
    rows.exclude(membership__in=wanted).delete()
    PartnerManager.objects.bulk_create(
        PartnerManager(organization=organization, membership=member)
        for pk, member in wanted.items()
        if pk not in before
    )
    names = tuple(", ".join(sorted(m.name for m in people.values())) for people in (before, wanted))
    record(
        Event.Kind.ORGANIZATION_CHANGED,
        organization,
        by=by,
        changes={"partner_managers": (names[0], names[1])},
    )


@transaction.atomic
def add_tier(*, values: Mapping[str, Any], by: Actor) -> Tier:
    """A new level of the program: `name` and `rank`. Refused where the name is taken."""
    _check_may_manage(by)
    tier = Tier(**values)
    _save_tier(tier)
    record(Event.Kind.SETTINGS_CHANGED, tier, by=by, changes={"name": ("", tier.name)})
    return tier


@transaction.atomic
def change_tier(tier: Tier, *, values: Mapping[str, Any], by: Actor) -> Tier:
    """Rename a tier or give it another rank; its partners keep it."""
    _check_may_manage(by)
    tier = Tier.objects.locked(tier.pk)
    changes = apply_values(tier, values)
    if changes:
        _save_tier(tier)
        record(Event.Kind.SETTINGS_CHANGED, tier, by=by, changes=changes)
    return tier


def _check_may_manage(by: Actor) -> None:
    if by is not None and not by.can(Permission.MANAGE_PORTAL):
        raise Refused(_("Only system administrators change organizations."))


def _checked(values: Mapping[str, Any], organization: Organization | None) -> dict[str, Any]:
    """The rules across fields, in words."""
    found = {field: value for field, value in values.items() if field in EDITABLE}
    kind = found.get("kind", organization.kind if organization else Organization.Kind.PARTNER)
    was_vendor = organization is not None and organization.is_vendor
    if (kind == Organization.Kind.VENDOR) != was_vendor:
        raise Refused(_("A portal has one vendor, and it stays the vendor."))
    if was_vendor and found.get("status", Organization.Status.ACTIVE) != Organization.Status.ACTIVE:
        raise Refused(_("The vendor stays active."))
    if was_vendor and found.get("tier"):
        raise Refused(_("Tiers are for partners and distributors."))
    if organization and kind != organization.kind:
        raise Refused(_("The kind of an organization stays: its people's groups depend on it."))
    distributor = found.get("distributor", organization.distributor if organization else None)
    if distributor is not None and kind != Organization.Kind.PARTNER:
        raise Refused(_("Only a partner sits under a distributor."))
    if distributor is not None and distributor.kind != Organization.Kind.DISTRIBUTOR:
        raise Refused(_("%(name)s is no distributor.") % {"name": distributor})
    return found


def _save_tier(tier: Tier) -> None:
    with unique(_("There is a tier named %(name)s already.") % {"name": tier.name}):
        tier.save()


def _save_named(organization: Organization) -> None:
    with unique(_("There is an organization named %(name)s already.") % {"name": organization}):
        organization.save()

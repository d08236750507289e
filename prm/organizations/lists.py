"""The list of organizations: what it shows, and by what it can be narrowed and sorted."""

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from prm.lists.columns import Column, everybody, vendor_only
from prm.lists.drawing import Drawing, named, tile
from prm.lists.filters import Choice, Countries, Country, Day, Filter, Reference, Text, YesNo
from prm.lists.listing import Listing, register
from prm.organizations.models import Organization, Tier
from prm.users.access import Permission
from prm.users.models import Membership, PartnerManager
from prm.world import country_name

ORDERINGS = {"name": "name", "created_at": "created_at", "status": "status", "kind": "kind"}


def found_organizations(member: Membership, search: str) -> QuerySet[Organization]:
    """Those that this member sees, with the number of their active people."""
    active = Membership.objects.filter(organization=OuterRef("pk"), status=Membership.Status.ACTIVE)
    people = active.order_by().values("organization").annotate(number=Count("pk")).values("number")
    rows = Organization.objects.visible_to(member).select_related("tier", "distributor")
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(city__icontains=search) | Q(website__icontains=search))
    return rows.annotate(people=Coalesce(Subquery(people), 0))


def _tiers(member: Membership) -> Any:
    return Tier.objects.all()


def distributors(member: Membership) -> Any:
    """Those that a list can be narrowed to, by name."""
    return Organization.objects.visible_to(member).filter(kind=Organization.Kind.DISTRIBUTOR).order_by("name", "pk")


def _managers(member: Membership) -> Any:
    vendors = Membership.objects.visible_to(member).filter(organization__kind=Organization.Kind.VENDOR)
    return vendors.order_by("name", "pk")


def _looked_after_by(managers: list[Any]) -> Q:
    return Q(pk__in=PartnerManager.objects.filter(membership__in=managers).values("organization"))


def _name_of(field: str) -> Any:
    return capfirst(Organization._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


FILTERS: tuple[Filter, ...] = (
    Choice(key="status", label=_("Status"), choices=lambda: Organization.Status.choices),
    Choice(key="kind", label=_("Kind"), choices=lambda: Organization.Kind.choices),
    Reference(key="tier", label=_("Tier"), records=_tiers, can_be_empty=True),
    Reference(key="distributor", label=_("Distributor"), records=distributors, can_be_empty=True),
    Reference(
        key="manager",
        label=_("Partner manager"),
        records=_managers,
        pointing=_looked_after_by,
        is_person=True,
        is_for=vendor_only,
    ),
    Country(key="country", label=_("Country"), can_be_empty=True),
    Countries(key="countries", label=_("Countries served"), can_be_empty=True),
    Text(key="name", label=_("Name")),
    *(Text(key=key, label=_name_of(key), can_be_empty=True) for key in ("city", "state", "postal_code", "website")),
    Day(key="created", field="created_at", label=_("In the portal since")),
    YesNo(key="notes", label=_("Notes"), yes=~Q(notes=""), is_for=vendor_only),
)


def _plain(field: str, **words: Any) -> Column:
    declared: dict[str, Any] = {"value": lambda organization: getattr(organization, field), "css": "spare"}
    return Column(key=field, label=_name_of(field), **(declared | words))


def _named(organization: Organization, to: Drawing) -> SafeString:
    place = [organization.city, country_name(organization.country) if organization.country else ""]
    return named(
        tile(organization.name),
        name=organization.name,
        href=reverse("organizations:detail", args=[organization.pk]),
        under=", ".join(filter(None, place)),
    )


COLUMNS: tuple[Column, ...] = (
    Column(
        key="name",
        label=_("Name"),
        value=lambda organization: organization.name,
        draw=_named,
        css="main",
        ordering="name",
        is_fixed=True,
    ),
    Column(
        key="status",
        label=_("Status"),
        value=lambda organization: str(organization.get_status_display()),
        template="components/organization_badge.html",
        same_for=lambda organization: organization.status,
        css="state",
        by_default=everybody,
    ),
    Column(
        key="kind",
        label=_("Kind"),
        value=lambda organization: str(organization.get_kind_display()),
        ordering="kind",
        by_default=everybody,
    ),
    _plain("tier", value=lambda organization: organization.tier and organization.tier.name, by_default=everybody),
    _plain(
        "distributor",
        value=lambda organization: organization.distributor and organization.distributor.name,
        by_default=everybody,
    ),
    Column(
        key="people",
        label=_("Active people"),
        value=lambda organization: organization.people,
        css="end number spare",
        by_default=everybody,
    ),
    *(_plain(field) for field in ("website", "street", "postal_code", "city", "state")),
    _plain(
        "country", value=lambda organization: country_name(organization.country) if organization.country else ""
    ),
    _plain(
        "countries",
        value=lambda organization: ", ".join(country_name(code) for code in organization.countries),
    ),
    _plain("notes", is_for=vendor_only),
    Column(
        key="created_at",
        label=_("In the portal since"),
        value=lambda organization: organization.created_at,
        css="end",
        ordering="created_at",
        first="-",
    ),
)

ORGANIZATIONS = register(
    Listing(
        name="organizations",
        url_name="organizations:list",
        label=_("Organizations"),
        search_label=_("Search organizations"),
        found=found_organizations,
        orderings=lambda member: (ORDERINGS, "name"),
        ordering_labels={
            "name": _("Name"),
            "created_at": _("In the portal since"),
            "status": _("Status"),
            "kind": _("Kind"),
        },
        every_filter=FILTERS,
        every_column=COLUMNS,
        permissions=(Permission.VIEW_ORGANIZATIONS, Permission.VIEW_MANAGED_LEADS),
        tab="status",
        suggested=("kind", "tier", "country"),
        row_name="organization",
    )
)

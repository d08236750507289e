"""The list of people: what it shows, and by what it can be narrowed and sorted."""

from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from prm.lists.columns import Column, everybody, vendor_only
from prm.lists.filters import Choice, Day, Filter, Reference, Text
from prm.lists.listing import Listing, register
from prm.organizations.models import Organization
from prm.users.models import Group, Membership, MembershipGroup

ORDERINGS = {"name": "name", "created_at": "created_at", "status": "status"}


def found_people(member: Membership, search: str) -> QuerySet[Membership]:
    """Those that this member sees."""
    rows = Membership.objects.visible_to(member).select_related("user", "organization").prefetch_related("groups")
    if search:
        found = Q(name__icontains=search) | Q(user__email__icontains=search)
        rows = rows.filter(found | Q(organization__name__icontains=search))
    return rows


def _organizations(member: Membership) -> Any:
    return Organization.objects.visible_to(member).order_by("name", "pk")


def _groups(member: Membership) -> Any:
    return Group.objects.all() if member.is_vendor else Group.objects.filter(kind=member.organization.kind)


def _in_groups(groups: list[Any]) -> Q:
    return Q(pk__in=MembershipGroup.objects.filter(group__in=groups).values("membership"))


FILTERS: tuple[Filter, ...] = (
    Choice(key="status", label=_("Status"), choices=lambda: Membership.Status.choices),
    Reference(key="organization", label=_("Organization"), records=_organizations, is_for=vendor_only),
    Choice(
        key="kind",
        field="organization__kind",
        label=_("Works for"),
        choices=lambda: Organization.Kind.choices,
        is_for=vendor_only,
    ),
    Reference(key="group", label=_("Group"), records=_groups, pointing=_in_groups),
    Text(key="name", label=_("Name")),
    Text(key="email", field="user__email", label=_("E-mail")),
    Text(key="phone", label=_("Phone"), can_be_empty=True),
    Choice(key="language", label=_("Language"), choices=lambda: settings.LANGUAGES),
    Text(key="time_zone", label=_("Time zone")),
    Day(key="created", field="created_at", label=_("Since")),
)

COLUMNS: tuple[Column, ...] = (
    Column(
        key="name",
        label=_("Name"),
        value=lambda member: member.name,
        template="users/cells/name.html",
        css="main",
        ordering="name",
        is_fixed=True,
    ),
    Column(key="email", label=_("E-mail"), value=lambda member: member.email, is_fixed=True, is_within=True),
    Column(
        key="status",
        label=_("Status"),
        value=lambda member: str(member.get_status_display()),
        template="components/member_badge.html",
        same_for=lambda member: member.status,
        css="state",
        ordering="status",
        by_default=everybody,
    ),
    Column(
        key="organization",
        label=_("Organization"),
        value=lambda member: member.organization.name,
        by_default=everybody,
    ),
    Column(
        key="groups",
        label=_("Groups"),
        value=lambda member: ", ".join(group.name for group in member.groups.all()),
        template="users/cells/groups.html",
        by_default=everybody,
    ),
    Column(
        key="created_at",
        label=_("Since"),
        value=lambda member: member.created_at,
        css="end",
        ordering="created_at",
        first="-",
        by_default=everybody,
    ),
    Column(key="phone", label=_("Phone"), value=lambda member: member.phone, css="spare"),
    Column(
        key="language", label=_("Language"), value=lambda member: str(member.get_language_display()), css="spare"
    ),
    Column(key="time_zone", label=_("Time zone"), value=lambda member: member.time_zone, css="spare"),
)

PEOPLE = register(
    Listing(
        name="people",
        url_name="users:list",
        label=_("People"),
        search_label=_("Search people"),
        found=found_people,
        orderings=lambda member: (ORDERINGS, "name"),
        ordering_labels={"name": _("Name"), "created_at": _("Since"), "status": _("Status")},
        every_filter=FILTERS,
        every_column=COLUMNS,
        tab="status",
        suggested=("organization", "group"),
        row_name="member",
    )
)

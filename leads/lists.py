"""The list of leads: what it shows, and by what it can be narrowed and sorted.

Withheld is withheld here too: a filter over details, which a partner sees once a lead is opened, finds
opened leads only, and what only the vendor sees is no filter and no column of a partner's list.
"""

from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models import Lead, LeadQuerySet, LostReason
from leads.states import Status
from leads.waiting import QUIET_FOR, UNOPENED_FOR, is_mine, quiet_for_long, to_be_followed_up, unopened_for_long
from prm.lists.columns import Column, Words, everybody, partners_only, vendor_only
from prm.lists.drawing import NEW, NOTHING, Drawing, amount, locked_tile, named, tile
from prm.lists.filters import Cases, Choice, Country, Day, Filter, Number, Reference, Text, YesNo
from prm.lists.listing import Listing, details_of, register
from prm.markup import markup
from prm.organizations.lists import distributors
from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.models import Membership
from prm.world import country_name, currency_choices

ORDERINGS = {"number": "number", "created_at": "created_at", "updated_at": "edited_at", "name": "name"}
PARTNER_ORDERINGS = ORDERINGS | {"assigned_at": "assigned_at"}  # never null where an organization has the lead
NEW_ONES = frozenset({Status.UNASSIGNED, Status.ASSIGNED})

opened = details_of(Q(opened_at__isnull=False))


def found_leads(member: Membership, search: str) -> LeadQuerySet:
    """Those that this member sees, named as far as it may be told."""
    rows: LeadQuerySet = Lead.objects.visible_to(member).named_for(member)
    return rows.matching(search, member) if search else rows


def with_names(rows: Any) -> LeadQuerySet:
    named: LeadQuerySet = rows.with_names()
    return named


def orderings_for(member: Membership) -> tuple[dict[str, str], str]:
    """The allowed orderings and the default one: newest first, as each side understands new."""
    return (ORDERINGS, "-created_at") if member.is_vendor else (PARTNER_ORDERINGS, "-assigned_at")


def sees_colleagues(member: Membership) -> bool:
    """Whether there can be leads of several people in the list."""
    return member.is_vendor or member.can(Permission.VIEW_ORGANIZATION_LEADS)


def has_colleagues(member: Membership) -> bool:
    """Whether some of the leads in a partner's list may be for others."""
    return not member.is_vendor and sees_colleagues(member)


def has_resellers(member: Membership) -> bool:
    """Whether a distributor looks on at its resellers' in this list."""
    return member.has_resellers


def sees_partners(member: Membership) -> bool:
    """Whether there can be leads of several organizations in the list."""
    return member.is_vendor or member.has_resellers


def partners(member: Membership) -> Any:
    """Those that a list can be narrowed to, by name."""
    return Organization.objects.visible_to(member).exclude(kind=Organization.Kind.VENDOR).order_by("name", "pk")


def _people(member: Membership) -> Any:
    return Membership.objects.visible_to(member).order_by("name", "pk")


def _lost_reasons(member: Membership) -> Any:
    return LostReason.objects.all()


def _name_of(field: str) -> Words:
    """The field's name as its form has it."""
    return capfirst(Lead._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def _text(field: str) -> Text:
    return Text(key=field, label=_name_of(field), guard=opened, can_be_empty=True)


WAITS = {
    "unopened": format_lazy(_("Unopened for {days} days"), days=UNOPENED_FOR.days),
    "quiet": format_lazy(_("Quiet for {days} days"), days=QUIET_FOR.days),
    "follow_up": _("To follow up"),
}
"""What a lead may wait for, in words: the home page counts them, the list shows them."""


def _waiting() -> dict[str, Q]:
    return {"unopened": unopened_for_long(), "quiet": quiet_for_long(), "follow_up": to_be_followed_up()}


PARTNER = Reference(key="organization", label=_("Partner"), records=partners, is_for=vendor_only, can_be_empty=True)
FILTERS: tuple[Filter, ...] = (
    Choice(key="status", label=_("Status"), choices=lambda: Status.choices),
    Cases(key="waits", label=_("Waits"), labels=WAITS, conditions=_waiting),
    PARTNER,
    replace(PARTNER, label=_("Organization"), is_for=has_resellers, can_be_empty=False),
    Reference(
        key="distributor",
        field="organization__distributor",
        label=_("Distributor"),
        records=distributors,
        is_for=sees_partners,
    ),
    YesNo(
        key="mine",
        label=_("Whose"),
        yes=is_mine,
        words=(_("mine or anybody's"), _("somebody else's")),
        is_for=has_colleagues,
    ),
    Reference(
        key="assignee",
        label=_("Person"),
        records=_people,
        is_person=True,
        is_for=sees_colleagues,
        can_be_empty=True,
    ),
    Day(key="created", field="created_at", label=_("Received")),
    Day(key="assigned", field="assigned_at", label=_("Assigned"), can_be_empty=True),
    Day(key="opened", field="opened_at", label=_("Opened"), can_be_empty=True),
    Day(key="changed", field="edited_at", label=_("Last change")),  # of which named_for holds what may be told
    Day(key="closed", field="closed_at", label=_("Closed"), can_be_empty=True),
    Reference(key="lost_reason", label=_("Lost reason"), records=_lost_reasons),
    Country(key="country", label=_name_of("country"), guard=opened, can_be_empty=True),
    *(_text(field) for field in ("state", "city", "postal_code", "company", "first_name", "last_name", "title")),
    *(_text(field) for field in ("email", "phone", "mobile", "website", "industry")),
    Number(key="employees", label=_name_of("employees"), digits=8, guard=opened, can_be_empty=True),
    _text("product_interest"),
    Number(key="budget", label=_name_of("budget"), places=2, guard=opened, can_be_empty=True),
    Choice(
        key="budget_currency",
        label=_name_of("budget_currency"),
        choices=lambda: currency_choices()[1:],
        guard=opened,
    ),
    *(_text(field) for field in ("timeframe", "source", "source_detail", "campaign", "language")),
    YesNo(key="internal_notes", label=_name_of("internal_notes"), yes=~Q(internal_notes=""), is_for=vendor_only),
)


def _holder(lead: Lead) -> str:
    return ", ".join(name for name in (lead.organization_name, lead.assignee_name) if name is not None)


def drawn_holder(lead: Lead, member: Membership) -> SafeString:
    """Who has it, of a lead `with_names`.

    The vendor reads organization and person, as does a distributor of its resellers'; all others the person.
    """
    if lead.organization_name is None:
        return markup('<span class="muted">{}</span>', gettext("Nobody yet"))
    is_own = lead.organization_id == member.organization_id
    if lead.assignee_name is None:
        anyone = markup(" <small>{}</small>", gettext("anyone")) if is_own else NOTHING
        return markup("{}{}", lead.organization_name, anyone)
    if is_own:
        return markup("{}", lead.assignee_name)
    return markup("{} <small>{}</small>", lead.organization_name, lead.assignee_name)


def _named(lead: Lead, to: Drawing) -> SafeString:
    """A lead's first cell. One that is withheld: nothing but its number."""
    href = to.href("leads:detail", lead.code)
    if lead.is_withheld:
        mark = NOTHING if lead.is_closed else NEW
        return named(locked_tile(), name=lead.code, href=href, under=_why_withheld(lead, to.member), mark=mark)
    place = ", ".join(part for part in (lead.city, lead.country) if part)
    return named(
        tile(lead.label),
        name=lead.label,
        href=href,
        under=f"{lead.code} · {place}" if place else lead.code,
        mark=NEW if lead.status in NEW_ONES else NOTHING,
    )


def _why_withheld(lead: Lead, member: Membership) -> str:
    if lead.is_closed:
        return gettext("Closed unopened")
    if lead.organization_id != member.organization_id:
        return gettext("Not opened yet")
    return gettext("Open to see the details")


def _detail(field: str, **words: Any) -> Column:
    """A column over a detail, which is empty where the lead is withheld."""
    declared: dict[str, Any] = {"value": lambda lead: getattr(lead, field), "css": "spare", "is_detail": True}
    return Column(key=field, label=_name_of(field), **(declared | words))


def _moment(field: str, label: Words, **words: Any) -> Column:
    return Column(key=field, label=label, value=lambda lead: getattr(lead, field), css="end", **words)


PARTNERS_NAME = Column(
    key="organization",
    label=_("Partner"),
    value=lambda lead: lead.organization_name,
    is_for=vendor_only,
)
COLUMNS: tuple[Column, ...] = (
    Column(key="number", label=_("Number"), value=lambda lead: lead.code, is_fixed=True, is_within=True),
    Column(
        key="name",
        label=_("Lead"),
        value=lambda lead: lead.label,
        draw=_named,
        css="main",
        ordering="name",
        is_fixed=True,
    ),
    Column(
        key="status",
        label=_("Status"),
        value=lambda lead: str(Status(lead.status).label),  # an export asks for it a hundred thousand times
        template="components/lead_badge.html",
        same_for=lambda lead: lead.status,
        css="state",
        by_default=everybody,
    ),
    Column(
        key="holder",
        label=_("Assigned to"),
        value=_holder,
        draw=lambda lead, to: drawn_holder(lead, to.member),
        same_for=lambda lead: (lead.organization_id, lead.assignee_id),
        by_default=everybody,
    ),
    _detail("product_interest", by_default=everybody),
    _detail(
        "budget",
        draw=lambda lead, _to: amount(lead.budget, lead.budget_currency),
        css="end number",
        by_default=everybody,
    ),
    _moment("created_at", _("Received"), ordering="created_at", first="-", by_default=vendor_only),
    _moment("assigned_at", _("Assigned"), ordering="assigned_at", first="-", by_default=partners_only),
    _moment("opened_at", _("Opened")),
    Column(
        key="opened_by",
        label=_("Opened by"),
        value=lambda lead: lead.opened_by and lead.opened_by.name,
        needs=("opened_by",),
        css="spare",
    ),
    Column(
        key="updated_at",
        label=_("Last change"),
        value=lambda lead: lead.edited_at,
        css="end",
        ordering="updated_at",
        first="-",
    ),
    _moment("closed_at", _("Closed")),
    Column(
        key="lost_reason",
        label=_("Lost reason"),
        value=lambda lead: lead.lost_reason and lead.lost_reason.name,
        needs=("lost_reason",),
        css="spare",
    ),
    PARTNERS_NAME,
    replace(PARTNERS_NAME, label=_("Organization"), is_for=has_resellers),
    Column(key="assignee", label=_("Person"), value=lambda lead: lead.assignee_name),
    *(_detail(field) for field in ("company", "first_name", "last_name", "title", "email", "phone", "mobile")),
    *(_detail(field) for field in ("website", "street", "postal_code", "city", "state")),
    _detail("country", value=lambda lead: country_name(lead.country) if lead.country else ""),
    _detail("industry"),
    _detail("employees", css="end number"),
    *(_detail(field) for field in ("budget_currency", "timeframe", "source", "source_detail", "campaign")),
    *(_detail(field) for field in ("language", "description")),
    _detail("internal_notes", is_for=vendor_only),
)

LEADS = register(
    Listing(
        name="leads",
        url_name="leads:list",
        label=_("Leads"),
        search_label=_("Search leads"),
        found=lambda member, search: found_leads(member, search),
        dressed=with_names,
        orderings=orderings_for,
        ordering_labels={
            "number": _("Number"),
            "created_at": _("Received"),
            "assigned_at": _("Assigned"),
            "updated_at": _("Last change"),
            "name": _("Name"),
        },
        every_filter=FILTERS,
        every_column=COLUMNS,
        shown=lambda lead, member: lead.shown_to(member),
        tab="status",
        has_tab=lambda member, status: member.is_vendor or status != Status.UNASSIGNED,
        suggested=("organization", "country"),
        has_preview=True,
        row_name="lead",
    )
)

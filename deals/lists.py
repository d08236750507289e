"""The list of deals: what it shows, and by what it can be narrowed and sorted."""

from dataclasses import replace
from typing import Any

from django.db.models import Count, Sum
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from deals.models import Account, Contact, Deal, DealQuerySet, DealStage
from leads.lists import has_resellers, partners, sees_colleagues, sees_partners
from prm.lists.columns import Column, everybody, vendor_only
from prm.lists.drawing import Drawing, amount, named, tile
from prm.lists.filters import Choice, Country, Day, Filter, Number, Reference, Text
from prm.lists.listing import Listing, register
from prm.organizations.lists import distributors
from prm.users.access import SEES_LEADS
from prm.users.models import Membership
from prm.world import country_name, currency_choices

ORDERINGS = {
    "number": "number",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "name": "name",
    "amount": "amount",
    "close_date": "close_date",
}
RECORDS: dict[str, type[Account | Contact]] = {"account": Account, "contact": Contact}


def found_deals(member: Membership, search: str = "") -> DealQuerySet:
    """Those that this member sees."""
    rows: DealQuerySet = Deal.objects.visible_to(member)
    return rows.matching(search) if search else rows


def totals_of(rows: Any) -> Any:
    """The sum of the amounts per currency, the largest first."""
    return rows.order_by().values("currency").annotate(amount=Sum("amount"), count=Count("pk")).order_by("-amount")


def _people(member: Membership) -> Any:
    return Membership.objects.visible_to(member).order_by("name", "pk")


def _stages(member: Membership) -> Any:
    return DealStage.objects.all()


PARTNER = Reference(key="organization", label=_("Partner"), records=partners, is_for=vendor_only)
FILTERS: tuple[Filter, ...] = (
    Choice(key="status", label=_("Status"), choices=lambda: Deal.Status.choices),
    Reference(key="stage", label=_("Stage"), records=_stages),
    PARTNER,
    replace(PARTNER, label=_("Organization"), is_for=has_resellers),
    Reference(
        key="distributor",
        field="organization__distributor",
        label=_("Distributor"),
        records=distributors,
        is_for=sees_partners,
    ),
    Reference(key="owner", label=_("Owner"), records=_people, is_person=True, is_for=sees_colleagues),
    Number(key="amount", label=_("Amount"), places=2),
    Choice(key="currency", label=_("Currency"), choices=lambda: currency_choices()[1:]),
    Day(
        key="close_date",
        label=_("Close date"),
        is_moment=False,
        spans=("past", "today", "next_7_days", "next_30_days", "this_month", "last_month", "this_year"),
    ),
    Day(key="created", field="created_at", label=_("Registered")),
    Day(key="changed", field="updated_at", label=_("Last change")),
    Text(key="name", label=_("Deal name")),
    Text(key="account", field="account__name", label=_("Account")),
    Country(key="country", field="account__country", label=_("Country"), can_be_empty=True),
    Text(key="city", field="account__city", label=_("City"), can_be_empty=True),
    Text(key="industry", field="account__industry", label=_("Industry"), can_be_empty=True),
    Text(key="contact", field="contact__last_name", label=_("Contact")),
    Text(key="email", field="contact__email", label=_("E-mail"), can_be_empty=True),
)


def _of(record: str, field: str, **words: Any) -> Column:
    """A column over a field of the deal's account or contact."""
    declared: dict[str, Any] = {"value": lambda deal: getattr(getattr(deal, record), field), "css": "spare"}
    label = capfirst(RECORDS[record]._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    return Column(key=field, label=label, needs=(record,), **(declared | words))


def _named(deal: Deal, to: Drawing) -> SafeString:
    return named(
        tile(deal.account.name),
        name=deal.name,
        href=to.href("deals:detail", deal.code),
        under=f"{deal.code} · {deal.account.name}",
    )


PARTNERS_NAME = Column(
    key="organization",
    label=_("Partner"),
    value=lambda deal: deal.organization.name,
    needs=("organization",),
    is_for=vendor_only,
)
COLUMNS: tuple[Column, ...] = (
    Column(key="number", label=_("Number"), value=lambda deal: deal.code, is_fixed=True, is_within=True),
    Column(
        key="name",
        label=_("Deal"),
        value=lambda deal: deal.name,
        draw=_named,
        needs=("account",),
        css="main",
        ordering="name",
        is_fixed=True,
    ),
    Column(
        key="stage",
        label=_("Stage"),
        value=lambda deal: deal.stage.name,
        template="components/deal_badge.html",
        same_for=lambda deal: (deal.stage_id, deal.status),
        needs=("stage",),
        css="state",
        by_default=everybody,
    ),
    Column(
        key="holder",
        label=_("Owner"),
        value=lambda deal: f"{deal.organization.name}, {deal.owner.name}",
        template="deals/cells/holder.html",
        same_for=lambda deal: (deal.organization_id, deal.owner_id),
        needs=("organization", "owner"),
        by_default=everybody,
    ),
    Column(
        key="amount",
        label=_("Amount"),
        value=lambda deal: deal.amount,
        draw=lambda deal, _to: amount(deal.amount, deal.currency),
        css="end number",
        ordering="amount",
        first="-",
        by_default=everybody,
    ),
    Column(
        key="close_date",
        label=_("Close date"),
        value=lambda deal: deal.close_date,
        css="end number",
        ordering="close_date",
        by_default=everybody,
    ),
    Column(key="status", label=_("Status"), value=lambda deal: str(deal.get_status_display()), css="spare"),
    Column(key="currency", label=_("Currency"), value=lambda deal: deal.currency, css="spare"),
    Column(
        key="probability",
        label=_("Probability in %"),
        value=lambda deal: deal.stage.probability,
        needs=("stage",),
        css="end number",
    ),
    PARTNERS_NAME,
    replace(PARTNERS_NAME, label=_("Organization"), is_for=has_resellers),
    Column(key="owner", label=_("Person"), value=lambda deal: deal.owner.name, needs=("owner",)),
    Column(
        key="lead",
        label=_("Lead"),
        value=lambda deal: deal.lead and deal.lead.code,
        needs=("lead",),
        css="spare",
    ),
    Column(key="account", label=_("Account"), value=lambda deal: deal.account.name, needs=("account",)),
    *(_of("account", field) for field in ("website", "street", "postal_code", "city", "state")),
    _of(
        "account",
        "country",
        value=lambda deal: country_name(deal.account.country) if deal.account.country else "",
    ),
    *(_of("account", field) for field in ("industry", "employees")),
    *(_of("contact", field) for field in ("first_name", "last_name", "title", "email", "phone", "mobile")),
    Column(key="description", label=_("Description"), value=lambda deal: deal.description, css="spare"),
    Column(
        key="created_at",
        label=_("Registered"),
        value=lambda deal: deal.created_at,
        css="end",
        ordering="created_at",
        first="-",
    ),
    Column(
        key="updated_at",
        label=_("Last change"),
        value=lambda deal: deal.updated_at,
        css="end",
        ordering="updated_at",
        first="-",
    ),
)

DEALS = register(
    Listing(
        name="deals",
        url_name="deals:list",
        label=_("Deals"),
        search_label=_("Search deals"),
        found=found_deals,
        orderings=lambda member: (ORDERINGS, "-created_at"),
        ordering_labels={
            "number": _("Number"),
            "created_at": _("Registered"),
            "updated_at": _("Last change"),
            "name": _("Name"),
            "amount": _("Amount"),
            "close_date": _("Close date"),
        },
        every_filter=FILTERS,
        every_column=COLUMNS,
        permissions=tuple(SEES_LEADS),
        tab="status",
        suggested=("stage", "close_date"),
        has_preview=True,
        row_name="deal",
    )
)

"""The board: deals in columns by their stage, and what each column is worth. Queries and sums, no page."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from deals.models import Deal, DealQuerySet, DealStage, weighted
from leads.lists import sees_colleagues, sees_partners
from prm.organizations.models import Organization
from prm.serving.paging import InvalidParameter, search_text
from prm.users.models import Membership

MOST = 50  # cards in a column; the list has the others
MOST_CLOSED = 10
CLOSED = (Deal.Status.WON, Deal.Status.LOST)


@dataclass(frozen=True)
class Wanted:
    """Which deals the board shall show: what its address says."""

    search: str = ""
    organization: str = ""
    owner: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Wanted":
        """Raises InvalidParameter for what is no text or no id."""
        return cls(search_text(parameters), _id(parameters, "organization"), _id(parameters, "owner"))

    @property
    def query(self) -> str:
        """As it stands in an address, without what is empty."""
        return urlencode({name: value for name, value in vars(self).items() if value})

    def rows(self, member: Membership) -> DealQuerySet:
        rows: DealQuerySet = Deal.objects.visible_to(member)
        if self.search:
            rows = rows.matching(self.search)
        chosen = {"organization": self.organization, "owner": self.owner}
        return rows.filter(**{name: value for name, value in chosen.items() if value})


@dataclass(frozen=True)
class Worth:
    """What deals of one currency come to."""

    currency: str
    amount: Decimal
    weighted: Decimal


@dataclass
class Column:
    """One stage, or one way of ending. `key` is what the menu of a card calls it; `most` cards are shown."""

    key: str
    name: str
    probability: int | None = None
    is_target: bool = False
    most: int = MOST
    count: int = 0
    worth: list[Worth] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)

    @property
    def has_more(self) -> bool:
        return self.count > len(self.deals)

    def take(self, deal: Deal) -> None:
        if len(self.deals) < self.most:
            self.deals.append(deal)


@dataclass(frozen=True)
class Board:
    """`stages`: the open deals. `closed`: those won and lost since the quarter began. `worth`: of all open ones."""

    stages: list[Column]
    closed: list[Column]
    worth: list[Worth]

    @property
    def count(self) -> int:
        return sum(column.count for column in self.stages)

    @property
    def targets(self) -> list[Column]:
        """The stages to which a deal can be moved."""
        return [column for column in self.stages if column.is_target]


def board_of(rows: DealQuerySet) -> Board:
    """The deals among `rows` that are open, or were closed since the quarter began: three queries."""
    rows = rows.filter(Q(status=Deal.Status.OPEN) | Q(status__in=CLOSED, closed_at__gte=quarter_began()))
    stages = {stage.pk: stage for stage in DealStage.objects.all()}
    columns: dict[Any, Column] = {
        pk: Column(str(pk), stage.name, stage.probability, stage.is_active and stage.outcome == "open", most=MOST)
        for pk, stage in stages.items()
    }
    ends: dict[str, Column] = {
        status.value: Column(status.value, str(status.label), most=MOST_CLOSED) for status in CLOSED
    }
    worth: list[Worth] = []
    sums = rows.order_by().values("status", "stage", "currency").annotate(count=Count("pk"), amount=Sum("amount"))
    for row in sums.order_by("currency"):
        probability = stages[row["stage"]].probability
        part = Worth(row["currency"], row["amount"], weighted(row["amount"], probability))
        column = ends.get(row["status"]) or columns[row["stage"]]
        column.count += row["count"]
        column.worth = with_part(column.worth, part)
        if row["status"] == Deal.Status.OPEN:
            worth = with_part(worth, part)
    for deal in _cards(rows):
        (ends.get(deal.status) or columns[deal.stage_id]).take(deal)
    shown = [column for column in columns.values() if column.is_target or column.count]
    return Board(shown, list(ends.values()), worth)


def with_part(worth: list[Worth], part: Worth) -> list[Worth]:
    """The sums per currency with one more amount in them."""
    found = {each.currency: each for each in worth}
    if before := found.get(part.currency):
        part = Worth(part.currency, before.amount + part.amount, before.weighted + part.weighted)
    return list({**found, part.currency: part}.values())


def quarter_began() -> datetime:
    """The first moment of this quarter, in the reader's time zone."""
    today = timezone.localdate()
    first = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return timezone.make_aware(datetime.combine(first, time()))


def partners_of(member: Membership) -> list[Organization]:
    """Whose deals the vendor's member or a distributor can choose to see alone; nobody else has a choice."""
    if not sees_partners(member):
        return []
    having = Deal.objects.visible_to(member).order_by().values("organization")
    return list(Organization.objects.filter(pk__in=having).order_by("name", "pk"))


def owners_of(member: Membership, organization: str) -> list[Membership]:
    """Whose deals one can choose to see alone: people of one's own organization, or of the chosen one."""
    if not sees_colleagues(member) or (member.is_vendor and not organization):
        return []
    having = Deal.objects.visible_to(member).order_by()
    if organization:
        having = having.filter(organization=uuid.UUID(organization))
    elif member.has_resellers:
        having = having.filter(organization=member.organization_id)
    return list(Membership.objects.filter(pk__in=having.values("owner")).order_by("name", "pk"))


def _cards(rows: DealQuerySet) -> list[Deal]:
    """The first of each column: the next to close among the open ones, the last to end among the others."""
    order = [F("closed_at").desc(), F("close_date").asc(), F("pk").asc()]
    place = Window(RowNumber(), partition_by=[F("status"), F("stage")], order_by=order)
    found = rows.select_related("organization", "owner", "account", "stage").annotate(place=place)
    return list(found.filter(place__lte=MOST).order_by(*order))


def _id(parameters: Mapping[str, str], name: str) -> str:
    text: Any = parameters.get(name, "")
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError as error:
        raise InvalidParameter(name, _("This is no id.")) from error

"""Sends leads through their lives, some months of them, with the actions that pages use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import TypeVar

from django.db.models import F
from django.utils import timezone

from deals.actions import Registration, convert_lead, lose_deal, move_deal, update_deal, win_deal
from deals.demo.prospects import prospect
from deals.models import Deal, DealLostReason, DealStage
from leads import actions
from leads.models import Lead, LostReason
from prm.events.models import Delivery, DueWork, Message
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.access import CAN_RECEIVE, Permission
from prm.users.models import Membership

Told = TypeVar("Told")
MONTHS_BACK = timedelta(days=170)
STILL_NEWS = timedelta(days=3)  # notices of the last days are unread, older ones are not
# How far leads of an age have come, as weights: nobody loses one within the hour, few wait for a month.
ENDS = ("unassigned", "assigned", "opened", "working", "converted", "won", "lost")
WEIGHTS = (
    (timedelta(days=1), (40, 45, 15, 0, 0, 0, 0)),
    (timedelta(days=7), (8, 22, 30, 36, 0, 0, 4)),
    (timedelta(days=30), (2, 6, 10, 45, 18, 4, 15)),
    (timedelta.max, (0, 1, 2, 14, 47, 9, 27)),
)
COMMENTS = (
    "Spoke with the assistant; back from holiday on Monday.",
    "They want to see the cell running before they decide.",
    "Please send us the data sheet in their language.",
    "Price is fine, the delivery date is the question.",
)
NEXT_STEPS = (
    "Send the revised offer",
    "Visit the plant with their engineer",
    "Wait for the board's decision",
    "Call the purchasing lead",
    "Agree on the delivery date",
)
NOTES = ("Good talk, clear need.", "Left a message.", "Agreed on a visit next week.", "Sent the brochure.")


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Let the product believe it is `moment`. For telling the past only: development, one process."""
    real = timezone.now
    timezone.now = lambda: moment
    try:
        yield
    finally:
        timezone.now = real


@dataclass
class Storyteller:
    """Tells one portal's leads, always the same ones for the same seed."""

    portal: Portal
    random: Random
    admin: Membership
    holders: list[Membership]
    reasons: list[LostReason]
    stages: list[DealStage]
    deal_reasons: list[DealLostReason]
    present: datetime
    now: datetime = field(init=False)

    def tell(self, end: str, began: datetime) -> Lead:
        """One lead, from its entry at `began` to `end`, as far as the time since allows."""
        self.now = began
        lead = self.step(0, lambda: actions.create_lead(values=prospect(self.random), by=self.admin))
        if end == "unassigned":
            return lead
        holder = self.random.choice(self.holders)
        to = holder if not holder.can(Permission.VIEW_ORGANIZATION_LEADS) or self.random.random() < 0.4 else None
        lead = self.step(20, lambda: actions.assign_lead(lead, to=to or holder.organization, by=self.admin))
        if end == "assigned":
            return lead
        lead = self.step(30, lambda: actions.open_lead(lead, by=holder))
        if end == "opened":
            return lead
        self.work(lead, holder)
        if end == "converted":
            self.convert(lead, holder)
        elif end == "won":
            self.step(90, lambda: actions.win_lead(lead, by=holder))
        elif end == "lost":
            self.step(90, lambda: actions.lose_lead(lead, reason=self.random.choice(self.reasons), by=holder))
        return lead

    def work(self, lead: Lead, holder: Membership) -> None:
        kind, outcome = self.random.choice((("call", "reached"), ("mail", "interested"), ("meeting", "follow_up")))
        note = self.random.choice(NOTES)
        self.step(24, lambda: actions.log_activity(lead, kind=kind, outcome=outcome, note=note, by=holder))
        if self.random.random() < 0.3:
            text, is_internal = self.random.choice(COMMENTS), self.random.random() < 0.3
            self.step(12, lambda: actions.comment_lead(lead, text=text, is_internal=is_internal, by=holder))

    def convert(self, lead: Lead, holder: Membership) -> None:
        close_date = (self.now + timedelta(days=self.random.randint(20, 120))).date()
        fields = {
            "name": f"{lead.company}: {lead.product_interest}",
            "amount": lead.budget or Decimal(self.random.randint(8, 90) * 1000),
            "currency": lead.budget_currency or "EUR",
            "close_date": close_date,
            "description": lead.description,
        }
        deal = self.step(80, lambda: convert_lead(lead, registration=Registration(deal=fields), by=holder))
        self.sell(deal, holder)

    def sell(self, deal: Deal, holder: Membership) -> None:
        """Bring a deal some stages on; two in five end, more of them well than badly."""
        for stage in self.stages[1 : self.random.randint(1, len(self.stages))]:
            deal = self.step(60, partial(move_deal, deal, to=stage, by=holder))
        end = self.random.random()
        if end < 0.25:
            self.step(70, lambda: win_deal(deal, by=holder))
        elif end < 0.4:
            self.step(70, lambda: lose_deal(deal, reason=self.random.choice(self.deal_reasons), by=holder))
        elif end < 0.9:
            ahead = timedelta(days=self.random.randint(-6, 110))
            values = {"next_step": self.random.choice(NEXT_STEPS), "close_date": (self.present + ahead).date()}
            self.step(6, lambda: update_deal(deal, values=values, by=holder))

    def step(self, hours: float, act: Callable[[], Told]) -> Told:
        """Let about `hours` pass, never beyond the present, then act."""
        passed = timedelta(hours=hours * self.random.uniform(0.2, 1.8))
        self.now = min(self.now + passed, self.present)
        with clock_at(self.now):
            return act()


def tell_stories(portal: Portal, *, count: int, seed: int) -> None:
    """`count` leads in every state, the newest of today."""
    random = Random(seed)
    with inside(portal):
        people = Membership.objects.signed_up().select_related("user", "organization")
        people = people.prefetch_related("groups").order_by("pk")
        teller = Storyteller(
            portal=portal,
            random=random,
            admin=people.holding(Permission.CREATE_LEADS)[0],
            holders=list(people.holding(*CAN_RECEIVE).filter(organization__status="active")),
            reasons=list(LostReason.objects.all()),
            stages=list(DealStage.objects.filter(outcome=DealStage.Outcome.OPEN)),
            deal_reasons=list(DealLostReason.objects.all()),
            present=timezone.now() - timedelta(minutes=2),
        )
        for position in range(count):
            # Denser towards today, so that lists have something fresh on their first page.
            age = MONTHS_BACK * (1 - position / count) ** 1.8
            weights = next(weights for limit, weights in WEIGHTS if age <= limit)
            teller.tell(random.choices(ENDS, weights)[0], teller.present - age)
        _let_news_settle(portal)


def _let_news_settle(portal: Portal) -> None:
    """What was told long ago was heard: no mail goes out for it, and it is read."""
    old = timezone.now() - STILL_NEWS
    told = Delivery.objects.filter(channel=Delivery.Channel.MESSAGE).select_related("event")
    Message.objects.bulk_create(
        Message(
            recipient_id=row.recipient_id,
            event=row.event,
            created_at=row.event.at,
            read_at=row.event.at if row.event.at < old else None,
        )
        for row in told
    )
    DueWork.objects.filter(portal=portal).delete()
    # The people were there before: a worker may be at their invitations, and is not waited for.
    free = list(Delivery.objects.select_for_update(skip_locked=True).values_list("pk", flat=True))
    settled = Delivery.objects.filter(pk__in=free)
    settled.update(status=Delivery.Status.SENT, done_at=F("not_before"), attempts=1)

"""Verbs over many deals: what a run does to each, by the same actions as the page of one deal."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from deals import actions, lists  # noqa: F401  (the list has to be there)
from deals.models import Deal, DealLostReason, DealStage
from prm.events.models import Event
from prm.runs.kinds import Parameters
from prm.runs.verbs import ManyVerb, Rows, offer_verbs, rows_of, to_take_back
from prm.users.access import CAN_RECEIVE, Permission
from prm.users.models import Membership

CHANGES = CAN_RECEIVE | {Permission.MANAGE_LEADS}
"""Who may change deals at all: the vendor's managers, and the people of the organizations that have them."""
ENDS = tuple(actions.ENDS.values())
ROWS = Rows(listing="deals", name_of=lambda deal: (deal.code, reverse("deals:detail", args=[deal.code])))


def _win(deal: Deal, parameters: Parameters, by: Membership) -> None:
    actions.win_deal(deal, by=by)


def _lose(deal: Deal, parameters: Parameters, by: Membership) -> None:
    actions.lose_deal(deal, reason=DealLostReason.objects.get(pk=parameters["reason"]), by=by)


def _move(deal: Deal, parameters: Parameters, by: Membership) -> None:
    actions.move_deal(deal, to=DealStage.objects.get(pk=parameters["stage"]), by=by)


def _reopen(deal: Deal, parameters: Parameters, by: Membership) -> None:
    """Only what nobody has closed or re-opened since."""
    to_take_back(deal, parameters, *ENDS)
    actions.reopen_deal(deal, by=by)


REOPEN = ROWS.kind("reopen", _reopen, permissions=CHANGES)
UNDO: dict[str, Any] = {
    "undo": REOPEN.name,
    "undo_words": _("Reopen them"),
    "undo_consequence": _(
        "They go back to the stages in which they ended, and the other side is told. "
        "Those that somebody has closed or reopened since stay as they are."
    ),
}
OPEN = Q(status=Deal.Status.OPEN)

WIN = ManyVerb(
    kind=ROWS.kind("win", _win, permissions=CHANGES, rows_done=rows_of(Event.Kind.DEAL_WON), **UNDO),
    label=_("Close as won"),
    icon="trophy",
    url_name="deals:win_many",
    title=lambda count: (
        ngettext("Close %(count)d deal as won", "Close %(count)d deals as won", count) % {"count": count}
    ),
    consequence=_("The other side is told of each. A closed deal can be reopened."),
    fitting=OPEN,
)
LOSE = ManyVerb(
    kind=ROWS.kind("lose", _lose, permissions=CHANGES, rows_done=rows_of(Event.Kind.DEAL_LOST), **UNDO),
    label=_("Close as lost"),
    icon="x-circle",
    url_name="deals:lose_many",
    title=lambda count: (
        ngettext("Close %(count)d deal as lost", "Close %(count)d deals as lost", count) % {"count": count}
    ),
    consequence=_("The other side is told of each. A closed deal can be reopened."),
    fitting=OPEN,
    is_harmful=True,
)
MOVE = ManyVerb(
    kind=ROWS.kind("move", _move, permissions=CHANGES),
    label=_("Move"),
    icon="arrow-right-circle",
    url_name="deals:move_many",
    title=lambda count: ngettext("Move %(count)d deal", "Move %(count)d deals", count) % {"count": count},
    consequence=_("Open deals stand in the chosen stage from then on."),
    fitting=OPEN,
)

offer_verbs(MOVE, WIN, LOSE)

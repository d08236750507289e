"""Verbs over many leads: what a run does to each, by the same actions as the page of one lead."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leads import actions, lists  # noqa: F401  (the list has to be there)
from leads.models import Lead, LostReason
from leads.states import HELD, OPEN
from prm.events.models import Event
from prm.organizations.models import Organization
from prm.runs.kinds import Parameters
from prm.runs.verbs import ManyVerb, Rows, offer_verbs, rows_of
from prm.users.access import Permission
from prm.users.models import Membership

MANAGES = frozenset({Permission.MANAGE_LEADS})
ROWS = Rows(listing="leads", name_of=lambda lead: (lead.code, reverse("leads:detail", args=[lead.code])))


def _receiver(parameters: Parameters) -> Membership | Organization:
    found: Membership | Organization
    if "user" in parameters:
        found = Membership.objects.get(pk=parameters["user"])
    else:
        found = Organization.objects.get(pk=parameters["organization"])
    return found


def _assign(lead: Lead, parameters: Parameters, by: Membership) -> None:
    actions.assign_lead(lead, to=_receiver(parameters), by=by)


def _withdraw(lead: Lead, parameters: Parameters, by: Membership) -> None:
    actions.withdraw_lead(lead, holder=_receiver(parameters), by=by)


def _recall(lead: Lead, parameters: Parameters, by: Membership) -> None:
    actions.recall_lead(lead, by=by)


def _lose(lead: Lead, parameters: Parameters, by: Membership) -> None:
    actions.lose_lead(lead, reason=LostReason.objects.get(pk=parameters["reason"]), by=by)


WITHDRAW = ROWS.kind("withdraw", _withdraw, permissions=MANAGES)
ASSIGN = ManyVerb(
    kind=ROWS.kind(
        "assign",
        _assign,
        permissions=MANAGES,
        undo=WITHDRAW.name,
        undo_words=_("Take back what is unopened"),
        undo_consequence=_(
            "Those that nobody has opened yet go back to unassigned, and their holders are told. The others stay."
        ),
        rows_done=rows_of(Event.Kind.LEAD_ASSIGNED),
    ),
    label=_("Assign"),
    icon="user-plus",
    url_name="leads:assign_many",
    title=lambda count: ngettext("Assign %(count)d lead", "Assign %(count)d leads", count) % {"count": count},
    consequence=_(
        "They are told that leads wait, and see the details of each once they open it. "
        "Whoever has one of them now no longer sees it."
    ),
    fitting=Q(status__in=OPEN),
)
RECALL = ManyVerb(
    kind=ROWS.kind("recall", _recall, permissions=MANAGES),
    label=_("Recall"),
    icon="arrow-uturn-left",
    url_name="leads:recall_many",
    title=lambda count: ngettext("Recall %(count)d lead", "Recall %(count)d leads", count) % {"count": count},
    consequence=_(
        "Their holders are told, and no longer see the leads or their details. "
        "What was done so far stays in each timeline."
    ),
    fitting=Q(status__in=HELD),
    is_harmful=True,
)
LOSE = ManyVerb(
    kind=ROWS.kind("lose", _lose, permissions=MANAGES),
    label=_("Close as lost"),
    icon="x-circle",
    url_name="leads:lose_many",
    title=lambda count: (
        ngettext("Close %(count)d lead as lost", "Close %(count)d leads as lost", count) % {"count": count}
    ),
    consequence=_(
        "Their holders are told. A closed lead can be read but not changed; the vendor can reopen each of them."
    ),
    fitting=Q(status__in=OPEN),
    is_harmful=True,
)

offer_verbs(ASSIGN, RECALL, LOSE)

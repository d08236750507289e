"""Verbs over many leads: what a run does to each, by the same actions as the page of one lead."""

import uuid

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads import actions, lists  # noqa: F401  (the list has to be there)
from leads.models import Lead, LostReason
from prm.actions import Gone
from prm.events.models import Event
from prm.lists.columns import BulkVerb
from prm.lists.listing import offer
from prm.organizations.models import Organization
from prm.runs.kinds import Kind, Parameters, register
from prm.runs.models import Run
from prm.runs.row_by_row import row_by_row
from prm.users.access import Permission
from prm.users.models import Membership

MANAGES = frozenset({Permission.MANAGE_LEADS})


def _seen(pk: uuid.UUID, by: Membership) -> Lead:
    lead = Lead.objects.visible_to(by).filter(pk=pk).first()
    if lead is None:
        raise Gone
    return lead


def _name_of(pk: uuid.UUID, by: Membership) -> tuple[str, str]:
    lead = _seen(pk, by)
    return lead.code, reverse("leads:detail", args=[lead.code])


def _receiver(parameters: Parameters) -> Membership | Organization:
    found: Membership | Organization
    if "user" in parameters:
        found = Membership.objects.get(pk=parameters["user"])
    else:
        found = Organization.objects.get(pk=parameters["organization"])
    return found


def _assign(pk: uuid.UUID, parameters: Parameters, by: Membership) -> None:
    actions.assign_lead(_seen(pk, by), to=_receiver(parameters), by=by)


def _withdraw(pk: uuid.UUID, parameters: Parameters, by: Membership) -> None:
    actions.withdraw_lead(_seen(pk, by), holder=_receiver(parameters), by=by)


def _recall(pk: uuid.UUID, parameters: Parameters, by: Membership) -> None:
    actions.recall_lead(_seen(pk, by), by=by)


def _lose(pk: uuid.UUID, parameters: Parameters, by: Membership) -> None:
    actions.lose_lead(_seen(pk, by), reason=LostReason.objects.get(pk=parameters["reason"]), by=by)


def _assigned_by(run: Run) -> list[uuid.UUID]:
    """As the events say, which bear the run's id in the place of a request's."""
    chosen = Run.objects.values_list("chosen", flat=True).get(pk=run.pk)
    events = Event.objects.filter(kind=Event.Kind.LEAD_ASSIGNED, request_id=str(run.pk), subject_id__in=chosen)
    return list(events.order_by("at", "pk").values_list("subject_id", flat=True))


WITHDRAW = register(Kind("leads.withdraw", row_by_row(_withdraw, name_of=_name_of), permissions=MANAGES))
ASSIGN = register(
    Kind(
        "leads.assign",
        row_by_row(_assign, name_of=_name_of),
        permissions=MANAGES,
        undo=WITHDRAW.name,
        undo_words=_("Take back what is unopened"),
        rows_done=_assigned_by,
    )
)
RECALL = register(Kind("leads.recall", row_by_row(_recall, name_of=_name_of), permissions=MANAGES))
LOSE = register(Kind("leads.lose", row_by_row(_lose, name_of=_name_of), permissions=MANAGES))


def manages(member: Membership) -> bool:
    return member.can(*MANAGES)


for verb in (
    BulkVerb(key="assign", label=_("Assign"), icon="user-plus", url_name="leads:assign_many", is_for=manages),
    BulkVerb(
        key="recall", label=_("Recall"), icon="arrow-uturn-left", url_name="leads:recall_many", is_for=manages
    ),
    BulkVerb(key="lose", label=_("Close as lost"), icon="x-circle", url_name="leads:lose_many", is_for=manages),
    BulkVerb(
        key="export",
        label=_("Export"),
        icon="arrow-down-tray",
        url_name="runs:export",
        url_args=("leads",),
        is_for=manages,  # a box beside each row for nothing else would be in the way of the others
    ),
):
    offer("leads", verb)

"""The leads' part of the home page: what waits, what to do first, how things go, the way to the first one."""

import uuid
from collections.abc import Collection, Iterator

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.lists import WAITS, has_colleagues
from leads.models import CODE, Activity, Lead, LeadQuerySet
from leads.states import Status
from leads.waiting import is_mine, quiet_for_long, to_be_followed_up, unopened_for_long
from prm.events.models import Event
from prm.home.first_steps import FirstStep, register_step
from prm.home.latest import Subject, tells_of
from prm.home.navigation import counts_beside
from prm.home.panels import NextStep, Panel, Wait, finds_panel, finds_waits
from prm.users.access import CAN_RECEIVE, Permission
from prm.users.models import Membership

SHOWN = 5
K = Event.Kind


def waiting_for(member: Membership) -> LeadQuerySet:
    """Unopened leads of this member, or of nobody in particular at the organization, the oldest first."""
    rows: LeadQuerySet = Lead.objects.concerning(member).filter(is_mine(member), status=Status.ASSIGNED)
    return rows.order_by("assigned_at", "pk")


def to_follow_up(member: Membership) -> LeadQuerySet:
    """Opened leads of this member, or of nobody in particular, that are quiet; changed longest ago first."""
    rows: LeadQuerySet = Lead.objects.concerning(member).filter(is_mine(member), to_be_followed_up())
    return rows.order_by("updated_at", "pk")


def list_of(narrowed: str, ordering: str) -> str:
    """The address of a list of leads."""
    return f"{reverse('leads:list')}?{narrowed}&ordering={ordering}"


@counts_beside("leads")
def leads_to_act_on(member: Membership) -> LeadQuerySet | None:
    """Those that wait for this member, or that the vendor has given to nobody."""
    if not member.is_vendor:
        return waiting_for(member) if member.can(*CAN_RECEIVE) else None
    if not member.can(Permission.VIEW_PORTAL_LEADS):
        return None
    unassigned: LeadQuerySet = Lead.objects.visible_to(member).filter(status=Status.UNASSIGNED)
    return unassigned


# --- What waits -----------------------------------------------------------------------------------------


@finds_waits(position=10)
def leads_that_wait(member: Membership) -> Iterator[Wait]:
    return _vendors_waits(member) if member.is_vendor else _partners_waits(member)


def _vendors_waits(member: Membership) -> Iterator[Wait]:
    rows = Lead.objects.visible_to(member)
    if member.can(Permission.VIEW_PORTAL_LEADS):
        unassigned = rows.filter(status=Status.UNASSIGNED).order_by("created_at")
        url = list_of("status=unassigned", "created_at")
        yield Wait(gettext_lazy("Unassigned"), unassigned, url, "inbox-arrow-down", since="created_at")
    if member.can(Permission.VIEW_PORTAL_LEADS, Permission.VIEW_MANAGED_LEADS):
        unopened = rows.filter(unopened_for_long()).order_by("assigned_at")
        label, url = WAITS["unopened"], list_of("waits=unopened", "created_at")
        yield Wait(label, unopened, url, "lock-closed", since="assigned_at")
        quiet = rows.filter(quiet_for_long())
        yield Wait(WAITS["quiet"], quiet, list_of("waits=quiet", "updated_at"), "clock")


def _partners_waits(member: Membership) -> Iterator[Wait]:
    if not member.can(*CAN_RECEIVE):
        return
    mine = "&mine=yes" if has_colleagues(member) else ""
    label, url = gettext_lazy("Waiting to be opened"), list_of(f"status=assigned{mine}", "assigned_at")
    yield Wait(label, waiting_for(member), url, "lock-closed", since="assigned_at", first=_open_first)
    label, url = WAITS["follow_up"], list_of(f"waits=follow_up{mine}", "updated_at")
    yield Wait(label, to_follow_up(member), url, "phone", first=_follow_up_first)
    if has_colleagues(member):
        others = Lead.objects.concerning(member).filter(~is_mine(member), status=Status.ASSIGNED)
        own = f"&organization={member.organization_id}" if member.has_resellers else ""
        label, url = gettext_lazy("Unopened by colleagues"), list_of(f"status=assigned&mine=no{own}", "assigned_at")
        rows = others.order_by("assigned_at", "pk")
        yield Wait(label, rows, url, "users", since="assigned_at", is_urgent=False)


def _open_first(number: int) -> NextStep:
    title = _("Lead %(code)s waits for you") % {"code": f"{CODE}{number}"}
    return NextStep(title, reverse("leads:detail", args=[number]), _("Go to the next lead"))


def _follow_up_first(number: int) -> NextStep:
    title = _("Lead %(code)s has been quiet") % {"code": f"{CODE}{number}"}
    return NextStep(title, reverse("leads:detail", args=[number]), _("Follow up"))


# --- Cards ----------------------------------------------------------------------------------------------


@finds_panel(position=20)
def waiting_panel(member: Membership) -> Panel | None:
    """For who works leads: the unopened ones, the longest waiting first, without a detail."""
    if member.is_vendor or not member.can(*CAN_RECEIVE):
        return None
    rows = waiting_for(member).select_related("assignee")[:SHOWN]
    return Panel(
        "leads/home_waiting.html",
        {"leads": [lead.shown_to(member) for lead in rows], "list_url": list_of("status=assigned", "assigned_at")},
    )


@finds_panel(position=30)
def follow_up_panel(member: Membership) -> Panel | None:
    """For who works leads: those that have been quiet, the quietest first."""
    if member.is_vendor or not member.can(*CAN_RECEIVE):
        return None
    last = Activity.objects.filter(lead=OuterRef("pk")).order_by("-happened_at").values("happened_at")[:1]
    touched_at = Greatest("updated_at", Subquery(last))  # of which Postgres leaves NULL aside
    leads = [lead.shown_to(member) for lead in to_follow_up(member).annotate(touched_at=touched_at)[:SHOWN]]
    return Panel("leads/home_follow_up.html", {"leads": leads}) if leads else None


# --- What happened --------------------------------------------------------------------------------------


TOLD = (
    *(K.LEAD_CREATED, K.LEAD_ASSIGNED, K.LEAD_RECALLED, K.LEAD_OPENED, K.LEAD_HANDED_OVER, K.LEAD_COMMENTED),
    *(K.LEAD_ACTIVITY, K.LEAD_FILE_ADDED, K.LEAD_FILE_REMOVED),
    *(K.LEAD_LOST, K.LEAD_WON, K.LEAD_CONVERTED, K.LEAD_REOPENED),
)
"""All but edits, of which there are too many to be news."""


@tells_of(TOLD)
def leads_told_of(member: Membership, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Subject]:
    """By number, and by name where the lead is not withheld."""
    rows = Lead.objects.visible_to(member).filter(pk__in=ids)
    leads = [lead.shown_to(member) for lead in rows]
    return {
        lead.pk: Subject(
            lead.code if lead.is_withheld else f"{lead.code} · {lead.label}",
            reverse("leads:detail", args=[lead.number]),
        )
        for lead in leads
    }


# --- The way to the first converted lead ----------------------------------------------------------------


def _with(*statuses: Status) -> LeadQuerySet:
    rows: LeadQuerySet = Lead.objects.filter(status__in=statuses)
    return rows


GIVEN = (Status.ASSIGNED, Status.OPENED, Status.WORKING, Status.CONVERTED, Status.WON)

register_step(
    40,
    FirstStep(
        name="lead",
        title=gettext_lazy("Enter a lead"),
        text=gettext_lazy("Somebody who may buy: a company or a name is enough."),
        page="leads:new",
        done=Lead.objects.all,
        permission=Permission.CREATE_LEADS,
    ),
)
register_step(
    50,
    FirstStep(
        name="assigned",
        title=gettext_lazy("Assign it to a partner"),
        text=gettext_lazy("They hear of it by e-mail, without its details."),
        page="leads:list",
        done=lambda: _with(*GIVEN),
        permission=Permission.MANAGE_LEADS,
    ),
)
register_step(
    60,
    FirstStep(
        name="opened",
        title=gettext_lazy("See it opened"),
        text=gettext_lazy("The partner opens it, and you know who did and when."),
        page="leads:list",
        done=lambda: _with(*GIVEN[1:]),
        permission=Permission.VIEW_PORTAL_LEADS,
    ),
)
register_step(
    70,
    FirstStep(
        name="converted",
        title=gettext_lazy("See it converted to a deal"),
        text=gettext_lazy("Account, contact and deal are made of it."),
        page="leads:list",
        done=lambda: _with(*GIVEN[3:]),
        permission=Permission.VIEW_PORTAL_LEADS,
    ),
)

"""Verbs over many organizations: what a run does to each, by the same actions as the page of one."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prm.actions import Refused
from prm.events.models import Event
from prm.organizations import actions, lists  # noqa: F401  (the list has to be there)
from prm.organizations.models import Organization, Tier
from prm.runs.kinds import Parameters
from prm.runs.verbs import ManyVerb, Rows, offer_verbs, rows_of, to_take_back
from prm.users.access import Permission
from prm.users.models import Membership

MANAGES = frozenset({Permission.MANAGE_PORTAL})
CHANGED = Event.Kind.ORGANIZATION_CHANGED
ROWS = Rows(
    listing="organizations",
    name_of=lambda organization: (organization.name, reverse("organizations:detail", args=[organization.pk])),
)


def _activate(organization: Organization, parameters: Parameters, by: Membership) -> None:
    _set_status(organization, Organization.Status.ACTIVE, by)


def _deactivate(organization: Organization, parameters: Parameters, by: Membership) -> None:
    _set_status(organization, Organization.Status.INACTIVE, by)


def _put_back(organization: Organization, parameters: Parameters, by: Membership) -> None:
    """To the status that it had before, as the event's old value says."""
    change = to_take_back(organization, parameters, CHANGED, field="status")
    _set_status(organization, change.values.get(field="status").old, by)


def _set_status(organization: Organization, status: str, by: Membership) -> None:
    if organization.status == status:
        words = {"name": organization, "status": organization.get_status_display().lower()}
        raise Refused(_("%(name)s is %(status)s already.") % words)
    actions.update_organization(organization, values={"status": status}, by=by)


def _set_tier(organization: Organization, parameters: Parameters, by: Membership) -> None:
    tier = Tier.objects.get(pk=parameters["tier"]) if "tier" in parameters else None
    actions.update_organization(organization, values={"tier": tier}, by=by)


def _set_managers(organization: Organization, parameters: Parameters, by: Membership) -> None:
    people = Membership.objects.select_related("organization").filter(pk__in=parameters["managers"])
    actions.set_partner_managers(organization, managers=people, by=by)


NO_VENDOR = ~Q(kind=Organization.Kind.VENDOR)

PUT_BACK = ROWS.kind("put_back", _put_back, permissions=MANAGES)
UNDO: dict[str, Any] = {
    "undo": PUT_BACK.name,
    "undo_words": gettext_lazy("Put them back"),
    "undo_consequence": gettext_lazy("Those that somebody has changed since stay as they are."),
    "rows_done": rows_of(CHANGED),
}

ACTIVATE = ManyVerb(
    kind=ROWS.kind("activate", _activate, permissions=MANAGES, **UNDO),
    label=gettext_lazy("Activate"),
    icon="check-circle",
    url_name="organizations:activate_many",
    title=lambda count: (
        ngettext("Activate %(count)d organization", "Activate %(count)d organizations", count) % {"count": count}
    ),
    consequence=gettext_lazy("Their people can sign in and receive leads."),
    fitting=~Q(status=Organization.Status.ACTIVE),
)
DEACTIVATE = ManyVerb(
    kind=ROWS.kind("deactivate", _deactivate, permissions=MANAGES, **UNDO),
    label=gettext_lazy("Deactivate"),
    icon="pause-circle",
    url_name="organizations:deactivate_many",
    title=lambda count: (
        ngettext("Deactivate %(count)d organization", "Deactivate %(count)d organizations", count)
        % {"count": count}
    ),
    consequence=gettext_lazy(
        "Their people can no longer sign in and receive no more leads. Leads already assigned stay where they are."
    ),
    fitting=NO_VENDOR & ~Q(status=Organization.Status.INACTIVE),
    is_harmful=True,
)
SET_TIER = ManyVerb(
    kind=ROWS.kind("tier", _set_tier, permissions=MANAGES),
    label=gettext_lazy("Set the tier"),
    icon="star",
    url_name="organizations:tier_many",
    title=lambda count: (
        ngettext("Set the tier of %(count)d organization", "Set the tier of %(count)d organizations", count)
        % {"count": count}
    ),
    consequence=gettext_lazy("It takes the place of the tier that each of them has now."),
    fitting=NO_VENDOR,
)
SET_MANAGERS = ManyVerb(
    kind=ROWS.kind("managers", _set_managers, permissions=MANAGES),
    label=gettext_lazy("Set partner managers"),
    icon="users",
    url_name="organizations:managers_many",
    title=lambda count: (
        ngettext(
            "Set the partner managers of %(count)d organization",
            "Set the partner managers of %(count)d organizations",
            count,
        )
        % {"count": count}
    ),
    consequence=gettext_lazy("They take the place of whoever looks after each of them now."),
    fitting=NO_VENDOR,
)

offer_verbs(SET_TIER, SET_MANAGERS, ACTIVATE, DEACTIVATE)

"""Settings > Lead Distribution: what a new portal starts with, and the verbs that change it."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from leads.models import DistributionSettings, LostReason
from prm.actions import apply_values, unique
from prm.events.models import Event
from prm.events.record import Actor, record, subscribe
from prm.organizations.context import active_portal
from prm.users.access import Permission, require

FIRST_REASONS = (
    "No budget",
    "No need",
    "Chose a competitor",
    "Bad timing",
    "Could not be reached",
    "Wrong contact details",
    "Duplicate",
)


@subscribe(Event.Kind.PORTAL_CREATED)
def furnish_portal(event: Event, portal: models.Model, by: Actor) -> None:
    DistributionSettings.objects.create()
    LostReason.objects.bulk_create(
        LostReason(name=name, position=position) for position, name in enumerate(FIRST_REASONS, start=1)
    )


def distribution() -> DistributionSettings:
    """The active portal's settings."""
    found: DistributionSettings = DistributionSettings.objects.get()
    return found


@transaction.atomic
def change_distribution(*, values: Mapping[str, Any], by: Actor) -> DistributionSettings:
    """Change who can be assigned to and how leads close. Leads already assigned stay as they are."""
    require(by, Permission.CONFIGURE_LEADS)
    settings: DistributionSettings = DistributionSettings.objects.select_for_update().get()
    changes = apply_values(settings, values)
    if changes:
        settings.save()
        record(Event.Kind.SETTINGS_CHANGED, settings, by=by, changes=changes)
    return settings


@transaction.atomic
def add_lost_reason(name: str, *, by: Actor) -> LostReason:
    """A new reason at the end of the list."""
    require(by, Permission.CONFIGURE_LEADS)
    last = LostReason.objects.aggregate(last=models.Max("position"))["last"] or 0
    reason = LostReason(name=name, position=last + 1)
    _save(reason)
    record(Event.Kind.SETTINGS_CHANGED, reason, by=by, changes={"name": ("", name)})
    return reason


@transaction.atomic
def change_lost_reason(reason: LostReason, *, values: Mapping[str, Any], by: Actor) -> LostReason:
    """Rename a reason, move it, or take it out of use; leads lost for it keep it."""
    require(by, Permission.CONFIGURE_LEADS)
    reason = LostReason.objects.locked(reason.pk)
    changes = apply_values(reason, values)
    if changes:
        _save(reason)
        record(Event.Kind.SETTINGS_CHANGED, reason, by=by, changes=changes)
    return reason


def _save(reason: LostReason) -> None:
    words = {"name": reason.name, "portal": active_portal()}
    with unique(_("There is a reason named %(name)s in %(portal)s already.") % words):
        reason.save()

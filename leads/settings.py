"""Settings > Lead Distribution: what a new portal starts with, and the verbs that change it."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction

from leads.models import DistributionSettings, LostReason
from prm.actions import apply_values
from prm.events.models import Event
from prm.events.record import Actor, record, subscribe
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

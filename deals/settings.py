"""Settings > Deal stages and lost reasons: what a new portal starts with, and the verbs that change it."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deals.models import DealLostReason, DealStage
from prm.actions import Refused, apply_values, unique
from prm.events.models import Event
from prm.events.record import Actor, record, subscribe
from prm.users.access import Permission, require

FIRST_STAGES = (
    ("Qualified", 10, DealStage.Outcome.OPEN),
    ("Meeting held", 30, DealStage.Outcome.OPEN),
    ("Proposal", 50, DealStage.Outcome.OPEN),
    ("Negotiation", 75, DealStage.Outcome.OPEN),
    ("Won", 100, DealStage.Outcome.WON),
    ("Lost", 0, DealStage.Outcome.LOST),
)
LAST_ONE: dict[str, Promise] = {
    DealStage.Outcome.OPEN: gettext_lazy("One open stage has to stay in use: new deals begin there."),
    DealStage.Outcome.WON: gettext_lazy("One stage for won deals has to stay in use."),
    DealStage.Outcome.LOST: gettext_lazy("One stage for lost deals has to stay in use."),
}
"""Why the last stage of a meaning stays."""
FIRST_REASONS = (
    "Price",
    "Chose a competitor",
    "No decision",
    "Budget withdrawn",
    "Feature missing",
    "Contact lost",
)


@subscribe(Event.Kind.PORTAL_CREATED)
def furnish_portal(event: Event, portal: models.Model, by: Actor) -> None:
    DealStage.objects.bulk_create(
        DealStage(name=name, probability=probability, outcome=outcome, position=position)
        for position, (name, probability, outcome) in enumerate(FIRST_STAGES, start=1)
    )
    DealLostReason.objects.bulk_create(
        DealLostReason(name=name, position=position) for position, name in enumerate(FIRST_REASONS, start=1)
    )


@transaction.atomic
def add_stage(*, values: Mapping[str, Any], by: Actor) -> DealStage:
    """A new stage at the end of the list."""
    require(by, Permission.CONFIGURE_LEADS)
    last = DealStage.objects.aggregate(last=models.Max("position"))["last"] or 0
    stage = DealStage(position=last + 1, **values)
    _save(stage)
    record(Event.Kind.SETTINGS_CHANGED, stage, by=by, changes={"name": ("", stage.name)})
    return stage


@transaction.atomic
def change_stage(stage: DealStage, *, values: Mapping[str, Any], by: Actor) -> DealStage:
    """Change a stage or take it out of use; deals that stand there stay.

    One stage of each meaning stays in use, and a stage keeps its meaning while deals stand there.
    """
    require(by, Permission.CONFIGURE_LEADS)
    list(DealStage.objects.select_for_update())  # all: the last two of a meaning cannot go at once
    stage = DealStage.objects.get(pk=stage.pk)
    meaning, was_in_use = stage.outcome, stage.is_active
    changes = apply_values(stage, values)
    if "outcome" in changes and stage.deals.exists():
        raise Refused(_("Deals stand in %(name)s, so it keeps its meaning.") % {"name": stage})
    leaves = was_in_use and not (stage.is_active and stage.outcome == meaning)
    others = DealStage.objects.filter(is_active=True, outcome=meaning).exclude(pk=stage.pk)
    if leaves and not others.exists():
        raise Refused(str(LAST_ONE[meaning]))
    if changes:
        _save(stage)
        record(Event.Kind.SETTINGS_CHANGED, stage, by=by, changes=changes)
    return stage


@transaction.atomic
def raise_stage(stage: DealStage, *, by: Actor) -> None:
    """Let a stage change places with the one before it; the first stays where it is."""
    require(by, Permission.CONFIGURE_LEADS)
    stages = list(DealStage.objects.select_for_update())
    place = stages.index(stage)
    if place == 0:
        return
    before = [each.position for each in stages]
    stages[place - 1 : place + 1] = stages[place], stages[place - 1]
    for position, each in enumerate(stages, start=1):  # anew: two may have had the same
        each.position = position
    DealStage.objects.bulk_update(stages, ["position"])
    changes = {"position": (before[place], stages[place - 1].position)}
    record(Event.Kind.SETTINGS_CHANGED, stages[place - 1], by=by, changes=changes)


def _save(stage: DealStage) -> None:
    with unique(_("There is a stage named %(name)s already.") % {"name": stage.name}):
        stage.save()

"""Settings > Deal Stages: what a new portal starts with, and the verbs that change it."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from deals.models import DealStage
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


@subscribe(Event.Kind.PORTAL_CREATED)
def furnish_portal(event: Event, portal: models.Model, by: Actor) -> None:
    DealStage.objects.bulk_create(
        DealStage(name=name, probability=probability, outcome=outcome, position=position)
        for position, (name, probability, outcome) in enumerate(FIRST_STAGES, start=1)
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
    """Change a stage or take it out of use; deals that stand there stay. The last one in use stays in use."""
    require(by, Permission.CONFIGURE_LEADS)
    list(DealStage.objects.select_for_update())  # all: the last two open ones cannot go at once
    stage = DealStage.objects.get(pk=stage.pk)
    changes = apply_values(stage, values)
    others = DealStage.objects.filter(is_active=True, outcome=DealStage.Outcome.OPEN).exclude(pk=stage.pk)
    if not others.exists() and not (stage.is_active and stage.outcome == DealStage.Outcome.OPEN):
        raise Refused(_("One open stage has to stay in use: new deals begin there."))
    if changes:
        _save(stage)
        record(Event.Kind.SETTINGS_CHANGED, stage, by=by, changes=changes)
    return stage


def _save(stage: DealStage) -> None:
    with unique(_("There is a stage named %(name)s already.") % {"name": stage.name}):
        stage.save()

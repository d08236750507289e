"""Verbs about the reasons for which something is lost: leads on this floor, deals on the one above."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from leads.models import Reason
from prm.actions import apply_values, unique
from prm.events.models import Event
from prm.events.record import Actor, record
from prm.users.access import Permission, require

R = TypeVar("R", bound=Reason)


@transaction.atomic
def add_lost_reason(name: str, *, to: type[R], by: Actor) -> R:
    """A new reason at the end of the list that `to` names."""
    require(by, Permission.CONFIGURE_LEADS)
    last = to.objects.aggregate(last=models.Max("position"))["last"] or 0
    reason = to(name=name, position=last + 1)
    _save(reason)
    record(Event.Kind.SETTINGS_CHANGED, reason, by=by, changes={"name": ("", name)})
    return reason


@transaction.atomic
def change_lost_reason(reason: R, *, values: Mapping[str, Any], by: Actor) -> R:
    """Rename a reason or take it out of use; what was lost for it keeps it."""
    require(by, Permission.CONFIGURE_LEADS)
    reason = type(reason).objects.locked(reason.pk)
    changes = apply_values(reason, values)
    if changes:
        _save(reason)
        record(Event.Kind.SETTINGS_CHANGED, reason, by=by, changes=changes)
    return reason


def _save(reason: Reason) -> None:
    with unique(_("There is a reason named %(name)s already.") % {"name": reason.name}):
        reason.save()

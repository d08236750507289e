"""Settings > Security: the verb that changes what the portal asks of whoever signs in."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Least

from prm.actions import apply_values
from prm.events.models import Event
from prm.events.record import Actor, record
from prm.organizations.context import active_portal
from prm.organizations.models import Portal
from prm.users.access import Permission, require
from prm.users.models import SecurityPolicy, Session, policy


@transaction.atomic
def change_policy(*, values: Mapping[str, Any], by: Actor) -> SecurityPolicy:
    """Change any of the policy's fields. Shorter limits hold for the sessions that are there already."""
    require(by, Permission.MANAGE_PORTAL)
    Portal.objects.select_for_update().get(pk=active_portal().pk)  # the policy's own row may not be there yet
    changed = policy()
    changes = apply_values(changed, values)
    if changes:
        changed.save()
        _shorten_sessions(changed)
        record(Event.Kind.SETTINGS_CHANGED, changed, by=by, changes=changes)
    return changed


def _shorten_sessions(limits: SecurityPolicy) -> None:
    idle = models.F("seen_at") + limits.idle
    absolute = models.F("begun_at") + limits.absolute
    Session.objects.update(expires_at=Least("expires_at", idle, absolute))

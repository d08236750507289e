"""A new portal's way to its first converted lead: each step is found in rows, and links to where it is done."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise

from prm.actions import apply_values
from prm.counting import Question, asked
from prm.events.models import Event
from prm.events.record import Actor, record
from prm.organizations.context import active_portal
from prm.organizations.models import Portal
from prm.users.access import Permission, require
from prm.users.models import Membership


@dataclass(frozen=True)
class FirstStep:
    """One step. It is done when there is a row of `done`; `page` is a URL name that needs no row."""

    name: str
    title: str | Promise
    text: str | Promise
    page: str
    done: Callable[[], QuerySet[Any]]
    permission: Permission = Permission.MANAGE_PORTAL
    is_done: bool = False
    is_next: bool = False  # the first that is not done
    url: str = ""  # where this reader does it, if at all


_steps: list[tuple[int, FirstStep]] = []


def register_step(position: int, step: FirstStep) -> None:
    _steps.append((position, step))
    _steps.sort(key=lambda entry: entry[0])


def first_steps_of(member: Membership) -> list[FirstStep]:
    """The steps with what is done, in one query; none when all are, or when they were put away."""
    portal = active_portal()
    if portal.is_settled or not member.can(Permission.MANAGE_PORTAL):
        return []
    done = asked({step.name: Question.whether(step.done()) for _position, step in _steps})
    if all(done.values()):
        return []
    to_do = next(step.name for _position, step in _steps if not done[step.name])
    return [
        replace(
            step,
            is_done=done[step.name],
            is_next=step.name == to_do,
            url=reverse(step.page) if member.can(step.permission) else "",
        )
        for _position, step in _steps
    ]


@transaction.atomic
def put_first_steps_away(*, by: Actor) -> Portal:
    """Show them to nobody any more. A second time changes nothing."""
    return _settle(True, by)


@transaction.atomic
def bring_first_steps_back(*, by: Actor) -> Portal:
    """Show them again, as far as they are not all done. A second time changes nothing."""
    return _settle(False, by)


def _settle(is_settled: bool, by: Actor) -> Portal:
    require(by, Permission.MANAGE_PORTAL)
    portal = Portal.objects.select_for_update().get(pk=active_portal().pk)
    changes = apply_values(portal, {"is_settled": is_settled})
    if changes:
        portal.save(update_fields=["is_settled"])
        record(Event.Kind.SETTINGS_CHANGED, portal, by=by, changes=changes)
    return portal

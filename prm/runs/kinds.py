"""What runs can do. A floor that knows a verb registers its kind; the worker knows how to carry any of them out."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.models import Membership

if TYPE_CHECKING:
    from prm.runs.models import Run
    from prm.runs.working import Hold

Parameters = Mapping[str, Any]
UNDOES = "undoes"
"""The parameter of a run that takes back what another did: that one's id."""


@dataclass(frozen=True)
class Kind:
    """One verb. `advance` takes a run one step further and returns whether there are more steps to take.

    It works through the hold of the worker that has the run, and may raise Stopped or Refused to end it.
    """

    name: str
    advance: Callable[["Hold"], bool]
    permissions: frozenset[Permission] = frozenset()  # any of which is needed; none given: by every member
    undo: str = ""  # the kind that takes back what a run of this one did
    undo_words: str | Promise = ""  # on its button
    undo_consequence: str | Promise = ""  # and what it will do
    rows_done: Callable[["Run"], list[uuid.UUID]] | None = None  # which rows there are to take back


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    KINDS[kind.name] = kind
    return kind


def may(member: Membership, kind: Kind) -> bool:
    """Whether the member's groups allow this kind of run at all; each row is asked for again."""
    return not kind.permissions or member.can(*kind.permissions)


def rights_of(member: Membership) -> list[str]:
    """All that decides which rows a member sees: whoever has lost any of it may see fewer than before."""
    managed = member.manages.values_list("organization", flat=True)
    under = Organization.objects.filter(distributor=member.organization_id)
    resellers = under.values_list("pk", flat=True) if member.has_resellers else ()
    return sorted(
        [
            *member.permissions,
            f"organization:{member.organization_id}",
            *(f"manages:{organization}" for organization in managed),
            *(f"reseller:{organization}" for organization in resellers),
        ]
    )

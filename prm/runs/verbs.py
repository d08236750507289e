"""Verbs over the rows of a list: what a run does to each, and how the page puts it that asks once more."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.actions import Gone, Refused
from prm.events.models import Event
from prm.lists.columns import BulkVerb, Words
from prm.lists.listing import listing, offer
from prm.runs.kinds import UNDOES, Kind, Parameters, may, register
from prm.runs.models import Run
from prm.runs.row_by_row import row_by_row
from prm.users.access import Permission
from prm.users.models import Membership

Act = Callable[[Any, Parameters, Membership], Any]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a list as runs meet them: each as its requester sees it at that moment, or not at all."""

    listing: str
    name_of: Callable[[Any], tuple[str, str]]  # a row's name, and its page

    def seen(self, pk: uuid.UUID, by: Membership) -> Any:
        """The row. Raises Gone where this member sees none of this id."""
        row = listing(self.listing).found(by, "").filter(pk=pk).first()
        if row is None:
            raise Gone
        return row

    def kind(self, key: str, act: Act, *, permissions: Iterable[Permission], **words: Any) -> Kind:
        """A kind of run that does `act` to one row after the other."""

        def do(pk: uuid.UUID, parameters: Parameters, by: Membership) -> None:
            act(self.seen(pk, by), parameters, by)

        def name(pk: uuid.UUID, by: Membership) -> tuple[str, str]:
            return self.name_of(self.seen(pk, by))

        advance = row_by_row(do, name_of=name)
        return register(Kind(f"{self.listing}.{key}", advance, permissions=frozenset(permissions), **words))


@dataclass(frozen=True, kw_only=True)
class ManyVerb:
    """A button on a list's page and the page behind it, which says what will happen to how many rows."""

    kind: Kind  # of Rows.kind
    label: Words
    icon: str
    url_name: str
    title: Callable[[int], str]  # what is done to so many rows
    consequence: str | Promise
    fitting: Q = field(default_factory=Q)  # the rows that are in a state for it
    is_harmful: bool = False

    @property
    def listing(self) -> str:
        """The list whose rows it is for, which its kind's name begins with."""
        return self.kind.name.partition(".")[0]

    def fits(self, ids: list[uuid.UUID], member: Membership) -> int:
        """How many of the rows it will do something to, as they are now; each is asked again when it is done."""
        return int(listing(self.listing).found(member, "").filter(self.fitting, pk__in=ids).count())

    @property
    def as_button(self) -> BulkVerb:
        return BulkVerb(
            key=self.kind.name.rpartition(".")[2],
            label=self.label,
            icon=self.icon,
            url_name=self.url_name,
            is_for=partial(may, kind=self.kind),
        )


def offer_verbs(*verbs: ManyVerb) -> None:
    """Put the buttons on the page of their list, and beside them the export of what is ticked.

    Whoever may do nothing else with many rows exports all that the list shows, and needs no boxes for it.
    """
    name = verbs[0].listing
    for verb in verbs:
        offer(name, verb.as_button)
    offer(
        name,
        BulkVerb(
            key="export",
            label=gettext_lazy("Export"),
            icon="arrow-down-tray",
            url_name="runs:export",
            url_args=(name,),
            is_for=lambda member: any(may(member, verb.kind) for verb in verbs),
        ),
    )


# --- Taking back ----------------------------------------------------------------------------------------


def rows_of(*kinds: Event.Kind) -> Callable[[Run], list[uuid.UUID]]:
    """Which rows a run did something to, as the events say, which bear its id in the place of a request's."""

    def done(run: Run) -> list[uuid.UUID]:
        chosen = Run.objects.values_list("chosen", flat=True).get(pk=run.pk)
        events = Event.objects.filter(kind__in=kinds, request_id=str(run.pk), subject_id__in=chosen)
        return list(events.order_by("at", "pk").values_list("subject_id", flat=True))

    return done


def to_take_back(row: Any, parameters: Parameters, *kinds: Event.Kind, field: str = "") -> Event:
    """What is to be taken back of a row: the last event of these kinds (that changed `field`, where one is named).

    Raises Refused where that is none of the run's that is taken back: somebody has decided otherwise since.
    """
    events = Event.objects.filter(subject_id=row.pk, kind__in=kinds)
    if field:
        events = events.filter(changed_fields__contains=[field])
    last = events.order_by("-at", "-pk").first()
    if last is None or last.request_id != parameters[UNDOES]:
        raise Refused(_("%(name)s was changed again since, and stays as it is.") % {"name": row})
    return last

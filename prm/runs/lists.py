"""The lists of runs, each requester's own, as the API has them. They are in no saved view and no export."""

from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from prm.lists.filters import Choice, Day
from prm.lists.listing import Listing
from prm.runs.exports import EXPORT
from prm.runs.models import Run
from prm.users.models import Membership


def _found(condition: Q) -> Callable[[Membership, str], QuerySet[Run]]:
    return lambda member, search: Run.objects.visible_to(member).filter(condition).defer("chosen")


def _listing(name: str, condition: Q) -> Listing:
    return Listing(
        name=name,
        url_name="runs:list",
        label=_("Exports and runs"),
        found=_found(condition),
        orderings=lambda member: ({"created_at": "created_at"}, "-created_at"),
        ordering_labels={"created_at": _("Asked for")},
        every_filter=(
            Choice(key="status", label=_("Status"), choices=lambda: Run.Status.choices),
            Day(key="created", field="created_at", label=_("Asked for")),
        ),
        every_column=(),
    )


RUNS = _listing("runs", Q())
EXPORTS = _listing("exports", Q(kind=EXPORT))

"""Which rows a form is about: those that were ticked on a list, or all that match what the list showed."""

import uuid
from dataclasses import dataclass, field

from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from prm.actions import Refused
from prm.lists.listing import MOVES, listing
from prm.runs.actions import MOST_AT_ONCE
from prm.serving.paging import InvalidParameter
from prm.users.access import PageRequest

LONGEST_QUERY = 4000  # characters


@dataclass(frozen=True)
class Choice:
    """The rows, and the form once somebody has looked at what will happen and agreed."""

    name: str  # of the list
    query: QueryDict
    ids: list[uuid.UUID]
    is_all: bool
    is_agreed: bool
    token: uuid.UUID
    has_changed: bool = field(default=False)  # more or fewer match by now than were agreed to

    @property
    def count(self) -> int:
        return len(self.ids)


def choice_of(request: PageRequest, name: str) -> Choice:
    """Of a list's page, or of the page that asks once more. Raises Refused where there is nothing, or too much.

    Ids are taken as they come: of rows that somebody does not see, the run says what it says of none.
    """
    sent = request.POST
    query, is_all = query_of(sent), sent.get("all") == "yes"
    if is_all:
        rows = listing(name).rows(request.membership, query)
        ids = list(rows.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    else:
        ids = ids_of(sent)
    if not ids:
        raise Refused(_("Choose at least one row."))
    if len(ids) > MOST_AT_ONCE:
        raise Refused(
            _("%(most)s rows are the most at once. Narrow the list down.")
            % {"most": number_format(MOST_AT_ONCE, force_grouping=True)}
        )
    is_agreed = sent.get("agreed") == "yes"
    has_changed = is_all and is_agreed and sent.get("count") != str(len(ids))
    return Choice(name, query, ids, is_all, is_agreed and not has_changed, token_of(sent), has_changed)


def query_of(sent: QueryDict) -> QueryDict:
    """The query string of the list's page, without what only moved it."""
    return query_in(sent.get("query", ""))


def query_in(text: str) -> QueryDict:
    """A list's query string, read. Raises InvalidParameter for one that is too long, or of too many parts."""
    try:
        if len(text) <= LONGEST_QUERY:
            return without_moves(QueryDict(text))
    except TooManyFieldsSent:
        pass
    raise InvalidParameter("query", _("This is too long."))


def without_moves(query: QueryDict) -> QueryDict:
    kept = query.copy()
    for name in MOVES:
        kept.pop(name, None)
    return kept


def ids_of(sent: QueryDict) -> list[uuid.UUID]:
    """The ticked rows, each once. Raises InvalidParameter for anything that is no id."""
    try:
        return list(dict.fromkeys(uuid.UUID(text) for text in sent.getlist("row")))
    except ValueError as error:
        raise InvalidParameter("row", _("This is no row.")) from error


def token_of(sent: QueryDict) -> uuid.UUID:
    """By which a form that is sent twice is known; a new one for a form that is about to be shown."""
    text = sent.get("token", "")
    try:
        return uuid.UUID(text) if text else uuid.uuid4()
    except ValueError as error:
        raise InvalidParameter("token", _("This is no token of a form.")) from error

"""The life of a lead: its states, the verbs, and which side may do what in which state. All in one table."""

from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.actions import Refused

if TYPE_CHECKING:
    from leads.models import Lead


class Status(models.TextChoices):
    UNASSIGNED = "unassigned", gettext_lazy("Unassigned")
    ASSIGNED = "assigned", gettext_lazy("Unopened")
    OPENED = "opened", gettext_lazy("Opened")
    WORKING = "working", gettext_lazy("Working")
    CONVERTED = "converted", gettext_lazy("Converted")
    WON = "won", gettext_lazy("Won")
    LOST = "lost", gettext_lazy("Lost")


class Verb(StrEnum):
    EDIT = "edit"
    ASSIGN = "assign"
    RECALL = "recall"
    OPEN = "open"
    HAND_OVER = "hand_over"
    COMMENT = "comment"
    LOG_ACTIVITY = "log_activity"
    ADD_FILE = "add_file"
    REMOVE_FILE = "remove_file"
    CLOSE_LOST = "close_lost"
    CLOSE_WON = "close_won"
    CONVERT = "convert"
    REOPEN = "reopen"


class Side(Enum):
    """From where somebody looks at a lead: the vendor, or the organization that has it."""

    VENDOR = "vendor"
    HOLDER = "holder"


S = Status
OPEN = frozenset({S.UNASSIGNED, S.ASSIGNED, S.OPENED, S.WORKING})
HELD = frozenset({S.ASSIGNED, S.OPENED, S.WORKING})
REVEALED = frozenset({S.OPENED, S.WORKING})
CLOSED = frozenset({S.CONVERTED, S.WON, S.LOST})

TABLE: dict[Verb, dict[Side, frozenset[Status]]] = {
    Verb.EDIT: {Side.VENDOR: OPEN, Side.HOLDER: REVEALED},
    Verb.ASSIGN: {Side.VENDOR: OPEN},
    Verb.RECALL: {Side.VENDOR: HELD},
    Verb.OPEN: {Side.HOLDER: frozenset({S.ASSIGNED})},
    Verb.HAND_OVER: {Side.HOLDER: REVEALED},
    Verb.COMMENT: {Side.VENDOR: OPEN, Side.HOLDER: REVEALED},
    Verb.LOG_ACTIVITY: {Side.HOLDER: REVEALED},
    Verb.ADD_FILE: {Side.VENDOR: OPEN, Side.HOLDER: REVEALED},
    Verb.REMOVE_FILE: {Side.VENDOR: OPEN | CLOSED, Side.HOLDER: REVEALED},
    Verb.CLOSE_LOST: {Side.VENDOR: OPEN, Side.HOLDER: REVEALED},
    Verb.CLOSE_WON: {Side.VENDOR: REVEALED, Side.HOLDER: REVEALED},
    Verb.CONVERT: {Side.VENDOR: REVEALED, Side.HOLDER: REVEALED},
    Verb.REOPEN: {Side.VENDOR: CLOSED},
}

CLOSING_MODES: dict[str, frozenset[Verb]] = {
    "conversion": frozenset({Verb.CONVERT}),
    "won": frozenset({Verb.CLOSE_WON}),
    "both": frozenset({Verb.CONVERT, Verb.CLOSE_WON}),
}
"""Which happy ends a portal allows; lost is always possible."""
HAPPY_ENDS = CLOSING_MODES["both"]

_WORDS: dict[Verb, str | Promise] = {
    Verb.EDIT: gettext_lazy("edited"),
    Verb.ASSIGN: gettext_lazy("assigned"),
    Verb.RECALL: gettext_lazy("recalled"),
    Verb.OPEN: gettext_lazy("opened"),
    Verb.HAND_OVER: gettext_lazy("handed over"),
    Verb.COMMENT: gettext_lazy("commented on"),
    Verb.LOG_ACTIVITY: gettext_lazy("worked on"),
    Verb.ADD_FILE: gettext_lazy("given files"),
    Verb.REMOVE_FILE: gettext_lazy("cleared of files"),
    Verb.CLOSE_LOST: gettext_lazy("closed as lost"),
    Verb.CLOSE_WON: gettext_lazy("closed as won"),
    Verb.CONVERT: gettext_lazy("converted to a deal"),
    Verb.REOPEN: gettext_lazy("re-opened"),
}


def allows(verb: Verb, *, side: Side | None, status: str, closing_mode: str) -> bool:
    """Whether the table has a place for this verb."""
    if verb in HAPPY_ENDS and verb not in CLOSING_MODES[closing_mode]:
        return False
    return side is not None and status in TABLE[verb].get(side, frozenset())


def verbs(*, side: Side | None, status: str, closing_mode: str) -> set[Verb]:
    """All that one side may do with a lead in this state."""
    return {verb for verb in Verb if allows(verb, side=side, status=status, closing_mode=closing_mode)}


def check(verb: Verb, lead: "Lead", *, side: Side | None, closing_mode: str) -> None:
    """Raise Refused, in plain words, unless the table allows it."""
    if allows(verb, side=side, status=lead.status, closing_mode=closing_mode):
        return
    words = {"code": lead.code, "done": str(_WORDS[verb]), "status": lead.get_status_display().lower()}
    if side is None or side not in TABLE[verb]:
        raise Refused(_("Lead %(code)s cannot be %(done)s by you.") % words)
    if verb in HAPPY_ENDS and verb not in CLOSING_MODES[closing_mode]:
        raise Refused(_("In this portal leads are not %(done)s.") % words)
    if lead.status in CLOSED:
        raise Refused(_("Lead %(code)s is closed (%(status)s) and cannot be %(done)s.") % words)
    if verb == Verb.REOPEN:
        raise Refused(_("Lead %(code)s is open already.") % words)
    if verb == Verb.OPEN:
        raise Refused(_("Lead %(code)s was opened already.") % words)
    if verb == Verb.RECALL:
        raise Refused(_("Nobody has lead %(code)s, so it cannot be recalled.") % words)
    if lead.status == Status.ASSIGNED:
        raise Refused(_("Lead %(code)s has to be opened before it can be %(done)s.") % words)
    raise Refused(_("Lead %(code)s is %(status)s and cannot be %(done)s.") % words)

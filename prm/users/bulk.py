"""Verbs over many people: what a run does to each, by the same actions as the page of one person."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prm.events.models import Event
from prm.runs.kinds import UNDOES, Parameters
from prm.runs.verbs import ManyVerb, Rows, offer_verbs, rows_of, to_take_back
from prm.users import actions, lists  # noqa: F401  (the list has to be there)
from prm.users.access import Permission
from prm.users.models import Membership

MANAGES = frozenset({Permission.MANAGE_PORTAL, Permission.MANAGE_OWN_USERS})
IN_OR_OUT = (Event.Kind.MEMBER_DISABLED, Event.Kind.MEMBER_ENABLED)
ROWS = Rows(listing="people", name_of=lambda member: (member.name, reverse("users:edit", args=[member.pk])))


def _disable(member: Membership, parameters: Parameters, by: Membership) -> None:
    _unless_decided_since(member, parameters)
    actions.disable_member(member, by=by)


def _enable(member: Membership, parameters: Parameters, by: Membership) -> None:
    _unless_decided_since(member, parameters)
    actions.enable_member(member, by=by)


def _unless_decided_since(member: Membership, parameters: Parameters) -> None:
    """Enabling and disabling undo each other: as that, they leave alone whom somebody has seen to since."""
    if UNDOES in parameters:
        to_take_back(member, parameters, *IN_OR_OUT)


def _invite_again(member: Membership, parameters: Parameters, by: Membership) -> None:
    actions.resend_invitation(member, by=by)


ENABLE = ManyVerb(
    kind=ROWS.kind(
        "enable",
        _enable,
        permissions=MANAGES,
        undo="people.disable",
        undo_words=_("Disable them again"),
        undo_consequence=_("Those that somebody has changed since stay as they are."),
        rows_done=rows_of(Event.Kind.MEMBER_ENABLED),
    ),
    label=_("Enable"),
    icon="check-circle",
    url_name="users:enable_many",
    title=lambda count: ngettext("Enable %(count)d person", "Enable %(count)d people", count) % {"count": count},
    consequence=_("They can sign in again. Whoever had never accepted the invitation is an invited person again."),
    fitting=Q(status=Membership.Status.DISABLED),
)
DISABLE = ManyVerb(
    kind=ROWS.kind(
        "disable",
        _disable,
        permissions=MANAGES,
        undo=ENABLE.kind.name,
        undo_words=_("Enable them again"),
        undo_consequence=_("Those that somebody has changed since stay as they are."),
        rows_done=rows_of(Event.Kind.MEMBER_DISABLED),
    ),
    label=_("Disable"),
    icon="no-symbol",
    url_name="users:disable_many",
    title=lambda count: ngettext("Disable %(count)d person", "Disable %(count)d people", count) % {"count": count},
    consequence=_(
        "They can no longer sign in and receive no more leads. Leads already assigned stay where they are."
    ),
    fitting=~Q(status=Membership.Status.DISABLED),
    is_harmful=True,
)
INVITE_AGAIN = ManyVerb(
    kind=ROWS.kind("invite", _invite_again, permissions=MANAGES),
    label=_("Invite again"),
    icon="envelope",
    url_name="users:resend_many",
    title=lambda count: (
        ngettext("Invite %(count)d person again", "Invite %(count)d people again", count) % {"count": count}
    ),
    consequence=_("Each of them gets a new link by e-mail. The former one is dead from then on."),
    fitting=Q(status=Membership.Status.INVITED),
)

offer_verbs(INVITE_AGAIN, ENABLE, DISABLE)

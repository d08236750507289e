"""How long a lead may wait until it asks for somebody: the same for the home page and for the list's filter."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from leads.models import Activity
from leads.states import REVEALED, Status
from prm.users.models import Membership

UNOPENED_FOR = timedelta(days=3)
QUIET_FOR = timedelta(days=14)
FOLLOW_UP_AFTER = timedelta(days=7)


def is_mine(member: Membership) -> Q:
    """Those of this person, and those of nobody in particular at the own organization."""
    return Q(assignee=member) | Q(assignee=None, organization=member.organization_id)


def is_quiet(*, longer_than: timedelta) -> Q:
    """Nobody has changed it, and nobody has logged an activity on it, for so long."""
    since = timezone.now() - longer_than
    lately = Activity.objects.filter(lead=OuterRef("pk"), happened_at__gte=since)
    return Q(~Exists(lately), updated_at__lt=since)


def unopened_for_long() -> Q:
    return Q(status=Status.ASSIGNED, assigned_at__lt=timezone.now() - UNOPENED_FOR)


def quiet_for_long() -> Q:
    return Q(is_quiet(longer_than=QUIET_FOR), status=Status.WORKING)


def to_be_followed_up() -> Q:
    """Opened, and quiet: of what is withheld from its partner, no edit may show."""
    return Q(is_quiet(longer_than=FOLLOW_UP_AFTER), status__in=REVEALED)

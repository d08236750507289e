"""Verbs over many people: by whoever manages them, never over oneself or the last administrator."""

import pytest

from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import disable_member, enable_member
from prm.users.bulk import DISABLE, ENABLE, INVITE_AGAIN
from prm.users.invitations import member_for, token_for
from prm.users.models import Membership
from tests.cast import Cast
from tests.runs.many import came_of, carried_out, reasons, taken_back


@pytest.fixture
def portal(cast: Cast) -> Portal:
    return cast.acme


def status_of(*people: Membership) -> list[str]:
    with inside(people[0].portal):
        found = Membership.objects.in_bulk([member.pk for member in people])
        return [found[member.pk].status for member in people]


def test_disable_many_passes_over_oneself_and_who_is_disabled(cast: Cast, portal: Portal) -> None:
    run = carried_out(DISABLE.kind, [cast.ben, cast.ada, cast.dis, cast.cleo], cast.ada)

    assert came_of(run) == (2, 2, 0)
    assert status_of(cast.ben, cast.ada, cast.dis, cast.cleo) == ["disabled", "active", "disabled", "disabled"]
    assert reasons(run) == {"Ada": "You cannot disable yourself.", "Dis": "Dis is disabled already."}


def test_disable_many_of_a_partners_admin_reaches_the_own_people_only(cast: Cast, portal: Portal) -> None:
    """A sibling's people, the vendor's, another portal's: none of them is there for her."""
    run = carried_out(DISABLE.kind, [cast.ben, cast.cleo, cast.ada, cast.dan, cast.bea], cast.bea)

    assert came_of(run) == (1, 1, 3)
    assert status_of(cast.ben, cast.cleo, cast.ada, cast.bea) == ["disabled", "active", "active", "active"]
    assert status_of(cast.dan) == ["active"]
    assert reasons(run) == {"Bea": "You cannot disable yourself."}


def test_disable_many_keeps_an_administrator(cast: Cast, portal: Portal) -> None:
    """Whoever asks is one, and stays: all others may go."""
    with inside(portal):
        vendors = list(Membership.objects.filter(organization=cast.vendor))

    run = carried_out(DISABLE.kind, vendors, cast.ada)

    assert came_of(run) == (len(vendors) - 1, 1, 0)
    assert status_of(cast.ada) == ["active"]


def test_disable_many_is_taken_back_but_for_what_somebody_decided_since(cast: Cast, portal: Portal) -> None:
    run = carried_out(DISABLE.kind, [cast.ben, cast.ivan, cast.cleo, cast.dis], cast.ada)
    with inside(portal):
        disable_member(enable_member(cast.cleo, by=cast.ada), by=cast.ada)

    undoing = taken_back(run)

    assert came_of(undoing) == (2, 1, 0)
    assert status_of(cast.ben, cast.ivan, cast.cleo, cast.dis) == ["active", "invited", "disabled", "disabled"]
    assert reasons(undoing) == {"Cleo": "Cleo was changed again since, and stays as it is."}


def test_enable_many_is_taken_back(cast: Cast, portal: Portal) -> None:
    run = carried_out(ENABLE.kind, [cast.dis, cast.ben], cast.ada)
    assert came_of(run) == (1, 1, 0)
    assert reasons(run) == {"Ben": "Ben is not disabled."}

    assert came_of(taken_back(run)) == (1, 0, 0)
    assert status_of(cast.dis, cast.ben) == ["disabled", "active"]


def test_invite_many_again_makes_the_former_links_dead(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        before = token_for(Membership.objects.get(pk=cast.ivan.pk))

    run = carried_out(INVITE_AGAIN.kind, [cast.ivan, cast.ben, cast.dis], cast.bea)

    assert came_of(run) == (1, 2, 0)
    assert reasons(run) == {"Ben": "Ben has accepted already.", "Dis": "Dis is disabled."}
    with inside(portal):
        assert member_for(before) is None
        assert member_for(token_for(Membership.objects.get(pk=cast.ivan.pk))) == cast.ivan
        assert Event.objects.filter(kind="member_invited", request_id=str(run.pk)).count() == 1

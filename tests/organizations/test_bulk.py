"""Verbs over many organizations: status, tier and partner managers, and the vendor left out of all of them."""

import pytest

from prm.events.models import Event
from prm.organizations.actions import update_organization
from prm.organizations.bulk import ACTIVATE, DEACTIVATE, SET_MANAGERS, SET_TIER
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal, Tier
from prm.runs.working import work_due
from prm.users.models import Group, Membership, MembershipGroup, PartnerManager
from tests.cast import Cast
from tests.runs.many import again, asked, came_of, carried_out, reasons, taken_back


@pytest.fixture
def portal(cast: Cast) -> Portal:
    return cast.acme


def status_of(*organizations: Organization) -> list[str]:
    with inside(organizations[0].portal):
        found = Organization.objects.in_bulk([organization.pk for organization in organizations])
        return [found[organization.pk].status for organization in organizations]


def test_deactivate_many_leaves_the_vendor_and_other_portals_alone(cast: Cast, portal: Portal) -> None:
    run = carried_out(DEACTIVATE.kind, [cast.north, cast.vendor, cast.west, cast.south], cast.ada)

    assert came_of(run) == (2, 1, 1)
    assert status_of(cast.north, cast.vendor, cast.south) == ["inactive", "active", "inactive"]
    assert status_of(cast.west) == ["active"]
    assert reasons(run) == {"Acme": "The vendor stays active."}


def test_deactivate_many_says_what_was_so_already(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        update_organization(cast.east, values={"status": "inactive"}, by=cast.ada)

    run = carried_out(DEACTIVATE.kind, [cast.east, cast.south], cast.ada)

    assert came_of(run) == (1, 1, 0)
    assert reasons(run) == {"East": "East is inactive already."}


def test_activate_many_is_taken_back_to_what_each_was(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        for organization, status in (
            (cast.north, "inactive"),
            (cast.south, "prospective"),
            (cast.east, "inactive"),
        ):
            update_organization(organization, values={"status": status}, by=cast.ada)
    run = carried_out(ACTIVATE.kind, [cast.north, cast.south, cast.east], cast.ada)
    assert status_of(cast.north, cast.south, cast.east) == ["active"] * 3
    with inside(portal):
        update_organization(cast.east, values={"status": "prospective"}, by=cast.ada)

    undoing = taken_back(run)

    assert came_of(undoing) == (2, 1, 0)
    assert status_of(cast.north, cast.south, cast.east) == ["inactive", "prospective", "prospective"]
    assert reasons(undoing) == {"East": "East was changed again since, and stays as it is."}


def test_activate_many_is_taken_back_though_other_fields_changed_since(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        update_organization(cast.south, values={"status": "inactive"}, by=cast.ada)
    run = carried_out(ACTIVATE.kind, [cast.south], cast.ada)
    with inside(portal):
        update_organization(cast.south, values={"city": "Ghent"}, by=cast.ada)

    assert came_of(taken_back(run)) == (1, 0, 0)
    with inside(portal):
        south = Organization.objects.get(pk=cast.south.pk)
    assert (south.status, south.city) == ("inactive", "Ghent")


def test_tier_many_takes_the_place_of_what_each_had(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        gold, silver = (Tier.objects.get(name=name) for name in ("Gold", "Silver"))
        update_organization(cast.north, values={"tier": silver}, by=cast.ada)

    run = carried_out(SET_TIER.kind, [cast.north, cast.south, cast.vendor], cast.ada, tier=str(gold.pk))

    assert came_of(run) == (2, 1, 0)
    assert reasons(run) == {"Acme": "Tiers are for partners and distributors."}
    with inside(portal):
        found = dict(Organization.objects.values_list("name", "tier__name"))
    assert found == {"Acme": None, "North": "Gold", "South": "Gold", "East": None}


def test_tier_many_of_none_takes_it_away(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        update_organization(cast.north, values={"tier": Tier.objects.get(name="Gold")}, by=cast.ada)

    carried_out(SET_TIER.kind, [cast.north], cast.ada)

    with inside(portal):
        assert Organization.objects.get(pk=cast.north.pk).tier is None


def test_managers_many_look_after_each_from_then_on(cast: Cast, portal: Portal) -> None:
    run = carried_out(
        SET_MANAGERS.kind, [cast.north, cast.south, cast.vendor], cast.ada, managers=[str(cast.ada.pk)]
    )

    assert came_of(run) == (2, 1, 0)
    assert reasons(run) == {"Acme": "Partner managers look after partners and distributors."}
    with inside(portal):
        rows = PartnerManager.objects.values_list("organization__name", "membership__name")
        assert set(rows) == {("North", "Ada"), ("South", "Ada")}
        assert Event.objects.filter(kind="organization_changed", request_id=str(run.pk)).count() == 2


def test_deactivate_many_ends_when_its_requester_is_no_administrator_any_more(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        group = Group.objects.get(name="System Administration")
        MembershipGroup.objects.create(membership=cast.vic, group=group)
        vic = Membership.objects.get(pk=cast.vic.pk)
        run = asked(DEACTIVATE.kind, [cast.north, cast.south], vic)
        MembershipGroup.objects.filter(membership=cast.vic, group=group).delete()

    work_due(portal)

    ended = again(run)
    assert (ended.status, ended.done) == ("failed", 0)
    assert status_of(cast.north, cast.south) == ["active", "active"]

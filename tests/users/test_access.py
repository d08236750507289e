"""Groups and permissions: additive, and never more than the kind of organization allows."""

import pytest

from prm.organizations.models import Organization
from prm.users.access import ALLOWED, GROUPS, Permission
from prm.users.actions import change_member
from prm.users.models import Group, Membership, MembershipGroup
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("in_acme")
P = Permission


def fresh(member: Membership) -> Membership:
    people = Membership.objects.select_related("user", "organization").prefetch_related("groups")
    return people.get(pk=member.pk)


def put_into(member: Membership, *groups: Group) -> Membership:
    """Whatever the verbs would say."""
    MembershipGroup.objects.filter(membership=member).delete()
    MembershipGroup.objects.bulk_create(MembershipGroup(membership=member, group=group) for group in groups)
    return fresh(member)


def group(kind: str, name: str) -> Group:
    return Group.objects.get(kind=kind, name=name)


def test_a_new_portal_has_the_fields_groups(cast: Cast) -> None:
    found = {(g.kind, g.name): set(g.permissions) for g in Group.objects.all()}

    assert found == {(kind, name): set(held) for kind, groups in GROUPS.items() for name, held in groups.items()}
    assert {name for kind, name in found if kind == "vendor"} == {
        "System Administration", "Lead Administration", "Lead Management", "Lead Partner Manager",
    }  # fmt: skip
    for kind in ("partner", "distributor"):
        assert {name for k, name in found if k == kind} == {"View All Leads", "Receive Leads", "Manage Users"}


def test_permissions_of_the_cast(cast: Cast) -> None:
    held = {name: getattr(cast, name).permissions for name in ("vic", "bea", "ben", "dora")}

    assert held == {
        "vic": {P.VIEW_MANAGED_LEADS, P.MANAGE_LEADS},
        "bea": {P.VIEW_ORGANIZATION_LEADS, P.MANAGE_OWN_USERS},
        "ben": {P.RECEIVE_LEADS},
        "dora": {P.VIEW_ORGANIZATION_LEADS},
    }
    assert (
        cast.ada.permissions == GROUPS["vendor"]["System Administration"] | GROUPS["vendor"]["Lead Administration"]
    )


def test_permissions_of_several_groups_add_up(cast: Cast) -> None:
    member = put_into(cast.ben, *(group("partner", name) for name in GROUPS["partner"]))

    assert member.permissions == {P.VIEW_ORGANIZATION_LEADS, P.RECEIVE_LEADS, P.MANAGE_OWN_USERS}


def test_permissions_without_a_group_are_none(cast: Cast) -> None:
    member = put_into(cast.ben)

    assert member.permissions == frozenset()
    assert not any(member.can(permission) for permission in Permission)
    assert not member.can()


@pytest.mark.parametrize("name", ["System Administration", "Lead Administration", "Lead Partner Manager"])
def test_groups_of_another_kind_give_nothing(cast: Cast, name: str) -> None:
    member = put_into(cast.ben, group("vendor", name), group("distributor", "View All Leads"))

    assert member.permissions == frozenset()
    assert set(Membership.objects.holding(*Permission)) & {member} == set()


def test_groups_with_a_permission_above_their_kind_give_only_the_rest(cast: Cast) -> None:
    crooked = Group.objects.create(
        name="Crooked",
        kind="partner",
        permissions=["manage_portal", "view_portal_leads", "receive_leads", "nonsense"],
    )

    assert put_into(cast.ben, crooked).permissions == {P.RECEIVE_LEADS}


def test_every_permission_is_allowed_to_some_kind() -> None:
    assert frozenset().union(*ALLOWED.values()) == frozenset(Permission)
    assert ALLOWED["partner"] == ALLOWED["distributor"]
    assert ALLOWED["vendor"].isdisjoint(ALLOWED["partner"])


def test_holding_finds_who_has_any_of_the_permissions(cast: Cast) -> None:
    def names(*permissions: Permission) -> set[str]:
        return set(Membership.objects.holding(*permissions).values_list("name", flat=True))

    assert names(P.MANAGE_OWN_USERS) == {"Bea", "Eve"}
    assert names(P.RECEIVE_LEADS) == {"Ben", "Cleo", "Ivan", "Dis"}
    assert names(P.MANAGE_OWN_USERS, P.MANAGE_PORTAL) == {"Bea", "Eve", "Ada"}
    assert names() == set()


def test_grantable_groups_are_of_the_kind_and_not_above_the_giver(cast: Cast) -> None:
    Group.objects.create(name="Crooked", kind="partner", permissions=["manage_portal"])

    def names(giver: Membership, kind: str) -> set[str]:
        return set(Group.objects.grantable_by(giver, kind).values_list("name", flat=True))

    outside = set(GROUPS["partner"])
    assert names(cast.ada, "vendor") == set(GROUPS["vendor"])
    assert names(cast.ada, "partner") == outside | {"Crooked"}
    assert names(cast.bea, "partner") == outside
    assert names(cast.bea, "vendor") == names(cast.bea, "distributor") == set()
    assert names(cast.ben, "partner") == names(cast.vic, "partner") == names(cast.dora, "distributor") == set()


def test_change_of_groups_counts_at_once(cast: Cast) -> None:
    assert cast.ben.can(P.RECEIVE_LEADS)

    changed = change_member(cast.ben, values={}, groups=[], by=cast.bea)

    assert not changed.can(P.RECEIVE_LEADS)
    assert not fresh(cast.ben).can(P.RECEIVE_LEADS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ben", ""),
        ("bea", ""),
        ("ivan", "accepted the invitation"),
        ("dis", "disabled"),
        ("ada", "works for the vendor"),
    ],
)
def test_why_somebody_cannot_receive(cast: Cast, name: str, words: str) -> None:
    reason = getattr(cast, name).why_cannot_receive()

    assert bool(reason) is bool(words)
    assert words in reason.lower()


@pytest.mark.parametrize(
    ("status", "words"), [("prospective", "not active"), ("inactive", "not active"), ("active", "")]
)
def test_why_somebody_of_an_organization_cannot_receive(cast: Cast, status: str, words: str) -> None:
    Organization.objects.filter(pk=cast.north.pk).update(status=status)

    reason = fresh(cast.ben).why_cannot_receive()

    assert bool(reason) is bool(words)
    assert words in reason


def test_why_somebody_without_a_group_cannot_receive(cast: Cast) -> None:
    assert "neither of the groups" in put_into(cast.ben, group("partner", "Manage Users")).why_cannot_receive()

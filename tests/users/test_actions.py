"""The verbs about people: invite, accept, change, disable, keys."""

from collections.abc import Callable

import pytest

from prm.actions import Refused
from prm.events.models import Delivery, Event
from prm.organizations.actions import update_organization
from prm.users.actions import (
    accept_invitation,
    change_member,
    create_api_key,
    disable_member,
    enable_member,
    invite_member,
    may_manage,
    resend_invitation,
    revoke_api_key,
)
from prm.users.models import ApiKey, Group, Membership, User
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.usefixtures("in_acme")
NEW = {"email": "Nina@North.example", "name": "Nina"}
A_PASSWORD = "a quiet harbour at noon"


def groups(kind: str, *names: str) -> list[Group]:
    found = list(Group.objects.filter(kind=kind, name__in=names))
    assert len(found) == len(names)
    return found


def again(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "organization").get(pk=member.pk)


def group_names(member: Membership) -> list[str]:
    return sorted(again(member).groups.values_list("name", flat=True))


# --- Inviting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ada", "bea", "eve"])
def test_invite_member_waits_for_the_person_and_mails_the_link(cast: Cast, name: str) -> None:
    by = getattr(cast, name)

    nina = invite_member(cast.north, **NEW, groups=groups("partner", "Receive Leads"), by=by)

    assert (nina.email, nina.status, nina.organization) == ("nina@north.example", "invited", cast.north)
    assert nina.invited_at is not None
    assert not nina.user.has_usable_password()
    assert group_names(nina) == ["Receive Leads"]
    event = Event.objects.get(kind=Event.Kind.MEMBER_INVITED, subject_id=nina.pk)
    assert (event.actor, event.organization) == (by, cast.north)
    assert Delivery.objects.filter(event=event, recipient=nina, channel="email").count() == 1


def test_invite_member_by_the_portal_itself(cast: Cast) -> None:
    assert (
        invite_member(cast.vendor, **NEW, groups=groups("vendor", "Lead Management"), by=None).status == "invited"
    )


@pytest.mark.parametrize(
    ("who", "organization"),
    [("bea", "south"), ("bea", "vendor"), ("vic", "north"), ("ben", "north"), ("dora", "east"), ("dora", "south")],
)
def test_invite_member_where_one_does_not_manage_is_refused(cast: Cast, who: str, organization: str) -> None:
    by, target = getattr(cast, who), getattr(cast, organization)
    assert not may_manage(by, target)

    with pytest.raises(Refused, match="You may not invite"):
        invite_member(target, **NEW, groups=[], by=by)
    assert not User.objects.filter(email="nina@north.example").exists()


@pytest.mark.parametrize(
    ("who", "kind", "group"),
    [
        ("bea", "vendor", "Lead Management"),
        ("bea", "distributor", "View All Leads"),
        ("ada", "vendor", "System Administration"),
        ("ada", "distributor", "Receive Leads"),
    ],
)
def test_invite_member_into_a_group_of_another_kind_is_refused(cast: Cast, who: str, kind: str, group: str) -> None:
    with pytest.raises(Refused, match="groups"):
        invite_member(cast.north, **NEW, groups=groups(kind, group), by=getattr(cast, who))


def test_invite_member_into_a_group_above_the_own_rights_is_refused(cast: Cast) -> None:
    """Whatever a group's row says: nobody outside the vendor hands out the vendor's permissions."""
    crooked = Group.objects.create(name="Crooked", kind="partner", permissions=["manage_portal", "receive_leads"])

    with pytest.raises(Refused):
        invite_member(cast.north, **NEW, groups=[crooked], by=cast.bea)


@pytest.mark.parametrize(
    "email", ["ben@north.example", "BEN@NORTH.EXAMPLE", "dis@north.example", "cleo@south.example"]
)
def test_invite_member_who_is_here_already_is_refused(cast: Cast, email: str) -> None:
    with pytest.raises(Refused, match="in this portal already"):
        invite_member(cast.north, email=email, name="x", groups=[], by=cast.ada)
    assert Membership.objects.filter(user__email=email.lower()).count() == 1


def test_invite_member_into_an_inactive_organization_is_refused(cast: Cast) -> None:
    north = update_organization(cast.north, values={"status": "inactive"}, by=cast.ada)

    with pytest.raises(Refused, match="inactive"):
        invite_member(north, **NEW, groups=[], by=cast.ada)


def test_invite_member_known_elsewhere_has_one_account(cast: Cast) -> None:
    dan = invite_member(cast.north, email="Dan@Globex.example", name="Daniel", groups=[], by=cast.ada)

    assert dan.user == User.objects.get(email="dan@globex.example")
    assert dan.user.check_password(PASSWORD)
    assert (dan.status, dan.name) == ("invited", "Daniel")


# --- Accepting ------------------------------------------------------------------------------------------


def test_accept_invitation_sets_the_password_of_a_new_account(cast: Cast) -> None:
    ivan = accept_invitation(cast.ivan, name="Iván", password=A_PASSWORD)

    assert (again(ivan).status, again(ivan).name) == ("active", "Iván")
    assert again(ivan).user.check_password(A_PASSWORD)
    event = Event.objects.get(kind=Event.Kind.MEMBER_JOINED, subject_id=ivan.pk)
    assert (event.actor, event.organization) == (ivan, cast.north)


def test_accept_invitation_leaves_a_known_accounts_password(cast: Cast) -> None:
    dan = invite_member(cast.north, email="dan@globex.example", name="Dan", groups=[], by=cast.ada)

    accept_invitation(dan, name="Dan", password=A_PASSWORD)

    user = User.objects.get(email="dan@globex.example")
    assert (user.check_password(PASSWORD), user.check_password(A_PASSWORD)) == (True, False)


def test_accept_invitation_twice_is_refused(cast: Cast) -> None:
    accept_invitation(cast.ivan, name="Ivan", password=A_PASSWORD)

    with pytest.raises(Refused, match="accepted already"):
        accept_invitation(cast.ivan, name="Somebody", password="another password here")
    assert again(cast.ivan).user.check_password(A_PASSWORD)


@pytest.mark.parametrize("name", ["ben", "dis"])
def test_accept_invitation_by_somebody_not_invited_is_refused(cast: Cast, name: str) -> None:
    with pytest.raises(Refused):
        accept_invitation(getattr(cast, name), name="x", password=A_PASSWORD)


def test_resend_invitation_mails_anew(cast: Cast) -> None:
    before = cast.ivan.invited_at

    ivan = resend_invitation(cast.ivan, by=cast.bea)

    assert ivan.invited_at > before  # type: ignore[operator]
    assert Delivery.objects.filter(recipient=ivan, channel="email").count() == 2


def test_resend_invitation_that_was_accepted_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="accepted already"):
        resend_invitation(cast.ben, by=cast.bea)


# --- Changing --------------------------------------------------------------------------------------------


def test_change_member_changes_what_is_editable_and_notes_it(cast: Cast) -> None:
    values = {"name": "Benjamin", "language": "de", "status": "disabled", "organization": cast.south}

    ben = change_member(cast.ben, values=values, by=cast.ben)

    assert (ben.name, ben.language, again(ben).status, again(ben).organization) == (
        "Benjamin", "de", "active", cast.north,
    )  # fmt: skip
    event = Event.objects.get(kind=Event.Kind.MEMBER_CHANGED)
    assert (event.changed_fields, event.organization) == (["language", "name"], cast.north)


def test_change_member_gives_and_takes_groups(cast: Cast) -> None:
    ben = change_member(
        cast.ben, values={}, groups=groups("partner", "View All Leads", "Manage Users"), by=cast.bea
    )

    assert group_names(ben) == ["Manage Users", "View All Leads"]
    value = Event.objects.get(kind=Event.Kind.MEMBER_CHANGED).values.get()
    assert (value.field, value.old, value.new) == ("groups", "Receive Leads", "Manage Users, View All Leads")


def test_change_member_to_the_same_groups_writes_nothing(cast: Cast) -> None:
    change_member(cast.ben, values={"name": "Ben"}, groups=groups("partner", "Receive Leads"), by=cast.bea)

    assert not Event.objects.filter(kind=Event.Kind.MEMBER_CHANGED).exists()


def test_change_member_keeps_a_group_one_may_not_give_as_long_as_it_stays(cast: Cast) -> None:
    crooked = Group.objects.create(name="Special", kind="partner", permissions=["manage_portal"])
    both = [*groups("partner", "Receive Leads"), crooked]
    change_member(cast.ben, values={}, groups=both, by=cast.ada)

    change_member(cast.ben, values={}, groups=[*groups("partner", "View All Leads"), crooked], by=cast.bea)
    assert group_names(cast.ben) == ["Special", "View All Leads"]
    with pytest.raises(Refused):
        change_member(cast.ben, values={}, groups=groups("partner", "View All Leads"), by=cast.bea)


# --- Disabling ---------------------------------------------------------------------------------------------


def test_disable_member_and_enable_again(cast: Cast) -> None:
    assert disable_member(cast.ben, by=cast.bea).status == "disabled"
    assert not Membership.objects.signed_up().filter(pk=cast.ben.pk).exists()

    assert enable_member(cast.ben, by=cast.bea).status == "active"
    kinds = (
        Event.objects.filter(subject_id=cast.ben.pk, actor=cast.bea).order_by("at").values_list("kind", flat=True)
    )
    assert list(kinds) == ["member_disabled", "member_enabled"]


@pytest.mark.parametrize("is_known", [False, True])
def test_enable_member_who_never_accepted_waits_for_the_person_again(cast: Cast, is_known: bool) -> None:
    """Also somebody with an account from another portal: nobody joins without saying so."""
    member = cast.ivan
    if is_known:
        member = invite_member(cast.north, email="dan@globex.example", name="Dan", groups=[], by=cast.bea)

    disable_member(member, by=cast.bea)

    assert enable_member(member, by=cast.bea).status == "invited"


@pytest.mark.parametrize(
    ("verb", "name", "words"),
    [
        (disable_member, "dis", "disabled already"),
        (disable_member, "bea", "yourself"),
        (enable_member, "ben", "not disabled"),
        (enable_member, "ivan", "not disabled"),
    ],
)
def test_disabling_what_does_not_fit_is_refused(
    cast: Cast, verb: Callable[..., Membership], name: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        verb(getattr(cast, name), by=cast.bea)


# --- Keys ---------------------------------------------------------------------------------------------------


def test_create_api_key_keeps_only_the_hash(cast: Cast) -> None:
    key, secret = create_api_key(cast.ben, name="CRM", scope=ApiKey.Scope.READ, by=cast.ben)

    assert secret.startswith(f"{cast.acme.code}_")
    assert (key.digest, key.scope) == (ApiKey.digest_of(secret), "read")
    assert secret not in str(list(ApiKey.objects.values()))
    event = Event.objects.get(kind=Event.Kind.API_KEY_CREATED)
    assert event.facts == {"scope": "read"}


def test_revoke_api_key_once(cast: Cast) -> None:
    key, _secret = create_api_key(cast.ben, name="CRM", scope=ApiKey.Scope.READ, by=cast.ben)

    first = revoke_api_key(key, by=cast.bea).revoked_at
    second = revoke_api_key(key, by=cast.ben).revoked_at

    assert first == second is not None
    assert Event.objects.get(kind=Event.Kind.API_KEY_REVOKED).actor == cast.bea

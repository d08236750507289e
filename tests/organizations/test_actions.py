"""The verbs of portals and organizations, and the command that makes a portal."""

from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from deals.models import DealStage
from leads.models import DistributionSettings, LostReason
from prm.actions import Refused, Stale
from prm.events.delivery import deliver_due
from prm.events.models import Event
from prm.organizations.actions import (
    FirstAdmin,
    create_organization,
    create_portal,
    set_partner_managers,
    update_organization,
)
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal, Tier
from prm.users.models import Group, Membership, PartnerManager, User
from tests.browsing import visitor
from tests.cast import PASSWORD, Cast
from tests.users.entering import enter, is_in

ADMIN = FirstAdmin(email="Olga@Initech.example", name="Olga", password=PASSWORD)
in_acme = pytest.mark.usefixtures("in_acme")


def make(slug: str = "initech", **options: Any) -> str:
    """What `manage.py create_portal` prints."""
    printed = StringIO()
    values = {"name": "Initech", "admin": "olga@initech.example", **options}
    call_command("create_portal", slug, **values, stdout=printed)
    return printed.getvalue()


# --- A portal ---------------------------------------------------------------------------------------------


def test_create_portal_furnishes_it(db: None) -> None:
    portal = create_portal("initech", name="Initech", admin=ADMIN, brand="#0f766e", hue=180)

    assert (portal.slug, portal.name, portal.brand, portal.hue, portal.is_active) == (
        "initech", "Initech", "#0f766e", 180, True,
    )  # fmt: skip
    with inside(portal):
        assert list(Organization.objects.values_list("name", "kind", "status")) == [("Initech", "vendor", "active")]
        assert list(Tier.objects.values_list("name", flat=True)) == ["Gold", "Silver", "Registered"]
        assert Group.objects.count() == 4 + 3 + 3
        assert LostReason.objects.filter(name="No budget", is_active=True).exists()
        assert DealStage.objects.count() == 6
        settings = DistributionSettings.objects.get()
        assert (settings.allow_organization_assignment, settings.closing_mode) == (True, "both")
        olga = Membership.objects.get()
        assert (olga.email, olga.name, olga.status) == ("olga@initech.example", "Olga", "active")
        assert {group.name for group in olga.groups.all()} == {"System Administration", "Lead Administration"}
        assert Event.objects.get().kind == Event.Kind.PORTAL_CREATED


def test_create_portal_lets_its_admin_in(db: None) -> None:
    portal = create_portal("initech", name="Initech", admin=ADMIN)
    client = visitor(portal)

    enter(client, "olga@initech.example")

    assert is_in(client)


@pytest.mark.parametrize("slug", ["acme", "globex"])
def test_create_portal_at_a_taken_address_is_refused(cast: Cast, slug: str) -> None:
    with pytest.raises(Refused, match="taken"):
        create_portal(slug, name="x", admin=ADMIN)
    assert Portal.objects.count() == 2
    assert not User.objects.filter(email="olga@initech.example").exists()


@pytest.mark.parametrize("password", ["short", "password1234", "olga@initech.example"])
def test_create_portal_with_a_password_that_is_guessed_is_refused(db: None, password: str) -> None:
    with pytest.raises(CommandError, match=r"characters|easy to guess"):
        make(password=password)

    assert not Portal.objects.filter(slug="initech").exists()


@pytest.mark.parametrize(
    "slug", ["", "Initech", "-a", "a-", "a.b", "a b", "a_b", "é", "x" * 64, "a/b", "a\n", "acme.localhost"]
)
def test_create_portal_at_what_is_no_host_name_is_refused(cast: Cast, slug: str) -> None:
    with pytest.raises(ValidationError):
        create_portal(slug, name="x", admin=ADMIN)
    assert Portal.objects.count() == 2
    assert not User.objects.filter(email="olga@initech.example").exists()


@pytest.mark.parametrize("slug", ["a", "7", "a-b", "x" * 63, "0-0"])
def test_create_portal_at_a_host_name(db: None, slug: str) -> None:
    assert create_portal(slug, name="x", admin=ADMIN).url("/leads/") == f"http://{slug}.localhost:8000/leads/"


def test_create_portal_has_a_code_of_its_own(cast: Cast) -> None:
    codes = {create_portal(f"p{n}", name="x", admin=ADMIN).code for n in range(3)}

    assert len(codes | {cast.acme.code, cast.globex.code}) == 5
    assert all(len(code) == 6 and code.isalnum() and code == code.lower() for code in codes)


@pytest.mark.parametrize("values", [{"brand": "red"}, {"brand": "#FFFFFFF"}, {"hue": 361}, {"hue": -1}])
def test_create_portal_with_impossible_colours_is_refused(db: None, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        create_portal("initech", name="x", admin=ADMIN, **values)


# --- The command ----------------------------------------------------------------------------------------------


def test_command_makes_a_portal_and_says_where(db: None) -> None:
    assert make(password=PASSWORD) == "Initech: http://initech.localhost:8000/\n"

    client = visitor(Portal.objects.get(slug="initech"))
    enter(client, "olga@initech.example")
    assert is_in(client)


@pytest.mark.parametrize("password", [None, "another long password"])
def test_command_leaves_a_known_account_its_password(cast: Cast, password: str | None) -> None:
    make(admin="Dan@Globex.example", password=password)

    dan = User.objects.get(email="dan@globex.example")
    assert (dan.check_password(PASSWORD), dan.check_password("another long password")) == (True, False)
    for slug in ("initech", "globex"):
        client = visitor(Portal.objects.get(slug=slug))
        enter(client, "dan@globex.example")
        assert is_in(client)


def test_command_without_a_password_invites_a_new_admin(db: None) -> None:
    make()
    portal = Portal.objects.get(slug="initech")

    deliver_due(portal)

    (letter,) = mail.outbox
    assert letter.to == ["olga@initech.example"]
    assert f"http://initech.localhost:8000/invitations/{portal.code}." in str(letter.body)
    with inside(portal):
        assert Membership.objects.get().status == "invited"


@pytest.mark.parametrize(
    ("slug", "options", "words"),
    [
        ("acme", {}, "taken"),
        ("Not a slug", {}, "valid"),
        ("initech", {"name": "x" * 200}, "120"),
        ("initech", {"name": ""}, "blank"),
    ],
)
def test_command_says_what_is_wrong(cast: Cast, slug: str, options: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        make(slug, **options)
    assert Portal.objects.count() == 2


@pytest.mark.parametrize("email", ["", "olga", "olga@", "a b@c.example", "olga@initech.example\n"])
def test_command_wants_an_address_for_the_admin(cast: Cast, email: str) -> None:
    with pytest.raises(CommandError):
        make(admin=email)
    assert Portal.objects.count() == 2


# --- Organizations -------------------------------------------------------------------------------------------


@in_acme
def test_create_organization(cast: Cast) -> None:
    values = {"name": "Borealis", "kind": "partner", "distributor": cast.east, "countries": ["NO"], "portal": None}

    made = create_organization(values=values, by=cast.ada)

    assert (made.name, made.status, made.distributor, made.countries, made.version) == (
        "Borealis", "active", cast.east, ["NO"], 1,
    )  # fmt: skip
    event = Event.objects.get(kind=Event.Kind.ORGANIZATION_CREATED, subject_id=made.pk)
    assert (event.actor, event.organization) == (cast.ada, made)


@in_acme
@pytest.mark.parametrize("name", ["vic", "bea", "ben", "dora"])
def test_organizations_are_the_system_administrators_business(cast: Cast, name: str) -> None:
    by = getattr(cast, name)

    with pytest.raises(Refused):
        create_organization(values={"name": "Borealis"}, by=by)
    with pytest.raises(Refused):
        update_organization(cast.north, values={"city": "Oslo"}, by=by)
    with pytest.raises(Refused):
        set_partner_managers(cast.north, managers=[], by=by)
    assert not Organization.objects.filter(name="Borealis").exists()
    assert Organization.objects.get(pk=cast.north.pk).city == ""
    assert PartnerManager.objects.count() == 1


@in_acme
@pytest.mark.parametrize(
    ("whose", "values", "words"),
    [
        (None, {"name": "x", "kind": "vendor"}, "one vendor"),
        (None, {"name": "x", "kind": "distributor", "distributor": "east"}, "Only a partner"),
        (None, {"name": "x", "distributor": "north"}, "no distributor"),
        (None, {"name": "x", "distributor": "vendor"}, "no distributor"),
        (None, {"name": "North"}, "North already"),
        ("vendor", {"kind": "partner"}, "stays the vendor"),
        ("vendor", {"status": "inactive"}, "stays active"),
        ("vendor", {"status": "prospective"}, "stays active"),
        ("north", {"kind": "vendor"}, "one vendor"),
        ("north", {"kind": "distributor"}, "kind of an organization stays"),
        ("south", {"kind": "distributor"}, "kind of an organization stays"),
        ("north", {"distributor": "north"}, "no distributor"),
        ("east", {"distributor": "east"}, "Only a partner"),
        ("north", {"name": "South"}, "South already"),
    ],
)
def test_organizations_keep_the_rules(cast: Cast, whose: str | None, values: dict[str, Any], words: str) -> None:
    given = dict(values)
    if "distributor" in given:
        given["distributor"] = getattr(cast, given["distributor"])
    verb = partial(update_organization, getattr(cast, whose)) if whose else create_organization
    before = list(Organization.objects.order_by("pk").values())

    with pytest.raises(Refused, match=words):
        verb(values=given, by=cast.ada)
    assert list(Organization.objects.order_by("pk").values()) == before


@in_acme
def test_update_organization_changes_and_notes_it(cast: Cast) -> None:
    gold = Tier.objects.get(name="Gold")
    version = Organization.objects.get(pk=cast.north.pk).version

    north = update_organization(cast.north, values={"tier": gold, "city": "Oslo", "name": "North"}, by=cast.ada)

    assert (north.tier, north.city, north.version) == (gold, "Oslo", version + 1)
    event = Event.objects.get(kind=Event.Kind.ORGANIZATION_CHANGED, subject_id=north.pk, changed_fields__len=2)
    assert (event.changed_fields, event.organization) == (["city", "tier"], cast.north)
    assert set(event.values.values_list("field", "old", "new")) == {("city", "", "Oslo"), ("tier", "", "Gold")}


@in_acme
def test_update_organization_may_send_back_what_is_there(cast: Cast) -> None:
    """A form sends all its fields: those that stay are no change of kind or status."""
    same = {"name": "Acme", "kind": "vendor", "status": "active", "distributor": None}

    assert update_organization(cast.vendor, values=same, by=cast.ada).version == 1


@in_acme
def test_update_organization_with_an_old_version_is_stale(cast: Cast) -> None:
    version = Organization.objects.get(pk=cast.north.pk).version
    update_organization(cast.north, values={"city": "Oslo"}, version=version, by=cast.ada)

    with pytest.raises(Stale, match="North"):
        update_organization(cast.north, values={"city": "Bergen"}, version=version, by=cast.ada)
    assert Organization.objects.get(pk=cast.north.pk).city == "Oslo"


@in_acme
def test_update_organization_to_inactive_shuts_its_people_out(cast: Cast) -> None:
    update_organization(cast.north, values={"status": "inactive"}, by=cast.ada)

    assert not Membership.objects.signed_up().filter(organization=cast.north).exists()
    assert Membership.objects.signed_up().filter(organization=cast.south).exists()


def test_names_of_organizations_are_a_portals_own(cast: Cast) -> None:
    with inside(cast.globex):
        create_organization(values={"name": "North"}, by=cast.dan)
        assert Organization.objects.filter(name="North").count() == 1


# --- Partner managers --------------------------------------------------------------------------------------------


def managers(organization: Organization) -> set[str]:
    return set(PartnerManager.objects.filter(organization=organization).values_list("membership__name", flat=True))


@in_acme
def test_set_partner_managers_replaces_them_and_notes_it(cast: Cast) -> None:
    assert managers(cast.north) == {"Vic"}
    before = Event.objects.count()

    set_partner_managers(cast.north, managers=[cast.ada], by=cast.ada)

    assert managers(cast.north) == {"Ada"}
    event = Event.objects.get(changed_fields=["partner_managers"], values__new="Ada")
    assert (event.actor, event.values.get().old) == (cast.ada, "Vic")
    assert Event.objects.count() == before + 1


@in_acme
def test_set_partner_managers_adds_and_takes_all(cast: Cast) -> None:
    set_partner_managers(cast.north, managers=[cast.vic, cast.ada, cast.vic], by=cast.ada)
    assert managers(cast.north) == {"Ada", "Vic"}

    set_partner_managers(cast.north, managers=[], by=cast.ada)
    assert managers(cast.north) == set()


@in_acme
def test_set_partner_managers_to_the_same_writes_nothing(cast: Cast) -> None:
    before = Event.objects.count()

    set_partner_managers(cast.north, managers=[cast.vic], by=cast.ada)

    assert Event.objects.count() == before


@in_acme
@pytest.mark.parametrize("name", ["bea", "dora", "cleo"])
def test_set_partner_managers_takes_the_vendors_people_only(cast: Cast, name: str) -> None:
    with pytest.raises(Refused, match="works for the vendor"):
        set_partner_managers(cast.north, managers=[cast.vic, getattr(cast, name)], by=cast.ada)
    assert managers(cast.north) == {"Vic"}


@in_acme
def test_set_partner_managers_changes_what_they_see(cast: Cast) -> None:
    def seen() -> set[str]:
        return set(Organization.objects.visible_to(cast.vic).values_list("name", flat=True))

    assert seen() == {"Acme", "North"}
    set_partner_managers(cast.south, managers=[cast.vic], by=cast.ada)
    set_partner_managers(cast.north, managers=[], by=cast.ada)

    assert seen() == {"Acme", "South"}

"""Portals, organizations and the cast: the same names as in the tests (tests/cast.py)."""

from dataclasses import dataclass, field
from functools import cache

from django.contrib.auth.hashers import make_password

from prm.home.first_steps import put_first_steps_away
from prm.local.demo import PASSWORD
from prm.organizations.actions import (
    FirstAdmin,
    create_organization,
    create_portal,
    set_partner_managers,
)
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal, Tier
from prm.users.actions import accept_invitation, disable_member, invite_member
from prm.users.models import Group, Membership, User

VIEW_ALL, RECEIVE, MANAGE = "View All Leads", "Receive Leads", "Manage Users"


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    groups: tuple[str, ...] = (RECEIVE,)
    state: str = "active"
    time_zone: str = "Europe/Berlin"


@dataclass(frozen=True)
class Company:
    name: str
    people: tuple[Person, ...] = ()
    kind: str = "partner"
    status: str = "active"
    tier: str = ""
    city: str = ""
    country: str = ""
    distributor: str = ""
    managed_by: str = ""
    countries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    slug: str
    name: str
    brand: str
    hue: int
    admin: Person
    staff: tuple[Person, ...] = ()
    companies: tuple[Company, ...] = field(default=())


ACME = Program(
    slug="acme",
    name="Acme Robotics",
    brand="#4f46e5",
    hue=270,
    admin=Person("ada@acme.example", "Ada Brandt"),
    staff=(
        Person("vic@acme.example", "Vic Moreau", ("Lead Partner Manager",)),
        Person("lea@acme.example", "Lea Sommer", ("Lead Management",)),
    ),
    companies=(
        Company(
            "North Automation",
            (
                Person("bea@north.example", "Bea Lindqvist", (VIEW_ALL, MANAGE)),
                Person("ben@north.example", "Ben Aalto"),
                Person("eve@north.example", "Eve Castellan", (VIEW_ALL, MANAGE)),
                Person("ivan@north.example", "Ivan Petrov", state="invited"),
                Person("dis@north.example", "Dis Holm", state="disabled"),
            ),
            tier="Gold",
            city="Hamburg",
            country="DE",
            managed_by="vic@acme.example",
            countries=("DE", "DK", "SE"),
        ),
        Company(
            "East Distribution",
            (Person("dora@east.example", "Dora Nowak", (VIEW_ALL, MANAGE)),),
            kind="distributor",
            tier="Gold",
            city="Kraków",
            country="PL",
            countries=("PL", "CZ", "SK", "HU"),
        ),
        Company(
            "South Consulting",
            (Person("cleo@south.example", "Cleo Marchetti"),),
            tier="Silver",
            city="Milano",
            country="IT",
            distributor="East Distribution",
            countries=("IT", "CH"),
        ),
        Company(
            "Harbor Digital",
            (
                Person("noor@harbor.example", "Noor Visser", (VIEW_ALL, MANAGE)),
                Person("tom@harbor.example", "Tom Whitfield"),
            ),
            tier="Silver",
            city="Rotterdam",
            country="NL",
            managed_by="vic@acme.example",
            countries=("NL", "BE", "LU"),
        ),
        Company(
            "Sierra Systems",
            (Person("ines@sierra.example", "Inés Robledo", (VIEW_ALL,), time_zone="Europe/Madrid"),),
            tier="Registered",
            city="Valencia",
            country="ES",
            countries=("ES", "PT"),
        ),
        Company("Cobalt Labs", status="prospective", city="Lyon", country="FR", countries=("FR",)),
        Company("Old Mill IT", status="inactive", tier="Registered", city="Graz", country="AT"),
    ),
)
GLOBEX = Program(
    slug="globex",
    name="Globex Cloud",
    brand="#0d9488",
    hue=190,
    admin=Person("dan@globex.example", "Dan Okafor", time_zone="America/New_York"),
    companies=(
        Company(
            "West Partners",
            (
                Person("wim@west.example", "Wim Jacobs", (VIEW_ALL, MANAGE), time_zone="America/Chicago"),
                Person("eve@north.example", "Eve Castellan"),
            ),
            tier="Gold",
            city="Chicago",
            country="US",
            countries=("US", "CA"),
        ),
        Company(
            "Prairie Cloud",
            (Person("sam@prairie.example", "Sam Doyle", (VIEW_ALL,), time_zone="America/Denver"),),
            tier="Silver",
            city="Denver",
            country="US",
            countries=("US",),
        ),
    ),
)


def set_stage(program: Program) -> Portal:
    """The portal with everybody in it, each person signed up as the real one would have been."""
    admin = FirstAdmin(email=program.admin.email, name=program.admin.name, password=PASSWORD)
    portal = create_portal(program.slug, name=program.name, admin=admin, brand=program.brand, hue=program.hue)
    with inside(portal):
        ada = Membership.objects.get(user__email=program.admin.email)
        ada.time_zone = program.admin.time_zone
        ada.save(update_fields=["time_zone"])
        vendor = ada.organization
        for person in program.staff:
            _bring_in(person, vendor, by=ada)
        for company in program.companies:
            _found(company, by=ada)
        put_first_steps_away(by=ada)
    return portal


def _found(company: Company, *, by: Membership) -> None:
    organization = create_organization(
        values={
            "name": company.name,
            "kind": company.kind,
            "tier": Tier.objects.filter(name=company.tier).first(),
            "distributor": Organization.objects.filter(name=company.distributor).first(),
            "city": company.city,
            "country": company.country,
            "countries": list(company.countries),
            "website": f"https://{company.name.split()[0].lower()}.example",
            "status": company.status,
        },
        by=by,
    )
    for person in company.people:
        _bring_in(person, organization, by=by)
    if company.managed_by:
        manager = Membership.objects.get(user__email=company.managed_by)
        set_partner_managers(organization, managers=[manager], by=by)


def _bring_in(person: Person, organization: Organization, *, by: Membership) -> Membership:
    groups = Group.objects.filter(kind=organization.kind, name__in=person.groups)
    member = invite_member(organization, email=person.email, name=person.name, groups=groups, by=by)
    member.time_zone = person.time_zone
    member.save(update_fields=["time_zone"])
    if person.state != "invited":
        _share_password(member.user)
        member = accept_invitation(member, name=person.name, password=PASSWORD)
    if person.state == "disabled":
        member = disable_member(member, by=by)
    return member


def _share_password(user: User) -> None:
    """Everybody's password is the same: hashing it once, not twenty times, is a second of `make up`."""
    if not user.has_usable_password():
        user.password = _hashed_password()
        user.save(update_fields=["password"])


@cache
def _hashed_password() -> str:
    return make_password(PASSWORD)

"""The data: a million leads in two hundred portals of very different sizes, in a few minutes.

Portals and people are made by the product's own verbs. Leads, deals and events are made inside Postgres, by
set-based statements of a superuser who leaves foreign keys unchecked; the rows fit all the same.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import statements
from prm.organizations.actions import FirstAdmin, create_portal
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal
from prm.users.models import Group, Membership, MembershipGroup, User

if TYPE_CHECKING:
    import psycopg2

LARGE, MIDDLE = "large", "middle"


@dataclass(frozen=True)
class Size:
    """How much there is. `leads` counts all portals, `large` and `middle` those of two that are measured."""

    leads: int = 1_000_000
    portals: int = 200
    large: int = 200_000
    middle: int = 10_000


FULL = Size()
SMALL = Size(leads=20_000, portals=5, large=8_000, middle=2_000)


def seed(to: "psycopg2.extensions.connection", size: Size) -> None:
    """Fill empty tables."""
    chance = random.Random(20_261_121)
    for slug, count in sizes(size):
        portal = create_portal(slug, name=f"Vendor {slug}", admin=FirstAdmin(f"admin@{slug}.example", "Admin"))
        with inside(portal):
            _furnish(portal, partners=min(400, max(8, count // 200)), chance=chance)
    with to, to.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'"
        )
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute("CREATE TEMP TABLE size (portal_id uuid PRIMARY KEY, leads int)")
        codes = dict(Portal.objects.values_list("slug", "pk"))
        rows = [(str(codes[slug]), count) for slug, count in sizes(size)]
        cursor.executemany("INSERT INTO size VALUES (%s, %s)", rows)
        for statement in statements.ALL:
            cursor.execute(statement)
    to.autocommit = True
    with to.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


def sizes(size: Size) -> Iterator[tuple[str, int]]:
    """Each portal's slug and number of leads: a large one, a middle one, the rest ever smaller."""
    yield LARGE, size.large
    yield MIDDLE, size.middle
    others, left = size.portals - 2, size.leads - size.large - size.middle
    weights = [1 / (place + 10) for place in range(others)]
    for place, weight in enumerate(weights):
        yield f"vendor-{place + 1}", round(left * weight / sum(weights))


def _furnish(portal: Portal, *, partners: int, chance: random.Random) -> None:
    """Partners with a person each, and a channel manager at the vendor."""
    groups = {(group.kind, group.name): group for group in Group.objects.all()}
    vendor = Organization.objects.get(kind="vendor")
    organizations = [
        Organization(
            name=f"{chance.choice(statements.FIRST)} {word} {number}", city=chance.choice(statements.CITIES)
        )
        for number, word in enumerate(chance.choices(statements.SECOND, k=partners), start=1)
    ]
    Organization.objects.bulk_create(organizations)
    people = [(vendor, "manager", "Lead Management"), (vendor, "boss", "Lead Administration")]
    people += [(one, f"rep{number}", "View All Leads") for number, one in enumerate(organizations, start=1)]
    users = [User(email=f"{name}@{portal.slug}.example", password="!") for _, name, _ in people]
    User.objects.bulk_create(users)
    members = [
        Membership(user=user, organization=organization, name=_person(chance), status="active")
        for user, (organization, _, _) in zip(users, people, strict=True)
    ]
    Membership.objects.bulk_create(members)
    MembershipGroup.objects.bulk_create(
        MembershipGroup(membership=member, group=groups[organization.kind, group])
        for member, (organization, _, group) in zip(members, people, strict=True)
    )
    Membership.objects.filter(user__email=f"admin@{portal.slug}.example").update(status="active")


def _person(chance: random.Random) -> str:
    return f"{chance.choice(statements.GIVEN)} {chance.choice(statements.FAMILY)}"


def largest_partner(portal: Portal) -> uuid.UUID:
    """The partner with the most leads, whose inbox is measured. To be called inside the portal."""
    first: uuid.UUID = Organization.objects.filter(kind="partner").order_by("pk").values_list("pk", flat=True)[0]
    return first

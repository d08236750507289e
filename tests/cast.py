"""The cast: the same people in every test, at Acme and at Globex.

Built once per database by the product's own verbs. Tests read it and roll back what they change.
"""

import pickle
import uuid
from dataclasses import dataclass

from prm.organizations.actions import FirstAdmin, create_organization, create_portal, set_partner_managers
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal
from prm.users.actions import accept_invitation, disable_member, invite_member
from prm.users.models import Group, Membership
from tests.planting import plant

PASSWORD = "a-long-test-password"
VIEW_ALL, RECEIVE, MANAGE = "View All Leads", "Receive Leads", "Manage Users"


@dataclass(frozen=True)
class Cast:
    """Everybody, with the organizations they belong to."""

    acme: Portal
    globex: Portal
    vendor: Organization
    north: Organization
    south: Organization
    east: Organization
    west: Organization  # a partner at Globex
    ada: Membership  # vendor admin: System Administration, Lead Administration
    vic: Membership  # Lead Partner Manager of North
    bea: Membership  # admin of North: View All Leads, Manage Users
    ben: Membership  # rep at North: Receive Leads
    cleo: Membership  # rep at South: Receive Leads
    dora: Membership  # distributor East, whose reseller is South: View All Leads
    ivan: Membership  # invited to North
    dis: Membership  # disabled at North
    eve: Membership  # North's admin at Acme ...
    eve_globex: Membership  # ... and a rep of West at Globex
    dan: Membership  # vendor admin at Globex


_loaded: dict[uuid.UUID, bytes] = {}
"""The cast of this database, by Globex's id: read once, since every test asks for it."""
MEMBERS = ("ada", "vic", "bea", "ben", "cleo", "dora", "ivan", "dis", "eve", "eve_globex", "dan")


def build() -> None:
    """Put the cast into the database, in transactions of its own."""
    acme = _portal("acme", "Acme", "ada@acme.example")
    with inside(acme):
        ada = Membership.objects.get(user__email="ada@acme.example")
        vic = _join(ada.organization, "vic@acme.example", "Lead Partner Manager", by=ada)
        north = _found("North", by=ada)
        east = _found("East", kind="distributor", by=ada)
        south = _found("South", distributor=east, by=ada)
        _join(north, "bea@north.example", VIEW_ALL, MANAGE, by=ada)
        _join(north, "ben@north.example", RECEIVE, by=ada)
        _join(north, "eve@north.example", VIEW_ALL, MANAGE, by=ada)
        _invite(north, "ivan@north.example", RECEIVE, by=ada)
        disable_member(_join(north, "dis@north.example", RECEIVE, by=ada), by=ada)
        _join(south, "cleo@south.example", RECEIVE, by=ada)
        _join(east, "dora@east.example", VIEW_ALL, by=ada)
        set_partner_managers(north, managers=[vic], by=ada)
    globex = _portal("globex", "Globex", "dan@globex.example")
    with inside(globex):
        dan = Membership.objects.get(user__email="dan@globex.example")
        west = _found("West", by=dan)
        _join(west, "eve@north.example", RECEIVE, by=dan)


def load() -> Cast:
    """The cast as the database has it; built anew where a transactional test has emptied the tables.

    Each test has people of its own: what it changes in them, the next one does not see.
    """
    built = Portal.objects.filter(slug="globex").values_list("pk", flat=True).first()
    if built is None:
        build()
    if built not in _loaded:
        cast = _load()
        built = cast.globex.pk
        _loaded.clear()
        _loaded[built] = pickle.dumps(cast)
    found: Cast = pickle.loads(_loaded[built])
    return found


def _load() -> Cast:
    acme, globex = Portal.objects.get(slug="acme"), Portal.objects.get(slug="globex")
    found: dict[str, Membership | Organization] = {}
    for portal, suffix in ((acme, ""), (globex, "_globex")):
        with inside(portal):
            for organization in Organization.objects.all():
                key = "vendor" if organization.is_vendor else organization.name.lower()
                found.setdefault(key, organization)
            people = Membership.objects.select_related("user", "organization").prefetch_related("groups")
            for member in people:
                key = member.email.partition("@")[0]
                found[f"{key}{suffix}" if key in found else key] = member
    return Cast(acme=acme, globex=globex, **found)  # type: ignore[arg-type]


def _portal(slug: str, name: str, admin: str) -> Portal:
    who = FirstAdmin(email=admin, name=admin.partition("@")[0].title(), password=PASSWORD)
    return create_portal(slug, name=name, admin=who)


def _found(
    name: str, *, by: Membership, kind: str = "partner", distributor: Organization | None = None
) -> Organization:
    organization = create_organization(values={"name": name, "kind": kind, "distributor": distributor}, by=by)
    plant(organization, but={"city"})
    return organization


def _invite(organization: Organization, email: str, *groups: str, by: Membership) -> Membership:
    chosen = Group.objects.filter(kind=organization.kind, name__in=groups)
    name = email.partition("@")[0].title()
    return invite_member(organization, email=email, name=name, groups=chosen, by=by)


def _join(organization: Organization, email: str, *groups: str, by: Membership) -> Membership:
    member = _invite(organization, email, *groups, by=by)
    plant(member)
    return accept_invitation(member, name=member.name, password=PASSWORD)

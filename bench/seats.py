"""From where the product is asked: members with a session and a key, and what they ask for."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from bench.asking import Client
from leads.models import Lead
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal
from prm.serving.paging import page_of
from prm.users.actions import create_api_key
from prm.users.middleware import SESSION_PORTAL
from prm.users.models import ApiKey, Membership
from prm.users.sessions import SessionStore

VENDOR, PARTNER = "manager", "partner"


@dataclass(frozen=True)
class Seat:
    """One member of one portal."""

    slug: str
    member_id: uuid.UUID
    organization_id: uuid.UUID
    cookie: str
    key: str
    deep: str  # a cursor in the middle of the list, newest first
    lead: str  # the code of a lead with a timeline that this member may read
    known: "Known"

    def browser(self, port: int) -> Client:
        return Client(port, self.slug, {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self.cookie}"})

    def program(self, port: int) -> Client:
        return Client(port, self.slug, {"Authorization": f"Bearer {self.key}"})


@dataclass(frozen=True)
class Known:
    """Details of one lead in the middle of the list, to be searched for."""

    code: str
    email: str
    phone: str
    domain: str
    part: str  # of the company's name
    misspelt: str


def take(slug: str, role: str) -> Seat:
    """A seat at this portal: the channel manager's, or that of the partner with the most leads."""
    portal = Portal.objects.get(slug=slug)
    with inside(portal):
        members = Membership.objects.select_related("user", "organization")
        if role == VENDOR:
            member = members.get(user__email=f"manager@{slug}.example")
        else:
            first = Organization.objects.filter(kind="partner").order_by("pk").values("pk")[:1]
            member = members.get(organization__in=first)
        rows = Lead.objects.visible_to(member)
        ordering = "created_at" if role == VENDOR else "assigned_at"
        middle = rows.order_by(f"-{ordering}")[rows.count() // 2]
        beyond = rows.filter(**{f"{ordering}__lte": getattr(middle, ordering)})
        page = page_of(beyond, ordering=f"-{ordering}", allowed={ordering: ordering})
        open_lead = rows.filter(status="working", created_at__lte=middle.created_at).order_by("-number")
        lead = next(row for row in open_lead if row.number % 4 == 0)
        _key, secret = create_api_key(member, name="bench", scope=ApiKey.Scope.WRITE, by=None)
        return Seat(
            slug,
            member.pk,
            member.organization_id,
            _session(member),
            secret,
            page.next,
            lead.code,
            _known(lead),
        )


def _known(lead: Lead) -> Known:
    first, second = lead.company.split()[:2]
    return Known(
        code=lead.code,
        email=lead.email,
        phone=lead.phone.replace(" ", ""),
        domain=lead.email.partition("@")[2],
        part=f"{first[1:]} {second[:4]}".lower(),
        misspelt=f"{first[0]}{first[2:]} {second}x".lower(),
    )


def _session(member: Membership) -> str:
    store = SessionStore()
    store.update(
        {
            SESSION_KEY: str(member.user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: member.user.get_session_auth_hash(),
            SESSION_PORTAL: str(member.portal_id),
            "account_authentication_methods": [{"method": "password", "at": time.time()}],
        }
    )
    store.save()
    key: Any = store.session_key
    return str(key)

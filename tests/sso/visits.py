"""A browser's way to a provider and back, through the real pages and over the wire."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.utils import timezone

from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.sso import actions, openid
from prm.sso.models import Identity, IdentityProvider
from prm.users.models import User
from tests.browsing import Answer, sign_in, visitor
from tests.cast import Cast
from tests.fakes.identity import OpenIdProvider, Person, SamlProvider, certificate

NAMES = "/accounts/sso/"


@dataclass
class Site:
    """A portal and its provider. Strangers come with fresh browsers."""

    portal: Portal
    pk: str
    slug: str
    far: OpenIdProvider | SamlProvider
    admin: Client
    users_before: int = field(default_factory=User.objects.count)

    def path(self, page: str) -> str:
        return f"{NAMES}{self.slug}/{page}/"

    @property
    def settings(self) -> str:
        return f"/settings/single-sign-on/{self.pk}/"

    def enter(self, person: Person | None = None, *, client: Client | None = None, to: str = "") -> Answer:
        """The whole way: press the button, sign in over there, come back."""
        client = client or visitor(self.portal)
        if person is not None:
            self.far.person = person
        back = self.way_back(client, to=to)
        return self.come_back(client, back)

    def way_back(self, client: Client, *, to: str = "", test: bool = False) -> "Back":
        """What the provider gives the browser to come back with."""
        asked = {**({"next": to} if to else {}), **({"test": "1"} if test else {})}
        off = client.get(self.path("login"), asked)
        assert off.status_code == 302, off.content
        return self.far.sign_in(off["Location"])

    def come_back(self, client: Client, back: "Back") -> Answer:
        if isinstance(back, str):
            parts = urlsplit(back)
            assert parts.path == self.path("callback")
            answer: Answer = client.get(f"{parts.path}?{parts.query}")
            return answer
        posted = client.post(self.path("acs"), back)
        assert posted.status_code == 302
        finished: Answer = client.get(posted["Location"])
        return finished

    def test(self) -> Answer:
        """Ada tries the provider out; the page that tells her how it went."""
        page = self.admin.get(f"{self.settings}test/")
        assert self.path("login") in page.content.decode()
        back = self.come_back(self.admin, self.way_back(self.admin, test=True))
        assert (back.status_code, back["Location"]) == (302, self.settings)
        answer: Answer = self.admin.get(self.settings)
        return answer

    def refusals(self) -> list[str]:
        """The reasons in the audit log, in order."""
        with inside(self.portal):
            events = Event.objects.filter(kind=Event.Kind.SSO_REFUSED).order_by("at", "pk")
            return [event.facts["reason"] for event in events]

    def identities(self) -> set[tuple[str, str]]:
        with inside(self.portal):
            rows = Identity.objects.filter(provider=self.pk).values_list("subject", "membership__user__email")
            return set(rows)

    def row(self) -> IdentityProvider:
        with inside(self.portal):
            found: IdentityProvider = IdentityProvider.objects.get(pk=self.pk)
            return found


Back = str | dict[str, str]


def form_of(far: OpenIdProvider | SamlProvider) -> dict[str, str]:
    """What an administrator types in."""
    if isinstance(far, OpenIdProvider):
        return {
            "name": "Acme ID",
            "issuer": far.issuer,
            "client_id": far.client_id,
            "client_secret": far.client_secret,
        }
    return {
        "name": "Acme SAML",
        "issuer": far.entity_id,
        "sso_url": far.sso_url,
        "certificates": certificate(far.key),
        "domains": "acme.example north.example",
    }


def added(cast: Cast, far: OpenIdProvider | SamlProvider, **more: str) -> Site:
    """A provider of Acme's as Ada adds it in the browser: not tested yet."""
    protocol = "openid" if isinstance(far, OpenIdProvider) else "saml"
    admin = sign_in(cast.ada)
    answer = admin.post(f"/settings/single-sign-on/new/{protocol}/", {**form_of(far), **more})
    assert answer.status_code == 302, answer.content.decode()
    pk = answer["Location"].rstrip("/").rpartition("/")[2]
    site = Site(cast.acme, pk, "", far, admin)
    site.slug = site.row().slug
    return site


def in_use(cast: Cast, far: OpenIdProvider | SamlProvider) -> Site:
    """The same, tested and in use, by the verbs alone: for tests of what comes after."""
    protocol = "oidc" if isinstance(far, OpenIdProvider) else "saml"
    values: dict[str, Any] = form_of(far)
    secret = values.pop("client_secret", "")
    if "domains" in values:
        values["domains"] = values["domains"].split()
    with inside(cast.acme):
        row = actions.add_provider(protocol=protocol, values=values, secret=secret, by=cast.ada)
        actions.pass_test(row, by=cast.ada)
        actions.use_provider(row, by=cast.ada)
        if isinstance(far, OpenIdProvider):
            known = {"endpoints": openid.discover(far.issuer), "endpoints_at": timezone.now()}
            IdentityProvider.objects.filter(pk=row.pk).update(**known)
    return Site(cast.acme, str(row.pk), row.slug, far, sign_in(cast.ada))

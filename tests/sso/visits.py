"""A browser's way to a provider and back, through the real pages and over the wire."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.test import Client

from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
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
        url = off["Location"]
        if isinstance(self.far, OpenIdProvider):
            return self.far.sign_in(url)
        return self.far.sign_in(url)

    def come_back(self, client: Client, back: "Back") -> Answer:
        if isinstance(back, str):
            parts = urlsplit(back)
            assert parts.path == self.path("callback")
            answer: Answer = client.get(f"{parts.path}?{parts.query}")
            return answer
        posted = client.post(self.path("acs"), back)
        assert posted.status_code == 302
        answer = client.get(posted["Location"])
        return answer

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


def openid_site(cast: Cast, far: OpenIdProvider, *, in_use: bool = True) -> Site:
    form = {
        "name": "Acme ID",
        "issuer": far.issuer,
        "client_id": far.client_id,
        "client_secret": far.client_secret,
    }
    return _site(cast, "oidc", far, form, in_use=in_use)


def saml_site(cast: Cast, far: SamlProvider, *, in_use: bool = True, **more: str) -> Site:
    form = {
        "name": "Acme SAML",
        "issuer": far.entity_id,
        "sso_url": far.sso_url,
        "certificates": certificate(),
        "domains": "acme.example north.example",
    }
    return _site(cast, "saml", far, {**form, **more}, in_use=in_use)


def _site(
    cast: Cast, protocol: str, far: OpenIdProvider | SamlProvider, form: dict[str, str], *, in_use: bool
) -> Site:
    admin = sign_in(cast.ada)
    added = admin.post(f"/settings/single-sign-on/new/{protocol}/", form)
    assert added.status_code == 302, added.content.decode()
    pk = added["Location"].rstrip("/").rpartition("/")[2]
    site = Site(cast.acme, pk, f"{protocol}-1", far, admin)
    if in_use:
        said = site.test()
        assert "The test has passed" in said.content.decode()
        assert admin.post(f"{site.settings}use/").status_code == 302
    return site

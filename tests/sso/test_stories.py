"""One whole story per protocol: added, tested, used, first and second sign-in, switched off."""

from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.browsing import visitor
from tests.cast import Cast
from tests.fakes.identity import OpenIdProvider, Person, SamlProvider
from tests.sso.visits import Site, added
from tests.users.entering import is_in

pytest_plugins = ["tests.sso.fixtures"]

IVAN = Person("ivan-7", "ivan@north.example")


def story(cast: Cast, site: Site) -> None:
    """Ivan, invited and never here, comes in by the button, works, comes again, and stays out in the end."""
    assert site.row().is_active is False
    assert "Sign in with" not in visitor(cast.acme).get("/accounts/login/").content.decode()
    assert site.admin.post(f"{site.settings}use/", follow=True).status_code == 200
    assert site.row().is_active is False  # not before a test

    assert "The test has passed" in site.test().content.decode()
    site.admin.post(f"{site.settings}use/")
    browser = visitor(cast.acme)
    assert f"Sign in with {site.row().name}" in browser.get("/accounts/login/").content.decode()

    entered = site.enter(IVAN, client=browser, to="/messages/")
    assert (entered.status_code, entered["Location"]) == (302, "/messages/")
    assert is_in(browser)
    with inside(cast.acme):
        ivan = Membership.objects.select_related("user").get(pk=cast.ivan.pk)
        assert ivan.status == Membership.Status.ACTIVE
        assert not ivan.user.has_usable_password()
        kinds = list(Event.objects.filter(subject_id=ivan.pk).order_by("at", "pk").values_list("kind", flat=True))
    assert kinds[-2:] == [Event.Kind.MEMBER_JOINED, Event.Kind.SSO_LINKED]
    assert site.identities() == {("ada-1", "ada@acme.example"), ("ivan-7", "ivan@north.example")}

    again = visitor(cast.acme)
    moved = Person("ivan-7", "ivan.moved@elsewhere.example")  # known by the subject from now on
    assert site.enter(moved, client=again).status_code == 302
    assert is_in(again)

    site.admin.post(f"{site.settings}stop/")
    assert not is_in(browser)
    assert not is_in(again)
    assert visitor(cast.acme).get(site.path("login")).status_code == 404
    assert is_in(site.admin)  # her session began with a password
    assert site.refusals() == []


def test_openid_from_the_first_setting_to_the_last(cast: Cast, openid: OpenIdProvider) -> None:
    story(cast, added(cast, openid))


def test_saml_from_the_first_setting_to_the_last(cast: Cast, saml: SamlProvider) -> None:
    story(cast, added(cast, saml))


def test_saml_knows_people_by_the_attribute_that_the_settings_name(cast: Cast, saml: SamlProvider) -> None:
    site = added(cast, saml, subject_attribute="email")
    saml.faults.add("transient")

    assert "vouches for ada@acme.example" in site.test().content.decode()
    assert site.identities() == {("ada@acme.example", "ada@acme.example")}

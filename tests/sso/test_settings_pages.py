"""Settings > Single sign-on: what can be typed in, what a test says, and what may change when."""

import pytest

from prm.organizations.context import inside
from prm.serving.secrets import Unreadable
from prm.sso.models import MOST_PROVIDERS, IdentityProvider
from tests.cast import Cast
from tests.fakes.identity import OpenIdProvider, Person, SamlProvider, certificate
from tests.sso.visits import Site, added, form_of, in_use

pytest_plugins = ["tests.sso.fixtures"]
NEW = "/settings/single-sign-on/new/"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("issuer", "javascript:alert(1)", "This is not an address"),
        ("issuer", "http://user:pw@id.example/", "must not hold a name"),
        ("client_id", "", "This field is required"),
        ("domains", "acme.example, no domain!", "is no domain"),
        ("name", "", "This field is required"),
    ],
)
def test_openid_form_names_what_is_wrong(cast: Cast, site: Site, field: str, value: str, words: str) -> None:
    answer = site.admin.post(f"{NEW}openid/", {**form_of(site.far), field: value})

    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("rubbish", "no certificate"),
        (certificate("old", days=-1), "has run out"),
        (certificate("weak", bits=1024), "too weak"),
        (certificate() + certificate("theirs") + certificate(), "Two certificates at most"),
    ],
)
def test_saml_form_takes_certificates_that_hold(cast: Cast, saml_acme: Site, value: str, words: str) -> None:
    answer = saml_acme.admin.post(saml_acme.settings, {**form_of(saml_acme.far), "certificates": value})

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_portal_has_a_few_providers_at_most(cast: Cast, openid: OpenIdProvider) -> None:
    for _ in range(MOST_PROVIDERS):
        site = added(cast, openid)

    answer = site.admin.post(f"{NEW}openid/", form_of(openid))

    assert answer.status_code == 422
    assert "Add OpenID Connect" not in site.admin.get("/settings/single-sign-on/").content.decode()


def test_addresses_to_register_are_shown_before_and_after(cast: Cast, openid: OpenIdProvider) -> None:
    from_new = added(cast, openid).admin.get(f"{NEW}openid/").content.decode()
    shown = added(cast, openid)

    address = "http://acme.localhost:8000/accounts/sso/oidc-2/callback/"
    assert address in from_new
    assert address in shown.admin.get(shown.settings).content.decode()


def test_secret_is_kept_encrypted_and_never_shown(cast: Cast, site: Site) -> None:
    far = site.far
    assert isinstance(far, OpenIdProvider)
    row = site.row()

    assert far.client_secret not in row.sealed_secret
    assert far.client_secret not in site.admin.get(site.settings).content.decode()
    with inside(cast.acme):
        other = IdentityProvider(protocol="oidc", sealed_secret=row.sealed_secret)
        assert row.secret == far.client_secret
        with pytest.raises(Unreadable):
            assert other.secret  # copied into another row it opens nothing


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("other_discovery", "calls itself “https://another.example”"),
        ("redirect", "The answer was 302"),
        ("other_key", "not signed with one of its keys"),
        ("denied", "access_denied"),
        ("wrong_audience", "meant for somebody else"),
    ],
)
def test_failing_test_says_why_and_proves_nothing(
    cast: Cast, openid: OpenIdProvider, fault: str, words: str
) -> None:
    site = added(cast, openid)
    openid.faults.add(fault)
    site.admin.get(f"{site.settings}test/")
    off = site.admin.get(site.path("login"), {"test": "1"})
    if off["Location"].startswith(openid.issuer):
        site.come_back(site.admin, openid.sign_in(off["Location"]))

    page = site.admin.get(site.settings).content.decode()

    assert "The test has failed" in page
    assert words in page
    assert site.row().tested_at is None
    assert site.refusals() == []  # a test is no sign-in


def test_test_of_a_saml_provider_says_what_it_sends(cast: Cast, saml: SamlProvider) -> None:
    site = added(cast, saml, email_attribute="urn:mail")

    page = site.test().content.decode()

    assert "does not say your e-mail address" in page
    assert "What it sends: email." in page


def test_nobody_else_ends_a_test(cast: Cast, openid: OpenIdProvider) -> None:
    site = added(cast, openid)
    site.admin.get(f"{site.settings}test/")
    back = site.way_back(site.admin, test=True)
    site.admin.post("/accounts/logout/")

    answer = site.come_back(site.admin, back)

    assert answer["Location"] == "/accounts/login/"
    assert site.row().tested_at is None


def test_post_is_spoken_where_the_provider_asks_for_it(cast: Cast, openid: OpenIdProvider) -> None:
    openid.faults.add("post")

    assert "The test has passed" in added(cast, openid).test().content.decode()


def test_address_of_userinfo_counts_as_well(cast: Cast, openid: OpenIdProvider) -> None:
    openid.faults.add("thin_token")

    assert "vouches for ada@acme.example" in added(cast, openid).test().content.decode()


def test_named_domains_speak_for_a_provider_that_verifies_nothing(cast: Cast, openid: OpenIdProvider) -> None:
    openid.person.is_email_verified = None
    site = added(cast, openid, domains="Acme.example @north.example")

    assert "The test has passed" in site.test().content.decode()
    site.admin.post(f"{site.settings}use/")
    assert site.enter(Person("cleo-1", "cleo@south.example", is_email_verified=True)).status_code == 403
    assert site.refusals() == ["domain"]


def test_new_certificate_stands_beside_the_old_one(cast: Cast, saml_acme: Site) -> None:
    far = saml_acme.far
    assert isinstance(far, SamlProvider)
    both = certificate() + certificate("next")

    saml_acme.admin.post(saml_acme.settings, {**form_of(far), "certificates": both})

    assert saml_acme.row().is_active
    for key in ("ours", "next"):
        far.key = key
        assert saml_acme.enter(Person("bea-1", "bea@north.example")).status_code == 302


def test_other_address_of_the_provider_asks_for_another_test(cast: Cast, saml_acme: Site) -> None:
    saml_acme.admin.post(saml_acme.settings, {**form_of(saml_acme.far), "sso_url": "https://other.example/"})

    row = saml_acme.row()
    assert (row.is_active, row.tested_at) == (False, None)


def test_provider_that_knows_people_stays_the_same(cast: Cast, site: Site) -> None:
    """Otherwise one issuer's word for a person would be taken for another's."""
    site.enter(Person("bea-1", "bea@north.example"))

    answer = site.admin.post(site.settings, {**form_of(site.far), "issuer": "https://other.example"})

    assert answer.status_code == 422
    assert site.row().issuer != "https://other.example"
    assert site.row().is_active


def test_removed_provider_is_forgotten(cast: Cast, site: Site) -> None:
    site.enter(Person("bea-1", "bea@north.example"))
    site.admin.post(f"{site.settings}remove/")
    assert site.row().is_active  # not while it is in use

    site.admin.post(f"{site.settings}stop/")
    site.admin.post(f"{site.settings}remove/")

    with inside(cast.acme):
        assert not IdentityProvider.objects.exists()
    assert site.admin.get(site.settings).status_code == 404


def test_metadata_says_what_is_to_be_registered(cast: Cast, saml_acme: Site) -> None:
    answer = saml_acme.admin.get(saml_acme.path("metadata"))

    text = answer.content.decode()
    assert f'entityID="http://acme.localhost:8000{saml_acme.path("metadata")}"' in text
    assert f'Location="http://acme.localhost:8000{saml_acme.path("acs")}"' in text
    assert 'WantAssertionsSigned="true"' in text


def test_bare_host_leads_to_the_portals_own(cast: Cast, site: Site, settings: object) -> None:
    settings.PRM_DEFAULT_PORTAL = "acme"  # type: ignore[attr-defined]
    from tests.browsing import visitor

    answer = visitor(None).get(site.path("login"), {"next": "/deals/"})

    assert answer["Location"] == f"http://acme.localhost:8000{site.path('login')}?next=%2Fdeals%2F"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_no_transaction_waits_for_the_provider(transactional_db: None, openid: OpenIdProvider) -> None:
    """Seen from Postgres: while the token is on its way, none of our connections is idle inside a transaction."""
    from django.db import connection

    from tests import cast as cast_module

    cast = cast_module.load()
    site, seen = in_use(cast, openid), []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
            )
            seen.append(cursor.fetchone()[0])
        connection.close()

    openid.before_token = look

    assert site.enter(Person("bea-1", "bea@north.example")).status_code == 302
    assert seen == [0]

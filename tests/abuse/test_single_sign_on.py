"""Case 46 and V05, V07, V08: forged answers, stolen answers, and a vendor's administrator who runs the provider."""

from urllib.parse import urlsplit

import pytest
from django.test import Client

from prm.users.models import User
from tests.browsing import sign_in, visitor
from tests.cast import Cast
from tests.fakes.identity import OpenIdProvider, Person, SamlProvider
from tests.sso.visits import Site, in_use
from tests.users.entering import is_in

pytest_plugins = ["tests.sso.fixtures"]

BEA = Person("bea-1", "bea@north.example")


def assert_nobody_came_in(site: Site, client: Client, reasons: list[str]) -> None:
    """No session, no account, nobody linked; and the audit log says why."""
    assert not is_in(client)
    assert site.refusals() == reasons
    assert User.objects.count() == site.users_before
    assert site.identities() == set()


# --- Case 46: the answer ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("unsigned", "unsigned"),
        ("secret_signs", "unsigned"),
        ("public_key_signs", "unsigned"),
        ("access_token", "unsigned"),
        ("other_key", "signature"),
        ("unknown_kid", "signature"),
        ("wrong_audience", "audience"),
        ("several_audiences", "audience"),
        ("wrong_party", "audience"),
        ("other_issuer", "issuer"),
        ("mixed_up", "issuer"),
        ("wrong_nonce", "nonce"),
        ("no_nonce", "nonce"),
        ("expired", "expired"),
        ("ahead", "expired"),
        ("no_exp", "malformed"),
        ("no_sub", "malformed"),
        ("odd_subject", "malformed"),
        ("other_userinfo", "malformed"),
        ("huge", "unreachable"),
        ("redirect", "denied"),
        ("denied", "denied"),
    ],
)
def test_case_46_openid_answer_is_refused(site: Site, fault: str, reason: str) -> None:
    client = visitor(site.portal)
    site.far.faults.add(fault)

    answer = site.enter(BEA, client=client)

    assert answer.status_code == 400
    assert_nobody_came_in(site, client, [reason])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("unsigned", "unsigned"),
        ("sha1", "unsigned"),
        ("other_key", "signature"),
        ("altered", "signature"),
        ("twice", "malformed"),
        ("entity", "malformed"),
        ("wrong_audience", "audience"),
        ("no_audience", "audience"),
        ("wrong_recipient", "recipient"),
        ("no_recipient", "recipient"),
        ("other_issuer", "issuer"),
        ("wrong_request", "recipient"),
        ("expired", "expired"),
        ("transient", "no_subject"),
        ("failed", "denied"),
    ],
)
def test_case_46_saml_answer_is_refused(saml_acme: Site, fault: str, reason: str) -> None:
    client = visitor(saml_acme.portal)
    saml_acme.far.faults.add(fault)

    answer = saml_acme.enter(BEA, client=client)

    assert answer.status_code == 400
    noted = [] if fault in {"entity"} else [reason]  # what cannot be read names no question of ours
    assert_nobody_came_in(saml_acme, client, noted)


def test_case_46_saml_answer_to_no_question_is_refused(saml_acme: Site) -> None:
    """A valid signature, and nobody here asked: what another person's browser could be made to post."""
    client = visitor(saml_acme.portal)
    saml_acme.far.faults.add("unsolicited")

    answer = saml_acme.enter(BEA, client=client)

    assert answer.status_code == 400
    assert not is_in(client)
    assert saml_acme.identities() == set()


@pytest.mark.parametrize("which", ["site", "saml_acme"])
def test_case_46_answer_counts_once(which: str, request: pytest.FixtureRequest) -> None:
    site: Site = request.getfixturevalue(which)
    client = visitor(site.portal)
    site.far.person = BEA
    back = site.way_back(client)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    assert site.come_back(client, back).status_code == 302
    assert is_in(client)

    thief = visitor(site.portal)
    for name, value in cookies.items():  # even one who has copied all the cookies
        thief.cookies[name] = value
    again = [site.come_back(thief, back).status_code for _ in range(3)]

    assert again == [400, 400, 400]
    assert not is_in(thief)
    assert site.refusals() == ["reused"]  # noted once, so that it cannot fill the log


@pytest.mark.parametrize("which", ["site", "saml_acme"])
def test_case_46_failed_answer_cannot_be_tried_again(which: str, request: pytest.FixtureRequest) -> None:
    site: Site = request.getfixturevalue(which)
    client = visitor(site.portal)
    back = site.way_back(client)
    site.far.faults.add("other_key")
    if isinstance(site.far, SamlProvider):
        back = site.way_back(client)
    assert site.come_back(client, back).status_code == 400

    site.far.faults.clear()

    assert site.come_back(client, back).status_code == 400
    assert not is_in(client)


def test_case_46_other_issuer_with_the_same_address_is_another_person(cast: Cast, site: Site) -> None:
    """Two providers of one portal: what one of them knows, the other does not."""
    assert site.enter(BEA).status_code == 302
    with OpenIdProvider(client_id="portal-2") as second:
        other, client = in_use(cast, second), visitor(cast.acme)

        stolen_subject = other.enter(Person("bea-1", "nobody@acme.example"), client=client)

        assert stolen_subject.status_code == 403
        assert not is_in(client)
        assert other.refusals() == ["unknown"]


def test_case_46_comment_cannot_shorten_an_address(saml_acme: Site) -> None:
    """Comments are not signed: a reader that stops at one would take a stranger's long address for Bea's."""
    client = visitor(saml_acme.portal)
    saml_acme.far.faults.add("commented")

    saml_acme.enter(Person("x-1", "bea@north.example.evil.example"), client=client)

    assert_nobody_came_in(saml_acme, client, ["domain"])


# --- V05: whose answer ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["site", "saml_acme"])
@pytest.mark.parametrize("has_session", [False, True])
def test_v05_answer_in_another_browser_is_refused(
    cast: Cast, which: str, has_session: bool, request: pytest.FixtureRequest
) -> None:
    """An attacker's own good answer, slipped to a victim: who would then work in the attacker's account."""
    site: Site = request.getfixturevalue(which)
    site.far.person = BEA
    back = site.way_back(visitor(cast.acme))
    victim = sign_in(cast.ben) if has_session else visitor(cast.acme)

    answer = site.come_back(victim, back)

    assert answer.status_code == 400
    assert is_in(victim) == has_session
    assert site.identities() == set()
    if has_session:
        assert "ben@north.example" in victim.get("/profile/").content.decode()


@pytest.mark.parametrize(
    "query",
    ["", "?state=x&code=y", "?state=%00&code=y", "?code=y", "?error=access_denied", "?state=x&error=access_denied"],
)
def test_case_57_callback_that_nobody_asked_for_is_a_plain_400(site: Site, query: str) -> None:
    client, before = visitor(site.portal), list(site.far.asked)  # type: ignore[union-attr]

    answer = client.get(site.path("callback") + query)

    assert answer.status_code == 400
    assert site.far.asked == before  # type: ignore[union-attr]  # nobody makes us ask the provider anything
    assert_nobody_came_in(site, client, [])


@pytest.mark.parametrize("posted", ["", "!!!", "PHg+", "PHg+PC94Pg==", "A" * 300_000])
def test_case_57_posted_rubbish_is_a_plain_400(saml_acme: Site, posted: str) -> None:
    client = visitor(saml_acme.portal)

    answer = client.post(saml_acme.path("acs"), {"SAMLResponse": posted}, follow=True)

    assert answer.status_code == 400
    assert_nobody_came_in(saml_acme, client, [])


# --- A vendor's administrator who runs the provider ---------------------------------------------------------------


def test_provider_of_one_portal_opens_no_other(cast: Cast, site: Site) -> None:
    """Eve works at Globex too, with the same account: Acme's provider can say of her what it likes."""
    client = visitor(cast.acme)
    site.enter(Person("eve-1", "eve@north.example"), client=client)
    assert is_in(client)

    elsewhere = visitor(cast.globex)
    for name, morsel in client.cookies.items():
        elsewhere.cookies[name] = morsel.value
    back = site.way_back(visitor(cast.acme))

    assert not is_in(elsewhere)
    assert elsewhere.get(site.path("login")).status_code == 404
    assert isinstance(back, str)
    assert elsewhere.get(f"{urlsplit(back).path}?{urlsplit(back).query}").status_code == 404


def test_provider_cannot_bring_in_who_is_not_of_this_portal(cast: Cast, site: Site) -> None:
    client = visitor(cast.acme)

    answer = site.enter(Person("dan-1", "dan@globex.example"), client=client)

    assert answer.status_code == 403
    assert_nobody_came_in(site, client, ["unknown"])


OWN = (
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
    "/accounts/2fa/set-up/",
    "/accounts/2fa/remove/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/reauthenticate/",
    "/profile/email/",
)


@pytest.mark.parametrize("person", [Person("eve-1", "eve@north.example"), Person("ivan-1", "ivan@north.example")])
def test_provider_cannot_touch_the_account(cast: Cast, site: Site, person: Person) -> None:
    """Eve has a password and another portal; Ivan has no password yet, which allauth would let him set."""
    client = visitor(cast.acme)
    before = User.objects.values().get(email=person.email)
    site.enter(person, client=client)
    new = {"password1": "quite-another-one-9", "password2": "quite-another-one-9", "email": "mine@evil.example"}

    answers = {path: (client.get(path).status_code, client.post(path, new).status_code) for path in OWN}

    assert is_in(client)
    assert answers == dict.fromkeys(OWN, (403, 403))
    assert User.objects.values().get(email=person.email) == before  # not even the time of the last sign-in


def test_password_session_of_before_leaves_no_proof_behind(cast: Cast, site: Site) -> None:
    """Within five minutes of a password, allauth asks for none: that must not go over to the new session."""
    client = visitor(cast.acme)
    client.post("/accounts/login/", {"login": "eve@north.example", "password": "a-long-test-password"})
    assert client.get("/accounts/2fa/").status_code == 200

    site.enter(Person("eve-1", "eve@north.example"), client=client)

    assert is_in(client)
    assert client.get("/accounts/2fa/").status_code == 403


def test_recycled_address_does_not_inherit_the_person(cast: Cast, site: Site) -> None:
    assert site.enter(BEA).status_code == 302
    client = visitor(cast.acme)

    answer = site.enter(Person("bea-2", "bea@north.example"), client=client)

    assert answer.status_code == 403
    assert not is_in(client)
    assert site.refusals() == ["other_subject"]


@pytest.mark.parametrize(
    ("email", "is_verified", "reason"),
    [
        ("bea@north.example", False, "unverified"),
        ("bea@north.example", None, "unverified"),
        ("", True, "no_email"),
        ("nobody@north.example", True, "unknown"),
        ("dis@north.example", True, "disabled"),
        ("bea@north.example\x00", True, "malformed"),
        # U+212A, the Kelvin sign, is a k when lower-cased
        ("\u212aim@north.example", True, "unknown"),
    ],
)
def test_address_has_to_be_a_members_and_verified(
    cast: Cast, site: Site, email: str, is_verified: bool | None, reason: str
) -> None:
    User.objects.filter(pk=cast.cleo.user_id).update(email="kim@north.example")
    client = visitor(cast.acme)

    site.enter(Person("x-1", email, is_verified), client=client)

    assert not is_in(client)
    assert site.refusals() == [reason]


def test_accounts_that_came_by_a_provider_have_no_password(cast: Cast, site: Site) -> None:
    """V08: what is there cannot be guessed, and the reset goes to the mailbox."""
    site.enter(Person("ivan-1", "ivan@north.example"))
    client = visitor(cast.acme)

    for password in ("", "!", "ivan-1", "ivan@north.example"):
        client.post("/accounts/login/", {"login": "ivan@north.example", "password": password})

    assert not User.objects.get(email="ivan@north.example").has_usable_password()
    assert not is_in(client)


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"])
@pytest.mark.parametrize("which", ["site", "saml_acme"])
def test_way_back_leads_to_this_portal_only(which: str, wanted: str, request: pytest.FixtureRequest) -> None:
    site: Site = request.getfixturevalue(which)

    answer = site.enter(BEA, to=wanted)

    assert (answer.status_code, answer["Location"]) == (302, "/")

"""V07: where single sign-on is the only way in, no other one is left open, and nobody locks it from outside."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from prm.events.models import Delivery, Event
from prm.organizations.context import inside
from prm.sso.ways import WAYS, Way
from prm.users.invitations import token_for
from prm.users.models import Membership, policy
from tests.browsing import Api, sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.fakes.identity import OpenIdProvider, Person
from tests.sso.visits import Site, in_use
from tests.users.entering import enter, is_in

pytest_plugins = ["tests.sso.fixtures"]

ADA = Person("ada-1", "ada@acme.example")
SETTINGS = "/settings/single-sign-on/"


@pytest.fixture
def closed(cast: Cast, site: Site) -> Site:
    """Acme, entered through single sign-on only, closed by Ada who came in that way."""
    site.admin = visitor(cast.acme)
    assert site.enter(ADA, client=site.admin).status_code == 302
    assert site.admin.post(SETTINGS, {"action": "require"}).status_code == 302
    assert is_sso_only(cast)
    return site


def is_sso_only(cast: Cast) -> bool:
    with inside(cast.acme):
        return policy().is_sso_only


def addresses(cast: Cast) -> dict[str, str]:
    """A working address for each way in that has something to do with a password."""
    with inside(cast.acme):
        token = token_for(Membership.objects.get(pk=cast.ivan.pk))
    arguments: dict[str, list[str]] = {
        "users:invitation": [token],
        "account_reset_password_from_key": ["1", "set-password"],
    }
    return {name: reverse(name, args=arguments.get(name, [])) for name, way in WAYS.items() if way is Way.PASSWORD}


FORMS = {
    "account_login": {"login": "ben@north.example", "password": PASSWORD},
    "account_reset_password": {"email": "ben@north.example"},
    "users:invitation": {"name": "Ivan", "password": "quite-another-one-9"},
}


def test_every_other_way_in_is_closed(cast: Cast, closed: Site) -> None:
    with inside(cast.acme):
        written = Delivery.objects.count()
    found = {}
    for name, path in addresses(cast).items():
        client = visitor(cast.acme)
        shown = client.get(path).status_code
        found[name] = (shown, client.post(path, FORMS.get(name, {})).status_code, is_in(client))

    assert found.pop("account_login") == (200, 403, False)
    assert set(found.values()) == {(403, 403, False)}
    with inside(cast.acme):
        assert Membership.objects.get(pk=cast.ivan.pk).status == Membership.Status.INVITED
        assert Delivery.objects.count() == written  # no reset mail either


def test_sign_in_page_offers_the_provider_alone(cast: Cast, closed: Site) -> None:
    page = visitor(cast.acme).get("/accounts/login/?next=/messages/").content.decode()

    assert "Sign in with Acme ID" in page
    assert f"{closed.path('login')}?next=%2Fmessages%2F" in page
    assert 'type="password"' not in page


def test_sessions_of_before_have_ended(cast: Cast, site: Site) -> None:
    ben, ada_elsewhere = sign_in(cast.ben), site.admin
    site.admin = visitor(cast.acme)
    site.enter(ADA, client=site.admin)
    assert is_in(ben)
    assert is_in(ada_elsewhere)

    site.admin.post(SETTINGS, {"action": "require"})

    assert [is_in(client) for client in (ben, ada_elsewhere, site.admin)] == [False, False, True]


def test_password_session_that_slips_through_counts_for_nothing(cast: Cast, closed: Site) -> None:
    """As if a sign-in had been under way in the very moment, or the table had been restored."""
    late = sign_in(cast.ben)

    assert not is_in(late)
    assert late.get("/api/v1/leads/").status_code == 401


def test_other_portals_go_on(cast: Cast, closed: Site) -> None:
    client = visitor(cast.globex)

    enter(client, "dan@globex.example")

    assert is_in(client)


def test_keys_of_programs_go_on(cast: Cast, closed: Site) -> None:
    assert Api(cast.ada).get("leads/").status_code == 200


def test_invited_people_come_in_by_the_provider(cast: Cast, closed: Site) -> None:
    client = visitor(cast.acme)

    closed.enter(Person("ivan-1", "ivan@north.example"), client=client)

    assert is_in(client)


@pytest.mark.parametrize("what", ["member", "account", "provider", "identity"])
def test_v09_disabling_ends_the_session_by_the_next_click(cast: Cast, site: Site, what: str) -> None:
    client = visitor(cast.acme)
    site.enter(Person("ben-1", "ben@north.example"), client=client)
    assert is_in(client)

    with inside(cast.acme):
        if what == "member":
            Membership.objects.filter(pk=cast.ben.pk).update(status=Membership.Status.DISABLED)
        elif what == "account":
            cast.ben.user.is_active = False
            cast.ben.user.save()
        elif what == "provider":
            site.admin.post(f"{site.settings}stop/")
        else:
            site.row().identities.all().delete()

    assert not is_in(client)
    if what in {"member", "account"}:
        assert site.enter(Person("ben-1", "ben@north.example"), client=client).status_code == 403
        assert not is_in(client)


# --- Who may close, and who cannot be shut out ------------------------------------------------------------------


def refused(cast: Cast, client: Client, words: str) -> None:
    answer = client.post(SETTINGS, {"action": "require"}, follow=True)

    assert words in answer.content.decode()
    assert not is_sso_only(cast)


def test_closing_asks_for_proof_in_this_session(cast: Cast, site: Site) -> None:
    refused(cast, site.admin, "First sign in through a provider in use")


def test_closing_asks_for_proof_of_oneself(cast: Cast, site: Site) -> None:
    """Ada tests with a colleague's account over there: she would stand outside."""
    site.far.person = Person("vic-1", "vic@acme.example")
    assert "not your own address" in site.test().content.decode()

    refused(cast, site.admin, "First sign in through a provider in use")


def test_closing_asks_for_a_provider_in_use(cast: Cast, site: Site) -> None:
    site.test()
    site.admin.post(f"{site.settings}stop/")

    refused(cast, site.admin, "First sign in through a provider in use")


def test_a_test_in_this_session_is_proof_enough(cast: Cast, site: Site) -> None:
    site.test()

    site.admin.post(SETTINGS, {"action": "require"})

    assert is_sso_only(cast)
    assert is_in(site.admin)
    assert site.admin.get("/accounts/password/change/").status_code == 403  # it is a session of the provider now


@pytest.mark.parametrize("who", ["vic", "bea"])
def test_closing_is_the_administrators(cast: Cast, site: Site, who: str) -> None:
    assert sign_in(getattr(cast, who)).post(SETTINGS, {"action": "require"}).status_code == 403
    assert not is_sso_only(cast)


def test_the_only_way_in_stays_open(cast: Cast, closed: Site) -> None:
    for verb in ("stop", "remove"):
        closed.admin.post(f"{closed.settings}{verb}/")

    assert closed.row().is_active
    assert is_in(closed.admin)


def test_the_other_way_may_be_closed_when_there_are_two(cast: Cast, closed: Site) -> None:
    with OpenIdProvider() as second:
        other = in_use(cast, second)
        closed.admin.post(f"{other.settings}stop/")

        assert not other.row().is_active


def test_administrator_opens_the_other_ways_again(cast: Cast, closed: Site) -> None:
    closed.admin.post(SETTINGS, {"action": "allow"})

    ben = visitor(cast.acme)
    enter(ben, "ben@north.example")
    assert is_in(ben)


def test_operator_breaks_the_glass(cast: Cast, closed: Site) -> None:
    call_command("allow_other_ways_in", "acme")

    ben = visitor(cast.acme)
    enter(ben, "ben@north.example")
    assert is_in(ben)
    with inside(cast.acme):
        event = Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED).latest("at")
        assert (event.actor, event.changed_fields) == (None, ["is_sso_only"])
    with pytest.raises(CommandError, match="already"):
        call_command("allow_other_ways_in", "acme")
    with pytest.raises(CommandError, match="no portal"):
        call_command("allow_other_ways_in", "nowhere")


def test_second_factor_is_the_providers_business(cast: Cast, site: Site) -> None:
    """The portal asks its administrators for one beside a password, and not beside the provider's word."""
    with inside(cast.acme):
        asked = policy()
        asked.require_second_factor = True
        asked.save()
    by_password, by_provider = visitor(cast.acme), visitor(cast.acme)
    enter(by_password, "ada@acme.example")
    site.enter(ADA, client=by_provider)

    assert by_password.get(SETTINGS).status_code == 302
    assert by_provider.get(SETTINGS).status_code == 200

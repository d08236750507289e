"""One's own API keys: listed, and revoked; made by the operator."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.actions import create_api_key, revoke_api_key
from prm.users.models import ApiKey, Membership
from tests.browsing import visitor
from tests.cast import Cast
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


def new_key(member: Membership, name: str, **words: object) -> tuple[ApiKey, str]:
    with inside(member.portal):
        return create_api_key(member, name=name, scope=ApiKey.Scope.READ, by=None, **words)  # type: ignore[arg-type]


def test_keys_lists_the_own_ones_that_are_good(client_of: ClientOf, cast: Cast) -> None:
    new_key(cast.ben, "Reports")
    new_key(cast.bea, "Beas")
    new_key(cast.eve, "Eves here")
    new_key(cast.eve_globex, "Eves there")
    new_key(cast.ben, "Expired", expires_at=timezone.now() - timedelta(days=1))
    revoked, _ = new_key(cast.ben, "Revoked")
    with inside(cast.acme):
        revoke_api_key(revoked, by=None)

    ben, eve = (Page(client_of(member).get("/profile/keys/")) for member in (cast.ben, cast.eve))

    assert [row.all("b")[0].text for row in ben.root.all("div", css="settings-row")] == ["Reports"]
    assert "Read" in ben.by_id("main").text
    assert "never used" in ben.by_id("main").text
    assert [row.all("b")[0].text for row in eve.root.all("div", css="settings-row")] == ["Eves here"]


def test_keys_tells_how_to_get_the_first(client_of: ClientOf, cast: Cast) -> None:
    assert "No key acts as you" in Page(client_of(cast.ben).get("/profile/keys/")).text


def test_keys_shows_no_secret(client_of: ClientOf, cast: Cast) -> None:
    key, secret = new_key(cast.ben, "Reports")

    html = client_of(cast.ben).get("/profile/keys/").content.decode()

    assert secret not in html
    assert key.digest not in html


def test_revoke_key_shuts_its_program_out(client_of: ClientOf, cast: Cast) -> None:
    key, secret = new_key(cast.ben, "Reports")
    program = {"Authorization": f"Bearer {secret}"}
    assert visitor(cast.acme).get("/api/v1/leads/", headers=program).status_code == 200

    answer = client_of(cast.ben).post(f"/profile/keys/{key.pk}/revoke/", follow=True)

    assert answer.redirect_chain == [("/profile/keys/", 302)]
    assert Page(answer).toasts == ["The key Reports is revoked."]
    assert visitor(cast.acme).get("/api/v1/leads/", headers=program).status_code == 401
    with inside(cast.acme):
        event = Event.objects.get(kind=Event.Kind.API_KEY_REVOKED)
    assert event.actor_id == cast.ben.pk


def test_revoke_key_twice_is_noted_once(client_of: ClientOf, cast: Cast) -> None:
    key, _ = new_key(cast.ben, "Reports")
    client = client_of(cast.ben)

    answers = [client.post(f"/profile/keys/{key.pk}/revoke/").status_code for _ in range(2)]

    assert answers == [302, 302]
    with inside(cast.acme):
        assert Event.objects.filter(kind=Event.Kind.API_KEY_REVOKED).count() == 1


@pytest.mark.parametrize("name", ["bea", "eve_globex", "ada"])
def test_revoke_key_of_somebody_else_is_not_found(client_of: ClientOf, cast: Cast, name: str) -> None:
    key, _ = new_key(getattr(cast, name), "Not Bens")

    assert client_of(cast.ben).post(f"/profile/keys/{key.pk}/revoke/").status_code == 404
    with inside(key.portal):
        assert ApiKey.objects.get(pk=key.pk).revoked_at is None


@pytest.mark.parametrize(
    "path", ["/profile/", "/notifications/", "/accounts/2fa/", "/profile/sessions/", "/profile/keys/"]
)
def test_what_is_the_persons_own_hangs_together(client_of: ClientOf, cast: Cast, path: str) -> None:
    page = Page(client_of(cast.ben).get(path))

    tabs = {tab.text: tab for tab in page.by_id("main").all("nav", css="tabs")[0].all("a")}
    assert list(tabs) == ["You", "Notifications", "Second factor", "Sessions", "API keys"]
    (current,) = [tab for tab in tabs.values() if "aria-current" in tab.attributes]
    assert current.attributes["href"] == path

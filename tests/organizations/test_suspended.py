"""A suspended portal lets nobody in and says so; deliveries wait; everything goes on when it is resumed."""

import json
import logging
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from leads.models import Lead
from prm.events.models import Delivery, DueWork, Event
from prm.events.tasks import deliver_due
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.organizations.portals import resume_portal, suspend_portal
from prm.users.invitations import token_for
from prm.users.models import Membership
from tests.browsing import Api, sign_in, visitor
from tests.cast import Cast
from tests.factories import assigned_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
PATHS = ["/", "/leads/", "/accounts/login/", "/theme.css", "/nothing/", "/settings/portal/", "/invitations/x/"]


@pytest.fixture
def shut(cast: Cast) -> Cast:
    suspend_portal(cast.acme, by=None)
    return cast


@pytest.mark.parametrize("path", PATHS)
def test_suspended_portal_says_so_on_every_page(cast: Cast, path: str) -> None:
    clients = [sign_in(cast.ada), visitor(cast.acme)]
    suspend_portal(cast.acme, by=None)

    for client in clients:
        answer = client.get(path)

        assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
        assert Page(answer).heading == "Acme is closed for now"
        assert "no-store" in answer["Cache-Control"]


def test_suspended_portal_says_so_to_programs(cast: Cast) -> None:
    api = Api(cast.ben)
    with inside(cast.acme):
        count = Lead.objects.count()
    suspend_portal(cast.acme, by=None)

    for answer in (
        api.get("leads/"),
        api.post("leads/", {"company": "Kestrel"}),
        Api(None, portal=cast.acme).get("x"),
    ):
        body = json.loads(answer.content)
        assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
        assert (body["status"], body["code"]) == (503, "portal_suspended")
        assert "suspended this portal" in body["detail"]
    with inside(cast.acme):
        assert Lead.objects.count() == count


def test_suspended_portal_is_shut_at_the_bare_host_too(shut: Cast, settings: Settings) -> None:
    """By an invitation's token, by an API key, and as the default portal."""
    with inside(shut.acme):
        token = token_for(shut.ivan)
    bare = visitor(None)

    assert bare.get(f"/invitations/{token}/").status_code == 503
    assert bare.get("/api/v1/leads/", headers={"Authorization": f"Bearer {shut.acme.code}_x"}).status_code == 503
    settings.PRM_DEFAULT_PORTAL = "acme"
    assert bare.get("/accounts/login/").status_code == 503


def test_suspended_portal_does_not_shut_the_others(shut: Cast, client_of: ClientOf) -> None:
    assert client_of(shut.dan).get("/leads/").status_code == 200
    assert client_of(shut.eve_globex).get("/leads/").status_code == 200


def test_suspended_portal_fills_no_log_with_errors(shut: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        visitor(shut.acme).get("/leads/")

    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_suspended_portals_deliveries_wait_and_go_on(cast: Cast) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
    suspend_portal(cast.acme, by=None)

    deliver_due(str(cast.acme.pk))

    with inside(cast.acme):
        assert set(Delivery.objects.values_list("status", flat=True)) == {"pending"}
    resume_portal(cast.acme, by=None)
    assert DueWork.objects.filter(portal=cast.acme).exists()
    deliver_due(str(cast.acme.pk))
    with inside(cast.acme):
        assert not Delivery.objects.filter(status="pending").exists()


def test_a_bell_for_a_portal_that_is_gone_is_no_error(cast: Cast) -> None:
    deliver_due("01a20079-0000-7000-8000-000000000000")


def test_resumed_portal_is_as_it_was(cast: Cast) -> None:
    client = sign_in(cast.ben)
    suspend_portal(cast.acme, by=None)

    resume_portal(cast.acme, by=None)

    assert client.get("/leads/").status_code == 200
    with inside(cast.acme):
        kinds = Event.objects.filter(subject_id=cast.acme.pk).order_by("at").values_list("kind", flat=True)
        assert list(kinds)[-2:] == ["portal_suspended", "portal_resumed"]


def test_commands_suspend_and_resume(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("portal", "suspend", "acme")
    assert not Portal.objects.get(slug="acme").is_active
    with pytest.raises(CommandError, match="Acme is suspended already"):
        call_command("portal", "suspend", "acme")

    call_command("portal", "resume", "acme")

    assert Portal.objects.get(slug="acme").is_active
    with pytest.raises(CommandError, match="Acme is not suspended"):
        call_command("portal", "resume", "acme")
    assert "Acme is open again" in capsys.readouterr().out

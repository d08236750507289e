"""security.txt, robots.txt, and the page about reporting a problem: the same on every host."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from prm.organizations.models import Portal
from tests.cast import Cast

HOSTS = ["acme.localhost:8000", "localhost:8000", "127.0.0.1:8000"]


@pytest.fixture(autouse=True)
def contact(settings: Settings) -> None:
    settings.PRM_SECURITY_CONTACT = "security@portal.example"


def fields(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.splitlines())


@pytest.mark.parametrize("host", HOSTS)
def test_security_txt_says_whom_to_tell(cast: Cast, host: str) -> None:
    answer = Client(headers={"host": host}).get("/.well-known/security.txt")

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    found = fields(answer.content.decode())
    expires = datetime.fromisoformat(found.pop("Expires"))
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=365)
    assert found == {
        "Contact": "mailto:security@portal.example",
        "Preferred-Languages": "en",
        "Canonical": f"http://{host}/.well-known/security.txt",
        "Policy": f"http://{host}/security/",
    }


def test_security_txt_takes_a_link_as_it_is(cast: Cast, settings: Settings) -> None:
    settings.PRM_SECURITY_CONTACT = "https://portal.example/report"

    answer = Client(headers={"host": "localhost"}).get("/.well-known/security.txt")

    assert "Contact: https://portal.example/report\n" in answer.content.decode()


def test_security_txt_names_nobody_who_was_not_named(cast: Cast, settings: Settings) -> None:
    settings.PRM_SECURITY_CONTACT = ""

    assert Client(headers={"host": "localhost"}).get("/.well-known/security.txt").status_code == 404


@pytest.mark.parametrize("host", HOSTS)
def test_policy_page_stands_where_security_txt_says(cast: Cast, host: str) -> None:
    answer = Client(headers={"host": host}).get("/security/")

    assert answer.status_code == 200
    assert re.search(r'href="mailto:security@portal\.example"', answer.content.decode())


@pytest.mark.parametrize("host", HOSTS)
def test_robots_are_sent_away(cast: Cast, host: str) -> None:
    answer = Client(headers={"host": host}).get("/robots.txt")

    assert answer.content.decode() == "User-agent: *\nDisallow: /\n"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("path", ["/.well-known/security.txt", "/robots.txt", "/security/"])
def test_a_suspended_portals_host_says_it_too(cast: Cast, path: str) -> None:
    Portal.objects.filter(slug="acme").update(is_active=False)

    answer = Client(headers={"host": "acme.localhost:8000"}).get(path)

    assert answer.status_code == 200
    assert "Acme" not in answer.content.decode()

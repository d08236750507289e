"""Every page explains itself: its topic is found by its URL name, and no page is forgotten."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import resolve

from prm.home.helping import help_for, topic_of, topics
from prm.users.models import Membership
from tests.browsing import visitor
from tests.cast import Cast
from tests.guards.access_table import TABLE
from tests.guards.routes import routes
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
FOLDER = Path(__file__).parents[2] / "templates" / "help"
NO_HELP = {
    "home:help": "the help itself",
    "files:logo": "a file to save",
    "deals:preview": "stands beside the list",
    "leads:file": "a file to save",
    "leads:files": "leads to the lead",
    "leads:open": "leads to the lead",
    "leads:preview": "stands beside the list",
    "lists:view": "leads to the list",
    "runs:file": "a file to save",
    "runs:refusals": "a file to save",
    "sso:test": "leads to the provider",
}
"""What members can get and what is no page of its own."""
LONGEST = 120  # words


def test_every_page_has_its_help() -> None:
    pages = {name for name, method in TABLE if method == "GET" and not name.startswith("api:")} | {"home"}

    assert {name for name in pages if topic_of(name) not in topics()} == set(NO_HELP)


def test_no_help_is_left_over() -> None:
    assert topics() == {topic_of(route.name) for route in routes()} & topics()


@pytest.mark.parametrize("topic", sorted(topics()))
def test_help_is_short_and_names_its_keys(client_of: ClientOf, cast: Cast, topic: str) -> None:
    page = Page(client_of(cast.ben).get(f"/help/{topic}/"))

    text = page.by_id("help").text
    assert page.heading == page.by_id("help-title").text != ""
    assert 15 < len(text.split()) <= LONGEST
    assert "This help" in text


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.html")), ids=lambda path: path.stem)
def test_help_can_be_translated(path: Path) -> None:
    text = re.sub(r"{%.*?%}|<kbd[^>]*>[^<]*</kbd>|<[^>]*>", " ", path.read_text())

    assert text.split() == []


def test_page_leads_to_its_own_help(client_of: ClientOf, cast: Cast) -> None:
    page = Page(client_of(cast.ben).get("/leads/"))

    (link,) = [link for link in page.root.all("a") if "data-help" in link.attributes]
    assert link.attributes["href"] == link.attributes["hx-get"] == "/help/leads-list/"
    assert page.by_id("help").text == ""  # filled when asked for


@pytest.mark.parametrize("path", ["/help/leads-list/", "/nothing/"])
def test_page_without_help_offers_none(client_of: ClientOf, cast: Cast, path: str) -> None:
    assert "data-help" not in client_of(cast.ben).get(path).content.decode()


@pytest.mark.parametrize("topic", ["no-such-topic", "help_text", "base", "leads_list"])
def test_help_without_a_text_is_not_found(client_of: ClientOf, cast: Cast, topic: str) -> None:
    assert client_of(cast.ben).get(f"/help/{topic}/").status_code == 404


def test_help_is_for_members(cast: Cast) -> None:
    answer = visitor(cast.acme).get("/help/leads-list/")

    assert answer["Location"] == "/accounts/login/?next=%2Fhelp%2Fleads-list%2F"


def test_help_for_knows_the_page_by_its_name() -> None:
    assert help_for(resolve("/leads/L-1001/hand-over/")) == "leads-hand-over"
    assert help_for(resolve("/theme.css")) == ""
    assert help_for(None) == ""

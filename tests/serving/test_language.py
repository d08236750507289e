"""Which language an answer is in: the member's, else the browser's; the API's is English."""

import pytest

from prm.organizations.context import inside
from prm.users.actions import change_member
from tests.browsing import Api, sign_in, visitor
from tests.cast import Cast
from tests.factories import opened_lead
from tests.reading import Page


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.8", "de"),
        ("tlh, fr;q=0.3, es;q=0.7", "es"),
        ("en-GB,de;q=0.9", "en"),
        ("tlh", "en"),
        ('"><script>', "en"),
        ("de;q=oops," * 200, "en"),
    ],
)
def test_visitor_is_answered_in_the_browsers_language(cast: Cast, accepts: str, language: str) -> None:
    answer = visitor(cast.acme).get("/accounts/login/", headers={"Accept-Language": accepts})

    assert Page(answer).root.all("html")[0].attributes["lang"] == language
    assert "Accept-Language" in answer["Vary"]


def test_member_is_answered_in_the_own_language(cast: Cast) -> None:
    with inside(cast.acme):
        change_member(cast.ben, values={"language": "fr"}, by=cast.ben)

    answer = sign_in(cast.ben).get("/leads/", headers={"Accept-Language": "de"})

    assert Page(answer).root.all("html")[0].attributes["lang"] == "fr"
    assert Page(answer).heading == "Leads"


def test_language_does_not_stay_for_the_next_request(cast: Cast) -> None:
    visitor(cast.acme).get("/accounts/login/", headers={"Accept-Language": "ar"})

    page = Page(visitor(cast.acme).get("/accounts/login/"))

    assert (page.heading, page.root.all("html")[0].attributes["dir"]) == ("Sign in", "ltr")


@pytest.mark.parametrize("slug", ["", "nobody"])
def test_hosts_without_a_portal_speak_the_browsers_language(cast: Cast, slug: str) -> None:
    host = f"{slug}.localhost:8000" if slug else "localhost:8000"

    answer = visitor(None).get("/nothing/here/", headers={"host": host, "Accept-Language": "de"})

    assert (answer.status_code, Page(answer).heading) == (404, "Hier ist nichts")


def test_api_speaks_english_to_everybody(cast: Cast) -> None:
    """Its words are for logs: neither the key's person nor the caller's browser changes them."""
    with inside(cast.acme):
        change_member(cast.ada, values={"language": "de"}, by=cast.ada)
        lead = opened_lead(cast.ada, cast.ben)
    api = Api(cast.ada)

    refused = api.send("post", f"leads/{lead.pk}/reopen/", **{"Accept-Language": "de"})
    invalid = api.send("post", "leads/", {"company": ""}, **{"Accept-Language": "de"})
    with_session = sign_in(cast.ada).get("/api/v1/leads/?ordering=nothing")

    assert refused.json()["detail"] == f"Lead {lead.code} is open already."
    assert "Give a company or a last name." in str(invalid.json())
    assert "Sort by one of" in str(with_session.json())

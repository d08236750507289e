"""The search page and the list under the box."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prm.organizations.context import inside
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead
from tests.reading import Page

BOX = {"HX-Request": "true"}


def test_box_stands_on_every_page_and_needs_no_script(cast: Cast) -> None:
    client = sign_in(cast.ben)

    for address in ("/leads/", "/deals/", "/people/", "/profile/", "/search/"):
        (form,) = Page(client.get(address)).root.all("form", action="/search/")
        assert form.all("input", name="q")


@pytest.mark.parametrize(
    "address", ["/leads/", "/deals/", "/deals/board/", "/organizations/", "/people/", "/operations/mail/"]
)
def test_list_keeps_a_box_of_its_own(cast: Cast, address: str) -> None:
    page = Page(sign_in(cast.ada).get(address))

    ids = [node.attributes["id"] for node in page.root.all() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    assert [box.attributes["name"] for box in page.root.all("input", type="search")] == ["q", "search"]
    assert ["data-search" in box.attributes for box in page.root.all("input", type="search")] == [True, False]
    assert len(page.by_id("main").all("form", id="search")) == 1


def test_search_page_groups_what_it_finds(cast: Cast) -> None:
    with inside(cast.acme):
        opened_lead(cast.ada, cast.ben, company="North Star", city="Ghent")

    page = Page(sign_in(cast.ada).get("/search/?q=north"))

    assert [title.text for title in page.root.all("h2")][:3] == ["Leads", "Organizations", "People"]
    hits = {link.all("b")[0].text for link in page.root.all("a", css="hit")}
    assert {"North Star", "North"} <= hits


def test_search_page_asks_for_words_first(cast: Cast) -> None:
    page = Page(sign_in(cast.ben).get("/search/"))

    assert "By name, e-mail address, telephone number" in page.text
    assert "Nothing matches" not in page.text


@pytest.mark.parametrize("text", ["zzzzqqqq", "x"])
def test_search_page_says_that_there_is_nothing(cast: Cast, text: str) -> None:
    assert f"Nothing matches “{text}”" in Page(sign_in(cast.ben).get(f"/search/?q={text}")).text


def test_search_page_escapes_what_was_typed(cast: Cast) -> None:
    answer = sign_in(cast.ben).get("/search/", {"q": '"><script>alert(1)</script>'})

    assert "<script>alert" not in answer.content.decode()
    assert "&lt;script&gt;alert" in answer.content.decode()


@pytest.mark.parametrize("query", ["q=%00", f"q={'x' * 201}"])
def test_search_page_refuses_what_is_no_text(cast: Cast, query: str) -> None:
    assert sign_in(cast.ben).get(f"/search/?{query}").status_code == 400


def test_search_leads_strangers_to_sign_in(cast: Cast) -> None:
    answer = Client(headers={"host": "acme.localhost"}).get("/search/?q=north")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_box_gets_the_list_alone(cast: Cast) -> None:
    with inside(cast.acme):
        for number in range(5):
            opened_lead(cast.ada, cast.ben, company=f"Many {number}")

    page = Page(sign_in(cast.ben).get("/search/?q=many", headers=BOX))

    assert page.html.startswith('<div class="hits" id="hits">')
    options = page.root.all(role="option")
    assert [option.all("b")[0].text for option in options[:4]] == ["Many 4", "Many 3", "Many 2", "Many 1"]
    assert options[4].attributes["href"] == "/leads/?search=many"
    assert len({option.attributes["id"] for option in options}) == 5


def test_box_names_its_groups_for_a_screen_reader(cast: Cast) -> None:
    page = Page(sign_in(cast.ada).get("/search/?q=north", headers=BOX))

    titles = {title.attributes["id"] for title in page.root.all(css="hits-title")}
    assert {group.attributes["aria-labelledby"] for group in page.root.all(role="group")} == titles
    assert page.root.all(role="status")[0].text.endswith("found")


def test_box_shows_a_withheld_lead_by_its_number_only(cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben, company="Hidden Works")
    client = sign_in(cast.ben)

    found = Page(client.get(f"/search/?q={lead.code}", headers=BOX))

    assert [option.all("b")[0].text for option in found.root.all(role="option")] == [lead.code]
    assert "Open to see the details" in found.text
    assert "Hidden" not in found.html
    assert Page(client.get("/search/?q=hidden", headers=BOX)).root.all(role="option") == []


def test_foreign_and_missing_numbers_are_answered_alike(cast: Cast) -> None:
    with inside(cast.globex):
        foreign = new_lead(cast.dan, company="Of Globex")
    with inside(cast.acme):
        souths = opened_lead(cast.ada, cast.cleo, company="Of South")
    client = sign_in(cast.ben)

    answers = {
        Page(client.get(f"/search/?q={code}", headers=BOX)).text.replace(code, "")
        for code in (f"L-{foreign.number + 7000}", souths.code, "L-9999")
    }

    assert len(answers) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_search_asks_the_same_for_one_and_three(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    with inside(cast.acme):
        for number in range(count):
            opened_lead(cast.ada, cast.ben, company=f"Kestrel {number}")
    client = sign_in(cast.ada)

    with django_assert_num_queries(17):
        answer = client.get("/search/?q=kestrel", headers=BOX)

    assert len(Page(answer).root.all(role="option")) == count

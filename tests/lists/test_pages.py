"""The page of a list: chips, forms of filters, tabs that stop counting, what goes along in links."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leads.lists import LEADS
from leads.models import Lead
from prm.lists import filters
from prm.lists.columns import BulkVerb
from prm.lists.filters import Reference
from prm.lists.listing import listing, offer
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import assigned_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
PATHS = {
    "leads": "/leads/",
    "deals": "/deals/",
    "organizations": "/organizations/",
    "people": "/people/",
    "messages": "/messages/",
    "mails": "/operations/mail/",
}


@pytest.fixture
def verb() -> Iterator[BulkVerb]:
    """A verb for many rows, which only the vendor's people have."""
    made = BulkVerb(
        key="try", label="Try", icon="check", url_name="events:read_all", is_for=lambda member: member.is_vendor
    )
    offer("leads", made)
    yield made
    LEADS.verbs.remove(made)


# --- Chips and forms --------------------------------------------------------------------------------


def test_page_names_each_filter_in_a_chip_with_its_way_out(client_of: ClientOf, cast: Cast) -> None:
    page = Page(
        client_of(cast.ada).get(f"/leads/?country=DE&organization={cast.north.pk}&created=last_7_days&city=Gh")
    )

    chips = [chip.text for chip in page.root.all("span", css="chip")]
    assert chips == ["Partner: North", "Received: last 7 days", "Country: Germany", "City: “Gh”"]
    outs = [out.attributes["href"] for out in page.root.all("a", css="chip-out")]
    assert outs[2] == f"?organization={cast.north.pk}&created=last_7_days&city=Gh"


@pytest.mark.parametrize("name", PATHS)
def test_page_opens_the_form_of_each_filter_and_of_the_columns(
    client_of: ClientOf, ada: Membership, name: str
) -> None:
    """Also alone, for htmx, and with what is chosen already."""
    client = client_of(ada)
    declared = listing(name)

    for key in [*(each.key for each in declared.filters_for(ada)), "columns"]:
        whole = client.get(PATHS[name], {"choose": key})
        part = client.get(PATHS[name], {"choose": key}, headers={"HX-Request": "true", "HX-Target": "chooser"})

        assert (whole.status_code, part.status_code) == (200, 200), key
        assert len(Page(whole).by_id("chooser").all("form")) == 1, key
        assert Page(part).root.all("h1") == []
        assert len(Page(part).by_id("chooser").all("form")) == 1, key


@pytest.mark.parametrize("name", PATHS)
def test_page_answers_each_filter_as_its_form_sends_it(client_of: ClientOf, ada: Membership, name: str) -> None:
    """A form sends its empty fields along when there is no script: they mean nothing."""
    client = client_of(ada)
    declared = listing(name)
    names = [name for each in declared.filters_for(ada) for name in each.names]

    answer = client.get(PATHS[name], dict.fromkeys(names, ""))

    assert answer.status_code == 200
    assert Page(answer).root.all("span", css="chip") == []


@pytest.mark.parametrize("name", PATHS)
def test_page_says_400_to_what_it_has_not_declared(client_of: ClientOf, ada: Membership, name: str) -> None:
    client = client_of(ada)

    for query in (
        "portal=x",
        "id__in=1",
        "user__password=x",
        "choose=nonsense",
        "columns=nonsense",
        "cursor=a&cursor=b",
    ):
        assert client.get(f"{PATHS[name]}?{query}").status_code == 400, query


@pytest.mark.parametrize("name", PATHS)
def test_page_takes_no_record_of_another_portal(client_of: ClientOf, cast: Cast, name: str) -> None:
    """It is answered like one that never was."""
    declared = listing(name)
    client = client_of(cast.ada)
    for each in (each for each in declared.filters_for(cast.ada) if isinstance(each, Reference)):
        with inside(cast.globex):
            foreign = [str(record.pk) for record in each.records(cast.dan)[:1]]
        for key in ("00000000-0000-7000-8000-000000000000", *foreign):
            assert client.get(PATHS[name], {each.key: key}).status_code == 400, each.key


@pytest.mark.parametrize("name", PATHS)
def test_page_sorts_by_each_entry_of_its_menu(client_of: ClientOf, ada: Membership, name: str) -> None:
    client = client_of(ada)
    page = Page(client.get(PATHS[name]))
    links = [link.attributes["href"] for link in page.root.all("a") if "ordering=" in link.attributes["href"]]

    assert len(links) > 1
    for link in links:
        assert client.get(f"{PATHS[name]}{link}").status_code == 200, link


def test_page_finds_what_a_long_form_cannot_hold(
    client_of: ClientOf, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is ticked stays, whatever is looked for."""
    monkeypatch.setattr(filters, "MOST_CHOICES", 1)
    client = client_of(cast.ada)

    some, found, nothing = (
        Page(client.get("/leads/", {"choose": "organization", "organization": [str(cast.north.pk)], "find": words}))
        for words in ("", "sou", "nobody")
    )

    ticks = [[label.text for label in page.by_id("chooser").all("label")][:3] for page in (some, found, nothing)]
    assert ticks[0][:2] == ["North", "East"]
    assert "South" in ticks[1]
    assert "North" in ticks[1]
    assert "South" not in ticks[2]


def test_page_form_of_a_filter_keeps_the_others(client_of: ClientOf, ada: Membership) -> None:
    page = Page(client_of(ada).get("/leads/?status=lost&country=DE&country=FR&choose=country&cursor="))

    form = page.by_id("chooser").all("form")[0]
    hidden = [(box.attributes["name"], box.attributes["value"]) for box in form.all("input", type="hidden")]
    ticked = [box.attributes["value"] for box in form.all("input", name="country") if "checked" in box.attributes]
    assert hidden == [("status", "lost")]
    assert ticked == ["FR", "DE"]


def test_page_search_keeps_the_filters(client_of: ClientOf, ada: Membership) -> None:
    page = Page(client_of(ada).get("/leads/?country=DE&ordering=name&search=x"))

    kept = [(box.attributes["name"], box.attributes["value"]) for box in page.root.all("input", form="search")]
    assert kept == [("country", "DE"), ("ordering", "name")]


# --- Rows ---------------------------------------------------------------------------------------------


def test_page_draws_the_columns_that_were_asked_for(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        opened_lead(cast.ada, cast.ben, company="Here", city="Ghent", country="BE", employees=12)
    query = "columns=city&columns=country&columns=employees&columns=opened_by&columns=lost_reason"

    page = Page(client_of(cast.ada).get(f"/leads/?{query}"))

    assert [cell.text for cell in page.root.all("td")][2:] == ["Ghent", "Belgium", "12", "Ben", ""]


def test_page_masks_details_of_the_withheld(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben, city="Ghent")

    page = Page(client_of(cast.ben).get("/leads/?columns=city&columns=employees"))

    assert page.rows == [lead.code]
    assert "Ghent" not in page.html
    assert len(page.root.all("span", css="mask")) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_page_with_all_columns_asks_the_same_for_one_and_three(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    with inside(cast.acme):
        for _ in range(count):
            opened_lead(cast.ada, cast.ben)
    client = sign_in(cast.ada)
    every = "&".join(f"columns={column.key}" for column in LEADS.every_column)

    with django_assert_num_queries(14):
        answer = client.get(f"/leads/?{every}")

    assert len(Page(answer).rows) == count


def test_page_offers_verbs_for_many_rows_to_whoever_has_them(
    client_of: ClientOf, cast: Cast, verb: BulkVerb
) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)

    vendor, partner = (Page(client_of(member).get("/leads/?status=opened")) for member in (cast.ada, cast.ben))

    boxes = vendor.root.all("input", name="row")
    assert [box.attributes["value"] for box in boxes] == [str(lead.pk)]
    assert vendor.form("")["query"] == ["status=opened"]
    assert vendor.root.all("button", formaction="/messages/read/")[0].text == "Try"
    assert partner.root.all("input", name="row") == []


def test_preview_shows_no_detail_of_the_withheld_and_opens_nothing(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben, company="Secret", city="Ghent")

    withheld = client_of(cast.ben).get(f"/leads/{lead.code}/preview/")
    shown = client_of(cast.ada).get(f"/leads/{lead.code}/preview/")

    assert "Secret" not in withheld.content.decode()
    assert "Ghent" not in withheld.content.decode()
    assert "Secret" in shown.content.decode()
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).opened_at is None

"""The lead list and a lead's page, as each of the cast sees them."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from deals.actions import convert_lead
from leads import actions
from leads.models import Lead, LostReason
from prm.organizations.context import inside
from prm.users.actions import invite_member
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead, registration
from tests.reading import Page

ClientOf = Callable[[Membership], Client]

DETAILS = {
    "company": "Zuckerbäckerei Ölwein",
    "first_name": "Søren",
    "last_name": "O'Hara",
    "title": "Chief Confectioner",
    "email": "soren@olwein.example",
    "phone": "+43 1 777001",
    "mobile": "+43 664 777002",
    "website": "https://olwein.example",
    "street": "Tortengasse 7",
    "city": "Wiener Neustadt",
    "state": "Niederösterreich",
    "postal_code": "27009",
    "country": "AT",
    "industry": "Confectionery",
    "employees": 4711,
    "product_interest": "Dough kneader",
    "budget": "8642.50",
    "budget_currency": "CHF",
    "timeframe": "Before Advent",
    "description": "Wants <b>seven</b> kneaders.",
    "source": "Pastry fair",
    "source_detail": "Stand 17",
    "campaign": "Sweet spring",
    "language": "de-AT",
    "internal_notes": "Pays late.",
}
"""Every detail field, each with a value found nowhere else on a page."""
NEEDLES = [
    *(str(value) for name, value in DETAILS.items() if name != "country"),
    "Austria",
    "8642",
    "8,642",
    "Hara",
]
SHOWN = [
    *(
        f"{value:,}" if isinstance(value, int) else str(value)
        for name, value in DETAILS.items()
        if name not in {"country", "budget", "budget_currency", "website"}
    ),
    *("Austria", "CHF 8,642.50", "olwein.example"),
]


@pytest.fixture
def leads(cast: Cast) -> dict[str, Lead]:
    """One lead in each place, so that what a list leaves out is really there."""
    with inside(cast.acme):
        found = {
            "free": new_lead(cast.ada, company="Free Inc"),
            "ben": assigned_lead(cast.ada, cast.ben, company="Unopened Inc"),
            "bea": opened_lead(cast.ada, cast.bea, company="Opened Inc"),
            "north": assigned_lead(cast.ada, cast.north, company="Everybody's Inc"),
            "cleo": opened_lead(cast.ada, cast.cleo, company="South Inc"),
        }
    with inside(cast.globex):
        found["globex"] = opened_lead(cast.dan, cast.eve_globex, company="Globex Inc")
    return found


# --- The list --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("ada", ["South Inc", "Everybody's Inc", "Opened Inc", "Unopened Inc", "Free Inc"]),
        ("vic", ["Everybody's Inc", "Opened Inc", "Unopened Inc"]),
        ("bea", ["north", "Opened Inc", "ben"]),
        ("eve", ["north", "Opened Inc", "ben"]),
        ("ben", ["ben"]),
        ("cleo", ["South Inc"]),
        ("dora", ["South Inc"]),  # her reseller's
        ("eve_globex", ["Globex Inc"]),
        ("dan", ["Globex Inc"]),
    ],
)
def test_lead_list_shows_each_member_the_own_rows(
    client_of: ClientOf, cast: Cast, leads: dict[str, Lead], name: str, seen: list[str]
) -> None:
    answer = client_of(getattr(cast, name)).get("/leads/")

    assert answer.status_code == 200
    assert Page(answer).rows == [leads[entry].code if entry in leads else entry for entry in seen]


@pytest.mark.parametrize("name", ["ivan", "dis"])
def test_lead_list_is_shut_for_who_may_not_sign_in(client_of: ClientOf, cast: Cast, name: str) -> None:
    answer = client_of(getattr(cast, name)).get("/leads/")

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=%2Fleads%2F"


def test_lead_list_counts_in_tabs_and_keeps_the_search(
    client_of: ClientOf, ada: Membership, leads: dict[str, Lead]
) -> None:
    page = Page(client_of(ada).get("/leads/", {"search": "opened", "status": "opened"}))

    tabs = {tab.text: tab.attributes["href"] for tab in page.root.all("a", css="tab")}
    assert list(tabs) == [
        *("All 2", "Unassigned 0", "Unopened 1", "Opened 1"),
        *("Working 0", "Converted 0", "Won 0", "Lost 0"),
    ]
    assert tabs["Unopened 1"] == "?search=opened&status=assigned"
    assert [tab.text for tab in page.root.all("a", css="tab") if "aria-current" in tab.attributes] == ["Opened 1"]
    assert page.rows == ["Opened Inc"]
    assert page.value("search") == "opened"


def test_lead_list_never_finds_a_withheld_detail(
    client_of: ClientOf, ben: Membership, leads: dict[str, Lead]
) -> None:
    by_name = Page(client_of(ben).get("/leads/", {"search": "Unopened"}))
    by_number = Page(client_of(ben).get("/leads/", {"search": leads["ben"].code.lower()}))

    assert by_name.rows == []
    assert "Nothing matches “Unopened”" in by_name.text
    assert by_number.rows == [leads["ben"].code]


@pytest.mark.parametrize(
    ("ordering", "rows"),
    [
        ("name", ["Everybody's Inc", "Free Inc", "Opened Inc", "South Inc", "Unopened Inc"]),
        ("-name", ["Unopened Inc", "South Inc", "Opened Inc", "Free Inc", "Everybody's Inc"]),
        ("number", ["Free Inc", "Unopened Inc", "Opened Inc", "Everybody's Inc", "South Inc"]),
    ],
)
def test_lead_list_sorts_as_the_address_says(
    client_of: ClientOf, ada: Membership, leads: dict[str, Lead], ordering: str, rows: list[str]
) -> None:
    page = Page(client_of(ada).get("/leads/", {"ordering": ordering}))

    assert page.rows == rows
    sorted_by = [head.attributes.get("aria-sort") for head in page.root.all("th") if "aria-sort" in head.attributes]
    assert sorted_by == {"name": ["ascending"], "-name": ["descending"], "number": []}[ordering]


def test_lead_list_pages_forth_and_back(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        numbers = [new_lead(cast.ada, company=f"Company {n}").code for n in range(53)]
    client = client_of(cast.ada)

    first = Page(client.get("/leads/", {"ordering": "-number", "search": "Company"}))
    second = Page(client.get(f"/leads/{_pager(first)['Next']}"))
    again = Page(client.get(f"/leads/{_pager(second)['Previous']}"))

    shown = [Page(page.html).root.all("small") for page in (first, second)]
    codes = [small.text for page in shown for small in page if small.text.startswith("L-")]
    assert codes == numbers[::-1]
    assert len(second.rows) == 3
    assert again.rows == first.rows
    assert list(_pager(first)) == ["Next"]
    assert list(_pager(second)) == ["Previous"]


def _pager(page: Page) -> dict[str, str]:
    nav = page.root.all("nav", css="pager")[0]
    return {link.text: link.attributes["href"] for link in nav.all("a")}


@pytest.mark.parametrize(
    "query",
    [
        "ordering=nonsense",
        "ordering=portal",
        "ordering=--name",
        "status=nonsense",
        "cursor=nonsense",
        "cursor=bnVsbA",
        "search=" + "x" * 201,
        "search=%00",
        "status=%00",
        "cursor=%00",
        "%00=x",
    ],
)
def test_lead_list_says_400_to_a_bad_address(client_of: ClientOf, ada: Membership, query: str) -> None:
    answer = client_of(ada).get(f"/leads/?{query}")

    assert answer.status_code == 400
    assert Page(answer).heading == "This address could not be read"


def test_lead_list_of_a_partner_cannot_be_sorted_by_a_withheld_name(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        zebra = assigned_lead(cast.ada, cast.ben, company="Zebra")
        ant = assigned_lead(cast.ada, cast.ben, company="Ant")

    page = Page(client_of(cast.ben).get("/leads/", {"ordering": "name"}))

    assert page.rows == [zebra.code, ant.code]


def test_lead_list_when_empty_offers_the_first_step(client_of: ClientOf, cast: Cast) -> None:
    vendor, partner = (Page(client_of(m).get("/leads/")) for m in (cast.ada, cast.ben))

    assert vendor.links("New lead") == ["/leads/new/", "/leads/new/"]
    assert partner.links("New lead") == []
    assert "When Acme assigns you a lead, it appears here" in partner.text


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("name", "queries"), [("ada", 14), ("ben", 14)])
def test_lead_list_asks_the_same_for_one_and_three(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int, name: str, queries: int
) -> None:
    with inside(cast.acme):
        for _ in range(count):
            opened_lead(cast.ada, cast.ben)
    client = sign_in(getattr(cast, name))

    with django_assert_num_queries(queries):
        answer = client.get("/leads/")

    assert len(Page(answer).rows) == count


# --- One lead --------------------------------------------------------------------------------------


def test_lead_page_shows_every_field_to_the_vendor(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben, **DETAILS)

    page = Page(client_of(cast.ada).get(f"/leads/{lead.code}/"))

    assert [words for words in SHOWN if words not in page.text] == []
    assert "<b>seven</b>" not in page.html


def test_lead_page_withholds_every_field_until_opened(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben, **DETAILS)

    page = Page(client_of(cast.ben).get(f"/leads/{lead.code}/"))

    assert page.heading == f"Lead {lead.code} is waiting"
    assert "Assigned to Ben" in page.text
    assert page.root.all("form", action=f"/leads/{lead.code}/open/")[0].text == "Open lead"
    assert [words for words in NEEDLES if words.lower() in page.html.lower()] == []


def test_lead_page_shows_all_but_the_internal_notes_once_opened(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben, **DETAILS)

    page = Page(client_of(cast.ben).get(f"/leads/{lead.code}/"))

    assert [words for words in SHOWN if words not in page.text] == [DETAILS["internal_notes"]]
    assert str(DETAILS["internal_notes"]) not in page.html


@pytest.mark.parametrize("name", ["cleo", "dora", "eve_globex", "dan"])
def test_lead_page_of_somebody_else_is_not_found(client_of: ClientOf, cast: Cast, name: str) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
    client = client_of(getattr(cast, name))

    real, absent = client.get(f"/leads/{lead.code}/"), client.get("/leads/L-999999/")

    assert (real.status_code, absent.status_code) == (404, 404)
    assert real.content == absent.content


def test_lead_page_tells_the_vendor_who_opened_it(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)

    page = Page(client_of(cast.vic).get(f"/leads/{lead.code}/"))

    assert "opened by Ben, " in page.root.all(css="about")[0].text
    assert "Ben opened the lead" in page.by_id("timeline").text


@pytest.mark.parametrize(
    ("name", "state", "verbs"),
    [
        ("ada", "new", {"Edit", "Close as lost", "Assign lead", "Add comment"}),
        ("ada", "assigned", {"Edit", "Close as lost", "Reassign", "Recall lead", "Add comment"}),
        (
            "ada",
            "opened",
            {"Edit", "Close as lost", "Close as won", "Convert to deal", "Reassign", "Recall lead", "Add comment"},
        ),
        ("ada", "lost", {"Reopen lead"}),
        ("ben", "assigned", {"Open lead"}),
        (
            "ben",
            "opened",
            {
                "Edit",
                "Close as lost",
                "Close as won",
                "Convert to deal",
                "Hand over to a colleague",
                "Add comment",
                "Log activity",
            },
        ),
        ("ben", "lost", set()),
    ],
)
def test_lead_page_offers_the_verbs_of_its_state(
    client_of: ClientOf, cast: Cast, name: str, state: str, verbs: set[str]
) -> None:
    lead = in_state(cast, state)

    page = Page(client_of(getattr(cast, name)).get(f"/leads/{lead.code}/"))

    shown = {element.text for tag in ("a", "button") for element in page.by_id("main").all(tag)}
    assert shown & VERBS == verbs


VERBS = {
    *("Edit", "Assign lead", "Reassign", "Recall lead", "Open lead", "Hand over to a colleague", "Add comment"),
    *("Log activity", "Close as lost", "Close as won", "Convert to deal", "Reopen lead"),
}


def in_state(cast: Cast, state: str) -> Lead:
    with inside(cast.acme):
        if state == "new":
            return new_lead(cast.ada)
        if state == "assigned":
            return assigned_lead(cast.ada, cast.ben)
        lead = opened_lead(cast.ada, cast.ben)
        if state == "lost":
            return actions.lose_lead(lead, reason=LostReason.objects.all()[0], by=cast.ben)
        return lead


def test_lead_page_links_to_the_deal_and_back(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        deal = convert_lead(lead, registration=registration(), by=cast.ben)
    client = client_of(cast.ben)

    forth = Page(client.get(f"/leads/{lead.code}/")).links(f"deal {deal.code}")
    back = Page(client.get(f"/deals/{deal.code}/")).links(f"from lead {lead.code}")

    assert (forth, back) == ([f"/deals/{deal.code}/"], [f"/leads/{lead.code}/"])


def test_lead_page_keeps_internal_comments_inside(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        for member, text, is_internal in (
            (cast.ada, "vendor among themselves", True),
            (cast.ada, "vendor to partner", False),
            (cast.ben, "partner among themselves", True),
            (cast.ben, "partner to vendor", False),
        ):
            actions.comment_lead(lead, text=text, is_internal=is_internal, by=member)

    said = {
        member.name: [
            said.text for said in Page(client_of(member).get(f"/leads/{lead.code}/")).root.all(css="said")
        ]
        for member in (cast.ada, cast.ben)
    }

    assert said == {
        "Ada": ["partner to vendor", "vendor to partner", "vendor among themselves"],
        "Ben": ["partner to vendor", "partner among themselves", "vendor to partner"],
    }


READS = {"ada": 10, "ben": 9}
"""Of a lead's page, all of them: portal, session, member, lead, neighbours, events, notes, files, readers,
counts."""
OTHERS = 6  # savepoints and the portal's setting


@pytest.mark.parametrize("name", ["ada", "ben"])
@pytest.mark.parametrize("count", [1, 3, 50])
def test_lead_page_asks_the_same_for_a_short_and_a_long_story(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, name: str, count: int
) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.cleo)
        lead = actions.open_lead(actions.assign_lead(lead, to=cast.ben, by=cast.ada), by=cast.ben)
        add_readers(cast, count)
        for number in range(count):
            lead = actions.update_lead(lead, values={"city": f"City {number}"}, by=cast.ben)
            actions.comment_lead(lead, text="A comment", is_internal=False, by=cast.ben)
            actions.log_activity(lead, kind="call", outcome="reached", note="", by=cast.ben)
    client = sign_in(getattr(cast, name))

    with django_assert_num_queries(READS[name] + OTHERS) as asked:
        page = Page(client.get(f"/leads/{lead.code}/"))

    assert len(page.root.all(css="said")) == count
    readers = [name.text for each in page.root.all("ul", css="readers") for name in each.all("b")]
    assert len(readers) == (4 + count if name == "ada" else 0)
    assert readers[-1:] == (["Cleo"] if name == "ada" else [])  # who had it before
    reads = [query for query in asked.captured_queries if query["sql"].lstrip("(").startswith("SELECT")]
    assert len(reads) == READS[name] < 12


@pytest.mark.parametrize(
    ("name", "queries"), [("ada", READS["ada"] + 1 + OTHERS), ("ben", READS["ben"] + 1 + OTHERS)]
)
def test_lead_page_of_a_converted_lead_asks_once_more(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, name: str, queries: int
) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        actions.comment_lead(lead, text="A comment", is_internal=False, by=cast.ben)
        convert_lead(lead, registration=registration(), by=cast.ben)
    client = sign_in(getattr(cast, name))

    with django_assert_num_queries(READS[name] + 1 + OTHERS):
        assert client.get(f"/leads/{lead.code}/").status_code == 200


def add_readers(cast: Cast, count: int) -> None:
    """People of North who may see all its leads."""
    groups = list(cast.bea.groups.filter(name="View All Leads"))
    for number in range(count):
        email = f"reader{number}@north.example"
        invite_member(cast.north, email=email, name=f"Reader {number}", groups=groups, by=cast.ada)
    Membership.objects.filter(name__startswith="Reader ").update(status=Membership.Status.ACTIVE)

"""The home page of each seat: what it shows, what it must not, and what it costs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from leads import actions
from leads.models import Lead
from prm.events.models import Delivery
from prm.home import latest
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.actions import accept_invitation, invite_member
from prm.users.models import Group, Membership, MembershipGroup
from tests.browsing import sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
AGO = timedelta(days=30)


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


def needs(page: Page) -> dict[str, str]:
    """The tiles: the number and where it leads, by label."""
    tiles = page.by_id("main").all("li", css="need")
    return {
        link.all("span")[0].text: f"{link.all('b')[0].text} {link.attributes['href']}"
        for link in (tile.all("a")[0] for tile in tiles)
    }


def headings(page: Page) -> list[str]:
    return [heading.text for heading in page.by_id("main").all("h2")]


def home(member: Membership) -> Page:
    answer = sign_in(member).get("/")
    assert answer.status_code == 200
    return Page(answer)


def make_old(lead: Lead) -> Lead:
    """As if all of it had happened a month ago."""
    times = {name: getattr(lead, name) for name in ("created_at", "updated_at", "assigned_at", "opened_at")}
    Lead.objects.filter(pk=lead.pk).update(**{name: at - AGO for name, at in times.items() if at})
    return lead


def make_quiet(lead: Lead, *, by: Membership) -> None:
    """As if it had been worked a month ago, and never again."""
    long_ago = timezone.now() - AGO
    actions.log_activity(lead, kind="call", outcome="reached", note="", by=by, happened_at=long_ago)
    make_old(Lead.objects.get(pk=lead.pk))


# --- Getting there --------------------------------------------------------------------------------------


def test_home_of_a_stranger_leads_to_sign_in_and_back(cast: Cast) -> None:
    assert visitor(cast.acme).get("/")["Location"] == "/accounts/login/?next=%2F"
    assert sign_in(cast.dan).get("/", headers={"host": "acme.localhost:8000"}).status_code == 302


def test_home_stands_first_in_the_navigation(cast: Cast) -> None:
    page = home(cast.ben)

    first = page.by_id("navigation").all("a", css="nav-link")[0]
    assert (first.text, first.attributes["href"], first.attributes["aria-current"]) == ("Home", "/", "page")
    assert page.heading == "Home"


# --- The vendor -----------------------------------------------------------------------------------------


def test_home_of_the_vendor_counts_what_waits(cast: Cast) -> None:
    with inside(cast.acme):
        new_lead(cast.ada)
        make_old(assigned_lead(cast.ada, cast.ben))
        assigned_lead(cast.ada, cast.ben)  # only since today
        Delivery.objects.filter(channel="email").update(status="bounced")
        bounced = Delivery.objects.filter(status="bounced").count()
    with inside(cast.globex):
        for _ in range(3):
            new_lead(cast.dan)

    page = home(cast.ada)

    assert needs(page) == {
        "Unassigned": "1 /leads/?status=unassigned&ordering=created_at",
        "Unopened for 3 days": "1 /leads/?waits=unopened&ordering=created_at",
        "Mails bounced this week": f"{bounced} /operations/mail/?status=bounced",
    }


def test_number_on_the_home_page_is_what_its_list_shows(cast: Cast) -> None:
    with inside(cast.acme):
        new_lead(cast.ada)
        for _ in range(2):
            make_old(assigned_lead(cast.ada, cast.ben))
        assigned_lead(cast.ada, cast.ben)  # only since today
        for _ in range(3):
            make_quiet(opened_lead(cast.ada, cast.ben), by=cast.ben)
        opened_lead(cast.ada, cast.ben)

    for member, numbers in ((cast.ada, ["1", "2", "3"]), (cast.ben, ["3", "3"])):
        found = [words.split() for words in needs(home(member)).values() if "/leads/" in words]
        assert [number for number, _url in found] == numbers
        for number, url in found:
            assert len(Page(sign_in(member).get(url)).rows) == int(number), url


def test_home_of_the_vendor_shows_flow_pace_and_news(cast: Cast) -> None:
    with inside(cast.acme):
        opened_lead(cast.ada, cast.ben)
        new_deal(cast.ada, cast.ben)

    page = home(cast.ada)

    assert headings(page)[1:] == ["From received to converted", "How soon partners act", "What happened last"]
    assert "North" in page.rows
    assert page.by_id("main").all("svg", role="img")[0].all("title")[0].text != ""


def test_home_of_the_vendor_in_an_empty_portal_says_how_to_begin(cast: Cast) -> None:
    page = home(cast.dan)

    assert headings(page)[0] == "To your first converted lead"
    assert "The next step of a new portal stands below." in page.text
    assert page.by_id("main").all("a", css="primary")[1].attributes["href"] == "/settings/portal/"
    assert page.by_id("main").all("svg", role="img") == []  # no picture of nothing


def test_home_of_a_partner_manager_shows_managed_leads_only(cast: Cast) -> None:
    with inside(cast.acme):
        new_lead(cast.ada)
        make_old(assigned_lead(cast.ada, cast.ben))
        for _ in range(2):
            make_old(assigned_lead(cast.ada, cast.cleo))
        souths = opened_lead(cast.ada, cast.cleo)
    home(cast.ada)  # what is kept for those who see all is not for Vic

    page = home(cast.vic)

    assert needs(page) == {"Unopened for 3 days": "1 /leads/?waits=unopened&ordering=created_at"}
    assert [row for row in page.rows if "South" in row] == []
    assert souths.code not in page.html
    assert page.by_id("main").all("dl", css="funnel")[0].all("dd")[0].text == "1"


# --- Partners -------------------------------------------------------------------------------------------


def test_home_of_a_partner_leads_to_the_next_lead(cast: Cast) -> None:
    with inside(cast.acme):
        oldest = make_old(assigned_lead(cast.ada, cast.ben))
        newest = assigned_lead(cast.ada, cast.ben)
        assigned_lead(cast.ada, cast.bea)
        assigned_lead(cast.ada, cast.cleo)

    page = home(cast.ben)

    assert page.links("Go to the next lead") == [f"/leads/{oldest.code}/"]
    assert f"Lead {oldest.code} waits for you" in page.text
    assert page.by_id("main").all("section", css="list")[0].all("a", css="row-link")[0].text == oldest.code
    assert needs(page) == {"Waiting to be opened": "2 /leads/?status=assigned&ordering=assigned_at"}
    assert newest.code in page.html


def test_home_of_a_partner_tells_no_detail_of_a_withheld_lead(cast: Cast) -> None:
    """The canaries in every column are listened for; these are words that a test can read."""
    with inside(cast.acme):
        make_old(assigned_lead(cast.ada, cast.ben, company="Secret Clinics", last_name="Hidden", city="Nowhere"))

    page = home(cast.ben)

    assert [word for word in ("Secret", "Hidden", "Nowhere", "SC") if word in page.by_id("main").text] == []


def test_home_of_a_partner_shows_what_to_follow_up(cast: Cast) -> None:
    with inside(cast.acme):
        make_old(opened_lead(cast.ada, cast.ben, company="Quiet Works"))
        opened_lead(cast.ada, cast.ben, company="Busy Works")
        make_old(opened_lead(cast.ada, cast.bea, company="Not Bens"))
        make_old(opened_lead(cast.ada, cast.cleo, company="Souths"))

    page = home(cast.ben)

    assert "To follow up" in headings(page)
    assert "Quiet Works" in page.rows
    assert [name for name in ("Busy Works", "Not Bens", "Souths") if name in page.rows] == []
    assert page.links("Follow up") != []


def test_home_of_a_partner_shows_open_deals_by_their_date(cast: Cast) -> None:
    with inside(cast.acme):
        today = timezone.localdate()
        new_deal(cast.ada, cast.ben, name="Later", close_date=today + AGO)
        new_deal(cast.ada, cast.ben, name="Overdue", close_date=today - AGO)
        new_deal(cast.ada, cast.cleo, name="Souths", close_date=today)

    page = home(cast.ben)

    assert page.rows[-2:] == ["Overdue", "Later"]
    assert page.text.count("was due") == 1
    assert needs(page)["Open deals"] == "2 /deals/?status=open&ordering=close_date"


def test_home_of_a_partners_admin_tells_what_colleagues_leave_unopened(cast: Cast) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
        assigned_lead(cast.ada, cast.north)

    assert {label: text.partition(" ")[0] for label, text in needs(home(cast.bea)).items()} == {
        "Waiting to be opened": "1",
        "Unopened by colleagues": "1",
    }


def test_home_of_a_distributor_shows_its_resellers_apart(cast: Cast) -> None:
    """What waits for Dora herself stands first; South's is for her to know."""
    with inside(cast.acme):
        easts, souths = opened_lead(cast.ada, cast.dora), opened_lead(cast.ada, cast.cleo)
        make_old(assigned_lead(cast.ada, cast.cleo, company="Secret Clinics"))
        make_quiet(opened_lead(cast.ada, cast.cleo, company="Quiet Works"), by=cast.cleo)
        assigned_lead(cast.ada, cast.ben)
        new_deal(cast.ada, cast.cleo)

    page = home(cast.dora)

    assert list(needs(page)) == ["Unopened by resellers", "Quiet at resellers", "Open deals of resellers"]
    assert headings(page) == [
        *("Waiting to be opened", "What waits at your resellers", "Open deals of your resellers"),
        *("From received to converted", "How soon partners act"),
    ]
    assert page.by_id("at-resellers").parent.parent.all("tr")[1].text.startswith("South 1 unopened oldest ")  # type: ignore[union-attr]
    assert "North" not in page.by_id("main").text
    assert "Secret" not in page.html
    for lead in (easts, souths):
        assert lead.code not in page.html  # opened today: nothing to follow up


def test_number_on_the_home_page_of_a_distributor_is_what_its_list_shows(cast: Cast) -> None:
    with inside(cast.acme):
        for holder in (cast.dora, cast.east, cast.cleo, cast.cleo, cast.cleo):
            assigned_lead(cast.ada, holder)
        assigned_lead(cast.ada, invite_and_accept(cast.east, cast))
        for holder in (cast.dora, cast.cleo, cast.cleo):
            make_quiet(opened_lead(cast.ada, holder), by=holder)
        new_deal(cast.ada, cast.dora)
        for _ in range(2):
            new_deal(cast.ada, cast.cleo)
    client = sign_in(cast.dora)
    page = Page(client.get("/"))

    found = {label: words.split() for label, words in needs(page).items()}
    assert {label: number for label, (number, _url) in found.items()} == {
        "Waiting to be opened": "2",
        "To follow up": "1",
        "Unopened by colleagues": "1",
        "Unopened by resellers": "3",
        "Quiet at resellers": "2",
        "Open deals": "1",
        "Open deals of resellers": "2",
    }
    links = page.by_id("main").all("a", css="number")
    found |= {link.attributes["href"]: [link.text.split()[0], link.attributes["href"]] for link in links}
    assert len(links) == 4  # two at South, its deals, and all deals together
    for number, url in found.values():
        assert len(Page(client.get(url)).rows) == int(number), url


def test_number_on_the_home_page_of_who_sees_colleagues_is_what_its_list_shows(cast: Cast) -> None:
    with inside(cast.acme):
        for holder in (cast.bea, cast.north, cast.ben, cast.ben, cast.ben):
            assigned_lead(cast.ada, holder)
        for holder in (cast.bea, cast.ben, cast.ben):
            make_old(opened_lead(cast.ada, holder))
    client = sign_in(cast.bea)

    found = {label: words.split() for label, words in needs(Page(client.get("/"))).items()}

    assert {label: number for label, (number, _url) in found.items()} == {
        "Waiting to be opened": "2",
        "To follow up": "1",
        "Unopened by colleagues": "3",
    }
    for number, url in found.values():
        assert len(Page(client.get(url)).rows) == int(number), url


def invite_and_accept(organization: Organization, cast: Cast) -> Membership:
    """A colleague of Dora's who receives leads."""
    groups = Group.objects.filter(kind="distributor", name="Receive Leads")
    member = invite_member(organization, email="don@east.example", name="Don", groups=groups, by=cast.ada)
    return accept_invitation(member, name="Don", password=PASSWORD)


def test_home_of_somebody_in_two_portals_shows_one(cast: Cast) -> None:
    with inside(cast.acme):
        ours = assigned_lead(cast.ada, cast.eve)
    with inside(cast.globex):
        new_lead(cast.dan)
        theirs = assigned_lead(cast.dan, cast.eve_globex)

    assert f"/leads/{ours.code}/" in home(cast.eve).html
    page = home(cast.eve_globex)
    assert f"/leads/{theirs.code}/" in page.html
    assert needs(page)["Waiting to be opened"].startswith("1 ")


@pytest.mark.parametrize(("name", "who"), [("ben", "Bea"), ("cleo", ""), ("vic", "Ada")])
def test_home_of_somebody_who_sees_nothing_says_who_can_help(cast: Cast, name: str, who: str) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        MembershipGroup.objects.filter(membership=getattr(cast, name)).delete()

    page = home(getattr(cast, name))

    assert headings(page) == ["No leads for you yet"]
    assert (f"{who}," in page.by_id("main").text) if who else ("Please ask Acme" in page.text)
    assert lead.code not in page.html


def test_home_of_another_portal_shows_none_of_the_figures_kept(cast: Cast) -> None:
    with inside(cast.acme):
        for _ in range(3):
            opened_lead(cast.ada, cast.ben)
    with inside(cast.globex):
        opened_lead(cast.dan, cast.eve_globex)
    home(cast.ada)

    page = home(cast.dan)

    assert page.by_id("main").all("dl", css="funnel")[0].all("dd")[0].text == "1"
    assert "West" in page.rows
    assert "North" not in page.by_id("main").text


def test_home_through_the_eyes_of_a_partner_is_what_the_partner_sees(cast: Cast) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben, company="Secret Clinics")
        make_old(opened_lead(cast.ada, cast.ben, company="Quiet Works"))
    client = sign_in(cast.ada)
    client.post(f"/people/{cast.ben.pk}/view-as/", {"reason": "They cannot find a lead", "lasting": "15"})

    seen = Page(client.get("/"))

    assert seen.by_id("main").text == home(cast.ben).by_id("main").text
    assert "Secret" not in seen.html
    assert client.post("/first-steps/put-away/").status_code == 403


# --- What it costs --------------------------------------------------------------------------------------


def stage(cast: Cast, count: int) -> None:
    with inside(cast.acme):
        for _ in range(count):
            new_lead(cast.ada)
            make_old(assigned_lead(cast.ada, cast.ben))
            make_old(opened_lead(cast.ada, cast.ben))
            opened_lead(cast.ada, cast.dora)
            new_deal(cast.ada, cast.ben)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("name", "queries"), [("ada", 19), ("vic", 18), ("bea", 14), ("ben", 14), ("dora", 21)])
def test_home_asks_the_same_for_one_and_three(
    cast: Cast,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    name: str,
    queries: int,
) -> None:
    monkeypatch.setattr(latest, "LOOKED_THROUGH", (0, 300))  # all of both at once
    stage(cast, count)
    client = sign_in(getattr(cast, name))

    with django_assert_num_queries(queries):
        client.get("/")


def test_home_keeps_its_figures_for_a_minute(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    stage(cast, 1)
    client = sign_in(cast.ada)
    client.get("/")

    with django_assert_num_queries(17):
        page = Page(client.get("/"))

    assert "From received to converted" in headings(page)

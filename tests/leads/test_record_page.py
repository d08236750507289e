"""The lead's page beside its verbs: its stream, its neighbours, its keys, and who sees it."""

from collections.abc import Callable

import pytest
from django.test import Client

from leads import actions
from leads.models import Lead
from leads.readers import Reader, readers_of
from prm.organizations.context import inside
from prm.users.actions import disable_member
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def lead(cast: Cast) -> Lead:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        actions.comment_lead(lead, text="Shared words", is_internal=False, by=cast.ben)
        actions.comment_lead(lead, text="Among ourselves", is_internal=True, by=cast.ben)
        actions.log_activity(lead, kind="call", outcome="reached", note="Rang twice", by=cast.ben)
        return lead


def see(client: Client, lead: Lead, query: str = "") -> Page:
    return Page(client.get(f"/leads/{lead.code}/{query}"))


# --- The stream -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("ben", "", ["Rang twice", "Among ourselves", "Shared words"]),
        ("ben", "?show=comments", ["Among ourselves", "Shared words"]),
        ("ben", "?show=activities", ["Rang twice"]),
        ("ada", "", ["Rang twice", "Shared words"]),
        ("ada", "?show=comments", ["Shared words"]),
    ],
)
def test_stream_shows_what_is_asked_for(
    client_of: ClientOf, cast: Cast, lead: Lead, name: str, query: str, said: list[str]
) -> None:
    page = see(client_of(getattr(cast, name)), lead, query)

    assert [entry.text for entry in page.root.all(css="said")] == said
    entries = len(page.root.all("ol", css="timeline")[0].all("li"))
    assert entries == len(said) if query else entries > len(said)


def test_stream_says_which_part_it_shows(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    page = see(client_of(cast.ben), lead, "?show=comments")

    chips = page.by_id("timeline").all("a", css="chip")
    assert [(chip.text, "aria-current" in chip.attributes) for chip in chips] == [
        *(("All", False), ("Comments", True), ("Activities", False)),
    ]


def test_stream_of_nothing_says_so(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        quiet = opened_lead(cast.ada, cast.ben)

    assert "Nothing here" in see(client_of(cast.ben), quiet, "?show=comments").text


def test_stream_of_a_withheld_lead_stays_empty(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        withheld = assigned_lead(cast.ada, cast.ben)
        actions.comment_lead(withheld, text="Hidden words", is_internal=False, by=cast.ada)

    assert "Hidden words" not in see(client_of(cast.ben), withheld, "?show=comments").html


@pytest.mark.parametrize("query", ["?show=x", "?search=%00"])
def test_lead_page_says_400_to_a_bad_address(client_of: ClientOf, cast: Cast, lead: Lead, query: str) -> None:
    assert client_of(cast.ben).get(f"/leads/{lead.code}/{query}").status_code == 400


@pytest.mark.parametrize("query", ["?ordering=x", "?status=x"])
def test_lead_page_passes_over_what_its_list_does_not_know(
    client_of: ClientOf, cast: Cast, lead: Lead, query: str
) -> None:
    assert client_of(cast.ben).get(f"/leads/{lead.code}/{query}").status_code == 200


# --- Before and after -----------------------------------------------------------------------------------


def beside(page: Page) -> list[list[str]]:
    return [[link.attributes["href"] for link in page.root.all("a", rel=rel)] for rel in ("prev", "next")]


def test_lead_page_leads_to_its_neighbours_in_the_list(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        a = opened_lead(cast.ada, cast.ben, company="Alpha")
        b = opened_lead(cast.ada, cast.cleo, company="Charlie")
        c = opened_lead(cast.ada, cast.ben, company="Bravo")
    ada, ben = client_of(cast.ada), client_of(cast.ben)

    assert beside(see(ada, b)) == [[f"/leads/{c.code}/?"], [f"/leads/{a.code}/?"]]
    assert beside(see(ben, a)) == [[f"/leads/{c.code}/?"], []]
    query = "?ordering=name&status=opened"
    assert beside(see(ada, c, query)) == [[f"/leads/{a.code}/{query}"], [f"/leads/{b.code}/{query}"]]
    assert beside(see(ada, c, "?status=lost")) == [[], []]


def test_neighbours_tell_nothing_of_withheld_leads_but_their_number(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        withheld = assigned_lead(cast.ada, cast.ben, company="Zebra")
        opened = opened_lead(cast.ada, cast.ben, company="Alpha")
    page = see(client_of(cast.ben), opened, "?ordering=name")

    assert beside(page) == [[f"/leads/{withheld.code}/?ordering=name"], []]  # a withheld name sorts as none
    assert "Zebra" not in page.html


# --- Keys -----------------------------------------------------------------------------------------------


def keys(page: Page) -> dict[str, str]:
    found = [element for element in page.root.walk() if "data-key" in element.attributes]
    return {element.attributes["data-key"]: element.tag for element in found}


def test_lead_page_has_a_key_for_each_verb_that_may_be_done(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    with inside(cast.acme):
        waiting = assigned_lead(cast.ada, cast.ben)
    own = {"[": "a", "]": "a"}

    def of(member: Membership, lead: Lead) -> dict[str, str]:
        return {key: tag for key, tag in keys(see(client_of(member), lead)).items() if key not in own}

    assert of(cast.ada, lead) == {"a": "a", "c": "details", "e": "a"}
    assert of(cast.ben, lead) == {"c": "details", "e": "a"}
    assert of(cast.ben, waiting) == {"o": "button"}


# --- Who sees it ----------------------------------------------------------------------------------------


def told(readers: list[Reader]) -> list[tuple[str, bool, bool, bool]]:
    """Name, whether they may see it, have opened it, and did anything."""
    return [(str(r.member), r.may_see, r.opened_at is not None, r.last_at is not None) for r in readers]


def test_readers_are_those_whose_groups_allow_it(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        actions.comment_lead(lead, text="x", is_internal=False, by=cast.bea)

        assert told(readers_of(lead, cast.ada)) == [
            ("Bea", True, False, True),
            ("Ben", True, True, True),
            ("Eve", True, False, False),
        ]
        assert {r.member for r in readers_of(lead, cast.ada)} == {
            member
            for member in (cast.bea, cast.ben, cast.eve, cast.cleo, cast.dora, cast.ivan, cast.dis)
            if Lead.objects.visible_to(member).filter(pk=lead.pk).exists()
        }


def test_readers_leave_out_whoever_only_receives_and_does_not_have_it(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.bea)

        assert [name for name, *_ in told(readers_of(lead, cast.ada))] == ["Bea", "Eve"]


def test_readers_who_have_seen_it_are_told_after_it_was_taken_away(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        lead = actions.assign_lead(lead, to=cast.cleo, by=cast.ada)
        disable_member(cast.ben, by=cast.ada)

        assert told(readers_of(lead, cast.ada)) == [
            *(("Cleo", True, False, False), ("Dora", True, False, False)),  # whose reseller South is
            ("Ben", False, True, True),
        ]


def test_readers_of_an_organization_that_one_does_not_manage_stay_unnamed(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.cleo)
        lead = actions.assign_lead(lead, to=cast.ben, by=cast.ada)

        assert [name for name, *_ in told(readers_of(lead, cast.ada))] == ["Bea", "Ben", "Eve", "Cleo"]
        assert [name for name, *_ in told(readers_of(lead, cast.vic))] == ["Bea", "Ben", "Eve"]


def test_readers_do_not_tell_when_a_partner_wrote_among_itself(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        actions.comment_lead(lead, text="x", is_internal=True, by=cast.bea)

        assert told(readers_of(lead, cast.ada))[0] == ("Bea", True, False, False)


def test_readers_of_a_lead_with_nobody_are_none(cast: Cast) -> None:
    with inside(cast.acme):
        assert readers_of(new_lead(cast.ada), cast.ada) == []


def test_readers_are_for_the_vendor(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    assert [
        li.all("b")[0].text for li in see(client_of(cast.ada), lead).root.all("ul", css="readers")[0].all("li")
    ] == [
        *("Bea", "Ben", "Eve"),
    ]
    for member in (cast.ben, cast.bea):
        assert not see(client_of(member), lead).root.all(id="readers")

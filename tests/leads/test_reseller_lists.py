"""A distributor's lists and home page: its resellers' leads beside its own, each number as its list."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from leads import actions
from leads.models import Lead
from leads.resellers import waits_by_reseller
from prm.users.models import Membership
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import assigned_lead, opened_lead
from tests.leads.test_resellers import again, let_see_all, under
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
pytestmark = pytest.mark.usefixtures("in_acme")
MONTH = timedelta(days=30)


# --- Lists ------------------------------------------------------------------------------------------------


def rows(member: Membership, query: str) -> list[str]:
    return Page(sign_in(member).get(f"/leads/?{query}")).rows


def test_list_is_narrowed_to_one_reseller_or_to_all_of_them(cast: Cast) -> None:
    opened_lead(cast.ada, cast.dora, company="Easts")
    opened_lead(cast.ada, cast.cleo, company="Souths")
    opened_lead(cast.ada, cast.ben, company="Norths")
    east, south, north = (organization.pk for organization in (cast.east, cast.south, cast.north))

    assert rows(cast.dora, "") == ["Souths", "Easts"]
    assert rows(cast.dora, f"organization={south}") == ["Souths"]
    assert rows(cast.dora, f"organization={east}") == ["Easts"]
    assert rows(cast.dora, f"distributor={east}") == rows(cast.ada, f"distributor={east}") == ["Souths"]
    assert sign_in(cast.dora).get(f"/leads/?organization={north}").status_code == 400  # like one that never was
    for query in (f"organization={south}", f"distributor={east}"):
        assert sign_in(cast.bea).get(f"/leads/?{query}").status_code == 400


def test_list_says_who_has_it(client_of: ClientOf, cast: Cast) -> None:
    opened_lead(cast.ada, cast.dora)
    opened_lead(cast.ada, cast.cleo)
    let_see_all(cast.cleo)
    assigned_lead(cast.ada, cast.south)

    page = Page(client_of(cast.dora).get("/leads/?columns=holder&columns=organization"))

    heads = [head.text for head in page.by_id("list").all("th")]
    assert [head for head in heads if head in {"Organization", "Partner"}] == ["Organization"]
    cells = [[cell.text for cell in row.all("td")][1:] for row in page.by_id("list").all("tr") if row.all("td")]
    assert cells == [["South", "South"], ["South Cleo", "South"], ["Dora", "East"]]


def test_list_of_a_distributor_without_resellers_is_a_partners(client_of: ClientOf, cast: Cast) -> None:
    under(cast.south, None, by=cast.ada)

    assert client_of(cast.dora).get("/leads/?columns=organization").status_code == 400
    assert client_of(cast.dora).get(f"/leads/?organization={cast.east.pk}").status_code == 400


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_a_distributor_asks_the_same_for_one_and_three(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for _ in range(count):
        opened_lead(cast.ada, cast.cleo)
    client = sign_in(cast.dora)

    with django_assert_num_queries(14):
        answer = client.get("/leads/")

    assert len(Page(answer).rows) == count


def test_list_goes_on_from_page_to_page(client_of: ClientOf, cast: Cast) -> None:
    """The keyset runs over all that is seen, whoever has it."""
    made = [opened_lead(cast.ada, (cast.cleo, cast.dora)[number % 2]) for number in range(5)]
    client, path = client_of(cast.dora), "/api/v1/leads/?page_size=2&ordering=-assigned_at"

    numbers: list[str] = []
    while path:
        answer = client.get(path).json()
        numbers += [row["number"] for row in answer["results"]]
        path = answer["next"] or ""

    assert numbers == [lead.code for lead in reversed(made)]


# --- Home -------------------------------------------------------------------------------------------------


def make_old(lead: Lead) -> Lead:
    long_ago = timezone.now() - MONTH
    Lead.objects.filter(pk=lead.pk).update(assigned_at=long_ago, updated_at=long_ago, created_at=long_ago)
    return lead


def make_quiet(lead: Lead, by: Membership) -> None:
    long_ago = timezone.now() - MONTH
    actions.log_activity(lead, kind="call", outcome="reached", note="", by=by, happened_at=long_ago)
    make_old(lead)


def test_waits_by_reseller_count_what_each_has_the_longest_first(cast: Cast) -> None:
    under(cast.north, cast.east, by=cast.ada)
    for holder in (cast.ben, cast.bea):
        assigned_lead(cast.ada, holder)
    make_old(assigned_lead(cast.ada, cast.cleo))
    make_quiet(opened_lead(cast.ada, cast.ben), cast.ben)
    make_old(assigned_lead(cast.ada, cast.dora))
    Lead.objects.filter(organization=cast.south).update(assigned_at=timezone.now() - 2 * MONTH)

    found = waits_by_reseller(again(cast.dora))

    assert [(reseller.name, reseller.unopened, reseller.quiet) for reseller in found] == [
        *(("South", 1, 0), ("North", 2, 1)),
    ]
    assert found[1].since == found[1].quiet_since


@pytest.mark.parametrize("name", ["ada", "bea", "cleo"])
def test_waits_at_resellers_are_shown_to_their_distributor_only(cast: Cast, name: str) -> None:
    assigned_lead(cast.ada, cast.cleo)

    assert "resellers" not in Page(sign_in(getattr(cast, name)).get("/")).by_id("main").text

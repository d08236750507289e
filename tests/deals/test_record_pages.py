"""The page of one deal: its way, its neighbours, and its verbs as buttons."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from deals.actions import lose_deal, move_deal, update_deal, win_deal
from deals.models import Deal, DealLostReason, DealStage
from deals.settings import change_stage
from leads import actions as lead_actions
from leads.models import Lead
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_deal
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def deal(cast: Cast) -> Deal:
    with inside(cast.acme):
        return new_deal(cast.ada, cast.ben, name="Ben's")


def act(cast: Cast, verb: Callable[..., Deal], deal: Deal, **words: Any) -> Deal:
    with inside(cast.acme):
        return verb(deal, by=cast.ben, **words)


def stage(cast: Cast, name: str) -> DealStage:
    with inside(cast.acme):
        found: DealStage = DealStage.objects.get(name=name)
        return found


def price(cast: Cast) -> DealLostReason:
    with inside(cast.acme):
        found: DealLostReason = DealLostReason.objects.get(name="Price")
        return found


def again(deal: Deal) -> Deal:
    with inside(deal.portal):
        found: Deal = Deal.objects.select_related("stage", "lost_reason").get(pk=deal.pk)
        return found


def steps(page: Page) -> list[tuple[str, str]]:
    """Each step's name, and whether it is done or now."""
    found = []
    for step in page.root.all("ol", css="steps")[0].all("li"):
        (name,) = [*step.all("b"), *step.all("button")]
        found.append((name.text, " ".join(step.classes)))
    return found


def see(client: Client, deal: Deal, query: str = "") -> Page:
    return Page(client.get(f"/deals/{deal.code}/{query}"))


# --- What it shows --------------------------------------------------------------------------------------


def test_deal_page_shows_the_way_of_the_sale(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    act(cast, move_deal, deal, to=stage(cast, "Proposal"))
    page = see(client_of(cast.ben), deal)

    assert steps(page) == [
        *(
            ("Qualified", "done"),
            ("Meeting held", "done"),
            ("Proposal", "now"),
            ("Negotiation", ""),
            ("Closed", ""),
        ),
    ]


def test_deal_page_of_a_lost_deal_says_why_and_how_far_it_came(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    act(cast, move_deal, deal, to=stage(cast, "Proposal"))
    act(cast, lose_deal, deal, reason=price(cast))
    page = see(client_of(cast.ada), deal)

    assert steps(page) == [
        *(("Qualified", "done"), ("Meeting held", "done"), ("Proposal", "done"), ("Negotiation", "")),
        ("Lost", "now bad"),
    ]
    assert page.root.all(css="alert")[0].text.endswith(": Price")
    assert "closed the deal as lost: Price" in page.text
    assert {"Reopen deal"} <= set(page.buttons())
    assert not {"Close as won", "Qualified"} & set(page.buttons())


def test_deal_page_keeps_a_stage_out_of_use_while_the_deal_stands_there(
    client_of: ClientOf, cast: Cast, deal: Deal
) -> None:
    with inside(cast.acme):
        change_stage(DealStage.objects.get(name="Qualified"), values={"is_active": False}, by=cast.ada)

    assert steps(see(client_of(cast.ben), deal))[0] == ("Qualified", "now")


def test_deal_page_marks_what_is_overdue(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    assert "Overdue" not in see(client_of(cast.ben), deal).text

    act(cast, update_deal, deal, values={"close_date": date(2026, 1, 2), "next_step": "Ring <them>"})

    page = see(client_of(cast.ben), deal)
    assert "Overdue" in page.root.all("dl", css="figures")[0].text
    assert "Its close date has passed" in page.text
    assert page.root.all("dd", css="words")[0].text == "Ring <them>"


def test_deal_page_names_the_lead_only_to_those_who_see_it(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    with inside(cast.acme):
        lead = Lead.objects.get(deals=deal)
        Lead.objects.filter(pk=lead.pk).update(assignee=cast.bea)  # Ben keeps the deal, and sees his own leads only

    assert lead.code not in see(client_of(cast.ben), deal).html
    assert see(client_of(cast.bea), deal).links(f"from lead {lead.code}") == [f"/leads/{lead.code}/"]


def test_deal_page_of_a_withdrawn_one_offers_nothing(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    with inside(cast.acme):
        lead_actions.reopen_lead(Lead.objects.get(deals=deal), by=cast.ada)
    page = see(client_of(cast.ben), deal)

    assert steps(page)[-1] == ("Withdrawn", "now")
    assert not {"Close as won", "Reopen deal", "Meeting held"} & set(page.buttons())


# --- Before and after -----------------------------------------------------------------------------------


def beside(page: Page) -> tuple[list[str], list[str]]:
    return tuple(  # type: ignore[return-value]
        [link.attributes["href"] for link in page.root.all("a", rel=rel)] for rel in ("prev", "next")
    )


def test_deal_page_leads_to_its_neighbours_in_the_list(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        a, b, c = (
            new_deal(cast.ada, to, amount=Decimal(amount))
            for to, amount in ((cast.ben, 3), (cast.cleo, 2), (cast.ben, 1))
        )
    ada, ben = client_of(cast.ada), client_of(cast.ben)

    assert beside(see(ada, b)) == ([f"/deals/{c.code}/?"], [f"/deals/{a.code}/?"])
    assert beside(see(ben, a)) == ([f"/deals/{c.code}/?"], [])
    query = "?ordering=amount&status=open"
    assert beside(see(ada, b, query)) == ([f"/deals/{c.code}/{query}"], [f"/deals/{a.code}/{query}"])
    assert beside(see(ada, b, "?status=won")) == ([], [])


@pytest.mark.parametrize("query", ["?ordering=owner", "?status=x", "?something=else"])
def test_deal_page_shows_without_what_is_no_list(client_of: ClientOf, cast: Cast, deal: Deal, query: str) -> None:
    """An old address of a list still shows the deal, as one of the list that it can make of it."""
    client = client_of(cast.ben)

    assert beside(see(client, deal, query)) == beside(see(client, deal))
    assert client.get(f"/deals/{deal.code}/?search=%00").status_code == 400


# --- Its verbs ------------------------------------------------------------------------------------------


def test_stage_is_pressed_to_move_the_deal_there(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    client = client_of(cast.ben)
    body = {"version": see(client, deal).value("version"), "stage": str(stage(cast, "Proposal").pk)}
    answer = client.post(f"/deals/{deal.code}/move/", body, follow=True)

    assert answer.redirect_chain == [(f"/deals/{deal.code}/", 302)]
    assert Page(answer).toasts == [f"{deal.code} stands in Proposal now."]
    assert again(deal).stage.name == "Proposal"


@pytest.mark.parametrize("name", ["", "nonsense", "99999999-9999-4999-8999-999999999999"])
def test_move_to_no_stage_shows_the_page_again(client_of: ClientOf, cast: Cast, deal: Deal, name: str) -> None:
    answer = client_of(cast.ben).post(f"/deals/{deal.code}/move/", {"stage": name})

    assert answer.status_code == 422
    assert Page(answer).toasts == ["Choose one of the stages."]
    assert Page(answer).heading == "Ben's"


def test_win_and_its_undo(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    client = client_of(cast.ben)
    form = see(client, deal).form(f"/deals/{deal.code}/win/")
    won = Page(client.post(f"/deals/{deal.code}/win/", form, follow=True))

    assert won.toasts == [f"Deal {deal.code} is won."]
    assert again(deal).status == "won"

    (undo,) = won.root.all(css="toast")[0].all("form")
    sent = {box.attributes["name"]: box.attributes["value"] for box in undo.all("input")}
    answer = client.post(undo.attributes["action"], sent, follow=True)

    assert Page(answer).toasts == [f"Deal {deal.code} is open again."]
    assert again(deal).status == "open"


@pytest.mark.parametrize("verb", ["move", "win", "reopen", "lose"])
def test_verb_on_an_old_page_says_so_and_shows_it_as_it_is(
    client_of: ClientOf, cast: Cast, deal: Deal, verb: str
) -> None:
    if verb == "reopen":
        act(cast, win_deal, deal)
    version = again(deal).version
    act(cast, update_deal, deal, values={"amount": Decimal(7)})
    before = again(deal)

    body = {"version": version, "stage": str(stage(cast, "Proposal").pk), "reason": str(price(cast).pk)}
    answer = client_of(cast.ben).post(f"/deals/{deal.code}/{verb}/", body)

    assert answer.status_code == 409
    assert Page(answer).toasts == [f"Somebody else changed deal {deal.code} meanwhile."]
    assert Page(answer).value("version") == str(before.version)
    assert (again(deal).status, again(deal).version) == (before.status, before.version)


def test_lose_asks_for_the_reason(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    client, path = client_of(cast.ben), f"/deals/{deal.code}/lose/"
    page = Page(client.get(path))
    wrong = client.post(path, {**page.form(path), "reason": ""})

    assert page.heading == "Why was Ben's lost?"
    assert wrong.status_code == 422
    assert Page(wrong).error("reason") == "Choose why it was lost."

    answer = client.post(path, {**page.form(path), "reason": str(price(cast).pk)}, follow=True)

    assert answer.redirect_chain == [(f"/deals/{deal.code}/", 302)]
    assert (again(deal).status, str(again(deal).lost_reason)) == ("lost", "Price")


def test_lose_from_the_board_leads_back_there(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    client, path = client_of(cast.ben), f"/deals/{deal.code}/lose/"
    page = Page(client.get(path, {"board": "search=ben"}))

    answer = client.post(path, {**page.form(path), "reason": str(price(cast).pk)})

    assert answer["Location"] == f"/deals/board/?search=ben#{deal.code}"


def test_double_click_on_a_verb_is_refused_in_words(client_of: ClientOf, cast: Cast, deal: Deal) -> None:
    client = client_of(cast.ben)
    form = see(client, deal).form(f"/deals/{deal.code}/win/")
    client.post(f"/deals/{deal.code}/win/", form)

    answer = client.post(f"/deals/{deal.code}/win/", form, follow=True)

    assert Page(answer).toasts[-1] == f"Deal {deal.code} is closed (won). Reopen it first."
    assert again(deal).version == 2


@pytest.mark.parametrize("verb", ["move", "win", "lose", "reopen"])
def test_verbs_on_a_withdrawn_deal_are_refused(client_of: ClientOf, cast: Cast, deal: Deal, verb: str) -> None:
    with inside(cast.acme):
        lead_actions.reopen_lead(Lead.objects.get(deals=deal), by=cast.ada)
    body = {"stage": str(stage(cast, "Proposal").pk), "reason": str(price(cast).pk)}

    answer = client_of(cast.ben).post(f"/deals/{deal.code}/{verb}/", body, follow=True)

    assert Page(answer).toasts == [f"Deal {deal.code} cannot be changed by you."]
    assert again(deal).status == "withdrawn"


@pytest.mark.parametrize("verb", ["move", "win", "reopen"])
def test_verbs_that_are_buttons_answer_nothing_else(client_of: ClientOf, cast: Cast, deal: Deal, verb: str) -> None:
    assert client_of(cast.ben).get(f"/deals/{deal.code}/{verb}/").status_code == 405

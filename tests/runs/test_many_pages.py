"""Every verb over many rows, of whatever list: said in words first, asked once, closed to those who may not."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from deals import bulk as deals
from deals.models import DealLostReason, DealStage
from leads import bulk as leads
from leads.models import LostReason
from prm.events import bulk as mails
from prm.events.models import Delivery
from prm.organizations import bulk as organizations
from prm.organizations.context import inside
from prm.organizations.models import Organization, Tier
from prm.runs.models import Run
from prm.runs.verbs import ManyVerb
from prm.users import bulk as people
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
VERBS = [
    *(leads.ASSIGN, leads.RECALL, leads.LOSE, deals.WIN, deals.LOSE, deals.MOVE),
    *(organizations.ACTIVATE, organizations.DEACTIVATE, organizations.SET_TIER, organizations.SET_MANAGERS),
    *(people.ENABLE, people.DISABLE, people.INVITE_AGAIN, mails.RESEND),
]
CLOSED_TO = {
    "leads": ["bea", "ben", "dora"],
    "deals": [],  # everybody who sees deals may do something with some of them
    "organizations": ["vic", "bea", "ben", "dora"],
    "people": ["vic", "ben", "dora"],
    "mails": ["vic", "bea", "ben"],
}
every_verb = pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.kind.name)


def path_of(verb: ManyVerb) -> str:
    return reverse(verb.url_name)


def rows_at_acme(cast: Cast, listing: str) -> list[str]:
    """Two rows of the list."""
    with inside(cast.acme):
        if listing == "leads":
            return [str(assigned_lead(cast.ada, cast.ben).pk) for _ in range(2)]
        if listing == "deals":
            return [str(new_deal(cast.ada, cast.ben).pk) for _ in range(2)]
        if listing == "organizations":
            return [str(cast.south.pk), str(cast.east.pk)]
        if listing == "people":
            return [str(cast.ben.pk), str(cast.dis.pk)]
        assigned_lead(cast.ada, cast.ben)
        sent = Delivery.objects.filter(channel="email")[:2]
        return [str(row.pk) for row in sent]


def chosen_for(cast: Cast, verb: ManyVerb) -> dict[str, str]:
    """What the verb's form asks for beside the rows."""
    with inside(cast.acme):
        found: dict[str, Any] = {
            "leads.assign": lambda: {"user": cast.ben.pk},
            "leads.lose": lambda: {"reason": LostReason.objects.get(name="No budget").pk},
            "deals.lose": lambda: {"reason": DealLostReason.objects.get(name="Price").pk},
            "deals.move": lambda: {"stage": DealStage.objects.get(name="Proposal").pk},
            "organizations.tier": lambda: {"tier": Tier.objects.get(name="Gold").pk},
            "organizations.managers": lambda: {"managers": cast.vic.pk},
        }
        fields: dict[str, Any] = found.get(verb.kind.name, dict)()
        return {name: str(pk) for name, pk in fields.items()}


def runs_at(cast: Cast) -> list[Run]:
    with inside(cast.acme):
        return list(Run.objects.order_by("created_at", "pk"))


def sent_by(page: Page) -> dict[str, list[str]]:
    """The hidden fields of the page's form."""
    sent: dict[str, list[str]] = {}
    for box in page.by_id("main").all("input", type="hidden"):
        sent.setdefault(box.attributes["name"], []).append(box.attributes["value"])
    return sent


@every_verb
def test_many_page_says_what_will_happen_and_does_nothing(client_of: ClientOf, cast: Cast, verb: ManyVerb) -> None:
    rows = rows_at_acme(cast, verb.listing)

    answer = client_of(cast.ada).post(path_of(verb), {"row": rows, "query": "search=x&cursor=y"})

    page = Page(answer)
    assert answer.status_code == 200
    assert page.heading.endswith(" 2 leads?") if verb is leads.ASSIGN else page.heading == f"{verb.title(2)}?"
    assert str(verb.consequence) in page.text
    assert sent_by(page)["row"] == rows
    assert any(href.endswith("?search=x") for href in page.links("Cancel"))
    assert runs_at(cast) == []


@every_verb
def test_many_page_sent_twice_is_one_run(client_of: ClientOf, cast: Cast, verb: ManyVerb) -> None:
    client, rows = client_of(cast.ada), rows_at_acme(cast, verb.listing)
    sent = sent_by(Page(client.post(path_of(verb), {"row": rows}))) | chosen_for(cast, verb)

    answers = [client.post(path_of(verb), sent) for _ in range(2)]

    (run,) = runs_at(cast)
    assert [answer["Location"] for answer in answers] == [f"/runs/{run.pk}/"] * 2
    assert (run.kind, run.listing, run.total) == (verb.kind.name, verb.listing, 2)
    assert run.requester_id == cast.ada.pk


@every_verb
def test_many_page_without_a_row_says_so(client_of: ClientOf, cast: Cast, verb: ManyVerb) -> None:
    answer = client_of(cast.ada).post(path_of(verb), {"query": ""}, follow=True)

    assert Page(answer).toasts == ["Choose at least one row."]
    assert runs_at(cast) == []


@every_verb
def test_many_page_takes_ids_only(client_of: ClientOf, cast: Cast, verb: ManyVerb) -> None:
    assert client_of(cast.ada).post(path_of(verb), {"row": "1) OR 1=1"}).status_code == 400


@every_verb
def test_many_page_is_asked_for_by_post_only(client_of: ClientOf, cast: Cast, verb: ManyVerb) -> None:
    assert client_of(cast.ada).get(path_of(verb)).status_code == 405


@pytest.mark.parametrize(
    ("verb", "name"),
    [(verb, name) for verb in VERBS for name in CLOSED_TO[verb.listing]],
    ids=lambda value: value if isinstance(value, str) else value.kind.name,
)
def test_many_page_is_closed_to_those_who_may_not(
    client_of: ClientOf, cast: Cast, verb: ManyVerb, name: str
) -> None:
    sent = {"row": rows_at_acme(cast, verb.listing), "agreed": "yes", **chosen_for(cast, verb)}

    assert client_of(getattr(cast, name)).post(path_of(verb), sent).status_code == 403
    assert runs_at(cast) == []


@pytest.mark.parametrize("listing", CLOSED_TO)
def test_list_has_boxes_and_buttons_for_those_who_may(client_of: ClientOf, cast: Cast, listing: str) -> None:
    rows_at_acme(cast, listing)
    mine = [verb for verb in VERBS if verb.listing == listing]
    path = reverse({"mails": "events:mail_log", "people": "users:list"}.get(listing, f"{listing}:list"))

    page = Page(client_of(cast.ada).get(path))

    offered = {
        button.attributes["formaction"] for button in page.root.all("button") if "formaction" in button.attributes
    }
    assert {path_of(verb) for verb in mine} | {f"/runs/export/{listing}/"} == offered
    assert page.root.all("input", name="row")
    for name in CLOSED_TO[listing]:
        answer = client_of(getattr(cast, name)).get(path)
        assert answer.status_code == 403 or Page(answer).root.all("input", name="row") == []


def test_many_page_counts_those_that_it_will_do_something_to(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        Organization.objects.filter(pk=cast.east.pk).update(status="inactive")
    rows = [str(cast.vendor.pk), str(cast.north.pk), str(cast.east.pk), str(cast.west.pk), str(uuid.uuid4())]

    page = Page(client_of(cast.ada).post(path_of(organizations.DEACTIVATE), {"row": rows}))

    assert "Of 5 chosen, 1 are in a state for this now." in page.text


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        (deals.LOSE, "Choose why it was lost."),
        (deals.MOVE, "Choose one of the stages."),
        (organizations.SET_MANAGERS, "Choose at least one person."),
    ],
    ids=lambda value: "" if isinstance(value, str) else value.kind.name,
)
def test_many_page_without_its_choice_asks_again(
    client_of: ClientOf, cast: Cast, verb: ManyVerb, words: str
) -> None:
    client, rows = client_of(cast.ada), rows_at_acme(cast, verb.listing)

    again = client.post(path_of(verb), {"row": rows, "agreed": "yes"})

    assert (again.status_code, runs_at(cast)) == (422, [])
    assert words in Page(again).text
    assert client.post(path_of(verb), sent_by(Page(again)) | chosen_for(cast, verb)).status_code == 302


def test_many_page_names_the_run_by_what_was_chosen(client_of: ClientOf, cast: Cast) -> None:
    client, rows = client_of(cast.ada), rows_at_acme(cast, "deals")

    for verb in (deals.MOVE, deals.LOSE, deals.WIN):
        client.post(path_of(verb), {"row": rows, "agreed": "yes", **chosen_for(cast, verb)})

    assert [run.title for run in runs_at(cast)] == [
        "Move 2 deals: Proposal",
        "Close 2 deals as lost: Price",
        "Close 2 deals as won",
    ]

"""Abuse cases 1 to 12: whose row it is, and what somebody may do. Each asks for rows that exist.

Asked elsewhere, over everything there is: tests/guards/test_access_matrix.py (1, 5: every address and
method), tests/guards/test_references.py (2: every field), tests/test_canary.py (6, 10: every format).

Not yet to be asked: 8, there is no bulk action; 11, no signed download link (the portal's files are asked
for where they are served); of 12 the grant for support, since operators have no way into a portal at all.
Case 4 says "host without membership: same 404"; here whoever comes is a stranger, and is asked to sign in, the
same for what is there and for what is not (docs/security.md, Sessions).
"""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from leads.models import Comment, Lead
from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.models import Membership, User
from tests.api.asking import Caller, code_of, faults, made, problem_in, without_id
from tests.browsing import Answer, sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead
from tests.reading import Page

LEADS = "/api/v1/leads/"
LISTS = ["leads", "deals", "organizations", "users"]
VERBS: list[tuple[str, dict[str, Any]]] = [
    ("assign", {"user": "x"}),
    ("recall", {}),
    ("open", {}),
    ("close", {"outcome": "won"}),
    ("convert", {"name": "x", "amount": 1, "currency": "EUR", "close_date": "2027-01-01"}),
    ("reopen", {}),
    ("comment", {"text": "x"}),
    ("activity", {"kind": "call", "outcome": "reached"}),
]
Ask = Callable[[Caller, str], Answer]
ASKING: dict[str, Ask] = {
    "get": lambda api, path: api.get(path),
    "patch": lambda api, path: api.patch(path, {"name": "x", "company": "x"}),
    "patch nonsense": lambda api, path: api.patch(path, {"nonsense": 1}),
    "put": lambda api, path: api.send("put", path, {"company": "x"}),
    "delete": lambda api, path: api.send("delete", path),
    "head": lambda api, path: api.client.head(f"/api/v1/{path}", headers=api.headers),
    "options": lambda api, path: api.send("options", path),
    **{
        verb: lambda api, path, verb=verb, body=body: api.post(f"{path}{verb}/", body)  # type: ignore[misc]
        for verb, body in VERBS
    },
}


def everything(cast: Cast) -> list[list[Any]]:
    """All that a stranger must not have changed, of both portals."""
    found: list[list[Any]] = []
    for portal in (cast.acme, cast.globex):
        with inside(portal):
            for model in (Lead, Comment, Event, Organization, Membership):
                found.append(list(model.objects.order_by("pk").values()))
    return found


@pytest.fixture
def strangers(cast: Cast) -> dict[str, dict[str, uuid.UUID]]:
    """For each resource a foreign portal's and a sibling partner's row, and one of Ben's own."""
    found: dict[str, dict[str, uuid.UUID]] = {"leads": {}, "deals": {}}
    parties = {
        "foreign": (cast.dan, cast.eve_globex),
        "sibling": (cast.ada, cast.cleo),
        "own": (cast.ada, cast.ben),
    }
    for whose, (by, to) in parties.items():
        found["leads"][whose] = made(opened_lead, by, to).pk
        found["deals"][whose] = made(new_deal, by, to).pk
    found["organizations"] = {"foreign": cast.west.pk, "sibling": cast.south.pk, "own": cast.north.pk}
    found["users"] = {"foreign": cast.dan.pk, "sibling": cast.cleo.pk, "own": cast.ben.pk}
    return found


@pytest.mark.parametrize("resource", ["leads", "deals", "organizations", "users"])
@pytest.mark.parametrize("how", [how for how in ASKING if how not in dict(VERBS)])
def test_case_01_a_strangers_row_is_like_one_that_never_was(
    cast: Cast, strangers: dict[str, dict[str, uuid.UUID]], resource: str, how: str
) -> None:
    api, ask = Caller(cast.ben), ASKING[how]
    before = everything(cast)

    rows = strangers[resource]
    answers = [ask(api, f"{resource}/{key}/") for key in (uuid.uuid4(), rows["foreign"], rows["sibling"])]

    assert_same_404(answers)
    assert everything(cast) == before
    assert ask(api, f"{resource}/{rows['own']}/").status_code != 404


@pytest.mark.parametrize("verb", [verb for verb, _body in VERBS])
def test_case_01_a_strangers_lead_has_no_verbs(
    cast: Cast, strangers: dict[str, dict[str, uuid.UUID]], verb: str
) -> None:
    api, ask = Caller(cast.ben), ASKING[verb]
    before = everything(cast)

    rows = strangers["leads"]
    answers = [ask(api, f"leads/{key}/") for key in (uuid.uuid4(), rows["foreign"], rows["sibling"])]

    assert_same_404(answers)
    assert everything(cast) == before
    assert ask(api, f"leads/{rows['own']}/").status_code != 404


def test_case_01_a_foreign_portals_lead_is_not_found_by_the_vendor_admin_either(
    cast: Cast, strangers: dict[str, dict[str, uuid.UUID]]
) -> None:
    api = Caller(cast.ada)

    assert api.get(f"leads/{strangers['leads']['foreign']}/").status_code == 404
    assert api.get(f"leads/{strangers['leads']['sibling']}/").status_code == 200


@pytest.mark.parametrize(
    "key", ["L-1001", "1", "x", "%00", "%ED%A0%80", "' OR 1=1", "x" * 3000, str(uuid.UUID(int=0))]
)
def test_case_01_an_address_that_is_no_id_is_not_found(cast: Cast, key: str) -> None:
    made(opened_lead, cast.ada, cast.ben)

    answers = [Caller(cast.ben).get(f"leads/{address}/") for address in (uuid.uuid4(), key)]

    assert_same_404(answers)


def assert_same_404(answers: list[Answer]) -> None:
    assert {answer.status_code for answer in answers} == {404}
    bodies = [without_id(answer) if answer.content else {} for answer in answers]  # HEAD has none
    assert bodies == [bodies[0]] * len(bodies)
    assert len({tuple(sorted(set(answer.headers) - {"X-Request-ID"})) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("leads/LEAD/assign/", {}, "organization"),
        ("leads/LEAD/assign/", {}, "user"),
        ("organizations/", {"name": "Newcomer"}, "distributor"),
        ("organizations/", {"name": "Newcomer"}, "tier"),
        ("users/", {"name": "N", "email": "n@new.example"}, "organization"),
    ],
)
def test_case_02_a_foreign_reference_is_like_an_unknown_one(
    cast: Cast, path: str, body: dict[str, Any], field: str
) -> None:
    lead = made(new_lead, cast.ada)
    api, before = Caller(cast.ada), everything(cast)
    foreign = {"user": cast.dan.pk}.get(field, cast.west.pk)

    answers = [
        api.post(path.replace("LEAD", str(lead.pk)), {**body, field: str(key)}) for key in (foreign, uuid.uuid4())
    ]

    assert [faults(answer) for answer in answers] == [{f"/{field}": "invalid_reference"}] * 2
    assert problem_in(answers[0])["code"] == "invalid_reference"
    assert without_id(answers[0]) == without_id(answers[1])
    assert everything(cast) == before


def test_case_05_a_rep_lists_and_opens_only_the_own_leads(cast: Cast) -> None:
    mine, colleagues = made(opened_lead, cast.ada, cast.ben), made(opened_lead, cast.ada, cast.bea)
    api, browser = Caller(cast.ben), sign_in(cast.ben)

    assert [row["number"] for row in api.get("leads/").json()["results"]] == [mine.code]
    assert Page(browser.get("/leads/")).rows == [mine.label]
    assert_same_404([api.get(f"leads/{key}/") for key in (uuid.uuid4(), colleagues.pk)])
    pages = [browser.get(f"/leads/{code}/") for code in ("L-9999", colleagues.code)]
    assert [page.status_code for page in pages] == [404, 404]
    assert pages[0].content == pages[1].content
    assert Caller(cast.bea).get(f"leads/{colleagues.pk}/").status_code == 200


def test_case_06_a_lead_shows_nothing_until_its_opening_which_is_recorded(cast: Cast) -> None:
    details = {"company": "Kestrel", "email": "zuz@kestrel.example", "phone": "+420 601"}
    lead = made(assigned_lead, cast.ada, cast.ben, **details)
    api, browser = Caller(cast.ben), sign_in(cast.ben)

    def shown() -> list[str]:
        answers = [
            api.get("leads/"),
            api.get(f"leads/{lead.pk}/"),
            browser.get("/leads/"),
            browser.get(f"/leads/{lead.code}/"),
        ]
        return [answer.content.decode() for answer in answers]

    before = shown()
    assert api.post(f"leads/{lead.pk}/open/").status_code == 200

    assert not any(detail in text for detail in details.values() for text in before)
    assert all(details["company"] in text for text in shown())
    with inside(cast.acme):
        opened = Event.objects.get(kind=Event.Kind.LEAD_OPENED)
        assert (opened.actor_id, opened.subject_id) == (cast.ben.pk, lead.pk)


@pytest.mark.parametrize("where", ["page", "api", "session api"])
def test_case_12_an_operators_account_has_no_way_into_a_portal(cast: Cast, where: str) -> None:
    """`is_staff` runs the installation; it opens no door of a portal, as a member's role does."""
    made(new_lead, cast.ada)
    operator = User.objects.create_user("olga@operations.example", PASSWORD, is_staff=True)
    assert visitor(cast.acme).login(email=operator.email, password=PASSWORD) is False
    client, member = visitor(cast.acme), sign_in(cast.ada)
    with inside(cast.acme):
        client.force_login(operator, backend="prm.users.sign_in.PortalBackend")

    path = LEADS if "api" in where else "/leads/"
    answer = client.get(path)

    assert answer.status_code == (401 if "api" in where else 302)
    assert member.get(path).status_code == 200


def test_case_12_a_member_who_is_also_an_operator_sees_no_more_than_the_member(cast: Cast) -> None:
    made(opened_lead, cast.ada, cast.cleo)
    mine = made(opened_lead, cast.ada, cast.ben)
    User.objects.filter(pk=cast.ben.user_id).update(is_staff=True)

    assert [row["number"] for row in Caller(cast.ben).get("leads/").json()["results"]] == [mine.code]
    assert sign_in(cast.ben).get("/settings/lead-distribution/").status_code == 403


def numbers(api: Caller, **parameters: Any) -> list[str]:
    return [row["number"] for row in api.get("leads/", **parameters).json()["results"]]


def test_case_04_a_session_of_another_portal_is_nobody_here(cast: Cast) -> None:
    """Eve has an account in both; a session is good in the portal in which it began."""
    made(new_lead, cast.ada)
    client = visitor(cast.globex)
    client.cookies = sign_in(cast.eve).cookies

    assert code_of(client.get(LEADS), 401) == "not_authenticated"


@pytest.mark.parametrize("method", ["get", "head", "post", "patch", "put", "delete", "options"])
def test_case_04_at_a_host_without_membership_a_session_is_a_strangers(cast: Cast, method: str) -> None:
    """The cookie is bound to its host, and its row stands behind the other portal's walls: what comes of it is
    what comes of no cookie at all, the same for what is there and for what never was. Not the 404 of the members:
    a person of both portals has to be able to sign in here.
    """
    lead, stranger, dan = made(opened_lead, cast.ada, cast.ben), visitor(cast.acme), visitor(cast.acme)
    dan.cookies = sign_in(cast.dan).cookies
    pairs = [(f"{LEADS}{lead.pk}/", f"{LEADS}{uuid.uuid4()}/"), (f"/leads/{lead.code}/", "/leads/L-99999/")]

    for pair in pairs:
        (of_dan,) = {seen_at(dan, method, path) for path in pair}  # whose useless cookie is thrown away
        assert {seen_at(stranger, method, path)[:2] for path in pair} == {of_dan[:2]}
    if method == "get":
        assert dan.get(pairs[0][0]).status_code == 401
        assert dan.get(pairs[1][0])["Location"] == f"/accounts/login/?next={quote(pairs[1][0], safe='')}"


def seen_at(client: Client, method: str, path: str) -> tuple[int, str, frozenset[str]]:
    """Status, headers, body and cookies of an answer, without what is this request's own: its id, its address."""
    answer = getattr(client, method)(path)
    text = f"{sorted(answer.items())}\n{answer.content.decode()}".replace(answer["X-Request-ID"], "ID")
    text = text.replace(quote(path, safe=""), "PATH").replace(path, "PATH")
    return answer.status_code, text, frozenset(answer.cookies)


def test_case_04_no_header_chooses_the_portal(cast: Cast) -> None:
    client = sign_in(cast.dan)
    made(new_lead, cast.ada)

    for name in ("X-Portal", "X-Portal-ID", "X-Tenant-ID", "X-Forwarded-Host"):
        answer = client.get(LEADS, headers={name: "acme.localhost:8000"})
        assert answer.json()["results"] == []


def test_case_07_a_lead_reassigned_meanwhile_is_gone_for_the_one_and_stale_for_the_other(cast: Cast) -> None:
    """The old partner gets the same 404 as for a lead that never was; the vendor hears that it changed."""
    lead = made(opened_lead, cast.ada, cast.ben)
    vendor, partner = Caller(cast.ada), Caller(cast.ben)
    assert vendor.post(f"leads/{lead.pk}/assign/", {"user": str(cast.cleo.pk)}).status_code == 200

    assert partner.patch(f"leads/{lead.pk}/", {"city": "x", "version": lead.version}).status_code == 404
    answer = vendor.patch(f"leads/{lead.pk}/", {"city": "x", "version": lead.version})
    assert code_of(answer, 409) == "stale_version"


NOT_FOR_WRITING = [
    *("id", "pk", "portal", "portal_id", "tenant", "status", "number", "organization", "organization_id"),
    *("organization_name", "user", "user_id", "assignee", "assignee_id", "assigned_by", "assigned_at"),
    *("opened_at", "opened_by", "opened_by_id", "closed_at", "lost_reason", "created_at", "created_by"),
    *("updated_at", "is_withheld", "owner", "is_staff", "role", "permissions", "objects", "save", "__class__"),
    *(
        "_state",
        "company__icontains",
        "Company",
        " company",
        "company ",
        "com.pany",
        "a/b",
        "a~b",
        "\x00",
        "\ud800",
    ),
    *("deal", "message", "code", "errors", "detail"),
]


def test_case_03_an_unknown_or_privileged_field_is_named_and_nothing_is_written(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    api, partner = Caller(cast.ada), Caller(cast.ben)

    for name in NOT_FOR_WRITING:
        expected = {"/" + name.replace("~", "~0").replace("/", "~1"): "unknown_field"}
        assert faults(api.post("leads/", {"company": "x", name: str(cast.globex.pk)})) == expected
        assert faults(api.patch(f"leads/{lead.pk}/", {"city": "x", name: "won"})) == expected
        assert faults(partner.patch(f"leads/{lead.pk}/", {"city": "x", name: None})) == expected
    with inside(cast.acme):
        assert list(Lead.objects.values_list("city", "status", "version")) == [("", "opened", lead.version)]


def test_case_09_leads_are_not_sorted_by_an_undeclared_field(ada: Membership) -> None:
    api = Caller(ada)
    undeclared = [
        *("", "-", "--number", "number,name", "?", "pk", "portal", "portal_id", "assignee", "internal_notes"),
        *("organization__name", "assignee__user__password", "_connector", "email", "number\x00", "NUMBER"),
    ]

    for ordering in undeclared:
        assert faults(api.get("leads/", ordering=ordering)) == {"ordering": "invalid_filter"}, ordering


@pytest.mark.parametrize("path", LISTS)
def test_case_09_no_list_is_sorted_by_a_related_field(ada: Membership, path: str) -> None:
    api = Caller(ada)

    for ordering in ("user__password", "organization__name", "notes", "_connector"):
        assert faults(api.get(f"{path}/", ordering=ordering)) == {"ordering": "invalid_filter"}, ordering


def test_case_10_a_search_finds_nothing_of_another_portal_or_a_sibling(cast: Cast) -> None:
    made(new_lead, cast.dan, company="Kestrel", email="z@kestrel.example")
    made(opened_lead, cast.ada, cast.cleo, company="Kestrel", email="z@kestrel.example")
    mine = made(opened_lead, cast.ada, cast.ben, company="Kestrel", email="z@kestrel.example")

    assert numbers(Caller(cast.ben), search="z@kestrel.example") == [mine.code]
    assert len(numbers(Caller(cast.ada), search="z@kestrel.example")) == 2
    assert len(numbers(Caller(cast.dan), search="z@kestrel.example")) == 1

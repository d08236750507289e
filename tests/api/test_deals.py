"""`deals/`: reading and changing registered deals."""

from typing import Any

import pytest

from deals.models import Deal
from leads import actions
from leads.models import Lead
from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.api.asking import Caller, code_of, faults, made
from tests.cast import Cast
from tests.factories import new_deal

FIELDS = {
    *("id", "number", "name", "amount", "currency", "stage", "stage_name", "status", "close_date", "description"),
    *("probability", "weighted_amount", "closed_at", "lost_reason", "next_step"),
    *("organization", "organization_name", "user", "user_name", "lead", "account", "contact"),
    *("created_at", "updated_at", "version"),
}


def names(member: Membership, **parameters: Any) -> list[str]:
    return [row["name"] for row in Caller(member).get("deals/", **parameters).json()["results"]]


def test_retrieve_deal_holds_the_fields_of_the_issue(cast: Cast) -> None:
    deal = made(new_deal, cast.ada, cast.ben)

    answer = Caller(cast.ben).get(f"deals/{deal.pk}/")

    body = answer.json()
    assert body.keys() == FIELDS
    assert (body["number"], body["name"], body["amount"], body["currency"]) == (
        "D-1001", "Picking cell", "50000.00", "EUR",
    )  # fmt: skip
    assert (body["stage_name"], body["close_date"], body["description"]) == ("Qualified", "2027-03-31", "")
    assert answer["ETag"] == '"1"'


def test_list_deals_shows_each_member_the_own_ones(cast: Cast) -> None:
    made(new_deal, cast.ada, cast.ben, name="bens")
    made(new_deal, cast.ada, cast.bea, name="beas")
    made(new_deal, cast.ada, cast.cleo, name="cleos")
    made(new_deal, cast.dan, cast.eve_globex, name="globex")

    seen = {name: set(names(getattr(cast, name))) for name in ("ada", "vic", "bea", "ben", "cleo", "dora", "dan")}

    assert seen == {
        "ada": {"bens", "beas", "cleos"},
        "vic": {"bens", "beas"},
        "bea": {"bens", "beas"},
        "ben": {"bens"},
        "cleo": {"cleos"},
        "dora": {"cleos"},  # her reseller's
        "dan": {"globex"},
    }


def test_list_deals_searches_number_name_account_and_contact(cast: Cast) -> None:
    deal = made(new_deal, cast.ada, cast.ben, name="Line 3")
    made(new_deal, cast.ada, cast.cleo, name="Other")

    assert names(cast.ada, search=deal.code.lower()) == ["Line 3"]
    assert names(cast.ada, search="line") == ["Line 3"]
    assert names(cast.ada, search="kestrel") == names(cast.ada, search="NOVÁK") == ["Other", "Line 3"]
    assert names(cast.ben, search="kestrel") == ["Line 3"]


def test_list_deals_of_one_status(cast: Cast) -> None:
    deal = made(new_deal, cast.ada, cast.ben, name="Line 3")
    made(new_deal, cast.ada, cast.ben, name="Line 4")
    Caller(cast.ben).patch(f"deals/{deal.pk}/", {"stage": "Won"})

    assert names(cast.ben, status="won") == ["Line 3"]
    assert names(cast.ben, status="open") == ["Line 4"]
    assert names(cast.ben, status="withdrawn") == []


def test_update_deal_changes_what_it_names(cast: Cast) -> None:
    deal = made(new_deal, cast.ada, cast.ben)

    answer = Caller(cast.ben).patch(f"deals/{deal.pk}/", {"amount": "61000.5", "stage": "Proposal", "version": 1})

    body = answer.json()
    assert (body["amount"], body["stage_name"], body["name"]) == ("61000.50", "Proposal", "Picking cell")
    assert (body["version"], answer["ETag"]) == (2, '"2"')
    with inside(cast.acme):
        event = Event.objects.get(kind=Event.Kind.DEAL_CHANGED)
        assert (event.changed_fields, event.actor_id) == (["amount", "stage"], cast.ben.pk)


@pytest.mark.parametrize("how", ["body", "header"])
def test_update_deal_with_an_old_version_is_stale_and_changes_nothing(cast: Cast, how: str) -> None:
    deal = made(new_deal, cast.ada, cast.ben)
    api = Caller(cast.ben)
    api.patch(f"deals/{deal.pk}/", {"name": "first"})

    body = {"name": "second"} | ({"version": 1} if how == "body" else {})
    headers = {"If-Match": '"1"'} if how == "header" else {}

    assert code_of(api.send("patch", f"deals/{deal.pk}/", body, **headers), 409) == "stale_version"
    assert api.get(f"deals/{deal.pk}/").json()["name"] == "first"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": ""}, {"/name": "blank"}),
        ({"amount": -1}, {"/amount": "min_value"}),
        ({"amount": "1e999999"}, {"/amount": "max_digits"}),
        ({"amount": "NaN"}, {"/amount": "invalid"}),
        ({"currency": "EURO"}, {"/currency": "max_length"}),
        ({"currency": "XXX"}, {"/currency": "invalid"}),
        ({"stage": "Nonsense"}, {"/stage": "invalid_reference"}),
        ({"close_date": "2027-02-30"}, {"/close_date": "invalid"}),
        ({"close_date": "2027-02-03T00:00:00Z"}, {"/close_date": "invalid"}),
        ({"version": 0}, {"/version": "min_value"}),
        ({"version": 1.5}, {"/version": "invalid"}),
        ({"status": "won", "user": "x"}, {"/status": "unknown_field", "/user": "unknown_field"}),
        ({"lead": None, "account": {}}, {"/lead": "unknown_field", "/account": "unknown_field"}),
    ],
)
def test_update_deal_with_what_cannot_be_names_the_field(
    cast: Cast, body: dict[str, Any], expected: dict[str, str]
) -> None:
    deal = made(new_deal, cast.ada, cast.ben)

    assert faults(Caller(cast.ben).patch(f"deals/{deal.pk}/", {"description": "x", **body})) == expected
    with inside(cast.acme):
        assert (Deal.objects.get().description, Deal.objects.get().version) == ("", 1)


def test_update_deal_of_a_sibling_is_not_found_and_changes_nothing(cast: Cast) -> None:
    deal = made(new_deal, cast.ada, cast.ben)

    assert Caller(cast.cleo).patch(f"deals/{deal.pk}/", {"name": "mine now"}).status_code == 404
    with inside(cast.acme):
        assert Deal.objects.get().name == "Picking cell"


def test_update_deal_that_was_withdrawn_is_refused(cast: Cast) -> None:
    deal = made(new_deal, cast.ada, cast.ben)
    with inside(cast.acme):
        actions.reopen_lead(Lead.objects.get(deals=deal), by=cast.ada)

    assert code_of(Caller(cast.ben).patch(f"deals/{deal.pk}/", {"name": "x"}), 409) == "refused"
    assert names(cast.ben, status="withdrawn") == ["Picking cell"]


def test_create_deal_without_a_lead_is_no_verb_of_the_list(ada: Membership) -> None:
    assert code_of(Caller(ada).post("deals/", {"name": "x"}), 405) == "method_not_allowed"

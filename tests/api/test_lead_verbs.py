"""The verbs below `leads/{id}/` that move a lead: assign, recall, open, close, reopen."""

from typing import Any

import pytest

from leads import actions
from leads.models import Lead, LostReason
from leads.reasons import change_lost_reason
from leads.settings import change_distribution
from prm.events.models import Delivery, Event
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.models import Membership
from tests.api.asking import Caller, code_of, faults, made
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead

NOBODY = "00000000-0000-7000-8000-000000000000"


def reason_of(member: Membership, name: str = "No budget") -> LostReason:
    with inside(member.portal):
        found: LostReason = LostReason.objects.get(name=name)
        return found


# --- assign ------------------------------------------------------------------------------------------


def test_assign_to_a_user_tells_that_person(cast: Cast) -> None:
    lead = made(new_lead, cast.ada)

    answer = Caller(cast.ada).post(f"leads/{lead.pk}/assign/", {"user": str(cast.ben.pk)})

    body = answer.json()
    assert (body["status"], body["organization_name"], body["user_name"]) == ("assigned", "North", "Ben")
    assert (body["version"], answer["ETag"]) == (2, '"2"')
    with inside(cast.acme):
        told = Delivery.objects.filter(event__kind=Event.Kind.LEAD_ASSIGNED).values_list("recipient", "channel")
        assert set(told) == {(cast.ben.pk, "email"), (cast.ben.pk, "message")}


def test_assign_to_an_organization(cast: Cast) -> None:
    lead = made(new_lead, cast.ada)

    body = Caller(cast.ada).post(f"leads/{lead.pk}/assign/", {"organization": str(cast.north.pk)}).json()

    assert (body["status"], body["organization"], body["user"]) == ("assigned", str(cast.north.pk), None)


def test_assign_to_another_organization_withholds_again(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    assert Caller(cast.ben).get(f"leads/{lead.pk}/").json()["company"] == lead.company

    Caller(cast.ada).post(f"leads/{lead.pk}/assign/", {"user": str(cast.cleo.pk)})

    assert Caller(cast.ben).get(f"leads/{lead.pk}/").status_code == 404
    assert Caller(cast.cleo).get(f"leads/{lead.pk}/").json()["is_withheld"] is True


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"": "invalid"}),
        ({"user": "ben", "organization": "north"}, {"": "invalid"}),
        ({"user": None}, {"/user": "null"}),
        ({"user": NOBODY}, {"/user": "invalid_reference"}),
        ({"organization": NOBODY}, {"/organization": "invalid_reference"}),
        ({"user": "dan"}, {"/user": "invalid_reference"}),
        ({"user": "eve_globex"}, {"/user": "invalid_reference"}),
        ({"organization": "west"}, {"/organization": "invalid_reference"}),
        ({"user": "north"}, {"/user": "invalid_reference"}),
        ({"organization": "ben"}, {"/organization": "invalid_reference"}),
        ({"user": "ben", "to": "ben"}, {"/to": "unknown_field"}),
    ],
)
def test_assign_to_nobody_or_a_stranger_names_the_field(
    cast: Cast, body: dict[str, Any], expected: dict[str, str]
) -> None:
    lead = made(new_lead, cast.ada)
    named = {
        name: str(getattr(cast, value).pk) if hasattr(cast, value or "-") else value for name, value in body.items()
    }

    answer = Caller(cast.ada).post(f"leads/{lead.pk}/assign/", named)

    assert faults(answer) == expected
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).version == lead.version


@pytest.mark.parametrize("value", [5, True, "", "north", "Ben", [], {}, [NOBODY], "\x00", "\ud800", "x" * 10_000])
def test_assign_to_what_is_no_id_names_the_field(cast: Cast, value: Any) -> None:
    lead = made(new_lead, cast.ada)

    answer = Caller(cast.ada).post(f"leads/{lead.pk}/assign/", {"user": value})

    assert faults(answer) == {"/user": "invalid_reference"}


@pytest.mark.parametrize("who", ["ivan", "dis", "vic", "ada", "south", "vendor"])
def test_assign_to_who_cannot_receive_is_refused_in_words(cast: Cast, who: str) -> None:
    lead = made(new_lead, cast.ada)
    to = getattr(cast, who)
    field = "organization" if isinstance(to, Organization) else "user"

    answer = Caller(cast.ada).post(f"leads/{lead.pk}/assign/", {field: str(to.pk)})

    assert code_of(answer, 409) == "refused"
    assert answer.json()["detail"].startswith(f"{to}: ")


def test_assign_to_an_organization_where_the_portal_says_users_only_is_refused(cast: Cast) -> None:
    lead = made(new_lead, cast.ada)
    with inside(cast.acme):
        change_distribution(values={"allow_organization_assignment": False}, by=cast.ada)

    answer = Caller(cast.ada).post(f"leads/{lead.pk}/assign/", {"organization": str(cast.north.pk)})

    assert code_of(answer, 409) == "refused"


def test_assign_again_to_the_same_person_is_refused(cast: Cast) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben)

    assert code_of(Caller(cast.ada).post(f"leads/{lead.pk}/assign/", {"user": str(cast.ben.pk)}), 409) == "refused"


def test_assign_by_the_holder_passes_it_to_a_colleague_and_out_of_sight(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    api = Caller(cast.ben)

    answer = api.post(f"leads/{lead.pk}/assign/", {"user": str(cast.bea.pk)})

    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"leads/{lead.pk}/").status_code == 404
    assert Caller(cast.bea).get(f"leads/{lead.pk}/").json()["company"] == lead.company


@pytest.mark.parametrize("body", [{"user": "cleo"}, {"organization": "south"}, {"user": "dan"}, {"user": "ada"}])
def test_assign_by_the_holder_to_anybody_outside_is_no_such_person(cast: Cast, body: dict[str, str]) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    ((field, name),) = body.items()

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/assign/", {field: str(getattr(cast, name).pk)})

    assert faults(answer) == {f"/{field}": "invalid_reference"}


def test_assign_by_the_holder_to_the_own_organization_is_refused(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/assign/", {"organization": str(cast.north.pk)})

    assert code_of(answer, 409) == "refused"


def test_assign_by_a_partner_manager_stays_among_the_managed(cast: Cast) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben)
    api = Caller(cast.vic)

    assert faults(api.post(f"leads/{lead.pk}/assign/", {"user": str(cast.cleo.pk)})) == {
        "/user": "invalid_reference"
    }
    assert api.post(f"leads/{lead.pk}/assign/", {"user": str(cast.bea.pk)}).json()["user_name"] == "Bea"


# --- open and recall ---------------------------------------------------------------------------------


def test_open_reveals_to_the_organization_and_shows_the_vendor_who(cast: Cast) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben, company="Kestrel")

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/open/")

    body = answer.json()
    assert (body["status"], body["is_withheld"], body["company"]) == ("opened", False, "Kestrel")
    seen = Caller(cast.ada).get(f"leads/{lead.pk}/").json()
    assert (seen["opened_by"], seen["opened_at"]) == (str(cast.ben.pk), body["opened_at"])
    assert Caller(cast.bea).get(f"leads/{lead.pk}/").json()["company"] == "Kestrel"


def test_open_the_second_time_is_refused(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    assert code_of(Caller(cast.bea).post(f"leads/{lead.pk}/open/"), 409) == "refused"


def test_open_by_the_vendor_is_refused(cast: Cast) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben)

    assert code_of(Caller(cast.ada).post(f"leads/{lead.pk}/open/"), 409) == "refused"
    with inside(cast.acme):
        assert Lead.objects.get(pk=lead.pk).opened_at is None


def test_recall_takes_it_out_of_the_partners_sight(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    body = Caller(cast.ada).post(f"leads/{lead.pk}/recall/").json()

    assert (body["status"], body["organization"], body["opened_at"]) == ("unassigned", None, None)
    assert Caller(cast.ben).get(f"leads/{lead.pk}/").status_code == 404


@pytest.mark.parametrize("verb", ["recall", "reopen"])
def test_vendors_verbs_by_the_partner_are_refused(cast: Cast, verb: str) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    assert code_of(Caller(cast.ben).post(f"leads/{lead.pk}/{verb}/"), 409) == "refused"


def test_recall_of_what_nobody_has_is_refused(ada: Membership) -> None:
    lead = made(new_lead, ada)

    assert code_of(Caller(ada).post(f"leads/{lead.pk}/recall/"), 409) == "refused"


@pytest.mark.parametrize("verb", ["recall", "open", "reopen"])
@pytest.mark.parametrize("body", [{"status": "won"}, {"user": NOBODY}])
def test_verbs_that_need_nothing_take_nothing(cast: Cast, verb: str, body: dict[str, str]) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/{verb}/", body)

    assert faults(answer) == {f"/{name}": "unknown_field" for name in body}


@pytest.mark.parametrize("body", ["", "{}", "null"])
def test_verbs_that_need_nothing_need_no_body(cast: Cast, body: str) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben)

    assert Caller(cast.ben).post(f"leads/{lead.pk}/open/", body).status_code == 200


# --- close and reopen --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["id", "label"])
def test_close_as_lost_by_the_reasons_id_or_its_label(cast: Cast, how: str) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    reason = reason_of(cast.ada)

    body = {"outcome": "lost", "reason": str(reason.pk) if how == "id" else "No budget"}
    closed = Caller(cast.ben).post(f"leads/{lead.pk}/close/", body).json()

    assert (closed["status"], closed["lost_reason"]) == ("lost", "No budget")
    assert closed["closed_at"] is not None


@pytest.mark.parametrize(
    "reason", ["no budget", "No budget ", "No", "", "Nonsense", NOBODY, 1, ["No budget"], "\x00"]
)
def test_close_for_an_unknown_reason_names_it(cast: Cast, reason: Any) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/close/", {"outcome": "lost", "reason": reason})

    assert faults(answer) == {"/reason": "invalid_reference"}


def test_close_for_another_portals_reason_is_like_an_unknown_one(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    foreign = reason_of(cast.dan)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/close/", {"outcome": "lost", "reason": str(foreign.pk)})

    assert faults(answer) == {"/reason": "invalid_reference"}


def test_close_for_a_reason_no_longer_in_use_names_it(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    with inside(cast.acme):
        change_lost_reason(LostReason.objects.get(name="No need"), values={"is_active": False}, by=cast.ada)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/close/", {"outcome": "lost", "reason": "No need"})

    assert faults(answer) == {"/reason": "invalid_reference"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/outcome": "required"}),
        ({"outcome": "converted"}, {"/outcome": "invalid_choice"}),
        ({"outcome": "LOST"}, {"/outcome": "invalid_choice"}),
        ({"outcome": ["lost"]}, {"/outcome": "invalid_choice"}),
        ({"outcome": None}, {"/outcome": "null"}),
        ({"outcome": "lost"}, {"/reason": "invalid"}),
        ({"outcome": "lost", "reason": None}, {"/reason": "invalid"}),
        ({"outcome": "won", "reason": "No budget"}, {"/reason": "invalid"}),
    ],
)
def test_close_with_half_an_outcome_names_the_field(
    cast: Cast, body: dict[str, Any], expected: dict[str, str]
) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)

    assert faults(Caller(cast.ben).post(f"leads/{lead.pk}/close/", body)) == expected


@pytest.mark.parametrize(("mode", "status"), [("conversion", 409), ("won", 200), ("both", 200)])
def test_close_as_won_where_the_portal_allows(cast: Cast, mode: str, status: int) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    with inside(cast.acme):
        change_distribution(values={"closing_mode": mode}, by=cast.ada)

    assert Caller(cast.ben).post(f"leads/{lead.pk}/close/", {"outcome": "won"}).status_code == status


def test_close_twice_is_refused(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    api = Caller(cast.ben)
    api.post(f"leads/{lead.pk}/close/", {"outcome": "won"})

    assert code_of(api.post(f"leads/{lead.pk}/close/", {"outcome": "won"}), 409) == "refused"
    assert code_of(api.patch(f"leads/{lead.pk}/", {"city": "x"}), 409) == "refused"


def test_reopen_by_the_vendor_gives_it_back(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben)
    with inside(cast.acme):
        actions.lose_lead(lead, reason=LostReason.objects.get(name="No budget"), by=cast.ben)

    body = Caller(cast.ada).post(f"leads/{lead.pk}/reopen/").json()

    assert (body["status"], body["user_name"], body["closed_at"], body["lost_reason"]) == (
        "working",
        "Ben",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("comment", {"text": "x"}),
        ("activity", {"kind": "call", "outcome": "reached"}),
        ("close", {"outcome": "won"}),
        ("convert", {}),
    ],
)
def test_verbs_of_the_holder_before_opening_are_refused(cast: Cast, verb: str, body: dict[str, Any]) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben)

    answer = Caller(cast.ben).post(f"leads/{lead.pk}/{verb}/", body)

    assert code_of(answer, 409) == "refused"
    assert "has to be opened" in answer.json()["detail"]

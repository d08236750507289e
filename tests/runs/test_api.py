"""Runs over the API: an export asked for, followed and fetched by its requester, and by nobody else."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from leads import actions as lead_actions
from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.models import Run
from prm.runs.working import work_due
from prm.users.actions import change_member
from prm.users.models import Group, Membership
from tests.api.asking import Caller, code_of, faults, made
from tests.browsing import Answer
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead
from tests.runs.conftest import assigning, leads_of

CSV = {"list": "leads", "format": "csv"}


def lines(api: Caller, pk: str) -> list[str]:
    """The lines of the file, as far as it is there."""
    answer = api.client.get(f"/api/v1/exports/{pk}/file/", headers=api.headers)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv")
    return b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]


def file_answer(member: Membership, pk: str) -> Answer:
    return Caller(member).get(f"exports/{pk}/file/")


def runs_of(member: Membership) -> list[Run]:
    with inside(member.portal):
        return list(Run.objects.filter(requester=member))


# --- Asking ---------------------------------------------------------------------------------------------


def test_export_is_what_the_list_shows_and_fetched_when_done(cast: Cast, portal: Portal) -> None:
    for city in ("Ghent", "Bruges", "Ghent"):
        made(new_lead, cast.ada, city=city, company=f"In {city}")
    api = Caller(cast.ada)

    asked = api.post("exports/", {**CSV, "query": "city=Ghent&ordering=number&columns=city&columns=company"})
    waiting = asked.json()
    assert (asked.status_code, waiting["status"], waiting["total"]) == (201, "waiting", None)
    assert (waiting["list"], waiting["title"]) == ("leads", "Export of Leads as CSV")
    work_due(portal)

    done = api.get(f"exports/{waiting['id']}/").json()
    assert (done["status"], done["done"], done["position"], done["total"]) == ("done", 2, 2, 2)
    assert done["file_until"] > done["finished_at"]
    head, *rows = lines(api, waiting["id"])
    assert head == '"Number","Lead","City","Company"'
    assert [row.split(",")[-2:] for row in rows] == [['"Ghent"', '"In Ghent"']] * 2
    with inside(portal):
        assert Event.objects.get(kind="list_exported").facts == {"list": "leads", "rows": 2}


def test_export_of_some_rows_holds_those_that_are_seen(cast: Cast, portal: Portal) -> None:
    mine, others = made(opened_lead, cast.ada, cast.ben), made(opened_lead, cast.ada, cast.cleo)
    made(opened_lead, cast.ada, cast.ben)
    api = Caller(cast.ben)

    pk = api.post("exports/", {**CSV, "rows": [str(mine.pk), str(others.pk), str(uuid.uuid4())]}).json()["id"]
    work_due(portal)

    _head, row = lines(api, pk)
    assert row.startswith(f'"{mine.code}"')


def test_export_holds_no_withheld_detail(cast: Cast, portal: Portal) -> None:
    lead = made(assigned_lead, cast.ada, cast.ben, company="Canary", city="Ghent")
    api = Caller(cast.ben)

    found = [api.post("exports/", {**CSV, "query": q}).json()["id"] for q in ("columns=company", "city=Ghent")]
    work_due(portal)

    assert lines(api, found[0])[1:] == [f'"{lead.code}","",""']
    assert lines(api, found[1])[1:] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("nonsense=1", "nonsense"),
        ("status=nonsense", "status"),
        ("internal_notes=yes", "internal_notes"),
        ("organization__name=North", "organization__name"),
        ("columns=password", "columns"),
        ("ordering=budget", "ordering"),
        ("&".join(["a"] * 1200), "query"),
    ],
)
def test_export_names_the_parameter_that_means_nothing(cast: Cast, query: str, parameter: str) -> None:
    assert faults(Caller(cast.ben).post("exports/", {**CSV, "query": query})) == {parameter: "invalid_filter"}
    assert runs_of(cast.ben) == []


def test_export_takes_what_only_moves_a_page_and_leaves_it_out(ada: Membership) -> None:
    asked = Caller(ada).post("exports/", {**CSV, "query": "status=lost&cursor=abc&view=all"}).json()

    assert asked["query"] == "status=lost"


def test_export_names_the_field_that_is_wrong(ada: Membership) -> None:
    api = Caller(ada)

    assert faults(api.post("exports/", {})) == {"/list": "required", "/format": "required"}
    assert faults(api.post("exports/", {"list": "nothing", "format": "pdf"})) == {
        "/list": "invalid_choice",
        "/format": "invalid_choice",
    }
    assert faults(api.post("exports/", {**CSV, "token": "x"})) == {"/token": "invalid"}
    assert faults(api.post("exports/", {**CSV, "rows": []})) == {"/rows": "empty"}
    assert faults(api.post("exports/", {**CSV, "status": "lost"})) == {"/status": "unknown_field"}
    assert runs_of(ada) == []


@pytest.mark.parametrize(("who", "name"), [("ben", "organizations"), ("bea", "mails"), ("vic", "mails")])
def test_export_of_a_list_that_is_closed_to_one_is_refused(cast: Cast, who: str, name: str) -> None:
    answer = Caller(getattr(cast, who)).post("exports/", {"list": name, "format": "csv"})

    assert code_of(answer, 403) == "permission_denied"


def test_export_by_a_key_for_reading_is_refused(cast: Cast) -> None:
    assert code_of(Caller(cast.ada, scope="read").post("exports/", CSV), 403) == "insufficient_scope"
    assert runs_of(cast.ada) == []


def test_export_with_the_same_token_is_one(ada: Membership) -> None:
    api, body = Caller(ada), {**CSV, "token": str(uuid.uuid4())}

    first, again = (api.post("exports/", body).json() for _ in range(2))
    other = api.post("exports/", CSV).json()

    assert first == again
    assert len({first["id"], other["id"]}) == len(runs_of(ada)) == 2


def test_exports_at_once_are_few(ada: Membership) -> None:
    api = Caller(ada)

    answers = [api.post("exports/", CSV) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [201] * 5 + [409]


def test_export_is_titled_in_its_requesters_language(cast: Cast) -> None:
    with inside(cast.acme):
        Membership.objects.filter(pk=cast.ben.pk).update(language="de")

    titled = Caller(cast.ben).post("exports/", CSV).json()["title"]

    assert titled != "Export of Leads as CSV"


# --- Fetching -------------------------------------------------------------------------------------------


@pytest.fixture
def finished(cast: Cast, portal: Portal) -> str:
    """Bea's export of North's leads."""
    made(opened_lead, cast.ada, cast.ben)
    pk: str = Caller(cast.bea).post("exports/", CSV).json()["id"]
    work_due(portal)
    return pk


@pytest.mark.parametrize("who", ["ben", "eve", "ada", "cleo", "dan"])
def test_export_is_not_there_for_anybody_else(cast: Cast, finished: str, who: str) -> None:
    api = Caller(getattr(cast, who))

    for path in (f"exports/{finished}/", f"runs/{finished}/", f"runs/{finished}/refusals/"):
        assert code_of(api.get(path), 404) == "not_found"
    assert code_of(file_answer(getattr(cast, who), finished), 404) == "not_found"
    assert code_of(api.post(f"runs/{finished}/cancel/"), 404) == "not_found"
    assert api.get("exports/").json()["results"] == api.get("runs/").json()["results"] == []


def test_file_is_gone_with_a_right_of_then(cast: Cast, finished: str) -> None:
    assert len(lines(Caller(cast.bea), finished)) == 2
    with inside(cast.acme):
        groups = Group.objects.filter(kind="partner", name__in=["Receive Leads", "Manage Users"])
        change_member(cast.bea, values={}, groups=groups, by=cast.ada)

    assert code_of(file_answer(cast.bea, finished), 404) == "not_found"


def test_file_of_an_unfinished_export_is_not_there_yet(cast: Cast, files: Path) -> None:
    pk = Caller(cast.ada).post("exports/", CSV).json()["id"]

    assert code_of(file_answer(cast.ada, pk), 404) == "not_found"


def test_file_is_given_whatever_kind_is_asked_for(cast: Cast, finished: str) -> None:
    api = Caller(cast.bea)

    for kind in ("text/csv", "*/*", "application/json", "application/octet-stream"):
        answer = api.client.get(f"/api/v1/exports/{finished}/file/", headers={**api.headers, "Accept": kind})
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv"), kind
        assert answer["Content-Disposition"].startswith('attachment; filename="leads-')
    assert api.client.options(f"/api/v1/exports/{finished}/file/", headers=api.headers).status_code == 204


def test_file_of_a_run_that_is_no_export_is_not_there(cast: Cast, portal: Portal) -> None:
    run = assigning(leads_of(cast.ada, 1), cast.ben, cast.ada)
    work_due(portal)
    api = Caller(cast.ada)

    assert code_of(api.get(f"exports/{run.pk}/"), 404) == "not_found"
    assert code_of(file_answer(cast.ada, str(run.pk)), 404) == "not_found"
    assert api.get(f"runs/{run.pk}/").json()["file_until"] is None


# --- Following ------------------------------------------------------------------------------------------


def test_run_says_what_was_done_and_why_not_the_rest(cast: Cast, portal: Portal) -> None:
    leads = leads_of(cast.ada, 3)
    run = assigning(leads, cast.ben, cast.ada)
    with inside(portal):
        lead_actions.assign_lead(leads[1], to=cast.cleo, by=cast.ada)
        lead_actions.win_lead(lead_actions.open_lead(leads[1], by=cast.cleo), by=cast.cleo)
    work_due(portal)
    api = Caller(cast.ada)

    shown = api.get(f"runs/{run.pk}/").json()
    left = api.get(f"runs/{run.pk}/refusals/").json()["results"]

    assert (shown["kind"], shown["status"], shown["can_undo"]) == ("leads.assign", "done", True)
    assert (shown["done"], shown["refused"], shown["missing"]) == (2, 1, 0)
    assert [(row["name"], row["path"]) for row in left] == [(leads[1].code, f"/leads/{leads[1].code}/")]
    assert left[0]["reason"].startswith(f"Lead {leads[1].code} is closed")


def test_run_is_taken_back_once(cast: Cast, portal: Portal) -> None:
    leads = leads_of(cast.ada, 2)
    run = assigning(leads, cast.ben, cast.ada)
    work_due(portal)
    api, body = Caller(cast.ada), {"token": str(uuid.uuid4())}

    first, again = (api.post(f"runs/{run.pk}/undo/", body) for _ in range(2))
    work_due(portal)

    assert (first.status_code, first.json()["id"]) == (201, again.json()["id"])
    assert first.json()["title"] == "Taking back: Assign"
    assert api.get(f"runs/{first.json()['id']}/").json()["done"] == 2


def test_run_that_cannot_be_taken_back_says_so(cast: Cast, finished: str) -> None:
    assert code_of(Caller(cast.bea).post(f"runs/{finished}/undo/"), 409) == "refused"


def test_run_is_stopped_once(cast: Cast, portal: Portal) -> None:
    api = Caller(cast.ada)
    pk = api.post("exports/", CSV).json()["id"]

    assert api.post(f"runs/{pk}/cancel/").json()["status"] == "cancelled"
    assert code_of(api.post(f"runs/{pk}/cancel/"), 409) == "refused"
    assert code_of(Caller(cast.ada, scope="read").post(f"runs/{pk}/cancel/"), 403) == "insufficient_scope"


def test_runs_are_listed_by_status_newest_first(cast: Cast, portal: Portal) -> None:
    api = Caller(cast.ada)
    first, second = (api.post("exports/", CSV).json()["id"] for _ in range(2))
    api.post(f"runs/{first}/cancel/")
    run = assigning(leads_of(cast.ada, 1), cast.ben, cast.ada)

    def ids(path: str, **parameters: str) -> list[str]:
        return [row["id"] for row in api.get(path, **parameters).json()["results"]]

    assert ids("runs/") == [str(run.pk), second, first]
    assert ids("exports/") == [second, first]
    assert ids("runs/", status="cancelled") == ids("exports/", status="cancelled") == [first]
    assert ids("runs/", ordering="created_at") == [first, second, str(run.pk)]
    assert faults(api.get("runs/", status="lost")) == {"status": "invalid_filter"}
    assert faults(api.get("runs/", search="x")) == {"search": "invalid_filter"}


@pytest.mark.parametrize("count", [1, 3])
def test_runs_are_listed_by_one_query(
    cast: Cast, portal: Portal, count: int, django_assert_num_queries: Any
) -> None:
    api = Caller(cast.ada)
    for _ in range(count):
        api.post("exports/", CSV)
    api.get("runs/")

    with django_assert_num_queries(9):
        answer = api.get("runs/")

    assert len(answer.json()["results"]) == count

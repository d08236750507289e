"""Runs in pages: asked for, followed, stopped, taken back, and the file that nobody else gets."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.models import Lead
from prm.files.actions import keep_file
from prm.files.models import StoredFile
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs import working
from prm.runs.actions import cancel_run
from prm.runs.models import Refusal, Run
from prm.runs.working import work_due
from prm.users.actions import change_member, disable_member
from prm.users.models import Group, Membership
from tests.cast import Cast
from tests.factories import opened_lead
from tests.reading import Page
from tests.runs.conftest import PassTime, again, assigning, leads_of

ClientOf = Callable[[Membership], Client]


def run_of(by: Membership) -> Run:
    """The one that this person has asked for last."""
    with inside(by.portal):
        found: Run = Run.objects.filter(requester=by).latest("created_at", "id")
        return found


def export(client: Client, **sent: Any) -> Any:
    return client.post("/runs/export/leads/", {"sheet": "csv", "query": "columns=company", **sent})


@pytest.fixture
def done(cast: Cast, portal: Portal, client_of: ClientOf) -> Run:
    """Ben's export, finished."""
    with inside(portal):
        opened_lead(cast.ada, cast.ben, company="Kestrel Biotech")
    export(client_of(cast.ben))
    work_due(portal)
    return run_of(cast.ben)


# --- Asking for an export -------------------------------------------------------------------------------


def test_export_page_says_what_will_be_in_the_file(client_of: ClientOf, cast: Cast) -> None:
    page = Page(client_of(cast.ada).get("/runs/export/leads/?status=lost&columns=company&cursor=abc"))

    assert page.heading == "Export Leads"
    assert "All rows that the list shows, over all its pages" in page.text
    assert "Columns: " in page.text
    assert page.value("query") == "status=lost&columns=company"
    assert run_count(cast.ada) == 0


def test_export_page_of_ticked_rows_keeps_them(client_of: ClientOf, cast: Cast, portal: Portal) -> None:
    leads = leads_of(cast.ada, 2)
    ids = [str(lead.pk) for lead in leads]

    page = Page(
        client_of(cast.ada).post("/runs/export/leads/", {"row": [*ids, ids[0]], "query": "status=unassigned"})
    )

    assert "The 2 chosen rows" in page.text
    assert [field.attributes["value"] for field in page.root.all("input", name="row")] == ids


def test_export_leads_to_the_run_and_the_run_to_the_file(client_of: ClientOf, cast: Cast, done: Run) -> None:
    page = Page(client_of(cast.ben).get(f"/runs/{done.pk}/"))
    answer = client_of(cast.ben).get(page.links("Download")[0])

    assert "1 row is in the file." in page.text
    assert b"Kestrel Biotech" in answer.getvalue()
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"].startswith('attachment; filename="leads-2')
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_export_sent_twice_is_one_run(client_of: ClientOf, cast: Cast) -> None:
    client, token = client_of(cast.ada), str(uuid.uuid4())

    first, second = export(client, token=token), export(client, token=token)

    assert (first.status_code, first["Location"]) == (302, second["Location"])
    assert run_count(cast.ada) == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"row": "1 OR 1=1"}, 400),  # V21
        ({"token": "x"}, 400),
        ({"sheet": "pdf"}, 400),
        ({"query": "no_such_filter=1"}, 400),
        ({"query": "x" * 5000}, 400),
    ],
)
def test_export_takes_nothing_that_means_nothing(
    client_of: ClientOf, cast: Cast, sent: dict[str, str], status: int
) -> None:
    assert export(client_of(cast.ada), **sent).status_code == status
    assert run_count(cast.ada) == 0


def test_export_of_an_unknown_list_is_not_found(client_of: ClientOf, cast: Cast) -> None:
    assert client_of(cast.ada).post("/runs/export/nothing/", {"sheet": "csv"}).status_code == 404


def run_count(by: Membership) -> int:
    with inside(by.portal):
        return Run.objects.filter(requester=by).count()


# --- The file is the requester's (V03, V09, V11, case 38) -----------------------------------------------


@pytest.mark.parametrize("other", ["ada", "bea", "cleo", "dan"])
def test_file_is_not_found_by_anybody_else(client_of: ClientOf, cast: Cast, done: Run, other: str) -> None:
    client = client_of(getattr(cast, other))
    for end in ("", "file/", "refusals/"):
        answers = [client.get(f"/runs/{pk}/{end}") for pk in (done.pk, uuid.uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
    assert client.post(f"/runs/{done.pk}/cancel/").status_code == 404
    assert client.post(f"/runs/{done.pk}/undo/").status_code == 404


def test_file_is_not_found_by_its_own_id_under_another_purpose(client_of: ClientOf, cast: Cast, done: Run) -> None:
    file = again(done).file
    assert file is not None
    assert client_of(cast.ada).get(f"/files/logos/{file.pk}/").status_code == 404


def test_file_of_another_purpose_or_owner_is_not_given_out_through_a_run(
    client_of: ClientOf, cast: Cast, done: Run
) -> None:
    """Even if a run came to point at one."""
    client = client_of(cast.ben)
    with inside(cast.acme):
        for purpose, owner in (("logo", cast.ben), ("export", cast.bea)):
            kind = StoredFile.Purpose(purpose)
            file = keep_file(b"x", purpose=kind, organization=cast.north, content_type="image/png", by=owner)
            Run.objects.filter(pk=done.pk).update(file=file)
            assert client.get(f"/runs/{done.pk}/file/").status_code == 404


def test_file_is_gone_after_its_day_even_before_it_is_removed(
    client_of: ClientOf, cast: Cast, done: Run, pass_time: PassTime
) -> None:
    pass_time(Run.FILE_LASTS + timedelta(seconds=1))

    answer = client_of(cast.ben).get(f"/runs/{done.pk}/file/")

    assert answer.status_code == 404
    assert "Download" not in Page(client_of(cast.ben).get(f"/runs/{done.pk}/")).text


def test_file_is_not_for_whoever_has_lost_a_right_since(client_of: ClientOf, cast: Cast, done: Run) -> None:
    client = client_of(cast.ben)
    assert client.get(f"/runs/{done.pk}/file/").status_code == 200
    with inside(cast.acme):
        change_member(
            cast.ben, values={}, groups=Group.objects.filter(kind="partner", name="Manage Users"), by=None
        )

    assert client.get(f"/runs/{done.pk}/file/").status_code == 404


def test_file_is_not_for_whoever_was_disabled(client_of: ClientOf, cast: Cast, done: Run) -> None:
    client = client_of(cast.ben)
    with inside(cast.acme):
        disable_member(cast.ben, by=cast.ada)

    assert client.get(f"/runs/{done.pk}/file/").status_code == 302


# --- Following a run ------------------------------------------------------------------------------------


def test_run_page_follows_and_offers_to_stop(client_of: ClientOf, cast: Cast, portal: Portal) -> None:
    run = assigning(leads_of(cast.ada, 4), cast.ben, cast.ada)
    hold = working._claim(portal)
    assert hold is not None
    assert hold.kind.advance(hold)

    page = Page(client_of(cast.ada).get(f"/runs/{run.pk}/"))

    assert page.by_id("run").attributes["hx-trigger"] == "every 1s"
    assert page.by_id("progress").attributes["value"] == "25"
    assert "1 of 4" in page.text
    assert "left" in page.by_id("run").text
    answer = client_of(cast.ada).post(f"/runs/{run.pk}/cancel/", follow=True)
    assert "Cancelled after 1 row. What was done stands." in Page(answer).text
    assert "hx-get" not in Page(answer).by_id("run").attributes


def test_run_page_tells_what_was_left_and_gives_it_as_a_table(
    client_of: ClientOf, cast: Cast, portal: Portal
) -> None:
    leads = leads_of(cast.ada, 2)
    with inside(portal):
        Lead.objects.filter(pk=leads[0].pk).update(status="lost")
    run = assigning([*leads, leads[1]], cast.ben, cast.ada)
    work_due(portal)

    page = Page(client_of(cast.ada).get(f"/runs/{run.pk}/"))

    assert "1 is done." in page.text
    assert "2 were left as they were; why, stands below." in page.text
    assert page.rows == [leads[0].code, leads[1].code]
    assert f"Ben has lead {leads[1].code} already." in page.text
    table = client_of(cast.ada).get(page.links("As CSV")[0])
    assert f'"{leads[0].code}","Lead {leads[0].code} is closed' in table.content.decode()


def test_run_page_of_a_failed_run_says_why(client_of: ClientOf, cast: Cast, portal: Portal) -> None:
    run = assigning(leads_of(cast.ada, 1), cast.ben, cast.ada)
    with inside(portal):
        Run.objects.filter(pk=run.pk).update(status="failed", last_error="The disk is full.")

    assert "The disk is full." in Page(client_of(cast.ada).get(f"/runs/{run.pk}/")).text


def test_run_cancel_of_a_finished_one_says_so(client_of: ClientOf, cast: Cast, done: Run) -> None:
    answer = client_of(cast.ben).post(f"/runs/{done.pk}/cancel/", follow=True)

    assert Page(answer).toasts == ["It is finished already."]
    assert again(done).status == "done"


def test_run_undo_takes_back_what_nobody_has_opened(client_of: ClientOf, cast: Cast, portal: Portal) -> None:
    from leads.actions import open_lead

    leads = leads_of(cast.ada, 3)
    run = assigning(leads, cast.ben, cast.ada)
    work_due(portal)
    with inside(portal):
        open_lead(leads[1], by=cast.ben)
    client = client_of(cast.ada)
    page = Page(client.get(f"/runs/{run.pk}/"))
    assert "Take back what is unopened" in page.buttons()

    answer = client.post(f"/runs/{run.pk}/undo/", {"token": page.value("token")})
    client.post(f"/runs/{run.pk}/undo/", {"token": page.value("token")})
    work_due(portal)

    undone = run_of(cast.ada)
    assert answer["Location"] == f"/runs/{undone.pk}/"
    assert (undone.done, undone.refused) == (2, 1)
    with inside(portal):
        status = dict(Lead.objects.values_list("pk", "status"))
        reason = Refusal.objects.get(run=undone).reason
    assert [status[lead.pk] for lead in leads] == ["unassigned", "opened", "unassigned"]
    assert reason == f"Lead {leads[1].code} was opened meanwhile."


# --- The own runs ---------------------------------------------------------------------------------------


def test_run_list_shows_the_own_ones_newest_first(client_of: ClientOf, cast: Cast, portal: Portal) -> None:
    export(client_of(cast.ada))
    export(client_of(cast.ada), sheet="xlsx")
    export(client_of(cast.ben))

    assert Page(client_of(cast.ada).get("/runs/")).rows == ["Export of Leads as XLSX", "Export of Leads as CSV"]
    assert Page(client_of(cast.cleo).get("/runs/")).heading == "Exports and runs"
    assert "Nothing yet" in Page(client_of(cast.cleo).get("/runs/")).text


@pytest.mark.parametrize("count", [1, 3])
def test_run_list_asks_the_same_of_the_database_for_one_and_for_many(
    client_of: ClientOf, cast: Cast, portal: Portal, count: int
) -> None:
    client = client_of(cast.ada)
    for _ in range(count):
        export(client)
    client.get("/runs/")

    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/runs/")

    assert len(Page(answer).rows) == count
    assert len([one for one in asked if "runs_run" in one["sql"]]) == 1


def test_cancelled_runs_make_room_for_others(client_of: ClientOf, cast: Cast, portal: Portal) -> None:
    client = client_of(cast.ada)
    for _ in range(6):
        answer = export(client)
    assert Page(client.get(answer["Location"])).toasts[0].startswith("5 of your runs are not finished yet.")
    with inside(portal):
        cancel_run(run_of(cast.ada), by=cast.ada)

    assert export(client)["Location"].startswith("/runs/")
    assert run_count(cast.ada) == 6

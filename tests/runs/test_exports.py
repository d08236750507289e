"""Exports: exactly what the list shows to the one who asks, made in pieces, the requester's for a day."""

import csv
import io
import uuid
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.http import QueryDict

from leads import actions
from prm.actions import Gone, Refused
from prm.events.models import Event
from prm.files import store
from prm.files.models import StoredFile
from prm.files.sheets import SHEETS, XLSX, CsvSheet, read_csv
from prm.lists.listing import listing, listings
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs import exports, working
from prm.runs.actions import MOST_UNFINISHED, cancel_run, forget_old, undo_run
from prm.runs.exports import start_export
from prm.runs.models import Run
from prm.runs.working import LEASE, work_due
from prm.serving.paging import InvalidParameter
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import BARE, assigned_lead, new_deal, new_lead, opened_lead
from tests.runs.conftest import PassTime, again, counts, leads_of
from tests.runs.scenery import Killed

Table = list[list[str]]


def asked(by: Membership, query: str = "", *, sheet: str = "csv", chosen: list[uuid.UUID] | None = None) -> Run:
    with inside(by.portal):
        return start_export("leads", query=QueryDict(query), sheet=sheet, token=uuid.uuid4(), by=by, chosen=chosen)


def content(run: Run) -> bytes:
    file = again(run).file
    assert file is not None
    return store.read(file.stored_as)


def table(run: Run) -> Table:
    """As any other program reads the CSV."""
    return list(csv.reader(io.StringIO(content(run).decode("utf-8-sig"), newline="")))


def exported(by: Membership, query: str = "") -> Table:
    run = asked(by, query)
    work_due(by.portal)
    assert again(run).status == "done", again(run).last_error
    return table(run)


def shown(by: Membership, query: str = "") -> Table:
    """What the list's page shows over all its pages, and its headings."""
    leads, parameters = listing("leads"), QueryDict(query)
    with inside(by.portal):
        columns = leads.columns(by, parameters)
        rows = [leads.shown(row, by) for row in leads.rows(by, parameters)]
        return [
            [str(column.label) for column in columns],
            *([str(column.value(row) or "") for column in columns] for row in rows),
        ]


def in_the_store(files: Path) -> list[str]:
    return sorted(path.name for path in files.rglob("*") if path.is_file())


# --- What is in it --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["columns=company&columns=status", "ordering=name&columns=city", "status=assigned"]
)
def test_export_holds_what_the_list_shows_in_its_order(cast: Cast, portal: Portal, query: str) -> None:
    with inside(portal):
        for number, city in enumerate(["Ghent", "Aalst", "Zwolle"]):
            lead = new_lead(cast.ada, company=f"Company {number}", city=city)
        actions.assign_lead(lead, to=cast.ben, by=cast.ada)

    found = exported(cast.ada, query)

    assert len(found) > 1
    assert [row[:1] for row in found] == [row[:1] for row in shown(cast.ada, query)]
    without_times = [[cell for cell in row if ":" not in cell] for row in found]
    assert without_times == [[cell for cell in row if ":" not in cell] for row in shown(cast.ada, query)]


def test_export_leaves_out_what_is_withheld_from_its_reader(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        withheld = assigned_lead(cast.ada, cast.ben, company="Secret Biotech", city="Ghent")
        seen = opened_lead(cast.ada, cast.ben, company="Open Biotech", city="Aalst")
        siblings = opened_lead(cast.ada, cast.cleo, company="Sibling Biotech")

    text = "\n".join(",".join(row) for row in exported(cast.ben, "columns=company&columns=city&columns=number"))

    assert ("Open Biotech" in text, "Aalst" in text) == (True, True)
    assert ("Secret Biotech" in text, "Ghent" in text, "Sibling Biotech" in text) == (False, False, False)
    assert (withheld.code in text, seen.code in text, siblings.code in text) == (True, True, False)


def test_export_of_chosen_rows_holds_those_that_the_reader_sees(cast: Cast, portal: Portal) -> None:
    with inside(portal):
        mine = opened_lead(cast.ada, cast.ben, company="Mine")
        other = opened_lead(cast.ada, cast.ben, company="Not chosen")
        siblings = opened_lead(cast.ada, cast.cleo, company="Siblings")
    run = asked(cast.ben, "columns=company", chosen=[siblings.pk, mine.pk, uuid.uuid4()])

    work_due(portal)

    names = [cell for row in table(run)[1:] for cell in row]
    assert ("Mine" in names, "Siblings" in names, other.company in names) == (True, False, False)
    assert counts(run) == ("done", 1, 0, 0)


@pytest.mark.parametrize("name", sorted(each.name for each in listings()))
def test_export_of_every_list_there_is(cast: Cast, portal: Portal, name: str) -> None:
    with inside(portal):
        new_deal(cast.ada, cast.ben)
        run = start_export(name, query=QueryDict(), sheet="csv", token=uuid.uuid4(), by=cast.ada)
        expected = listing(name).rows(cast.ada, QueryDict()).count()

    work_due(portal)

    assert (counts(run), len(table(run))) == (("done", expected, 0, 0), expected + 1)


def test_export_of_nothing_is_a_table_without_rows(cast: Cast, portal: Portal) -> None:
    found = exported(cast.ada, "search=nothing-like-this&columns=company")

    assert (len(found), "Company" in found[0]) == (1, True)


def test_export_guards_text_and_the_reader_restores_it(cast: Cast, portal: Portal) -> None:
    """Case 36."""
    nasty = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "＝1", "'=x", "''", "Plain"]
    with inside(portal):
        for company in nasty:
            new_lead(cast.ada, **{**BARE, "company": company})
    run = asked(cast.ada, "ordering=number&columns=company")

    work_due(portal)

    head, *rows = table(run)
    at = head.index("Company")
    assert [row[at] for row in rows] == ["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@x", "'＝1", "''=x", "'''", "Plain"]
    lines = io.StringIO(content(run).decode("utf-8-sig"), newline="")
    assert [row[at] for row in read_csv(lines)][1:] == nasty


def test_export_as_xlsx_holds_the_same_rows(cast: Cast, portal: Portal) -> None:
    leads_of(cast.ada, 3)
    run = asked(cast.ada, "ordering=number&columns=company&columns=created_at", sheet=XLSX)

    work_due(portal)

    sheet = openpyxl.load_workbook(io.BytesIO(content(run))).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    at = rows[0].index("Company")
    assert [row[at] for row in rows[1:]] == ["Company 0", "Company 1", "Company 2"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "d", "n"}


def test_export_keeps_to_the_columns_of_when_it_was_asked_for(cast: Cast, portal: Portal) -> None:
    leads_of(cast.ada, 1)
    run = asked(cast.ada, "columns=company")
    with inside(portal):
        assert Run.objects.get(pk=run.pk).parameters["columns"] == [
            column.key for column in listing("leads").columns(cast.ada, QueryDict("columns=company"))
        ]

    work_due(portal)

    assert len(table(run)[0]) == len(shown(cast.ada, "columns=company")[0])


def test_export_leaves_out_what_changed_meanwhile_and_counts_it(cast: Cast, portal: Portal) -> None:
    first, second = leads_of(cast.ada, 2)
    run = asked(cast.ada, "status=unassigned&columns=company&search=Company")
    hold = working._claim(portal)
    assert hold is not None
    assert hold.kind.advance(hold)
    with inside(portal):
        actions.assign_lead(first, to=cast.ben, by=cast.ada)

    working._carry_on(hold, until=float("inf"))

    assert counts(run) == ("done", 1, 0, 1)
    assert any(second.company in row for row in table(run))
    assert not any(first.company in row for row in table(run))


# --- Interrupted ----------------------------------------------------------------------------------------


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "PIECE", 2)


@pytest.mark.usefixtures("small_pieces")
def test_a_killed_export_goes_on_after_its_last_piece(
    cast: Cast, portal: Portal, files: Path, pass_time: PassTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_of(cast.ada, 5)
    run = asked(cast.ada, "search=Company&ordering=number&columns=company")
    write, calls = store.write, []

    def dies(place: str, content: bytes) -> None:
        write(place, content)
        calls.append(place)
        if len(calls) == 3:  # head, a piece, and one that was written but never noted
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(store, "write", dies)
        with pytest.raises(Killed):
            work_due(portal)
    assert counts(run) == ("running", 2, 0, 0)
    pass_time(LEASE)
    work_due(portal)

    assert counts(run) == ("done", 5, 0, 0)
    assert [row[-1] for row in table(run)[1:]] == [f"Company {number}" for number in range(5)]


@pytest.mark.usefixtures("small_pieces")
def test_export_leaves_nothing_in_the_store_but_the_file(
    cast: Cast, portal: Portal, files: Path, django_capture_on_commit_callbacks: object
) -> None:
    leads_of(cast.ada, 5)
    done, cancelled = asked(cast.ada), asked(cast.ada)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        hold = working._claim(portal)
        assert hold is not None
        hold.kind.advance(hold)
        hold.kind.advance(hold)
        assert len(in_the_store(files)) == 2
        working._carry_on(hold, until=float("inf"))
        with inside(portal):
            cancel_run(cancelled, by=cast.ada)

    file = again(done).file
    assert file is not None
    assert in_the_store(files) == [file.stored_as.rpartition("/")[2]]


def test_export_says_so_when_the_disk_is_full(cast: Cast, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    leads_of(cast.ada, 1)
    run = asked(cast.ada)

    def full(place: str, content: bytes) -> None:
        raise store.NotStored("The file could not be stored.")

    monkeypatch.setattr(store, "write", full)
    work_due(portal)

    assert (counts(run)[0], again(run).last_error) == ("failed", "The file could not be stored.")


def test_export_of_more_rows_than_the_format_holds_is_refused_in_words(
    cast: Cast, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_of(cast.ada, 3)
    monkeypatch.setitem(SHEETS, "csv", CsvSheet("text/csv", most_rows=2))
    run = asked(cast.ada, "search=Company")

    work_due(portal)

    assert counts(run)[0] == "failed"
    assert again(run).last_error.startswith("This list has more than 2 rows")


def test_export_stops_when_rights_are_lost_on_the_way(cast: Cast, portal: Portal) -> None:
    leads_of(cast.ada, 1)
    run = asked(cast.vic)
    with inside(portal):
        cast.vic.manages.all().delete()

    work_due(portal)

    assert (counts(run)[0], again(run).file) == ("failed", None)


# --- Asking ---------------------------------------------------------------------------------------------


def test_start_export_refuses_what_the_page_would_refuse(cast: Cast, in_acme: Portal) -> None:
    with pytest.raises(InvalidParameter):
        asked(cast.ada, "no_such_filter=1")
    with pytest.raises(InvalidParameter):
        asked(cast.ben, "columns=internal_notes")
    with pytest.raises(Gone):
        start_export("nothing", query=QueryDict(), sheet="csv", token=uuid.uuid4(), by=cast.ada)

    assert Run.objects.count() == 0


def test_start_export_sent_twice_asks_once(cast: Cast, in_acme: Portal) -> None:
    token = uuid.uuid4()
    runs = [start_export("leads", query=QueryDict(), sheet="csv", token=token, by=cast.ada) for _ in range(2)]

    assert (runs[0], Run.objects.count()) == (runs[1], 1)
    other = start_export("leads", query=QueryDict(), sheet="csv", token=token, by=cast.ben)
    assert other != runs[0]  # a token is one person's


def test_start_export_sent_twice_is_not_one_too_many(cast: Cast, in_acme: Portal) -> None:
    for _ in range(MOST_UNFINISHED - 1):
        asked(cast.ada)
    token = uuid.uuid4()

    runs = [start_export("leads", query=QueryDict(), sheet="csv", token=token, by=cast.ada) for _ in range(2)]

    assert (runs[0], Run.objects.count()) == (runs[1], MOST_UNFINISHED)


def test_start_run_refuses_more_than_a_few_at_once(cast: Cast, in_acme: Portal) -> None:
    for _ in range(MOST_UNFINISHED):
        asked(cast.ada)

    with pytest.raises(Refused, match="5 of your runs are not finished yet"):
        asked(cast.ada)
    asked(cast.ben)


def test_export_is_written_down(cast: Cast, portal: Portal) -> None:
    leads_of(cast.ada, 2)
    run = asked(cast.ada, "search=Company")

    work_due(portal)

    with inside(portal):
        event = Event.objects.get(kind="list_exported")
        assert (event.actor, event.subject_id, event.facts) == (cast.ada, run.pk, {"list": "leads", "rows": 2})


# --- Forgetting -----------------------------------------------------------------------------------------


def test_forget_old_removes_an_export_after_its_day(
    cast: Cast, portal: Portal, files: Path, pass_time: PassTime, django_capture_on_commit_callbacks: object
) -> None:
    leads_of(cast.ada, 1)
    run = asked(cast.ada)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        work_due(portal)
        assert forget_old(portal) == 0
    assert len(in_the_store(files)) == 1

    pass_time(Run.FILE_LASTS + timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert forget_old(portal) == 1

    assert (in_the_store(files), again(run).file) == ([], None)
    with inside(portal):
        assert StoredFile.objects.filter(purpose="export").count() == 0


def test_forget_old_keeps_runs_for_three_months(cast: Cast, portal: Portal, pass_time: PassTime) -> None:
    run = asked(cast.ada)
    work_due(portal)
    pass_time(timedelta(days=89))
    forget_old(portal)
    assert again(run)

    pass_time(timedelta(days=2))
    forget_old(portal)

    with inside(portal):
        assert Run.objects.count() == 0


def test_an_export_cannot_be_undone(cast: Cast, portal: Portal) -> None:
    run = asked(cast.ada)
    work_due(portal)

    with inside(portal), pytest.raises(Refused, match="cannot be taken back"):
        undo_run(run, token=uuid.uuid4(), by=cast.ada)

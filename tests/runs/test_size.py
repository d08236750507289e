"""A big list as a file: how long it takes, and that memory does not grow with it."""

import io
import time
import tracemalloc
import uuid
import zipfile

import pytest
from django.db import connection
from django.http import QueryDict

from leads.models import Lead
from prm.files import store
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.exports import start_export
from prm.runs.models import Run
from prm.runs.working import work_due
from tests.cast import Cast
from tests.factories import new_lead
from tests.runs.conftest import again

MANY = 100_000
IN_TIME = 60  # seconds
QUERY = (
    "ordering=name&columns=company&columns=email&columns=phone&columns=city&columns=country&columns=budget"
    "&columns=created_at&columns=status&columns=organization"
)


def copy_leads(lead: Lead, count: int) -> None:
    """The same lead over and over, written by the database itself."""
    columns = [f.column for f in Lead._meta.concrete_fields if f.column not in {"id", "number"} and not f.generated]
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO leads_lead (id, number, {names}) SELECT gen_random_uuid(), 100000 + n, {names}"
            " FROM leads_lead, generate_series(1, %s) n WHERE id = %s",
            [count, lead.pk],
        )


def export_all(cast: Cast, portal: Portal, sheet: str) -> Run:
    with inside(portal):
        run = start_export("leads", query=QueryDict(QUERY), sheet=sheet, token=uuid.uuid4(), by=cast.ada)
    while work_due(portal):
        pass
    return again(run)


@pytest.fixture
def leads(request: pytest.FixtureRequest, cast: Cast, portal: Portal) -> int:
    count: int = request.param
    with inside(portal):
        copy_leads(new_lead(cast.ada), count - 1)
        return Lead.objects.count()


@pytest.mark.parametrize("leads", [6_000], indirect=True)
@pytest.mark.parametrize("sheet", ["csv", "xlsx"])
def test_export_of_many_rows_holds_a_piece_in_memory(cast: Cast, portal: Portal, leads: int, sheet: str) -> None:
    tracemalloc.start()
    try:
        run = export_all(cast, portal, sheet)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (run.status, run.done) == ("done", leads)
    assert peak < 40 * 1024 * 1024


@pytest.mark.soak
@pytest.mark.parametrize("leads", [MANY], indirect=True)
@pytest.mark.parametrize("sheet", ["csv", "xlsx"])
def test_export_of_a_hundred_thousand_rows_is_done_within_a_minute(
    cast: Cast, portal: Portal, leads: int, sheet: str
) -> None:
    began = time.monotonic()
    run = export_all(cast, portal, sheet)
    took = time.monotonic() - began

    assert run.file is not None
    print(f"{sheet}: {leads} rows, {run.file.size:,} bytes, {took:.1f} s")  # noqa: T201
    content = store.read(run.file.stored_as)
    if sheet == "xlsx":
        content = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
        assert content.count(b"<row>") == leads + 1
    else:
        assert content.count(b"\r\n") == leads + 1
    assert took < IN_TIME

"""Exports of a distributor: its resellers' leads as the list shows them, as long as they are its resellers."""

import csv
import io
import uuid

import pytest
from django.http import QueryDict

from prm.files import store
from prm.organizations.actions import update_organization
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs.exports import start_export
from prm.runs.models import Run
from prm.runs.working import work_due
from tests.browsing import sign_in
from tests.cast import Cast
from tests.factories import assigned_lead, opened_lead
from tests.runs.conftest import again

QUERY = "columns=organization&columns=company&ordering=number"


@pytest.fixture
def run(portal: Portal, cast: Cast) -> Run:
    with inside(portal):
        opened_lead(cast.ada, cast.cleo, company="Shown Inc")
        assigned_lead(cast.ada, cast.cleo, company="Secret Inc")
        opened_lead(cast.ada, cast.ben, company="Norths Inc")
        return start_export("leads", query=QueryDict(QUERY), sheet="csv", token=uuid.uuid4(), by=cast.dora)


def leave(cast: Cast) -> None:
    """South sells under nobody any more."""
    with inside(cast.acme):
        update_organization(cast.south, values={"distributor": None}, by=cast.ada)


def test_export_holds_what_the_distributor_may_read(cast: Cast, run: Run) -> None:
    work_due(cast.acme)

    file = again(run).file
    assert file is not None
    found = list(csv.reader(io.StringIO(store.read(file.stored_as).decode("utf-8-sig"), newline="")))
    assert [line[-2:] for line in found] == [["Organization", "Company"], ["South", "Shown Inc"], ["South", ""]]


def test_export_is_stopped_when_the_reseller_leaves(cast: Cast, run: Run) -> None:
    leave(cast)

    work_due(cast.acme)

    assert again(run).status == Run.Status.FAILED
    assert "Your rights have changed" in again(run).last_error


def test_export_that_is_done_is_shut_when_the_reseller_leaves(cast: Cast, run: Run) -> None:
    work_due(cast.acme)
    client = sign_in(cast.dora)
    assert client.get(f"/runs/{run.pk}/file/").status_code == 200

    leave(cast)

    assert client.get(f"/runs/{run.pk}/file/").status_code != 200

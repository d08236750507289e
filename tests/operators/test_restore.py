"""The restore drill: a backup of one database becomes another, equal row by row, and sends nothing by itself."""

import io
import json
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import QueryDict

from prm.events.delivery import deliver_due
from prm.events.models import Delivery, DueWork
from prm.operators import postgres_tools
from prm.operators.backup import WITHOUT_ROWS, verify
from prm.operators.counting import counts_in_database
from prm.operators.held import RESTORED, count_held, hold_waiting, stop_runs
from prm.organizations import owner
from prm.organizations.context import inside
from prm.organizations.owner import transaction_seeing_all
from prm.runs.exports import start_export
from prm.runs.models import Run
from prm.runs.working import work_due
from tests.cast import Cast
from tests.guards.catalogue import TABLES
from tests.operators.drill import Place, empty_place, here

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

SCHEMA = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    " WHERE table_schema = 'public'",
    # Postgres writes the conditions of checks and partial indexes in other words when it reads its own.
    "constraints": "SELECT conrelid::regclass::text, conname, convalidated,"
    " CASE WHEN contype <> 'c' THEN pg_get_constraintdef(oid) END FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "indexes": "SELECT split_part(indexdef, ' WHERE ', 1), indexdef LIKE '% WHERE %' FROM pg_indexes"
    " WHERE schemaname = 'public'",
    "policies": "SELECT tablename, policyname, roles::text, qual, with_check FROM pg_policies",
    "walls": "SELECT relname, relrowsecurity, relforcerowsecurity, relowner::regrole::text,"
    " (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(coalesce(relacl, acldefault('r', relowner))) a)"
    f" FROM pg_class WHERE oid IN (SELECT oid FROM ({TABLES}) t)",
    "sequences": "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'",
}
"""What the restored database has to have in common with the first one, beside its rows."""
UNTOUCHED = "concat(id, event_id, recipient_id, channel, lane, parcel, queued_at, not_before, attempts)"


@pytest.fixture
def archive(two_portals: Cast, tmp_path: Path) -> Path:
    target = tmp_path / "backup.tar"
    call_command("backup", str(target))
    return target


@pytest.fixture
def new_place(tmp_path: Path, two_portals: Cast) -> Iterator[Place]:
    with empty_place(tmp_path / "restored") as place:
        yield place


def checksums(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """The content of every table, deliveries without what the restore changes in them."""
    sums = {}
    for _oid, table in place.rows(TABLES):
        if table in WITHOUT_ROWS:
            continue
        row = (
            "t::text"
            if table != "events_delivery"
            else "concat(id, event_id, recipient_id, channel, lane, parcel, attempts)"
        )
        sums[str(table)] = place.rows(f"SELECT count(*), md5(string_agg({row}, ',' ORDER BY {row})) FROM {table} t")
    return sums


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_drill(archive: Path, two_portals: Cast, files: Path, new_place: Place) -> None:
    first = here(files)
    waiting = first.rows("SELECT count(*) FROM events_delivery WHERE status IN ('pending', 'claimed')")
    first.rows("UPDATE events_delivery SET status = 'sent' WHERE status = 'pending'")  # the original goes on

    done = new_place.manage("restore", str(archive))

    assert done.returncode == 0, done.stderr
    assert {name: sorted(map(str, new_place.rows(sql))) for name, sql in SCHEMA.items()} == {
        name: sorted(map(str, first.rows(sql))) for name, sql in SCHEMA.items()
    }
    assert checksums(new_place) == checksums(first)
    assert new_place.rows("SELECT count(*) FROM users_session") == [(0,)]  # everybody signs in again
    kept = {name: content for name, content in contents(files).items() if content != b"x"}
    assert contents(new_place.files) == kept
    assert (len(kept), len(contents(files))) == (4, 6)  # an export is nobody's to keep
    assert new_place.rows("SELECT status, count(*) FROM events_delivery GROUP BY 1") == [("held", waiting[0][0])]
    assert new_place.rows("SELECT count(*) FROM leads_lead", role="prm_app") == [(0,)]  # the wall stands


def test_held_deliveries_wait_until_somebody_decides(two_portals: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    with transaction_seeing_all() as cursor:
        waiting = hold_waiting(cursor)
    acme, globex = (count_held(portal) for portal in (two_portals.acme, two_portals.globex))
    for portal in (two_portals.acme, two_portals.globex):
        assert deliver_due(portal) is False  # a worker leaves them alone

    call_command("deliveries", "list")
    call_command("deliveries", "drop", "--portal", "acme")
    call_command("deliveries", "release")

    listed = capsys.readouterr().out.split()
    assert listed[:6] == [str(acme), "held", "acme", str(globex), "held", "globex"]
    assert acme + globex == waiting > 0
    statuses = []
    for portal in (two_portals.acme, two_portals.globex):
        with inside(portal):
            statuses.append(set(Delivery.objects.values_list("status", flat=True)))
            assert DueWork.objects.filter(portal=portal).exists()
    assert statuses == [{"cancelled"}, {"pending"}]


def test_stop_runs_ends_what_was_under_way_and_says_why(two_portals: Cast) -> None:
    with inside(two_portals.acme):
        run = start_export("leads", query=QueryDict(), sheet="csv", token=uuid.uuid4(), by=two_portals.ada)

    with transaction_seeing_all() as cursor:
        assert stop_runs(cursor) == 1

    assert work_due(two_portals.acme) is False
    with inside(two_portals.acme):
        found = Run.objects.get(pk=run.pk)
        finished = Run.objects.exclude(pk=run.pk).values_list("status", flat=True)
        assert (found.status, found.last_error, set(finished)) == ("failed", RESTORED, {"done"})
    assert found.finished_at is not None


def test_deliveries_of_an_unknown_portal_are_an_error(two_portals: Cast) -> None:
    with pytest.raises(CommandError, match="There is no portal nobody"):
        call_command("deliveries", "drop", "--portal", "nobody")


def test_backup_counts_every_table_and_portal(archive: Path, two_portals: Cast) -> None:
    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    with transaction_seeing_all() as cursor:
        counts = counts_in_database(cursor, without=WITHOUT_ROWS)

    assert manifest["rows"] == counts
    assert set(counts["leads_lead"]) == {str(two_portals.acme.pk), str(two_portals.globex.pk)}
    assert oct(archive.stat().st_mode & 0o777) == "0o600"
    assert [path.name for path in archive.parent.iterdir() if path.name.startswith(".")] == []


def test_backup_notices_a_dump_without_rows(two_portals: Cast, tmp_path: Path) -> None:
    """What pg_dump makes of walled tables when it is asked without the open eyes: no error, and no rows."""
    with transaction_seeing_all() as cursor:
        counts = counts_in_database(cursor)
    blind = tmp_path / "blind.dump"
    _dump_blindly(blind)

    with pytest.raises(CommandError, match=r"leads_lead of portal \S+: \d rows promised, 0 found"):
        verify(blind, counts)


def _dump_blindly(target: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, "OPTIONS", "-c app.migrating=off")
        arguments = [*postgres_tools.connection_arguments(), "--format=custom", "--enable-row-security"]
        postgres_tools.run("pg_dump", [*arguments, f"--file={target}"])


def test_backup_refuses_to_overwrite(tmp_path: Path) -> None:
    earlier = tmp_path / "backup.tar"
    earlier.write_text("the only one there is")

    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(earlier))
    assert earlier.read_text() == "the only one there is"


def _broken(archive: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """The archive with other parts."""
    with tarfile.open(archive) as tar:
        parts = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    change(parts)
    broken = archive.with_name("broken.tar")
    with tarfile.open(broken, "w") as tar:
        for name, content in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return broken


def _in_manifest(**values: object) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        parts["manifest.json"] = json.dumps({**json.loads(parts["manifest.json"]), **values}).encode()

    return change


def _one_row_more(parts: dict[str, bytes]) -> None:
    manifest = json.loads(parts["manifest.json"])
    portals = manifest["rows"]["leads_lead"]
    portals[next(iter(portals))] += 1
    parts["manifest.json"] = json.dumps(manifest).encode()


def _flip(parts: dict[str, bytes]) -> None:
    parts["database.dump"] = parts["database.dump"][:-1] + b"x"


REFUSALS: dict[str, Callable[[dict[str, bytes]], object]] = {
    "is damaged: database.dump": _flip,
    "has format 2": _in_manifest(format=2),
    "made by a newer program": _in_manifest(migrations=["leads.9999_later"]),
    r"no backup that can be read: \.\./\.\./escape": _in_manifest(files={"../../escape": "0" * 64}),
    "no backup that can be read: .*manifest": lambda parts: parts.pop("manifest.json"),
}


def test_restore_refuses_used_places_and_broken_archives(archive: Path, files: Path) -> None:
    before = checksums(here(files))

    with pytest.raises(CommandError, match="The database is not empty"):
        call_command("restore", str(archive))
    for words, change in REFUSALS.items():
        with pytest.raises(CommandError, match=words):
            call_command("restore", str(_broken(archive, change)))

    assert list(archive.parent.rglob("escape")) == []
    assert checksums(here(files)) == before


def test_restore_of_too_few_rows_can_be_served_by_nobody(archive: Path, new_place: Place) -> None:
    done = new_place.manage("restore", str(_broken(archive, _one_row_more)))

    assert (done.returncode, "leads_lead of portal" in done.stderr) == (1, True), done.stderr
    readable = new_place.rows(
        "SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND has_table_privilege('prm_app', c.oid, 'SELECT')"
    )
    assert readable == [(0,)]

"""A backup becomes an installation again, in an empty database, or not at all.

The rights of the serving role come last: until every row has been counted and every waiting delivery is
held, no web process and no worker can read a table, should one be running.
"""

import json
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.migrations.loader import MigrationLoader

from prm.files import store
from prm.operators import postgres_tools
from prm.operators.backup import DUMP, FILES, FORMAT, MANIFEST, WITHOUT_ROWS, Manifest, sha256_of
from prm.operators.counting import TABLES, counts_in_database, differences
from prm.operators.held import hold_waiting, stop_runs
from prm.organizations.owner import connection, transaction_seeing_all


def restore_backup(source: Path) -> tuple[Manifest, int]:
    """Restore the archive; returns its manifest and how many deliveries are held.

    CommandError, with every difference, when the database is not what the archive promises.
    """
    with tempfile.TemporaryDirectory(dir=source.absolute().parent, prefix=f".{source.name}-") as folder:
        manifest = _unpack(source, Path(folder))
        _refuse_newer(manifest)
        _refuse_used_places()
        dump = Path(folder) / DUMP
        _restore_rows(dump)
        held = _check_and_hold(manifest)
        _restore_files(Path(folder) / FILES, manifest)
        _restore_rights(dump, Path(folder) / "rights.list")
    call_command("migrate", interactive=False, verbosity=0)
    return manifest, held


def _unpack(source: Path, folder: Path) -> Manifest:
    """Every part that the manifest names, and no other, each as its digest says."""
    try:
        with tarfile.open(source) as tar:
            manifest: Manifest = json.loads(_member(tar, MANIFEST).read())
            if manifest.get("format") != FORMAT:
                raise CommandError(f"{source} has format {manifest.get('format')}; this program reads {FORMAT}.")
            parts = {DUMP: manifest["dump"]["sha256"]}
            parts |= {f"{FILES}/{place}": digest for place, digest in manifest["files"].items()}
            for name, digest in parts.items():
                target = (folder / name).resolve()
                if not target.is_relative_to((folder / Path(name).parts[0]).resolve()):
                    raise ValueError(name.removeprefix(f"{FILES}/"))
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as out:
                    shutil.copyfileobj(_member(tar, name), out)
                if sha256_of(target) != digest:
                    raise CommandError(f"{source} is damaged: {name} is not what was written.")
    except (OSError, tarfile.TarError, ValueError, KeyError) as error:
        raise CommandError(f"{source} is no backup that can be read: {error}") from error
    return manifest


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _refuse_newer(manifest: Manifest) -> None:
    known = {".".join(key) for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if unknown := set(manifest["migrations"]) - known:
        raise CommandError(f"The backup was made by a newer program, which knows {', '.join(sorted(unknown))}.")


def _refuse_used_places() -> None:
    with connection().cursor() as cursor:
        cursor.execute(TABLES)
        if cursor.fetchone():
            raise CommandError("The database is not empty. Restore into a new one, made by the role script.")
    folder = store.folder()
    if folder.is_dir() and any(folder.iterdir()):
        raise CommandError(f"{folder} is not empty. Set PRM_FILES_DIR to an empty folder.")


def _restore_rows(dump: Path) -> None:
    _pg_restore("--no-privileges", str(dump))


def _restore_rights(dump: Path, chosen: Path) -> None:
    """The grants on tables; those on the schema are the role script's."""
    entries = postgres_tools.run("pg_restore", ["--list", str(dump)]).splitlines()
    chosen.write_text("\n".join(line for line in entries if " ACL public TABLE " in line) + "\n")
    _pg_restore(f"--use-list={chosen}", str(dump))


def _pg_restore(*arguments: str) -> None:
    base = ["--exit-on-error", "--single-transaction", "--no-owner", *postgres_tools.connection_arguments()]
    postgres_tools.run("pg_restore", [*base, *arguments])


def _check_and_hold(manifest: Manifest) -> int:
    with transaction_seeing_all() as cursor:
        found = counts_in_database(cursor, without=WITHOUT_ROWS)
        if wrong := differences(manifest["rows"], found):
            raise CommandError("The restored database is not what was backed up:\n" + "\n".join(wrong))
        stop_runs(cursor)
        return hold_waiting(cursor)


def _restore_files(folder: Path, manifest: Manifest) -> None:
    for place in manifest["files"]:
        default_storage.save(place, ContentFile((folder / place).read_bytes()))

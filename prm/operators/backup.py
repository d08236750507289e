"""The whole installation in one file: a dump of the database, the stored files, and what both must hold.

Forced row-level security makes pg_dump fail, or dump nothing and say nothing. So it runs with the owner's
eyes open, the rows are counted in the same snapshot, per table and portal, and counted again in the dump.
Sessions stay out: a key to somebody's session has no place in an archive.
"""

import hashlib
import json
import os
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from prm.files import store
from prm.operators import postgres_tools
from prm.operators.counting import Counts, counts_in_database, counts_in_script, differences
from prm.organizations import owner

FORMAT = 1
MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
WITHOUT_ROWS = ("django_session", "users_session")

Manifest = dict[str, Any]


def make_backup(target: Path) -> Manifest:
    """Write the archive, readable by its owner only, whole or not at all. Returns its manifest.

    Portals stay open meanwhile. CommandError when anything is missing from what was written.
    """
    target = target.absolute()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
        dump = Path(folder) / DUMP
        manifest = {"format": FORMAT, "made_at": timezone.now().isoformat(), **_dump_database(dump)}
        verify(dump, manifest["rows"])
        manifest["dump"] = {"bytes": dump.stat().st_size, "sha256": sha256_of(dump)}
        archive = Path(folder) / "archive"
        _pack(archive, dump, manifest)
        archive.replace(target)
    return manifest


def verify(dump: Path, promised: Counts) -> None:
    """Read the dump as a restore would, and count. CommandError when rows are missing."""
    with postgres_tools.reading("pg_restore", ["--data-only", "--file=-", str(dump)]) as lines:
        found = counts_in_script(lines)
    if wrong := differences({k: v for k, v in promised.items() if v}, {k: v for k, v in found.items() if v}):
        raise CommandError("The dump is not whole:\n" + "\n".join(wrong))


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dump_database(dump: Path) -> Manifest:
    with owner.still_moment() as (name, cursor):
        rows = counts_in_database(cursor, without=WITHOUT_ROWS)
        # An export is somebody's for a day: it has no place in an archive that is kept for longer.
        cursor.execute(
            "SELECT stored_as, sha256 FROM files_storedfile WHERE purpose <> 'export' ORDER BY stored_as"
        )
        files = dict(cursor.fetchall())
        postgres_tools.run(
            "pg_dump",
            [
                *postgres_tools.connection_arguments(),
                "--format=custom",
                f"--snapshot={name}",
                "--enable-row-security",  # "or fail" without; with it, the open eyes see all
                "--no-owner",
                *(f"--exclude-table-data=public.{table}" for table in WITHOUT_ROWS),
                f"--file={dump}",
            ],
        )
    applied = MigrationRecorder(owner.connection()).applied_migrations()
    return {"rows": rows, "files": files, "migrations": sorted(".".join(key) for key in applied)}


def _pack(archive: Path, dump: Path, manifest: Manifest) -> None:
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w") as tar:
            _add(tar, MANIFEST, json.dumps(manifest, indent=1).encode())
            tar.add(dump, DUMP)
            for place, digest in manifest["files"].items():
                _add(tar, f"{FILES}/{place}", _file(place, digest))
        os.fsync(raw.fileno())


def _file(place: str, digest: str) -> bytes:
    try:
        content = store.read(place)
    except FileNotFoundError as error:
        raise CommandError(f"The store has lost {place}, or somebody replaced it just now: try again.") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise CommandError(f"The store holds something else as {place} than what was put there.")
    return content


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(timezone.now().timestamp())
    tar.addfile(entry, BytesIO(content))

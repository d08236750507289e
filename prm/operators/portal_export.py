"""Everything of one portal in one ZIP: a file of JSON lines per table, the stored files, and a manifest.

Read as the serving role inside the portal, so that both walls stand between it and every other portal,
in one transaction that sees one moment, a batch at a time.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import connection, models
from django.utils import timezone

from prm.files import store
from prm.files.models import StoredFile
from prm.operators.leaving_out import LEFT_OUT
from prm.operators.tables import fenced_models
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import Membership, User

FORMAT = 1
BATCH = 2000  # rows in memory at a time

Manifest = dict[str, Any]


def export_portal(portal: Portal, target: Path) -> Manifest:
    """Write the ZIP, readable by its owner only, whole or not at all. Returns its manifest."""
    partial = target.with_name(f"{target.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw, zipfile.ZipFile(raw, "w") as archive, inside(portal):
            _hold_still()
            manifest = _write(archive, portal)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def exported_fields(model: type[models.Model]) -> list[str]:
    """The columns of a model that an export holds; none where the whole table is left out."""
    label = model._meta.label_lower
    if label in LEFT_OUT:
        return []
    return [field.attname for field in model._meta.concrete_fields if f"{label}.{field.name}" not in LEFT_OUT]


def _hold_still() -> None:
    """What others commit from now on is not seen: the tables fit each other."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _write(archive: zipfile.ZipFile, portal: Portal) -> Manifest:
    accounts = User.objects.filter(pk__in=Membership.objects.values("user"))
    sources = {
        "organizations.portal": Portal.objects.filter(pk=portal.pk),
        "users.user": accounts,
        **{model._meta.label_lower: model.objects.all() for model in fenced_models()},
    }
    tables = {name: _add_table(archive, name, rows) for name, rows in sources.items() if name not in LEFT_OUT}
    files, lost = _add_files(archive)
    manifest = {
        "format": FORMAT,
        "portal": {"id": str(portal.pk), "slug": portal.slug, "name": portal.name},
        "made_at": timezone.now().isoformat(),
        "tables": tables,
        "files": files,
        "lost_files": lost,
        "left_out": LEFT_OUT,
    }
    with archive.open(_entry("manifest.json"), "w") as out:
        out.write(json.dumps(manifest, indent=1).encode())
    return manifest


def _add_table(archive: zipfile.ZipFile, name: str, rows: "models.QuerySet[Any]") -> Manifest:
    count, digest = 0, hashlib.sha256()
    with archive.open(_entry(f"{name}.jsonl"), "w", force_zip64=True) as out:
        for batch in _batches(rows, exported_fields(rows.model)):
            text = "".join(json.dumps(row, default=_plain) + "\n" for row in batch).encode()
            out.write(text)
            digest.update(text)
            count += len(batch)
    return {"file": f"{name}.jsonl", "rows": count, "sha256": digest.hexdigest()}


def _batches(rows: "models.QuerySet[Any]", fields: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """By key, each batch starting where the last one ended: no cursor, no offset."""
    rows, key = rows.select_related(None).order_by("pk").values(*fields), rows.model._meta.pk.attname
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1][key])[:BATCH])


def _add_files(archive: zipfile.ZipFile) -> tuple[dict[str, Manifest], list[str]]:
    found, lost = {}, []
    kept = StoredFile.objects.exclude(purpose=StoredFile.Purpose.EXPORT)  # the same rows once more, for a day
    for file in kept.order_by("pk").iterator(BATCH):
        try:
            content = store.read(file.stored_as)
        except FileNotFoundError:
            lost.append(file.stored_as)
            continue
        with archive.open(_entry(f"files/{file.stored_as}"), "w") as out:
            out.write(content)
        found[file.stored_as] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return found, lost


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _plain(value: Any) -> Any:
    """What JSON has no word for: times in ISO 8601 to the microsecond, bytes in hexadecimal, the rest as text."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value)
    return str(value)

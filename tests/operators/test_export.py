"""An export holds every table of the portal, nothing of another, and no secret."""

import hashlib
import json
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models

from leads.models import Lead
from prm.operators import portal_export
from prm.operators.leaving_out import LEFT_OUT
from prm.operators.portal_export import export_portal, exported_fields
from prm.operators.tables import fenced_models
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import ApiKey, User
from tests.cast import Cast
from tests.factories import new_lead
from tests.files.making import PDF
from tests.guards import catalogue
from tests.populate import LOGO

SECRET = re.compile(r"passw|secret|digest|token|key|hash|codes|seed|data$|salt|credential", re.IGNORECASE)
MODELS: list[type[models.Model]] = [*fenced_models(), User]
in_the_database = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def export_of(slug: str, folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and every other member of the ZIP."""
    target = folder / f"{slug}.zip"
    call_command("portal", "export", slug, "--output", str(target))
    with zipfile.ZipFile(target) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert oct(target.stat().st_mode & 0o777) == "0o600"
    return json.loads(members.pop("manifest.json")), members


def lines_of(members: dict[str, bytes], table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in members[f"{table}.jsonl"].decode().splitlines()]


@in_the_database
def test_export_holds_all_of_the_portal_and_nothing_else(two_portals: Cast, files: Path, tmp_path: Path) -> None:
    company = "Canary “ünïcode”\u2028"
    with inside(two_portals.acme):
        new_lead(two_portals.ada, company=company)

    manifest, members = export_of("acme", tmp_path)

    assert company in [row["company"] for row in lines_of(members, "leads.lead")]
    assert missing_from(manifest, members, two_portals.acme) == []
    assert list(manifest["files"]) == [name.removeprefix("files/") for name in members if name.startswith("files/")]
    for place, facts in manifest["files"].items():
        assert members[f"files/{place}"] == (files / place).read_bytes()
        assert facts["sha256"] == hashlib.sha256(members[f"files/{place}"]).hexdigest()
    contents = sorted(members[f"files/{place}"] for place in manifest["files"])
    assert contents == sorted([LOGO, PDF])  # and no export, which is somebody's for a day
    everything = b"\n".join(members.values()).decode("latin-1")
    assert [word for word in foreign_words(two_portals) + secrets_of(two_portals) if word in everything] == []
    assert manifest["left_out"] == LEFT_OUT


def missing_from(manifest: dict[str, Any], members: dict[str, bytes], portal: Portal) -> list[str]:
    """The tables of which the export does not hold exactly the portal's rows, or not what the manifest says."""
    expected = {"organizations.portal", "users.user", *(m._meta.label_lower for m in catalogue.fenced_models())}
    assert set(manifest["tables"]) == expected - set(LEFT_OUT)
    wrong = [
        name
        for name, table in manifest["tables"].items()
        if table["sha256"] != hashlib.sha256(members[table["file"]]).hexdigest()
    ]
    with inside(portal):
        for model in fenced_models():
            name = model._meta.label_lower
            if name not in LEFT_OUT:
                ids = {str(pk) for pk in model.objects.values_list("pk", flat=True)}
                same = ids == {row["id"] for row in lines_of(members, name)}
                wrong += [] if same and manifest["tables"][name]["rows"] == len(ids) > 0 else [name]
    return wrong


def foreign_words(cast: Cast) -> list[str]:
    """What only the other portal's rows hold: its id, and the people who are nowhere else."""
    return [str(cast.globex.pk), "Hollow Reed Ltd", "dan@globex.example"]


def secrets_of(cast: Cast) -> list[str]:
    found = list(User.objects.values_list("password", flat=True))
    with inside(cast.acme):
        found += ApiKey.objects.values_list("digest", flat=True)
    assert len(found) > 5
    return found


@in_the_database
def test_export_reads_in_batches_and_says_what_is_lost(
    two_portals: Cast, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many more leads cost no more memory than a batch of them."""
    monkeypatch.setattr(portal_export, "BATCH", 200)
    stored = (files / str(two_portals.acme.pk)).iterdir()
    (lost,) = (path for path in stored if path.read_bytes() == LOGO)
    lost.unlink()
    with inside(two_portals.acme):
        copy_leads(new_lead(two_portals.ada, summary="x" * 500), 4_000)

    tracemalloc.start()
    try:
        manifest = export_portal(two_portals.acme, tmp_path / "big.zip")
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    with zipfile.ZipFile(tmp_path / "big.zip") as archive:
        size = archive.getinfo("leads.lead.jsonl").file_size
    assert manifest["tables"]["leads.lead"]["rows"] > 4_000
    assert peak < size / 2
    assert manifest["lost_files"] == [f"{two_portals.acme.pk}/{lost.name}"]


def test_every_column_with_a_name_like_a_secret_was_thought_of() -> None:
    suspicious = set()
    for model in MODELS:
        names = exported_fields(model)
        suspicious |= {f"{model._meta.label_lower}.{name}" for name in names if SECRET.search(name)}

    assert suspicious == {"users.membership.has_keys"}  # of the keyboard


def test_what_is_left_out_exists() -> None:
    known = set()
    for model in MODELS:
        known |= {model._meta.label_lower}
        known |= {f"{model._meta.label_lower}.{field.name}" for field in model._meta.concrete_fields}

    assert set(LEFT_OUT) - known == set()
    assert all(LEFT_OUT.values())


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


@pytest.mark.django_db
def test_export_of_an_unknown_portal_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no portal nobody"):
        call_command("portal", "export", "nobody", "--output", str(tmp_path / "x.zip"))

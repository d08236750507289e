"""The drill with the demonstration's portals and 200,000 leads: what an operator would wait for, written down."""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import soak
from tests.operators.drill import Place, empty_place

pytestmark = [pytest.mark.soak, pytest.mark.django_db]

LEADS = 200_000
COPIES = (
    "INSERT INTO leads_lead ({columns}, id, number) SELECT {columns}, gen_random_uuid(), 1000000 + n"
    " FROM (SELECT * FROM leads_lead WHERE status = 'unassigned' LIMIT 1) one, generate_series(1, {count}) n"
)


@pytest.fixture
def big(tmp_path: Path, db: None) -> Iterator[Place]:
    with empty_place(tmp_path / "files", name="big") as place:
        done(place, "migrate", "--verbosity", "0")
        done(place, "seed_demo")
        names = place.rows(
            "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute"
            " WHERE attrelid = 'leads_lead'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
            " AND attname NOT IN ('id', 'number')"
        )
        place.rows(COPIES.format(columns=names[0][0], count=LEADS))
        yield place


def done(place: Place, *arguments: str) -> float:
    """Run a command as an operator; returns how many seconds it took."""
    began = time.monotonic()
    ended = place.manage(*arguments)
    assert ended.returncode == 0, ended.stderr
    return round(time.monotonic() - began, 1)


def counts(place: Place) -> list[tuple[object, ...]]:
    return place.rows("SELECT portal_id, count(*) FROM leads_lead GROUP BY 1 ORDER BY 1")


def test_an_operators_day_with_many_leads(big: Place, tmp_path: Path) -> None:
    archive, export = tmp_path / "big.tar", tmp_path / "acme.zip"
    figures: dict[str, object] = {"leads": LEADS}
    figures["backup seconds"] = done(big, "backup", str(archive))
    figures["archive bytes"] = archive.stat().st_size
    with empty_place(tmp_path / "restored", name="drill") as second:
        figures["restore seconds"] = done(second, "restore", str(archive))
        is_equal = counts(second) == counts(big)
        waiting = second.rows("SELECT count(*) FROM events_delivery WHERE status IN ('pending', 'claimed')")
        figures["counts per portal equal"] = is_equal
        figures["deliveries not held"] = waiting[0][0]
    figures["export seconds"] = done(big, "portal", "export", "acme", "--output", str(export))
    figures["export bytes"] = export.stat().st_size
    done(big, "portal", "suspend", "acme")
    figures["delete seconds"] = done(big, "portal", "delete", "acme", "--yes", "acme")
    figures["portals left"] = big.rows("SELECT string_agg(slug, ' ') FROM organizations_portal")[0][0]
    # the largest of all these processes, tools of Postgres among them
    figures["largest process MB"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    soak.write("restore-drill", figures)

    assert is_equal
    assert waiting == [(0,)]
    assert figures["portals left"] == "globex"
    assert int(str(figures["largest process MB"])) < 400

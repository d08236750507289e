"""The restore drill: a backup of one database becomes another, equal row by row, and sends nothing by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from tests import cast as cast_module
from tests.cast import Cast
from tests.operators.drill import Place, empty_place, here
from tests.populate import populate

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_drill(transactional_db: None, tmp_path: Path) -> None:
    cast = cast_module.load()
    populate(cast.ada, cast.ben)
    archive = tmp_path / "backup.tar"
    import time
    t=time.time()
    call_command("backup", str(archive))
    print("backup", time.time()-t)
    with empty_place(tmp_path / "files") as place:
        t=time.time()
        done = place.manage("restore", str(archive))
        print("restore", time.time()-t)
        print(done.stdout, done.stderr)
        print(place.rows("select status, count(*) from events_delivery group by 1"))
        print(place.rows("select count(*) from organizations_portal", role="prm_app"))
        assert done.returncode == 0

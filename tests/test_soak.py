"""The figures of long runs come back as they were written."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from tests import soak


def test_figures_come_back_in_their_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(soak, "FOLDER", tmp_path / "soak")

    soak.write("trial", {"requests": 5, "finding": "two\nlines: of it"}, packages=("hypothesis",))

    found = soak.read("trial")
    assert list(found)[:2] == ["date", "cores"]
    assert list(found.items())[-3:] == [
        ("hypothesis", version("hypothesis")),
        ("requests", "5"),
        ("finding", "two lines: of it"),
    ]
    assert found["date"] == datetime.now(UTC).date().isoformat()
    assert soak.read("nothing") == {}

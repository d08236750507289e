"""What a long run has seen, written into bench/soak/ for the commit: one `name: value` a line."""

import contextlib
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg2

FOLDER = Path(__file__).parents[1] / "bench" / "soak"
PACKAGES = ("django", "celery", "granian", "psycopg2-binary")


def write(name: str, figures: Mapping[str, object], *, packages: tuple[str, ...] = ()) -> Path:
    """Replace `bench/soak/<name>.txt` by the date, what it ran on, and the figures in their order.

    `packages` are further ones whose version matters. Call it before the run's own assertions: a run that failed is
    worth reading, too.
    """
    lines = {"date": datetime.now(UTC).date().isoformat(), **_versions(packages), **figures}
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.txt"
    path.write_text("".join(f"{key}: {_one_line(value)}\n" for key, value in lines.items()))
    return path


def read(name: str) -> dict[str, str]:
    """The figures of the last run that was written down; empty where there is none."""
    path = FOLDER / f"{name}.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return {key: value for key, _, value in (line.partition(": ") for line in lines)}


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    with contextlib.closing(psycopg2.connect(os.environ["DATABASE_URL"], dbname="postgres")) as link:
        number = link.server_version  # 180003 is 18.3
    return {
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "postgres": f"{number // 10_000}.{number % 10_000}",
        **{package: version(package) for package in (*PACKAGES, *packages)},
    }


def _one_line(value: object) -> str:
    return re.sub(r"\s+", " ", str(value)).strip()

"""A second database on the throw-away server, and commands run as an operator would."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from django.db import connection

from prm.local.paths import PROJECT
from prm.local.postgres import APP, OWNER, SUPERUSER


@dataclass(frozen=True)
class Place:
    """A database and a folder for files: an installation."""

    host: str
    database: str
    files: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": f"postgresql://{APP}@/{self.database}?host={self.host}",
            "DATABASE_OWNER_URL": f"postgresql://{OWNER}@/{self.database}?host={self.host}",
            "PRM_ENVIRONMENT": "test",
            "PRM_FILES_DIR": str(self.files),
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def rows(
        self, sql: str, *, role: str = OWNER, options: str = "-c app.migrating=on"
    ) -> list[tuple[object, ...]]:
        link = psycopg2.connect(host=self.host, user=role, dbname=self.database, options=options)
        try:
            with link, link.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            link.close()


def here(files: Path) -> Place:
    """The database that this test runs in."""
    words = connection.settings_dict
    return Place(host=str(words["HOST"]), database=str(words["NAME"]), files=files)


@contextmanager
def empty_place(files: Path, *, name: str = "restored") -> Iterator[Place]:
    """A new database as the role script makes one; gone afterwards."""
    words = connection.settings_dict
    name = f"{words['NAME']}_{name}"
    link = psycopg2.connect(host=words["HOST"], user=SUPERUSER, dbname="postgres")
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}')
        try:
            yield Place(host=str(words["HOST"]), database=name, files=files)
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            link.close()

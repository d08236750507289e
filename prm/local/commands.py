"""The commands behind the Makefile's targets, apart from `up`. Each returns its exit code."""

import os
import subprocess
import sys

from prm.local import SetupError, contract, paths, running, venv
from prm.local.paths import PROJECT, state_of
from prm.local.servers import Servers
from prm.local.supervisor import Supervisor


def test(arguments: list[str]) -> int:
    """Everything that a change can break, on all cores. Arguments narrow it, as pytest's own do."""
    workers = max(2, min(os.cpu_count() or 2, 8))
    return pytest(["-n", str(workers), *arguments])


def soak(arguments: list[str]) -> int:
    """The long runs with their full figures, one after the other. They write into bench/."""
    return pytest(["-m", "soak", *arguments], PRM_SOAK="1")


def bench(arguments: list[str]) -> int:
    """Measure the portal with a million leads, on servers of its own. Writes into bench/results/."""
    return _run([sys.executable, "-m", "bench", *arguments])


def pytest(arguments: list[str], **settings: str) -> int:
    """pytest in this terminal; its summary line stays the last one."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return _run(command, environment={**os.environ, **settings})


def fmt(arguments: list[str]) -> int:
    """Put the Python files into their common form."""
    fixed = _run([sys.executable, "-m", "ruff", "check", "--fix", "--quiet", *arguments])
    return _run([sys.executable, "-m", "ruff", "format", *arguments]) or fixed


def shell(arguments: list[str]) -> int:
    """Django's shell on this folder's servers, started for it when `make up` does not run."""
    state = state_of()
    state.prepare()
    command = [sys.executable, "manage.py", "shell", *arguments]
    with running.hold(state) as is_ours:
        if not is_ours:
            return _run(command)
        supervisor = Supervisor()
        try:
            servers = Servers(supervisor)
            servers.start(state)
            running.note(state, supervisor)
            settings = contract.development(state, servers.addresses, port=8000)
            return _run(command, environment={**os.environ, **settings})
        finally:
            supervisor.stop()


def reset(arguments: list[str]) -> int:
    """Delete this folder's database, mail and logs, after asking. The code and .venv stay."""
    state = state_of()
    if not state.folder.exists():
        print(f"Nothing to remove: {state.folder} does not exist.")
        return 0
    with running.hold(state) as is_ours:
        if not is_ours:
            raise SetupError("`make up` runs in this folder. Stop it first.")
        if "--yes" not in arguments and not _agreed(f"Delete {state.folder} with its database?"):
            print("Nothing was removed.")
            return 0
        paths.remove(state)
    print(f"Removed {state.folder}. `make up` starts afresh.")
    return 0


def lock(arguments: list[str]) -> int:
    """Write requirements/*.txt anew from pyproject.toml. ARGS=--upgrade takes newer versions."""
    extras = {
        "production": [],
        "local": ["--extra", "local"],
        "test": ["--extra", "local", "--extra", "test"],
        "uv": ["--group", "install"],
    }
    compile_ = [str(venv.UV), "pip", "compile", "--quiet", "--no-header", "--generate-hashes"]
    compile_ += ["--universal", "--python-version", "3.11"]  # no addresses, every platform
    for name, extra in extras.items():
        sources = [] if name == "uv" else ["pyproject.toml"]
        target = ["--output-file", f"requirements/{name}.txt"]
        code = _run([*compile_, *sources, *extra, *target, *arguments], venv.uv_environment())
        if code != 0:
            return code
        print(f"requirements/{name}.txt")
    return 0


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _run(command: list[str], environment: dict[str, str] | None = None) -> int:
    """Run in the foreground. Ctrl-C reaches the command itself, which ends in its own way."""
    process = subprocess.Popen(command, cwd=PROJECT, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue

"""`make check`: every tool that reads the code without running it.

`make test` runs them too, as tests among the others (tests/local/test_checks.py).
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from prm.local.paths import PROJECT
from prm.local.venv import VENV

PYTHON = sys.executable

# Settings as in production; nothing of it is reached.
PRODUCTION = {
    "PRM_ENVIRONMENT": "production",
    "PRM_SECRET_KEY": "only-for-this-check-" + "0123456789abcdef" * 4,
    "PRM_ENCRYPTION_KEYS": "only-for-this-check-" + "fedcba9876543210" * 4,
    "PRM_BASE_DOMAIN": "portal.example",
    "PRM_SCHEME": "https",
    "PRM_FROM_EMAIL": "portal@portal.example",
    "PRM_SECURITY_CONTACT": "security@portal.example",
    "EMAIL_URL": "smtp://user:password@mail.example:587",
    "DATABASE_URL": "postgresql://prm_app@/prm?host=/nonexistent",
    "DATABASE_OWNER_URL": "postgresql://prm_owner@/prm?host=/nonexistent",
    "REDIS_URL": "unix:///nonexistent/valkey.sock",
}

PACKAGES = ("prm", "leads", "deals", "referrals", "integrations")
CHECKS = {
    "types": [PYTHON, "-m", "mypy"],  # first, since it takes longest
    "lint": [PYTHON, "-m", "ruff", "check", "--quiet"],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "--quiet"],
    "dangers": [PYTHON, "-m", "bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", *PACKAGES],
    "secrets": [PYTHON, "-m", "prm.local.secret_scan"],
    "imports": [str(VENV / "bin" / "lint-imports"), "--no-logo"],
    "migrations": [PYTHON, "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"],
    "deployment": [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
}


@dataclass(frozen=True)
class Finding:
    """How one check went."""

    name: str
    is_fine: bool
    seconds: float
    output: str


def run() -> int:
    """Run all of them, two at a time, and tell each one's result. 0 when all are fine."""
    with ThreadPoolExecutor(2) as pool:
        findings = []
        for finding in pool.map(check, CHECKS):
            findings.append(finding)
            word = "ok" if finding.is_fine else "FAILED"
            print(f"{word:<6} {finding.name:<10} {finding.seconds:4.1f} s", flush=True)
            if not finding.is_fine:
                print(finding.output.rstrip(), flush=True)
    return 0 if all(finding.is_fine for finding in findings) else 1


def check(name: str) -> Finding:
    """Run one of them."""
    began = time.monotonic()
    done = subprocess.run(
        CHECKS[name],
        cwd=PROJECT,
        env={**os.environ, **PRODUCTION},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return Finding(name, done.returncode == 0, time.monotonic() - began, done.stdout)

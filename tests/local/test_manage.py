"""manage.py becomes the environment's Python, and stays where the packages are anyway."""

import json
import os
import shutil
import subprocess
import sys
import venv as stdlib_venv
from pathlib import Path

import pytest

from prm.local import venv
from prm.local.paths import PROJECT

DJANGO = """
import os, sys
def execute_from_command_line(argv):
    print(sys.prefix, argv[1:], os.environ["DJANGO_SETTINGS_MODULE"], os.environ["PRM_ENVIRONMENT"])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the doors into the project, with a Django that only tells where it runs."""
    shutil.copy(PROJECT / "manage.py", tmp_path)
    shutil.copytree(PROJECT / "prm" / "local", tmp_path / "prm" / "local")
    (tmp_path / "prm" / "__init__.py").touch()
    shutil.copytree(PROJECT / "requirements", tmp_path / "requirements")
    management = tmp_path / "django" / "core" / "management"
    management.mkdir(parents=True)
    for folder in (management.parent, management.parent.parent):
        (folder / "__init__.py").touch()
    (management / "__init__.py").write_text(DJANGO)
    return tmp_path


def run_manage(project: Path, **environment: str) -> str:
    """Run it with the Python below every environment, as a person in a terminal would."""
    done = subprocess.run(
        [getattr(sys, "_base_executable", sys.executable), "manage.py", "migrate", "--plan"],
        cwd=project,
        env={"PATH": os.environ["PATH"], **environment},
        text=True,
        capture_output=True,
        check=True,
    )
    return done.stdout.strip()


def test_manage_becomes_the_environments_python(project: Path) -> None:
    stdlib_venv.create(project / ".venv", symlinks=True)
    stamp = json.dumps(venv._stamp_for("local"))
    (project / ".venv" / "prm-stamp.json").write_text(stamp)
    expected = f"{project / '.venv'} ['migrate', '--plan'] prm.settings development"
    assert run_manage(project) == expected


def test_manage_stays_where_the_packages_are(project: Path) -> None:
    (project / "granian.py").touch()
    answer = run_manage(project, PRM_ENVIRONMENT="production")
    assert answer.endswith("['migrate', '--plan'] prm.settings production")
    assert not (project / ".venv").exists()

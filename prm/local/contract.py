"""The environment that `prm/settings.py` reads: its names, and their values for this folder.

What the caller has set stays as it is. Only names that stand here are kept for other terminals.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Mapping

from prm.local import SetupError
from prm.local.paths import State, state_of, write_private

NAMES = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "PRM_ENVIRONMENT",
    "PRM_DEBUG",
    "PRM_SECRET_KEY",
    "PRM_SECRET_KEY_FALLBACKS",
    "PRM_ENCRYPTION_KEYS",
    "PRM_BASE_DOMAIN",
    "PRM_DEFAULT_PORTAL",
    "PRM_MAIL_DIR",
    "PRM_FILES_DIR",
    "PRM_STORAGE_GB",
    "PRM_SECURITY_CONTACT",
    "PRM_SCHEME",
    "PRM_PROXIES",
    "PRM_METRICS_TOKEN",
    "PRM_OPERATORS_HOST",
    "PRM_API_PER_MINUTE",
    "PRM_FROM_EMAIL",
    "EMAIL_URL",
)


def development(state: State, servers: Mapping[str, str], *, port: int) -> dict[str, str]:
    """The names' values for `make up`: what the caller has set, and else this folder's own."""
    ours = {
        "PRM_ENVIRONMENT": "development",
        "PRM_SECRET_KEY": secret_key(state),
        "PRM_BASE_DOMAIN": f"localhost:{port}",
        "PRM_SCHEME": "http",
        "PRM_MAIL_DIR": str(state.mail),
        "PRM_FILES_DIR": str(state.files),
        **servers,
    }
    return ours | given()


def given(names: tuple[str, ...] = NAMES) -> dict[str, str]:
    """The names that the caller has set."""
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def given_database() -> dict[str, str]:
    """Both database addresses from the caller, or none. One alone is a SetupError."""
    found = given(("DATABASE_URL", "DATABASE_OWNER_URL"))
    if len(found) == 1:
        raise SetupError(
            "DATABASE_URL (role prm_app) and DATABASE_OWNER_URL (role prm_owner) go together;"
            f" only {next(iter(found))} is set."
        )
    return found


def secret_key(state: State) -> str:
    """This folder's secret key, made on the first call."""
    if not state.secrets_file.exists():
        made = {"PRM_SECRET_KEY": secrets.token_urlsafe(50)}
        write_private(state.secrets_file, json.dumps(made))
    key: str = json.loads(state.secrets_file.read_text())["PRM_SECRET_KEY"]
    return key


def save(state: State, environment: Mapping[str, str]) -> None:
    """Leave the values for `adopt` in other terminals."""
    kept = {name: environment[name] for name in NAMES if name in environment}
    write_private(state.environment_file, json.dumps(kept, indent=1))


def adopt() -> None:
    """Take over the environment of this folder's servers, unless the caller has brought one.

    When they do not run, the first query says so; commands without one work all the same.
    """
    if "DATABASE_URL" in os.environ or "PRM_ENVIRONMENT" in os.environ:
        return
    kept: dict[str, str] = {"PRM_ENVIRONMENT": "development"}
    with contextlib.suppress(FileNotFoundError, PermissionError):
        kept |= json.loads(state_of().environment_file.read_text())
    for name, value in kept.items():
        os.environ.setdefault(name, value)

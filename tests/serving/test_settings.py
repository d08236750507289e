"""Settings as the environment makes them; `check --deploy` runs in tests/local/test_checks.py."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from prm.local.checks import PRODUCTION
from prm.local.paths import PROJECT
from prm.operators.checks import check_production, refuse_unsafe_settings

SHOW = (
    "import json, sys; from prm import settings; print(json.dumps({n: getattr(settings, n) for n in sys.argv[1:]}))"
)


def settings_of(environment: dict[str, str], *names: str) -> dict[str, Any]:
    """These settings in a process with this environment and nothing else of ours."""
    done = run(environment, *names)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def run(environment: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    ours = ("PRM_", "DATABASE_", "REDIS_", "EMAIL_", "DJANGO_")
    others = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [sys.executable, "-c", SHOW, *names],
        cwd=PROJECT,
        env={**others, **environment},
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    "name", ["PRM_SECRET_KEY", "PRM_ENCRYPTION_KEYS", "PRM_BASE_DOMAIN", "DATABASE_URL", "REDIS_URL"]
)
@pytest.mark.parametrize("environment", ["production", "staging", None])
def test_production_requires(name: str, environment: str | None) -> None:
    given = {key: value for key, value in PRODUCTION.items() if key not in {name, "PRM_ENVIRONMENT"}}
    if environment:
        given["PRM_ENVIRONMENT"] = environment

    done = run(given, "DEBUG")

    assert done.returncode == 1
    assert f"Set the environment variable {name}." in done.stderr


def test_production_is_safe() -> None:
    found = settings_of(
        PRODUCTION,
        *("IS_PRODUCTION", "DEBUG", "ALLOWED_HOSTS", "EMAIL_HOST", "PRM_MAIL_DIR"),
        *("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE"),
        *("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_PROXY_SSL_HEADER", "SECRET_KEY"),
        "PASSWORD_HASHERS",
    )

    assert found == {
        "IS_PRODUCTION": True,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["portal.example", ".portal.example", "127.0.0.1", "[::1]"],
        "EMAIL_HOST": "mail.example",
        "PRM_MAIL_DIR": "",
        "SESSION_COOKIE_NAME": "__Host-session",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_PROXY_SSL_HEADER": None,
        "SECRET_KEY": PRODUCTION["PRM_SECRET_KEY"],
        "PASSWORD_HASHERS": [
            "django.contrib.auth.hashers.Argon2PasswordHasher",
            "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        ],
    }


def test_production_cannot_be_made_to_debug_or_to_keep_mail_in_a_folder() -> None:
    found = settings_of({**PRODUCTION, "PRM_DEBUG": "1", "PRM_MAIL_DIR": "/tmp/mail"}, "DEBUG", "EMAIL_HOST")

    assert found == {"DEBUG": False, "EMAIL_HOST": "mail.example"}


def test_cookies_have_no_domain() -> None:
    """__Host- cookies must not: a session of one portal is never sent to another."""
    from django.conf import global_settings

    assert global_settings.SESSION_COOKIE_DOMAIN is None
    source = (PROJECT / "prm" / "settings.py").read_text()
    assert "COOKIE_DOMAIN" not in source


def test_cookies_are_bound_to_one_host_by_their_names() -> None:
    names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "MESSAGE_COOKIE_NAME", "THEME_COOKIE_NAME")

    assert set(settings_of(PRODUCTION, *names).values()) == {
        "__Host-session",
        "__Host-csrf",
        "__Host-messages",
        "__Host-theme",
    }
    assert "`${bound}theme=" in (PROJECT / "static" / "js" / "app.js").read_text()


def test_development_needs_no_environment_but_its_name() -> None:
    found = settings_of({"PRM_ENVIRONMENT": "development"}, "IS_PRODUCTION", "PRM_SCHEME", "SESSION_COOKIE_NAME")

    assert found == {"IS_PRODUCTION": False, "PRM_SCHEME": "http", "SESSION_COOKIE_NAME": "session"}


@pytest.mark.parametrize(
    ("url", "broker", "cache"),
    [
        (
            "redis://:secret@redis.example:6379/3",
            "redis://:secret@redis.example:6379/3",
            "redis://:secret@redis.example:6379/4",
        ),
        ("redis://redis.example", "redis://redis.example", "redis://redis.example/1"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0", "unix:///run/v.sock?db=1"),
        ("unix:///run/v.sock?db=2", "redis+socket:///run/v.sock?virtual_host=2", "unix:///run/v.sock?db=3"),
    ],
)
def test_broker_and_cache_are_two_databases_of_one_server(url: str, broker: str, cache: str) -> None:
    found = settings_of({**PRODUCTION, "REDIS_URL": url}, "CELERY_BROKER_URL", "CACHES")

    assert found["CELERY_BROKER_URL"] == broker
    assert found["CACHES"]["default"]["LOCATION"] == cache


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://prm_app:p%40ss@db.example:6432/prm?sslmode=require",
            ("prm", "prm_app", "p@ss", "db.example", "6432"),
        ),
        ("postgres://prm_app@/prm?host=/run/postgres&port=5433", ("prm", "prm_app", "", "/run/postgres", "5433")),
    ],
)
def test_database_url_is_read(url: str, expected: tuple[str, ...]) -> None:
    database = settings_of({**PRODUCTION, "DATABASE_URL": url}, "DATABASES")["DATABASES"]["default"]

    assert tuple(database[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == expected
    assert database["OPTIONS"].get("sslmode") == ("require" if "sslmode" in url else None)
    assert database["ATOMIC_REQUESTS"] is True


@pytest.mark.parametrize(("name", "url"), [("DATABASE_URL", "mysql://x/y"), ("EMAIL_URL", "http://mail.example")])
def test_addresses_of_a_wrong_kind_are_refused(name: str, url: str) -> None:
    done = run({**PRODUCTION, name: url}, "DEBUG")

    assert done.returncode == 1
    assert "ImproperlyConfigured" in done.stderr


REFUSED = {
    "REDIS_URL": ("redis://valkey.example:6379/0", "needs a password"),
    "PRM_SECRET_KEY": ("short", "needs 50 characters"),
    "PRM_SCHEME": ("http", "is https in production"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_production_refuses_to_serve_with_unsafe_settings(name: str) -> None:
    """By `check --deploy`, and by the web process itself, before it asks the database for anything."""
    value, words = REFUSED[name]

    for command in (["manage.py", "check", "--deploy"], ["-c", "import prm.wsgi"]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=PROJECT,
            env={**os.environ, **PRODUCTION, name: value},
            text=True,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, words in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", True, "DEBUG shows"),
        ("EMAIL_BACKEND", "prm.events.mail_files.EmailBackend", "leave by SMTP"),
        ("PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"], "A password hash of tests"),
    ],
)
def test_production_refuses_what_the_environment_cannot_even_set(
    settings: Settings, name: str, value: object, words: str
) -> None:
    for key, good in {
        "IS_PRODUCTION": True,
        "PRM_SCHEME": "https",
        "SECRET_KEY": PRODUCTION["PRM_SECRET_KEY"],
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
    }.items():
        setattr(settings, key, good)
    refuse_unsafe_settings()

    setattr(settings, name, value)

    with pytest.raises(ImproperlyConfigured, match=words):
        refuse_unsafe_settings()


@pytest.mark.parametrize("url", ["redis://:secret@valkey.example/0", "unix:///run/valkey.sock"])
def test_production_takes_a_broker_that_is_shut(settings: Settings, url: str) -> None:
    settings.IS_PRODUCTION, settings.REDIS_URL = True, url

    assert "prm.E002" not in {message.id for message in check_production()}

"""Reads the process's environment. `prm/settings.py` is its only caller; README.md lists the names."""

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

LINK = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Of every connection to Postgres, by TCP: a machine that is gone is noticed in a minute, by an export too."""


def text(name: str, default: str | None = None) -> str:
    """The variable `name`; without a default it is required."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def listed(name: str, *, is_required: bool = False) -> list[str]:
    """The variable `name` as a list, written with commas between."""
    return [part.strip() for part in text(name, None if is_required else "").split(",") if part.strip()]


def keys(name: str, default: list[str], *, is_required: bool) -> list[str]:
    """A list of keys that nobody guesses."""
    found = listed(name, is_required=is_required)
    if any(len(key) < 32 for key in found) or (is_required and not found):
        raise ImproperlyConfigured(f"{name} holds long random texts, of 32 characters or more.")
    return found or default


def database(url: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?host=/socket/folder&option=value`.

    A `host` in the query wins, as in libpq: that is how a unix socket's folder is written.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("A database URL starts with postgresql://")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "prm.database",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": options.pop("port", None) or str(parts.port or ""),
        "OPTIONS": {**LINK, **options},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def broker(redis_url: str) -> str:
    """Celery's spelling of a Redis URL: a unix socket is `redis+socket://` there."""
    if redis_url.startswith("unix://"):
        url, _, query = redis_url.removeprefix("unix://").partition("?")
        number = dict(parse_qsl(query)).get("db", "0")
        return f"redis+socket://{url}?virtual_host={number}"
    return redis_url


def cache(redis_url: str) -> str:
    """The database after the broker's, on the same server."""
    if redis_url.startswith("unix://"):
        url, _, query = redis_url.partition("?")
        return f"{url}?db={int(dict(parse_qsl(query)).get('db', '0')) + 1}"
    parts = urlsplit(redis_url)
    return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + 1}").geturl()


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over: `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`."""

    host: str
    port: int
    user: str
    password: str
    starttls: bool
    tls: bool


def mail_server(url: str) -> MailServer:
    """Reads EMAIL_URL."""
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
    if parts.scheme not in ports:
        raise ImproperlyConfigured("EMAIL_URL starts with smtp://, smtp+starttls:// or smtps://")
    return MailServer(
        host=parts.hostname or "localhost",
        port=parts.port or ports[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+starttls",
        tls=parts.scheme == "smtps",
    )

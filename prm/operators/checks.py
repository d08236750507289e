"""What a production installation must not be: asked by `check --deploy`, and by each process before it serves."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 50


@checks.register(checks.Tags.security, deploy=True)
def check_production(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Nothing to say in development and tests."""
    if not settings.IS_PRODUCTION:
        return []
    wrong: list[checks.CheckMessage] = []
    wrong += [checks.Error(words, id=f"prm.E{number:03}") for number, is_so, words in _rules() if is_so]
    if not settings.PRM_SECURITY_CONTACT:
        wrong.append(checks.Warning("Set PRM_SECURITY_CONTACT: security.txt has nobody to name.", id="prm.W001"))
    return wrong


def refuse_unsafe_settings() -> None:
    """Stop a serving process with settings that are meant for development."""
    if errors := [message.msg for message in check_production() if isinstance(message, checks.Error)]:
        raise ImproperlyConfigured(" ".join(errors))


def _rules() -> list[tuple[int, bool, str]]:
    redis = urlsplit(settings.REDIS_URL)
    is_open = redis.scheme != "unix" and not redis.password
    weak = [hasher for hasher in settings.PASSWORD_HASHERS if "MD5" in hasher or "SHA1" in hasher]
    return [
        (1, settings.DEBUG, "DEBUG shows the code's inside to everybody."),
        (2, is_open, "REDIS_URL needs a password, unless it is a unix socket."),
        (3, len(settings.SECRET_KEY) < SHORTEST_KEY, f"PRM_SECRET_KEY needs {SHORTEST_KEY} characters."),
        (4, settings.PRM_SCHEME != "https", "PRM_SCHEME is https in production."),
        (5, not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"), "Mail has to leave by SMTP."),
        (6, bool(weak), f"A password hash of tests: {', '.join(weak)}."),
    ]

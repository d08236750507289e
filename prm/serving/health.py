"""/healthz (this process) and /readyz (everything it needs), answered for any Host before all else."""

import time
from collections.abc import Callable

from django.core.cache import caches
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

HEART = "worker:heart"
HEART_STOPS_AFTER = 60  # seconds; beat asks for a beat every 10


def beat_heart() -> None:
    """Called by a worker: at its start and on each tick of beat."""
    caches["shared"].set(HEART, time.time(), timeout=3600)


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_read = request.method in {"GET", "HEAD"}
        if is_read and request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if is_read and request.path == "/readyz":
            return _readyz()
        return self.get_response(request)


def _readyz() -> JsonResponse:
    parts = {"database": _database(), "migrations": _migrations(), **_broker_and_worker()}
    ready = all(answer == "ok" for answer in parts.values())
    response = JsonResponse({"status": "ok" if ready else "not ready", **parts}, status=200 if ready else 503)
    response["Cache-Control"] = "no-store"
    return response


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "does not answer"
    return "ok"


def _migrations() -> str:
    try:
        loader = MigrationLoader(connection)
    except Error:
        return "unknown"
    missing = len(set(loader.disk_migrations) - set(loader.applied_migrations))
    return f"{missing} to be applied" if missing else "ok"


def _broker_and_worker() -> dict[str, str]:
    try:
        last = caches["shared"].get(HEART)
    except RedisError:
        return {"broker": "does not answer", "worker": "unknown"}
    if last is None:
        return {"broker": "ok", "worker": "no heartbeat yet"}
    silence = time.time() - last
    return {"broker": "ok", "worker": "ok" if silence < HEART_STOPS_AFTER else f"silent for {silence:.0f} s"}

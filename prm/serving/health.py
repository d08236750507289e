"""/healthz (this process) and /readyz (everything it needs), answered for any Host before all else."""

import time
from collections.abc import Callable

from django.core.cache import caches
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from prm.database import patience

HEART = "worker:heart"
HEART_STOPS_AFTER = 60  # seconds; beat asks for a beat every 10
WRONG_CLOCK = "worker:clock"
WRONG_CLOCK_KEPT = 30  # seconds: another worker's next beats must not hide it
MOST_SKEW = 30  # seconds between a process' clock and the database's
ANSWER_WITHIN = 2.0  # seconds, of the database: whoever asks waits for 4 or 5


def beat_heart() -> None:
    """Called by a worker, at its start and on each tick of beat. By the database's clock, and judging its own."""
    now = _database_time()
    skew = time.time() - now
    caches["shared"].set(HEART, now, timeout=3600)
    if abs(skew) > MOST_SKEW:
        caches["shared"].set(WRONG_CLOCK, skew, timeout=WRONG_CLOCK_KEPT)


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
    with patience.at_most(ANSWER_WITHIN):
        parts = _parts()
    ready = all(answer == "ok" for answer in parts.values())
    response = JsonResponse({"status": "ok" if ready else "not ready", **parts}, status=200 if ready else 503)
    response["Cache-Control"] = "no-store"
    return response


def _parts() -> dict[str, str]:
    try:
        now = _database_time()
    except Error:
        return {"database": "does not answer", "migrations": "unknown", "clock": "unknown", **_others(time.time())}
    clock = _judge(time.time() - now)
    return {"database": "ok", "migrations": _migrations(), "clock": clock, **_others(now)}


def _database_time() -> float:
    """Seconds since 1970."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float")
        return float(cursor.fetchone()[0])


def _judge(skew: float) -> str:
    if abs(skew) <= MOST_SKEW:
        return "ok"
    return f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the database's"


def _migrations() -> str:
    try:
        loader = MigrationLoader(connection)
    except Error:
        return "unknown"
    missing = len(set(loader.disk_migrations) - set(loader.applied_migrations))
    return f"{missing} to be applied" if missing else "ok"


def _others(now: float) -> dict[str, str]:
    """Broker and worker, at this time of the database's."""
    try:
        found = caches["shared"].get_many([HEART, WRONG_CLOCK])
    except RedisError:
        return {"broker": "does not answer", "worker": "unknown"}
    return {"broker": "ok", "worker": _worker(now, found)}


def _worker(now: float, found: dict[str, float]) -> str:
    if HEART not in found:
        return "no heartbeat yet"
    silence = now - found[HEART]
    if silence >= HEART_STOPS_AFTER:
        return f"silent for {silence:.0f} s"
    skew = _judge(found.get(WRONG_CLOCK, 0))
    return skew if skew == "ok" else f"its clock is {skew}"

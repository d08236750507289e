"""/metrics in Prometheus' text format, computed from the rows when it is asked for.

Only with the token of PRM_METRICS_TOKEN; without it the address is one that does not exist. Figures carry a
kind and a channel and never a portal's name: who runs the machines need not know whose leads they are.
"""

import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

import django
from django.conf import settings
from django.core.cache import caches
from django.db import Error, OperationalError, connection
from django.db.models import Exists, Min, OuterRef
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from prm.events.models import DueWork
from prm.events.queue import Line, queue_of_portal
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.serving.health import HEART

VERSION = "0.3.0"  # that of pyproject.toml, which does not travel with the image
SECONDS = 5.0  # for all portals together; a scraper gives up after ten

QUEUE = {
    "waiting": "Deliveries that are to be sent, now or later",
    "late": "By how many seconds the longest overdue delivery is late",
    "dead": "Deliveries given up, with a reason",
    "bounced": "Deliveries that the far end has refused for good",
    "held": "Deliveries held after a restore",
}
NAMES = {"late": "prm_deliveries_oldest_age_seconds"}


class MetricsMiddleware:
    """Answers before all else, for any Host, as /healthz does; never from inside a portal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/metrics" or not _may_read(request):
            return self.get_response(request)
        registry = CollectorRegistry()
        registry.register(Figures())
        answer = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
        answer["Cache-Control"] = "no-store"
        return answer


def _may_read(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.PRM_METRICS_TOKEN
    is_right = constant_time_compare(token.strip().encode(), expected.encode())
    return bool(expected) and kind.lower() == "bearer" and is_right and request.method == "GET"


class Figures:
    """prometheus_client asks it once per scrape."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering is not to count anything."""
        return []

    def collect(self) -> Iterator[Metric]:
        began = time.monotonic()
        build = GaugeMetricFamily("prm_build_info", "What runs", labels=["version", "python", "django"])
        build.add_metric([VERSION, platform.python_version(), django.get_version()], 1)
        yield build
        yield from _heart()
        try:
            yield from _work(began + SECONDS)
            is_up = 1
        except Error:
            is_up = 0
        yield GaugeMetricFamily("prm_database_up", "Whether the database answers in time", value=is_up)
        yield GaugeMetricFamily(
            "prm_metrics_seconds", "How long these figures took", value=time.monotonic() - began
        )


def _heart() -> Iterator[Metric]:
    """Beat, broker and worker are alive together while this is young."""
    try:
        last = caches["shared"].get(HEART)
    except RedisError:
        yield GaugeMetricFamily("prm_broker_up", "Whether the broker answers", value=0)
        return
    yield GaugeMetricFamily("prm_broker_up", "Whether the broker answers", value=1)
    if last is not None:
        words = "Seconds since a worker last answered beat"
        yield GaugeMetricFamily("prm_worker_heartbeat_age_seconds", words, value=time.time() - last)


def _work(deadline: float) -> Iterator[Metric]:
    soonest = DueWork.objects.filter(portal__is_active=True).aggregate(late=Now() - Min("due_at"))["late"]
    seconds = max(soonest.total_seconds(), 0) if soonest else 0
    yield GaugeMetricFamily(
        "prm_sweep_age_seconds", "By how much the workers are behind the sweeper", value=seconds
    )
    # Those with work due first: when time runs out, what is missing are dead letters.
    has_work = Exists(DueWork.objects.filter(portal=OuterRef("pk")))
    portals = list(Portal.objects.filter(is_active=True).order_by(has_work.desc(), "pk"))
    sums: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: dict.fromkeys(QUEUE, 0.0))
    counted = 0
    for portal in portals:
        lines = _lines(portal, deadline)
        if lines is None:
            break
        for line in lines:
            _add(sums[line.kind, line.channel], line)
        counted += 1
    yield GaugeMetricFamily("prm_portals", "Active portals", value=len(portals))
    yield GaugeMetricFamily(
        "prm_metrics_portals_skipped", "Portals there was no time for", value=len(portals) - counted
    )
    for figure, words in QUEUE.items():
        family = GaugeMetricFamily(NAMES.get(figure, f"prm_deliveries_{figure}"), words, labels=["kind", "channel"])
        for labels, values in sorted(sums.items()):
            family.add_metric(labels, values[figure])
        yield family


def _lines(portal: Portal, deadline: float) -> list[Line] | None:
    """One portal's queue; None when the time is over before it is counted."""
    milliseconds = int((deadline - time.monotonic()) * 1000)
    if milliseconds <= 0:
        return None
    try:
        with inside(portal), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [milliseconds])
            return queue_of_portal()
    except OperationalError:
        if time.monotonic() < deadline:
            raise
        return None


def _add(sums: dict[str, float], line: Line) -> None:
    figures: dict[str, Any] = asdict(line)
    for figure in ("waiting", "dead", "bounced", "held"):
        sums[figure] += figures[figure]
    sums["late"] = max(sums["late"], line.late.total_seconds())

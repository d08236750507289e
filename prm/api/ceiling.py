"""A ceiling on how much one key, or one person's sessions, may ask of the API in a minute.

Generous, and the same for all: it stands against programs that run wild. Strangers get no further than 401, and
floods are the proxy's to stop.
"""

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from prm.users.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView

WINDOW = 60  # seconds


class Ceiling(BaseThrottle):
    """Counts in windows of a minute. Above PRM_API_PER_MINUTE the answer is 429 until the window is over.

    While the cache is away each process counts for itself: the ceiling is then as many times as high as there
    are processes, and never gone.
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        who = _who(request)
        return who is None or _count(f"api:{who}:{int(time.time()) // WINDOW}") <= settings.PRM_API_PER_MINUTE

    def wait(self) -> float:
        """Seconds until the next window begins."""
        return WINDOW - time.time() % WINDOW


def _who(request: Request) -> str | None:
    http: HttpRequest = request._request
    if isinstance(request.auth, ApiKey):
        return f"key:{request.auth.pk}"
    member = http.membership  # type: ignore[attr-defined]
    return f"member:{member.pk}" if member is not None else None


def _count(name: str) -> int:
    """This request's number in its window."""
    for _ in range(2):
        try:
            return cache.incr(name)
        except ValueError:  # the first; or, the second time, emptied this moment
            if cache.add(name, 1, timeout=2 * WINDOW):
                break
    return 1

"""The one stylesheet and the one script of every page: a first visit asks for two files and no more.

Each is put together once per process: the stylesheet with the portal's colours at its end, the script behind
htmx, which comes with its package. The address names the content, so a browser keeps it for good.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from prm.organizations.models import Portal
from prm.users.access import public_page

STYLE = ("css/app.css",)
SCRIPT = ("django_htmx/htmx-2.min.js", "js/app.js")
FOR_GOOD = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=300"  # of an address that names no content, or a former one


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    packed: bytes
    version: str


def style_of(portal: Portal | None) -> Asset:
    """The stylesheet with a portal's three values; static/css derives all else from them."""
    colours = f":root{{--brand:{portal.brand};--hue:{portal.hue}}}" if portal else ""
    return _put_together(STYLE, colours, _state_of(STYLE))


def script_of_all() -> Asset:
    return _put_together(SCRIPT, "", _state_of(SCRIPT))


def style_address(portal: Portal | None) -> str:
    return f"{reverse('organizations:theme')}?v={style_of(portal).version}"


def script_address() -> str:
    return f"{reverse('script')}?v={script_of_all().version}"


@public_page("the stylesheet with the portal's colours, no more")
def style(request: HttpRequest) -> HttpResponse:
    return _answer(request, style_of(request.portal), "text/css")  # type: ignore[attr-defined]


@public_page("the script of all pages")
def script(request: HttpRequest) -> HttpResponse:
    return _answer(request, script_of_all(), "text/javascript")


def _answer(request: HttpRequest, asset: Asset, content_type: str) -> HttpResponse:
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        asset.packed if is_packed else asset.content, content_type=f"{content_type}; charset=utf-8"
    )
    if is_packed:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    response["Cache-Control"] = FOR_GOOD if request.GET.get("v") == asset.version else FOR_NOW
    return response


@lru_cache(maxsize=64)
def _put_together(names: tuple[str, ...], end: str, state: float) -> Asset:
    content = "\n".join([*(_file(name).read_text("utf-8") for name in names), end]).encode()
    version = hashlib.sha256(content).hexdigest()[:16]
    return Asset(content, gzip.compress(content, 9, mtime=0), version)


def _state_of(names: tuple[str, ...]) -> float:
    """What changes when a file does. In production none does while a process lives."""
    return 0 if settings.IS_PRODUCTION else max(_file(name).stat().st_mtime for name in names)


@lru_cache
def _file(name: str) -> Path:
    found = finders.find(name)
    assert isinstance(found, str), name
    return Path(found)

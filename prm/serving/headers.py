"""Headers of every answer, and the one check of every query string."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.template.loader import render_to_string

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        # Without require-trusted-types-for: htmx puts answers in place by innerHTML, and a policy that lets
        # all of them pass would only look like one.
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "browsing-topics",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "usb",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store, private",
}


class HeadersMiddleware:
    """A strict policy for the browser; nothing personal in any cache. Outermost, so that no answer goes without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if "no-store" not in response["Cache-Control"]:
            response.cookies.clear()  # what a shared cache may keep sets and drops nobody's cookie
        return response


class PlainInputMiddleware:
    """NUL and lone surrogates are no text: Postgres cannot store them. In a page's address they are 400.

    The API answers for itself, naming the parameter or field (prm/api).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if is_plain(value)}
        if not request.path.startswith("/api/"):
            texts = [request.path, *request.GET.keys(), *(v for vs in request.GET.lists() for v in vs[1])]
            if not all(is_plain(text) for text in texts):
                return HttpResponseBadRequest(render_to_string("400.html", request=request))
        return self.get_response(request)


class SlashMiddleware(CommonMiddleware):
    """Adds a forgotten slash by 308, which keeps method and body; after a 301 many clients only GET."""

    response_redirect_class = partial(HttpResponsePermanentRedirect, preserve_request=True)  # type: ignore[assignment]


def is_plain(text: str) -> bool:
    """Whether Postgres can store it."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)

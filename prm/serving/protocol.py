"""What is wrong with a request as such, answered before anything of it is read or looked up."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from prm.api.problems import problem
from prm.files.uploads import most_sent_to
from prm.serving.pages import length_required, not_allowed, too_large

OF_PAGES = ["GET", "HEAD", "POST"]
OF_THE_API = [*OF_PAGES, "PUT", "PATCH", "DELETE", "OPTIONS"]  # which of them, its resources know


class ProtocolMiddleware:
    """403 for the API in the clear, 405 for a method that nobody here knows, 413 for a body too large, 411 for one
    of unknown length. Where Content-Length is told as well, granian drops it and ends the connection after the 411.

    Pages lead from http to https; a program would follow without a word, and send its key in the clear each time.
    Django reads by Content-Length: a body without would count as none at all, and its form as empty.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_in_the_clear(request):
            words = _(
                "Call the API over https. A key that was sent without has travelled in the clear: replace it."
            )
            return problem(403, words, code="https_required")
        known = OF_THE_API if request.path.startswith("/api/") else OF_PAGES
        if request.method not in known:
            return not_allowed(request, known)
        if "Transfer-Encoding" in request.headers:
            return length_required(request)
        if _length(request) > (most := _limit(request)):
            return too_large(request, most=most)
        return self.get_response(request)


def _is_in_the_clear(request: HttpRequest) -> bool:
    return settings.SECURE_SSL_REDIRECT and request.path.startswith("/api/") and not request.is_secure()


def _length(request: HttpRequest) -> int:
    text = request.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _limit(request: HttpRequest) -> int:
    """In bytes. Files come in forms of many parts; all else is held in memory."""
    if request.content_type == "multipart/form-data":
        return most_sent_to(request.path_info)
    found: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return found

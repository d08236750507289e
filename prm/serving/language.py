"""Which language an answer speaks while nobody is known: the browser's own.

Who is signed in has chosen one (prm/users/middleware.py). The API speaks English to everybody: its words are
for logs and for whoever writes a program, not for the program's users.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

API_LANGUAGE = "en"


class LanguageMiddleware:
    """Outside of all that may answer with a page, so that errors are told in the same language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_api(request):
            with translation.override(API_LANGUAGE):
                return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["Accept-Language"])
        return response


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def language_for(request: HttpRequest, chosen: str) -> str:
    """The language that a member has chosen, or the API's."""
    return API_LANGUAGE if is_api(request) else chosen

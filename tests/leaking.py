"""The product's addresses and one more, whose page lets out what it is told: to show that this is heard."""

import logging

from django.contrib import messages
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path

from prm import urls
from prm.users.access import PageRequest, member_page

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
said = ""
"""What the page lets out."""


@member_page()
def let_out(request: PageRequest, way: str) -> HttpResponseBase:
    """By the body, a header, a stream, a message for the next page, the status line, log, mail or cache."""
    answer: HttpResponseBase = HttpResponse("nothing")
    if way == "body":
        answer = HttpResponse(f"<p>{said}</p>")
    elif way == "header":
        answer["X-Told"] = said
    elif way == "status line":
        answer.reason_phrase = said
    elif way == "stream":
        answer = StreamingHttpResponse([said[:9], said[9:]])
    elif way == "message":
        messages.info(request, f"{said} was saved. {'And so on. ' * 20}")
    else:
        BESIDES[way](request)  # type: ignore[no-untyped-call]
    return answer


def _mail(request: HttpRequest) -> None:
    sender = {"X-Portal": request.portal.slug}  # type: ignore[attr-defined]
    EmailMessage("Hello", said, to=[request.membership.email], headers=sender).send()  # type: ignore[attr-defined]


BESIDES = {
    "mail": _mail,
    "log": lambda request: logging.getLogger("prm").warning("saved %s", said),
    "cache": lambda request: cache.set("a key", {"seen": said}),
}

urlpatterns = [path("leak/<str:way>/", let_out), *urls.urlpatterns]

"""In development: the mail that would have been sent."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from prm.events import outbox
from prm.users.access import public_page


@public_page("development only: the mail that a real installation would have sent")
def outbox_list(request: HttpRequest) -> HttpResponse:
    _only_in_development()
    portal = request.portal  # type: ignore[attr-defined]
    return render(request, "events/outbox.html", {"mails": outbox.mails(portal.slug if portal else "")})


@public_page("development only: the mail that a real installation would have sent")
def outbox_mail(request: HttpRequest, name: str) -> HttpResponse:
    _only_in_development()
    portal = request.portal  # type: ignore[attr-defined]
    mail = outbox.mail(name, portal.slug if portal else "")
    if mail is None:
        raise Http404
    return render(request, "events/outbox_mail.html", {"mail": mail})


def _only_in_development() -> None:
    if not outbox.is_shown():
        raise Http404

"""Portal messages, and in development the mail that would have been sent."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from prm.events import outbox
from prm.events.models import Message
from prm.events.notices import NOTICES, text_of
from prm.serving.paging import page_of
from prm.users.access import PageRequest, member_page, public_page


@member_page()
def message_list(request: PageRequest) -> HttpResponse:
    rows = Message.objects.visible_to(request.membership).select_related("event__actor")
    page = page_of(
        rows,
        ordering="-created_at",
        allowed={"created_at": "created_at"},
        cursor=request.GET.get("cursor", ""),
    )
    for message in page.rows:
        message.text = text_of(message.event)  # type: ignore[attr-defined]
        message.url = NOTICES[message.event.kind].path(message.event)  # type: ignore[attr-defined]
    return render(request, "events/message_list.html", {"messages_page": page.rows, "pager": page})


@member_page()
@require_POST
def message_read_all(request: PageRequest) -> HttpResponse:
    Message.objects.visible_to(request.membership).filter(read_at=None).update(read_at=timezone.now())
    return redirect("events:messages")


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

"""Portal messages."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from prm.events.models import Message
from prm.events.notices import path_of, text_of
from prm.serving.paging import page_of
from prm.users.access import PageRequest, member_page


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
        message.text = text_of(message.event, count=message.count)  # type: ignore[attr-defined]
        message.url = path_of(message.event, count=message.count)  # type: ignore[attr-defined]
    return render(request, "events/message_list.html", {"messages_page": page.rows, "pager": page})


@member_page()
@require_POST
def message_read_all(request: PageRequest) -> HttpResponse:
    Message.objects.visible_to(request.membership).filter(read_at=None).update(read_at=timezone.now())
    return redirect("events:messages")

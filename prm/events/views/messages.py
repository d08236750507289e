"""Portal messages."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from prm.events.lists import MESSAGES
from prm.events.models import Message
from prm.lists.pages import list_page
from prm.users.access import PageRequest, member_page


@member_page()
def message_list(request: PageRequest) -> HttpResponse:
    return list_page(request, MESSAGES, "events/message_list.html")


@member_page()
@require_POST
def message_read_all(request: PageRequest) -> HttpResponse:
    Message.objects.visible_to(request.membership).filter(read_at=None).update(read_at=timezone.now())
    return redirect("events:messages")

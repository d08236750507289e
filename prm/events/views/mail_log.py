"""The e-mail log: what went to whom, what came of it, and once more."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from prm.events import actions
from prm.events.bulk import RESEND
from prm.events.lists import LOGGED, MAILS
from prm.events.models import Delivery
from prm.lists.pages import list_page
from prm.runs.asking import many_page
from prm.users.access import PageRequest, Permission, member_page


@member_page(Permission.MANAGE_PORTAL)
def mail_log(request: PageRequest) -> HttpResponse:
    return list_page(request, MAILS, "events/mail_log.html")


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def mail_resend(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    delivery = get_object_or_404(Delivery.objects.filter(LOGGED), pk=pk)
    actions.resend_delivery(delivery, by=request.membership)
    messages.success(request, _("It is on its way to %(name)s again.") % {"name": delivery.recipient})
    return redirect("events:mail_log")


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def mail_resend_many(request: PageRequest) -> HttpResponse:
    return many_page(request, RESEND)


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def mail_retry(request: PageRequest) -> HttpResponse:
    count = actions.retry_dead(by=request.membership)
    words = ngettext("%(count)d notice is queued again.", "%(count)d notices are queued again.", count)
    messages.success(request, words % {"count": count})
    return redirect("events:mail_log")

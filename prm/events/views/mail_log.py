"""The e-mail log: what went to whom, what came of it, and once more."""

import uuid

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from prm.events import actions
from prm.events.delivery import NOT_CONCERNED, UNWANTED
from prm.events.models import Delivery, Event
from prm.events.notices import NOTICES, text_of
from prm.serving.paging import InvalidParameter, page_of, search_text
from prm.users.access import PageRequest, Permission, member_page

Status = Delivery.Status
TABS = {
    "": (gettext_lazy("All"), Q()),
    "queued": (gettext_lazy("Queued"), Q(status__in=[Status.PENDING, Status.CLAIMED, Status.HELD])),
    "sent": (gettext_lazy("Sent"), Q(status=Status.SENT)),
    "bounced": (gettext_lazy("Bounced"), Q(status=Status.BOUNCED)),
    "dead": (gettext_lazy("Given up"), Q(status=Status.DEAD)),
    "cancelled": (gettext_lazy("Not needed"), Q(status=Status.CANCELLED)),
}
REASONS = {
    UNWANTED: gettext_lazy("The person has chosen not to be mailed about this."),
    NOT_CONCERNED: gettext_lazy("By the time of sending it no longer concerned this person."),
}
LOGGED = Q(channel=Delivery.Channel.EMAIL) | Q(status=Status.DEAD)


@member_page(Permission.MANAGE_PORTAL)
def mail_log(request: PageRequest) -> HttpResponse:
    chosen = request.GET.get("status", "")
    if chosen not in TABS:
        raise InvalidParameter("status", _("Choose one of: %(names)s.") % {"names": ", ".join(filter(None, TABS))})
    search = search_text(request.GET)
    logged = Delivery.objects.filter(LOGGED)
    if search:
        logged = logged.filter(Q(recipient__name__icontains=search) | Q(recipient__user__email__icontains=search))
    counts = logged.aggregate(**{f"in_{name}": Count("pk", filter=which) for name, (_label, which) in TABS.items()})
    rows = logged.filter(TABS[chosen][1])
    page = page_of(
        rows.select_related("event__actor", "event__organization", "recipient__user", "recipient__organization"),
        ordering=request.GET.get("ordering", "-queued_at"),
        allowed={"queued_at": "queued_at"},
        cursor=request.GET.get("cursor", ""),
    )
    for row in page.rows:
        row.text = _subject(row.event, request)
        row.reason = REASONS.get(row.last_error, row.last_error)
        row.can_resend = row.status in actions.AGAIN
    context = {
        "deliveries": page.rows,
        "pager": page,
        "search": search,
        "status": chosen,
        "tabs": [
            {"value": name, "label": label, "count": counts[f"in_{name}"], "is_current": name == chosen}
            for name, (label, _which) in TABS.items()
        ],
        "dead": counts["in_dead"],
    }
    return render(request, "events/mail_log.html", context)


def _subject(event: Event, request: PageRequest) -> str:
    """What the mail is about, unless that is an organization's own affair."""
    if event.is_private and event.organization_id != request.membership.organization_id:
        return _("A notice within %(organization)s") % {"organization": event.organization}
    return text_of(event) if event.kind in NOTICES else event.get_kind_display()


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def mail_resend(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    delivery = get_object_or_404(Delivery.objects.filter(LOGGED), pk=pk)
    actions.resend_delivery(delivery, by=request.membership)
    messages.success(request, _("It is on its way to %(name)s again.") % {"name": delivery.recipient})
    return redirect("events:mail_log")


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def mail_retry(request: PageRequest) -> HttpResponse:
    count = actions.retry_dead(by=request.membership)
    words = ngettext("%(count)d notice is queued again.", "%(count)d notices are queued again.", count)
    messages.success(request, words % {"count": count})
    return redirect("events:mail_log")

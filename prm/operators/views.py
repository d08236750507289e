"""The operators' first page: the portals, and the way into one of them."""

from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.events.models import Event
from prm.events.record import by_operator, record
from prm.operators.access import SESSION_ENTERED, operator_page
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal
from prm.users.models import Membership

ON_A_PAGE = 25  # each portal is entered to be counted


@dataclass(frozen=True)
class Row:
    """A portal, with what is in it."""

    portal: Portal
    organizations: int
    people: int


@operator_page
def portals(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "").strip()
    found = Portal.objects.filter(Q(name__icontains=asked) | Q(slug__icontains=asked)).order_by("name", "pk")
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        "title": _("Portals"),
        "rows": [_counted(portal) for portal in page],
        "page": page,
        "asked": asked,
        "now_in": request.session.get(SESSION_ENTERED, ""),
    }
    return render(request, "operators/portals.html", context)


def _counted(portal: Portal) -> Row:
    with inside(portal):
        return Row(portal, Organization.objects.count(), Membership.objects.count())


@operator_page
@require_POST
def enter(request: HttpRequest, slug: str) -> HttpResponseBase:
    """From here on the tables are this portal's. Forms that another window shows of the last one are dead."""
    portal = get_object_or_404(Portal, slug=slug)
    with inside(portal), by_operator(request.operator):  # type: ignore[attr-defined]
        record(Event.Kind.OPERATOR_ENTERED, portal, by=None)
    request.session[SESSION_ENTERED] = str(portal.pk)
    rotate_token(request)
    return redirect("admin:index")


@operator_page
@require_POST
def leave(request: HttpRequest) -> HttpResponseBase:
    if request.session.pop(SESSION_ENTERED, None):
        rotate_token(request)
        messages.success(request, _("You are in no portal."))
    return redirect("admin:portals")

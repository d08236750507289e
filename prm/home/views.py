"""The front door, the home page behind it, and the short help beside every page."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.home import latest  # noqa: F401  (registers its panel)
from prm.home.first_steps import bring_first_steps_back, first_steps_of, put_first_steps_away
from prm.home.helping import topics
from prm.home.panels import needs_of, panels_of
from prm.local.demo import LOGINS, PASSWORD
from prm.organizations.models import Portal
from prm.serving.undo import offer_undo
from prm.users.access import SEES_LEADS, PageRequest, Permission, member_page, public_page
from prm.users.models import Membership, User

MOST_NAMED = 3


@public_page("the front door: a portal's home, or the list of portals on a development machine")
def front_door(request: HttpRequest) -> HttpResponseBase:
    """Which of the two it is, the host says."""
    if request.portal is not None:  # type: ignore[attr-defined]
        return home(request)
    if not settings.IS_DEVELOPMENT:
        raise Http404
    portals = Portal.objects.filter(is_active=True).order_by("name")
    return render(request, "organizations/portal_list.html", {"portals": portals, "demo": _demo_logins()})


def _demo_logins() -> list[dict[str, str]]:
    """Who can sign in where, while the demonstration is in the database."""
    portals = dict(Portal.objects.values_list("slug", "name"))
    there = set(User.objects.filter(email__in=[login.email for login in LOGINS]).values_list("email", flat=True))
    return [
        {"portal": portals[login.portal], "email": login.email, "role": login.role, "password": PASSWORD}
        for login in LOGINS
        if login.portal in portals and login.email in there
    ]


@member_page()
def home(request: PageRequest) -> HttpResponse:
    """What needs this member first, then how things go: made of what the floors have registered."""
    member = request.membership
    needs, panels = needs_of(member), panels_of(member)
    context: dict[str, Any] = {
        "needs": needs,
        "first_need": next((need for need in needs if need.next_step), None),
        "first_steps": first_steps_of(member),
        "panels": [panel for panel in panels if not panel.is_aside],
        "asides": [panel for panel in panels if panel.is_aside],
        "sees_nothing": not member.can(*SEES_LEADS, Permission.MANAGE_PORTAL),
    }
    if context["sees_nothing"]:
        context["managers"] = _who_can_help(member)
    return render(request, "home/home.html", context)


def _who_can_help(member: Membership) -> list[Membership]:
    """Who of those whom this member sees may put people into groups."""
    managers = Membership.objects.visible_to(member).signed_up().select_related("user")
    holding = managers.holding(Permission.MANAGE_PORTAL if member.is_vendor else Permission.MANAGE_OWN_USERS)
    return list(holding.exclude(pk=member.pk).order_by("name", "pk")[:MOST_NAMED])


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def put_away(request: PageRequest) -> HttpResponse:
    """The first steps are known; or, with `back`, they are not, or somebody new is here."""
    if "back" in request.POST:
        bring_first_steps_back(by=request.membership)
        messages.success(request, _("The first steps are on the home page again, until all are done."))
        return redirect("home")
    put_first_steps_away(by=request.membership)
    words = _("The first steps are put away. The question mark explains every page.")
    offer_undo(request, words, path=request.path, back=1)
    return redirect("home")


@member_page()
def help_page(request: PageRequest, topic: str) -> HttpResponse:
    """What a page is for, and its keys; a page of its own where no script opens it beside the other."""
    if topic not in topics():
        raise Http404
    return render(request, "home/help.html", {"topic": f"help/{topic}.html"})

"""What every template may ask: the portal, the member, and `can.<verb>` for the navigation."""

from functools import cache, partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from prm.home.helping import help_for
from prm.home.navigation import navigation_counts
from prm.serving.typed import draft_of
from prm.users.access import SEES_LEADS, Permission
from prm.users.models import Membership


def page_context(request: HttpRequest) -> dict[str, Any]:
    """`portal`, `membership`, `can`, `counts` (asked once, when shown), `help_topic`, `keys_off`, and the like."""
    member: Membership | None = getattr(request, "membership", None)
    theme = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    context: dict[str, Any] = {
        "portal": getattr(request, "portal", None),
        "membership": member,
        "viewing": getattr(request, "viewing", None),
        "theme": theme if theme in {"light", "dark"} else "",
        "is_development": settings.IS_DEVELOPMENT,
    }
    if member is not None:
        context["draft"] = draft_of(request)
        context["help_topic"] = help_for(request.resolver_match)
        context["counts"] = cache(partial(navigation_counts, member))
        context["keys_off"] = not (member.viewer or member).has_keys
        context["can"] = {
            "see_leads": member.can(*SEES_LEADS),
            "create_leads": member.can(Permission.CREATE_LEADS),
            "see_deals": member.can(*SEES_LEADS),
            "see_organizations": member.can(Permission.VIEW_ORGANIZATIONS, Permission.VIEW_MANAGED_LEADS),
            "see_people": True,
            "configure_leads": member.can(Permission.CONFIGURE_LEADS),
            "manage_portal": member.can(Permission.MANAGE_PORTAL),
        }
    return context

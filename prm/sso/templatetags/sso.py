"""The ways in, for the sign-in page."""

from typing import Any

from django import template
from django.http import HttpRequest

from prm.sso.models import IdentityProvider
from prm.users.models import policy

register = template.Library()


@register.simple_tag(takes_context=True)
def ways_in(context: dict[str, Any]) -> dict[str, Any]:
    """The portal's providers in use, and whether there is no other way in."""
    request: HttpRequest = context["request"]
    if getattr(request, "portal", None) is None:
        return {"providers": [], "is_sso_only": False}
    return {
        "providers": list(IdentityProvider.objects.filter(is_active=True)),
        "is_sso_only": policy().is_sso_only,
        "next": request.GET.get("next", "") or request.POST.get("next", ""),
    }

"""Who may enter the admin's pages, and the one portal in which each of them is made.

An operator enters a portal first. From then on a page of the admin is a request like any other: inside that
portal for the ORM and for Postgres, as the serving role, with its rendering.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse

from prm.actions import Refused
from prm.events.record import by_operator
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.access import to_sign_in
from prm.users.models import User
from prm.users.second_factor import proved_second_factor

SESSION_ENTERED = "entered"
"""The session key of the portal in which an operator is."""
Page = Callable[..., HttpResponseBase]


def is_operator(request: HttpRequest) -> bool:
    """Whether an operator asks, whose session has seen a code of the second factor."""
    operator: User | None = request.operator  # type: ignore[attr-defined]
    return operator is not None and proved_second_factor(request, operator)


def operator_page(view: Page) -> Page:
    """A page of the operators' that belongs to no portal."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_operator(request):
            return to_sign_in(request, request.get_full_path() if request.method == "GET" else "")
        return view(request, *args, **kwargs)

    return page


def entered_page(view: Page) -> Page:
    """A page of the operators' inside the portal that they have entered; without one they are asked for it."""

    @operator_page
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key: str = request.session.get(SESSION_ENTERED, "")
        portal = Portal.objects.filter(pk=key).first() if key else None
        if portal is None:
            return redirect("admin:portals")
        request.entered = portal  # type: ignore[attr-defined]
        try:
            with inside(portal), by_operator(request.operator):  # type: ignore[attr-defined]
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
                return response
        except Refused as no:  # what the page did before the no is undone with it
            messages.error(request, str(no))
            return redirect(request.path if request.method == "POST" else "../")

    return page

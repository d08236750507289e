"""Which portal a request belongs to, and the one transaction it is answered in."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from prm.organizations.context import inside
from prm.organizations.kept import Kept
from prm.organizations.models import Portal
from prm.serving.pages import not_found, suspended

ALWAYS_OPEN = frozenset({"/.well-known/security.txt", "/robots.txt", "/security/"})
"""What a suspended portal's host still says; none of it is of the portal."""

PORTAL_AT = Kept(lambda slug: Portal.objects.filter(slug=slug)[:1], slug="(the address)")

Talk = Callable[..., None]
View = Callable[..., HttpResponseBase]


def talks_first(talk: Talk) -> Callable[[View], View]:
    """For a page that has to ask somebody outside: `talk(request, **kwargs)` runs before the page's transaction.

    No transaction may wait for a stranger's answer. `request.portal` is known by then, and nothing else:
    `talk` enters the portal for what it reads or writes, leaves it, asks, and puts the answer on the request.
    """

    def decorate(view: View) -> View:
        view.talk = talk  # type: ignore[attr-defined]
        return view

    return decorate


class PortalMiddleware:
    """Finds the portal by host name and stays inside it while the page is made *and* rendered.

    On the bare host a public token says which portal it is for: its first six characters are the
    portal's code. A host below ours that is no portal's answers 404, a suspended portal's 503.

    /admin on the operators' host is no portal's and has addresses of its own, which exist nowhere else.
    Where the host is a portal's, it is never the operators'.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = None  # type: ignore[attr-defined]  # until the member is known
        request.portal = None  # type: ignore[attr-defined]
        request.is_for_operators = False  # type: ignore[attr-defined]
        slug = _slug(request.get_host())
        portal = PORTAL_AT.first(slug=slug) if slug else _portal_of_bare_host(request)
        if portal is None and _is_for_operators(request):
            request.is_for_operators = True  # type: ignore[attr-defined]
            request.urlconf = settings.OPERATORS_URLCONF
            return self.get_response(request)
        if portal is None and slug:
            return not_found(request, Http404())
        if portal is not None and not portal.is_active:
            if request.path not in ALWAYS_OPEN:
                return suspended(request, portal)
            portal = None
        if portal is None:
            return self.get_response(request)
        request.portal = portal  # type: ignore[attr-defined]
        _talk(request)
        with inside(portal):
            return self.get_response(request)


def _talk(request: HttpRequest) -> None:
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return  # to be said further in, where the page for it is made
    if talk := getattr(match.func, "talk", None):
        talk(request, *match.args, **match.kwargs)


def _portal_of_bare_host(request: HttpRequest) -> Portal | None:
    code = _token_code(request)
    portal = Portal.objects.filter(code=code).first() if code else None
    if portal is None and settings.PRM_DEFAULT_PORTAL:
        portal = PORTAL_AT.first(slug=settings.PRM_DEFAULT_PORTAL)
    return portal


def _is_for_operators(request: HttpRequest) -> bool:
    is_theirs = f"{request.path}/".startswith("/admin/")
    return (
        is_theirs and bool(settings.PRM_OPERATORS_HOST) and _name(request.get_host()) == settings.PRM_OPERATORS_HOST
    )


def _name(host: str) -> str:
    """Without its port."""
    return host.lower() if host.startswith("[") else host.lower().partition(":")[0]


def _slug(host: str) -> str:
    """`acme` for `acme.localhost:8000`, '' for the bare host and for loopback addresses."""
    name = _name(host)
    base = settings.PRM_BASE_DOMAIN.partition(":")[0]
    return name.removesuffix(f".{base}") if name.endswith(f".{base}") else ""


def _token_code(request: HttpRequest) -> str:
    """The portal's code at the start of an API key or of a token in a mailed link."""
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if request.path.startswith("/api/") and kind.lower() == "bearer":
        code = key.partition("_")[0]
    elif match := re.match(r"/(?:invitations|unsubscribe)/(\w+)\.", request.path):
        code = match[1]
    else:
        return ""
    return code if code.isascii() and code.isalnum() else ""

"""Who may do what: this page is the whole answer.

A member's permissions are the sum of the permissions of the member's groups. Groups belong to one
kind of organization and carry the field's names. Which *rows* a member sees is the other half and
stands in one method per noun, `visible_to(membership)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from prm.actions import Duplicate, Gone, Refused, is_duplicate

if TYPE_CHECKING:
    from prm.organizations.models import Portal
    from prm.users.models import Membership


class Permission(StrEnum):
    # the vendor's people
    MANAGE_PORTAL = "manage_portal"  # organizations, tiers, everybody's account and groups
    VIEW_ORGANIZATIONS = "view_organizations"  # all organizations and their people
    CONFIGURE_LEADS = "configure_leads"  # Settings > Lead Distribution
    VIEW_PORTAL_LEADS = "view_portal_leads"  # every lead and deal of the portal
    VIEW_MANAGED_LEADS = "view_managed_leads"  # those of the organizations one is partner manager of
    CREATE_LEADS = "create_leads"
    MANAGE_LEADS = "manage_leads"  # edit, assign, recall, close, re-open what one sees
    # a partner's or distributor's people
    VIEW_ORGANIZATION_LEADS = "view_organization_leads"  # all of the own organization; its resellers', to read
    RECEIVE_LEADS = "receive_leads"  # only the leads assigned to oneself
    MANAGE_OWN_USERS = "manage_own_users"  # people of the own organization


P = Permission
_MANAGEMENT = frozenset({P.VIEW_ORGANIZATIONS, P.VIEW_PORTAL_LEADS, P.CREATE_LEADS, P.MANAGE_LEADS})
_OUTSIDE = {
    "View All Leads": frozenset({P.VIEW_ORGANIZATION_LEADS}),
    "Receive Leads": frozenset({P.RECEIVE_LEADS}),
    "Manage Users": frozenset({P.MANAGE_OWN_USERS}),
}
GROUPS: dict[str, dict[str, frozenset[Permission]]] = {
    "vendor": {
        "System Administration": frozenset({P.MANAGE_PORTAL, P.VIEW_ORGANIZATIONS}),
        "Lead Administration": _MANAGEMENT | {P.CONFIGURE_LEADS},
        "Lead Management": _MANAGEMENT,
        "Lead Partner Manager": frozenset({P.VIEW_MANAGED_LEADS, P.MANAGE_LEADS}),
    },
    "distributor": _OUTSIDE,
    "partner": _OUTSIDE,
}
"""The groups a new portal starts with, per kind of organization."""

ALLOWED: dict[str, frozenset[Permission]] = {
    kind: frozenset().union(*groups.values()) for kind, groups in GROUPS.items()
}
"""What a group of a kind may hold at most, whatever its row in the database says."""

COVERS: dict[Permission, frozenset[Permission]] = {
    P.VIEW_PORTAL_LEADS: frozenset({P.VIEW_MANAGED_LEADS, P.VIEW_ORGANIZATION_LEADS, P.RECEIVE_LEADS}),
    P.MANAGE_PORTAL: frozenset({P.MANAGE_OWN_USERS}),
}
"""What somebody with a permission sees anyway, though it has another name on the other side."""

SEES_LEADS = frozenset({P.VIEW_PORTAL_LEADS, P.VIEW_MANAGED_LEADS, P.VIEW_ORGANIZATION_LEADS, P.RECEIVE_LEADS})
CAN_RECEIVE = frozenset({P.VIEW_ORGANIZATION_LEADS, P.RECEIVE_LEADS})


def require(by: "Membership | None", *any_of: Permission) -> None:
    """The same question inside an action, which must not trust its door. The system itself may all."""
    if by is not None and not by.can(*any_of):
        raise Refused(_("Your groups do not allow this."))


# --- Pages: who may enter, stamped on the view for the guard test ----------------------------------


class PageRequest(HttpRequest):
    """A request of a signed-in member inside a portal, as every decorated page receives it."""

    portal: "Portal"
    membership: "Membership"


@dataclass(frozen=True)
class Access:
    """What a page asks for: any one of `permissions`, or nothing but membership when there are none."""

    permissions: frozenset[Permission]
    is_public: bool = False
    why: str = ""


Args = ParamSpec("Args")
PageView = Callable[Concatenate[PageRequest, Args], HttpResponseBase]


def member_page(*any_of: Permission) -> Callable[[PageView[Args]], Callable[..., HttpResponseBase]]:
    """A page for signed-in members who hold any of the permissions (none given: for every member).

    Anonymous visitors are sent to sign in, others get 403; `Refused` becomes a message on the page above.
    """
    access = Access(frozenset(any_of))

    def decorate(view: PageView[Args]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def page(request: Any, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
            if request.portal is None:
                raise Http404
            if request.membership is None:
                return _to_sign_in(request)
            if access.permissions and not request.membership.can(*access.permissions):
                raise PermissionDenied
            try:
                return _no_longer_a_draft(request, view(request, *args, **kwargs))
            except Gone as gone:
                raise Http404 from gone
            except (Refused, IntegrityError) as no:
                return _refused(request, no)

        page.access = access  # type: ignore[attr-defined]
        return page

    return decorate


def public_page(why: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """A page that needs no sign-in. The list of these is closed: tests/guards/test_urls.py repeats it."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        view.access = Access(frozenset(), is_public=True, why=why)  # type: ignore[attr-defined]
        return view

    return decorate


def _refused(request: HttpRequest, no: Refused | IntegrityError) -> HttpResponse:
    if isinstance(no, IntegrityError):
        if not is_duplicate(no):
            raise no
        no = Duplicate()
    transaction.set_rollback(True)  # what the page did before the no is undone with it
    messages.error(request, str(no))
    return HttpResponseRedirect(_with_draft(request, _above(request)))


def _above(request: HttpRequest) -> str:
    """`/leads/L-1042/` for `/leads/L-1042/assign/`; the path itself where nothing stands above it."""
    above = request.path.rstrip("/").rpartition("/")[0] + "/"
    try:
        resolve(above)
    except Resolver404:
        return request.path
    return above if above != "/" else request.path


def _with_draft(request: HttpRequest, address: str) -> str:
    """A draft whose form is no longer to be had is shown on the page above it."""
    draft = request.GET.get("draft", "")
    return f"{address}?{urlencode({'draft': draft})}" if draft and address != request.path else address


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in first, then come back here: to the form with all that was typed, or to the page above a button."""
    if request.method == "GET":
        return to_sign_in(request, request.get_full_path())
    from prm.users.drafts import keep_draft

    draft = keep_draft(request.POST, action=request.path)
    if draft:
        messages.info(request, _("Please sign in again. What you typed is kept for you."))
    return to_sign_in(request, draft or _above(request))


def to_sign_in(request: HttpRequest, back: str) -> HttpResponse:
    """Sign-in, and `back` after it. htmx is told to load it as a page, not into one."""
    address = f"{reverse('account_login')}?{urlencode({'next': back})}"
    is_part = request.method == "POST" and request.headers.get("HX-Request")
    return HttpResponseClientRedirect(address) if is_part else HttpResponseRedirect(address)


def _no_longer_a_draft(request: PageRequest, answer: HttpResponseBase) -> HttpResponseBase:
    """What came back after a sign-in, and has been sent now and accepted, need not be kept."""
    from prm.users.drafts import DRAFT, find_draft

    if request.method == "POST" and answer.status_code == 302 and DRAFT in request.POST:
        draft = find_draft(request.POST, member=request.membership)
        if draft is not None and draft.action == request.path:
            draft.delete()
    return answer

"""Pages about portals and organizations."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_list_or_404, get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.actions import Refused, Stale
from prm.events.timeline import timeline_of
from prm.files.models import StoredFile
from prm.files.store import NotStored
from prm.files.views import answer_with
from prm.forms import Clash, clash
from prm.lists.pages import list_page
from prm.organizations import actions
from prm.organizations.bulk import ACTIVATE, DEACTIVATE, SET_MANAGERS, SET_TIER
from prm.organizations.forms import ManagersForm, OrganizationForm, PortalForm, TierForm
from prm.organizations.lists import ORGANIZATIONS
from prm.organizations.models import VENDOR_ONLY, Organization, Portal
from prm.organizations.portals import change_portal
from prm.runs.asking import many_page
from prm.serving.typed import form_of
from prm.users.access import PageRequest, Permission, member_page, public_page
from prm.users.actions import may_manage
from prm.users.models import Membership, PartnerManager


@public_page("the portal's logo, on sign-in pages too")
def logo(request: HttpRequest, sha256: str) -> HttpResponse:
    """The present logo, named by its content: no other file of the portal can be asked for here."""
    portal: Portal | None = request.portal  # type: ignore[attr-defined]
    if portal is None or not portal.logo or sha256 != portal.logo:
        raise Http404
    response = answer_with(get_list_or_404(StoredFile, purpose=StoredFile.Purpose.LOGO, sha256=sha256)[0])
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@member_page(Permission.MANAGE_PORTAL)
def portal_settings(request: PageRequest) -> HttpResponse:
    portal = Portal.objects.get(pk=request.portal.pk)  # the form writes into it what was typed
    form = PortalForm(request.POST or None, request.FILES or None, instance=portal)
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                change_portal(
                    values=form.cleaned_data,
                    logo=form.cleaned_data["logo"],
                    without_logo=form.cleaned_data["without_logo"],
                    by=request.membership,
                )
        except NotStored as no:
            form.add_error("logo", str(no))
            status = 507
        else:
            messages.success(request, _("Saved."))
            return redirect("organizations:portal")
    files = StoredFile.objects.visible_to(request.membership)
    context = {"form": form, "file": files.filter(sha256=request.portal.logo).first()}
    return render(request, "organizations/portal_settings.html", context, status=status)


@member_page(Permission.VIEW_ORGANIZATIONS, Permission.VIEW_MANAGED_LEADS)
def organization_list(request: PageRequest) -> HttpResponse:
    can_create = request.membership.can(Permission.MANAGE_PORTAL)
    template = "organizations/organization_list.html"
    return list_page(request, ORGANIZATIONS, template, also=lambda rows: {"can_create": can_create})


@member_page(Permission.MANAGE_PORTAL)
def organization_new(request: PageRequest) -> HttpResponse:
    form = form_of(request, OrganizationForm)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                organization = _saved(form, None, request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is in the portal.") % {"name": organization})
            return redirect("organizations:detail", organization.pk)
    return _form_page(request, form, None, 422 if form.is_bound else 200)


@member_page(Permission.MANAGE_PORTAL)
def organization_edit(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    organization = get_object_or_404(Organization.objects.visible_to(request.membership), pk=pk)
    form = form_of(request, lambda sent: OrganizationForm(sent, instance=organization))
    conflict = None
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                _saved(form, organization, request)
        except Stale:
            now = Organization.objects.get(pk=pk)
            conflict = clash(form, OrganizationForm(instance=now), subject=now, member=request.membership)
            status = 409
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("organizations:detail", pk)
    return _form_page(request, form, get_object_or_404(Organization, pk=pk), status, conflict)


@member_page()
def organization_detail(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    managers = PartnerManager.objects.select_related("membership").order_by("membership__name")
    organization = get_object_or_404(
        Organization.objects.visible_to(request.membership)
        .select_related("tier", "distributor")
        .prefetch_related(Prefetch("partner_managers", queryset=managers)),
        pk=pk,
    )
    people = Membership.objects.visible_to(request.membership).filter(organization=organization)
    return render(
        request,
        "organizations/organization_detail.html",
        {
            "organization": organization,
            "people": people.select_related("user").prefetch_related("groups").order_by("name", "pk"),
            "looks_on": organization.distributor_id == request.membership.organization_id,
            "resellers": Organization.objects.visible_to(request.membership).filter(distributor=organization),
            "timeline": timeline_of(
                organization,
                request.membership,
                without_fields=() if request.membership.is_vendor else VENDOR_ONLY,
            ),
            "can_edit": request.membership.can(Permission.MANAGE_PORTAL),
            "can_invite": may_manage(request.membership, organization),
        },
    )


# --- Verbs over many ------------------------------------------------------------------------------------


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def activate_many(request: PageRequest) -> HttpResponse:
    return many_page(request, ACTIVATE)


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def deactivate_many(request: PageRequest) -> HttpResponse:
    return many_page(request, DEACTIVATE)


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def tier_many(request: PageRequest) -> HttpResponse:
    return many_page(request, SET_TIER, TierForm)


@member_page(Permission.MANAGE_PORTAL)
@require_POST
def managers_many(request: PageRequest) -> HttpResponse:
    return many_page(request, SET_MANAGERS, ManagersForm)


# --- What the pages share -------------------------------------------------------------------------------


def _form_page(
    request: PageRequest,
    form: OrganizationForm,
    organization: Organization | None,
    status: int,
    conflict: Clash | None = None,
) -> HttpResponse:
    context = {"form": form, "organization": organization, "conflict": conflict}
    return render(request, "organizations/organization_form.html", context, status=status)


def _saved(form: OrganizationForm, organization: Organization | None, request: PageRequest) -> Organization:
    values = form.values
    managers = values.pop("partner_managers", None)
    version = form.cleaned_data["version"]
    if organization is None:
        organization = actions.create_organization(values=values, by=request.membership)
    else:
        organization = actions.update_organization(
            organization, values=values, by=request.membership, version=version
        )
    if managers is not None:
        actions.set_partner_managers(organization, managers=managers, by=request.membership)
    return organization

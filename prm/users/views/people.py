"""Pages about people: the list, one person, the invitation, one's own profile."""

import uuid

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.actions import Refused, Stale
from prm.events.timeline import timeline_of
from prm.forms import clash
from prm.lists.pages import list_page
from prm.organizations.models import Organization
from prm.serving.typed import form_of
from prm.users import account, actions, invitations
from prm.users.access import PageRequest, Permission, member_page, public_page
from prm.users.forms import AcceptForm, InviteForm, MemberForm
from prm.users.guesses import says_when
from prm.users.lists import PEOPLE
from prm.users.models import Membership
from prm.users.sessions import digest_of
from prm.users.viewing import why_cannot_view

MANAGERS = (Permission.MANAGE_PORTAL, Permission.MANAGE_OWN_USERS)


def manageable(request: PageRequest, pk: uuid.UUID) -> Membership:
    people = Membership.objects.visible_to(request.membership).select_related("user", "organization")
    member = get_object_or_404(people, pk=pk)
    if not actions.may_manage(request.membership, member.organization):
        raise Http404
    return member


@member_page()
def member_list(request: PageRequest) -> HttpResponse:
    invite_to = request.membership.organization if request.membership.can(*MANAGERS) else None
    return list_page(request, PEOPLE, "users/member_list.html", also=lambda rows: {"invite_to": invite_to})


@member_page(*MANAGERS)
def member_invite(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    organization = get_object_or_404(Organization.objects.visible_to(request.membership), pk=pk)
    if not actions.may_manage(request.membership, organization):
        raise Http404
    form = form_of(request, lambda sent: InviteForm(sent, organization=organization, by=request.membership))
    if request.method == "POST" and form.is_valid():
        try:
            member = actions.invite_member(organization, **form.cleaned_data, by=request.membership)
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": member.email})
            return redirect("organizations:detail", organization.pk)
    context = {"form": form, "organization": organization}
    return render(request, "users/member_invite.html", context, status=422 if form.is_bound else 200)


@member_page(*MANAGERS)
def member_edit(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    member = manageable(request, pk)
    form = form_of(request, lambda sent: MemberForm(sent, instance=member, by=request.membership))
    conflict = None
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        values, version = form.values, form.cleaned_data["version"]
        groups = values.pop("groups")
        try:
            actions.change_member(member, values=values, groups=groups, by=request.membership, version=version)
        except Stale:
            now = manageable(request, pk)
            fresh = MemberForm(instance=now, by=request.membership)
            conflict, status = clash(form, fresh, subject=now, member=request.membership), 409
        else:
            messages.success(request, _("Saved."))
            return redirect("users:edit", pk)
    context = {
        "form": form,
        "conflict": conflict,
        "member": manageable(request, pk),  # as it is in the database, not as it was typed
        "session_count": account.sessions_of(member.user).count(),
        "timeline": timeline_of(member, request.membership),
        "can_view_as": not why_cannot_view(member, by=request.membership),
    }
    return render(request, "users/member_form.html", context, status=status)


@member_page(*MANAGERS)
@require_POST
def member_disable(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    member = actions.disable_member(manageable(request, pk), by=request.membership)
    messages.success(request, _("%(name)s can no longer sign in.") % {"name": member})
    return redirect("users:edit", pk)


@member_page(*MANAGERS)
@require_POST
def member_enable(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    member = actions.enable_member(manageable(request, pk), by=request.membership)
    messages.success(request, _("%(name)s may sign in again.") % {"name": member})
    return redirect("users:edit", pk)


@member_page(*MANAGERS)
@require_POST
def member_sign_out(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    member = manageable(request, pk)
    own = digest_of(request.session.session_key) if member.pk == request.membership.pk else ""
    actions.sign_out(member, by=request.membership, but=own)
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": member})
    return redirect("users:edit", pk)


@member_page(*MANAGERS)
@require_POST
def member_resend(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    member = actions.resend_invitation(manageable(request, pk), by=request.membership)
    messages.success(request, _("A new invitation to %(email)s is on its way.") % {"email": member.email})
    return redirect("users:edit", pk)


@public_page("an invited person has no account yet; the signed token is the key")
@says_when
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    if request.portal is None:  # type: ignore[attr-defined]
        raise Http404
    member = invitations.member_for(token)
    if member is None:
        return render(request, "users/invitation.html", {"expired": True}, status=410)
    form = AcceptForm(request.POST or None, member=member)
    if request.method == "POST" and form.is_valid():
        user = _accepted(request, form)
        if user is not None:
            way_in: HttpResponse = perform_password_login(
                request, {"email": member.email}, Login(user=user, redirect_url="/")
            )
            return way_in
    context = {"form": form, "invitation_member": member, "is_known": form.is_known, "expired": False}
    return render(request, "users/invitation.html", context, status=422 if form.is_bound else 200)


def _accepted(request: HttpRequest, form: AcceptForm) -> AbstractBaseUser | None:
    """The account, now a member; a known one's password passes the same limits as at sign-in."""
    member, password = form.member, form.cleaned_data["password"]
    credentials = {"email": member.user.email, "password": password, "invited": member}
    try:
        if form.is_known and get_adapter().authenticate(request, **credentials) is None:
            form.add_error("password", _("This is not the password of this account."))
            return None
        name, language = form.cleaned_data["name"], get_language()
        actions.accept_invitation(member, name=name, password=password, language=language)
    except (Refused, ValidationError) as no:  # accepted a moment ago; too many tries
        form.add_error(None, str(no) if isinstance(no, Refused) else no)
        return None
    found: AbstractBaseUser | None = get_adapter().authenticate(request, **credentials)
    return found

"""Pages about one's own account: profile, address, second factor, sessions, API keys."""

import uuid

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp import views as totp
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.actions import Refused, Stale
from prm.forms import clash
from prm.serving.typed import form_of
from prm.users import account, actions, addresses, second_factor
from prm.users.access import PageRequest, member_page, public_page
from prm.users.account_forms import EmailForm
from prm.users.forms import ProfileForm
from prm.users.guesses import Slowed, says_when, strangers
from prm.users.models import ApiKey, Membership
from prm.users.sessions import digest_of

VIEWINGS_SHOWN = 20


@member_page()
def profile(request: PageRequest) -> HttpResponse:
    member = request.membership
    form = form_of(request, lambda sent: ProfileForm(sent, instance=Membership.objects.get(pk=member.pk)))
    conflict = None
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_member(member, values=form.values, by=member, version=form.cleaned_data["version"])
        except Stale:
            now = Membership.objects.get(pk=member.pk)
            conflict, status = clash(form, ProfileForm(instance=now), subject=now, member=member), 409
        else:
            messages.success(request, _("Saved."))
            return redirect("users:profile")
    context = {
        "form": form,
        "conflict": conflict,
        "has_second_factor": second_factor.has_second_factor(member.user),
        "session_count": account.sessions_of(member.user).count(),
        "viewings": member.viewings.select_related("viewer")[:VIEWINGS_SHOWN],
    }
    return render(request, "users/profile.html", context, status=status)


# --- The address ------------------------------------------------------------------------------------


@member_page()
@says_when
@reauthentication_required
def email(request: PageRequest) -> HttpResponse:
    form = EmailForm(request.POST or None, user=request.membership.user)
    if request.method == "POST" and form.is_valid():
        asked = strangers(request, "email", str(request.membership.user_id))
        try:
            asked.check(request)
        except Slowed as slowed:
            form.add_error(None, slowed)
        else:
            asked.add()
            account.ask_email_change(request.membership, email=form.cleaned_data["email"])
            words = _("We sent a link to %(email)s. The new address counts once you follow it.")
            messages.success(request, words % form.cleaned_data)
            return redirect("users:profile")
    return render(request, "users/email.html", {"form": form}, status=422 if form.is_bound else 200)


@public_page("whoever reads the new mailbox may not be signed in there; the signed token is the key")
def email_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Shows what is about to change; only the button changes it, since mail scanners follow links."""
    if request.portal is None:  # type: ignore[attr-defined]
        raise Http404
    found = addresses.change_for(token)
    if found is None:
        return render(request, "users/email_confirm.html", {"expired": True}, status=410)
    member, new = found
    context = {"member_email": member.email, "new_email": new, "expired": False}
    if request.method != "POST":
        return render(request, "users/email_confirm.html", context)
    try:
        user = account.change_email(member, email=new)
    except Refused as refusal:
        return render(request, "users/email_confirm.html", {**context, "refusal": str(refusal)}, status=409)
    if request.user == user:
        update_session_auth_hash(request, user)  # this one session goes on
    return render(request, "users/email_confirm.html", {**context, "is_done": True})


# --- The second factor --------------------------------------------------------------------------------


@member_page()
def second_factor_page(request: PageRequest) -> HttpResponse:
    user = request.membership.user
    context = {
        "has_second_factor": second_factor.has_second_factor(user),
        "is_required": second_factor.must_have_second_factor(request.membership),
        "codes_left": second_factor.recovery_codes_left(user),
    }
    return render(request, "mfa/index.html", context)


@member_page()
@says_when
def second_factor_on(request: PageRequest) -> HttpResponseBase:
    user, had = request.membership.user, second_factor.has_second_factor(request.membership.user)
    response: HttpResponseBase = totp.activate_totp(request)
    if not had and second_factor.has_second_factor(user):
        second_factor.use_up_first_code(user, request.POST["code"])
        account.end_sessions(user, but=digest_of(request.session.session_key))
        account.note_second_factor(user, is_on=True)
    return response


@member_page()
@says_when
def second_factor_off(request: PageRequest) -> HttpResponseBase:
    user, had = request.membership.user, second_factor.has_second_factor(request.membership.user)
    response: HttpResponseBase = totp.deactivate_totp(request)
    if had and not second_factor.has_second_factor(user):
        account.note_second_factor(user, is_on=False)
    return response


@member_page()
@reauthentication_required
def recovery_codes(request: PageRequest) -> HttpResponse:
    """Codes are shown once: as the answer to the press of the button that makes them."""
    user = request.membership.user
    if not second_factor.has_second_factor(user):
        return redirect("mfa_index")
    context = {"codes": [], "codes_left": second_factor.recovery_codes_left(user)}
    if request.method == "POST":
        made: Authenticator = generate_recovery_codes(request)
        account.note_recovery_codes(user)
        context = {"codes": made.wrap().get_unused_codes()}
    return render(request, "mfa/recovery_codes.html", context)


# --- Sessions -----------------------------------------------------------------------------------------


@member_page()
def sessions(request: PageRequest) -> HttpResponse:
    rows = list(account.sessions_of(request.membership.user))
    here = digest_of(request.session.session_key)
    rows.sort(key=lambda row: row.digest != here)  # this one first
    return render(request, "users/sessions.html", {"sessions": rows, "here": here})


@member_page()
@require_POST
def session_end(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    session = get_object_or_404(account.sessions_of(request.membership.user), pk=pk)
    actions.sign_out(request.membership, by=request.membership, only=session)
    messages.success(request, _("That session has ended."))
    return redirect("users:sessions")


@member_page()
@require_POST
def sessions_end_others(request: PageRequest) -> HttpResponse:
    here = digest_of(request.session.session_key)
    ended = actions.sign_out(request.membership, by=request.membership, but=here)
    messages.success(request, _("Every other session has ended.") if ended else _("There was no other session."))
    return redirect("users:sessions")


# --- API keys -----------------------------------------------------------------------------------------


@member_page()
def keys(request: PageRequest) -> HttpResponse:
    """The own ones that still open something. Making one is the operator's (docs/security.md)."""
    rows = ApiKey.objects.good().filter(membership=request.membership).order_by("-created_at", "-pk")
    return render(request, "users/keys.html", {"keys": rows})


@member_page()
@require_POST
def key_revoke(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk, membership=request.membership)
    actions.revoke_api_key(key, by=request.membership)
    messages.success(request, _("The key %(name)s is revoked.") % {"name": key.name})
    return redirect("users:keys")

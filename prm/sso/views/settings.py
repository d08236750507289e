"""Settings > Single sign-on: the providers, their tests, and closing every other way in."""

import uuid
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.actions import Refused
from prm.events.timeline import timeline_of
from prm.organizations.context import active_portal
from prm.sso import actions, round_trip
from prm.sso.forms import OpenIdForm, SamlForm, read_certificate
from prm.sso.models import MOST_PROVIDERS, Identity, IdentityProvider
from prm.sso.saml import certificates_in
from prm.sso.sessions import identity_of
from prm.users.access import PageRequest, Permission, member_page
from prm.users.middleware import SESSION_IDENTITY
from prm.users.models import Membership, policy
from prm.users.sessions import digest_of

Form = OpenIdForm | SamlForm
FORMS: dict[str, type[Form]] = {"oidc": OpenIdForm, "saml": SamlForm}
admins_page = member_page(Permission.MANAGE_PORTAL)


@admins_page
def overview(request: PageRequest) -> HttpResponse:
    """The list, and the switch that closes all other ways; the button's `action` says which way it goes."""
    if request.method == "POST":
        if request.POST.get("action") == "require":
            _require(request)
            messages.success(request, _("All other ways in are closed, and all other sessions have ended."))
        else:
            actions.allow_other_ways(by=request.membership)
            messages.success(request, _("Passwords and invitations work again."))
        return redirect("sso:settings")
    providers = list(IdentityProvider.objects.all())
    proof = identity_of(request)
    context = {
        "providers": providers,
        "can_add": len(providers) < MOST_PROVIDERS,
        "is_sso_only": policy().is_sso_only,
        "has_active": any(provider.is_active for provider in providers),
        "is_proven": proof is not None and actions.is_proof(proof, of=request.membership),
        **_people(),
    }
    return render(request, "sso/settings.html", context)


def _require(request: PageRequest) -> None:
    """The administrator's own session goes on as one that began at the provider."""
    proof = identity_of(request)
    actions.require_single_sign_on(
        proof=proof, this_session=digest_of(request.session.session_key), by=request.membership
    )
    assert proof is not None
    request.session[SESSION_IDENTITY] = str(proof.pk)


def _people() -> dict[str, int]:
    """How many could not come in any more, if all other ways were closed now."""
    active = Membership.objects.signed_up()
    linked = Identity.objects.filter(provider__is_active=True).values("membership")
    return {"people": active.count(), "linked": active.filter(pk__in=linked).count()}


@admins_page
def new(request: PageRequest, protocol: str) -> HttpResponse:
    form = FORMS[protocol](request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = actions.add_provider(
                protocol=protocol, values=form.values, secret=form.secret, by=request.membership
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is added. Test it next.") % {"name": added})
            return redirect("sso:provider", added.pk)
    unsaved = IdentityProvider(protocol=protocol, slug=actions.next_slug(protocol))
    return _provider_page(request, unsaved, form, is_new=True)


@admins_page
def provider(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(IdentityProvider, pk=pk)
    form = FORMS[found.protocol](request.POST or None, instance=get_object_or_404(IdentityProvider, pk=pk))
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.change_provider(found, values=form.values, secret=form.secret, by=request.membership)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            saved = _("Saved.") if changed.tested_at else _("Saved. Test it again before it is used.")
            messages.success(request, saved)
            return redirect("sso:provider", pk)
    return _provider_page(request, found, form)


def _provider_page(
    request: PageRequest, provider: IdentityProvider, form: Form, *, is_new: bool = False
) -> HttpResponse:
    context = {
        "provider": provider,
        "form": form,
        "is_new": is_new,
        "addresses": _addresses(provider),
        "certificates": [] if is_new else _certificates(provider),
        "linked": 0 if is_new else provider.identities.count(),
        "timeline": [] if is_new else timeline_of(provider, request.membership),
    }
    return render(request, "sso/provider.html", context, status=422 if form.is_bound else 200)


def _addresses(provider: IdentityProvider) -> list[tuple[str, str]]:
    """What is registered over there."""
    if provider.is_saml:
        return [
            (_("Entity ID (metadata)"), provider.url("metadata")),
            (_("Reply address (ACS)"), provider.url("acs")),
        ]
    return [(_("Redirect URI"), provider.url("callback")), (_("Portal"), active_portal().url())]


def _certificates(provider: IdentityProvider) -> list[datetime]:
    """When each one runs out."""
    return [read_certificate(body).not_valid_after_utc for body in certificates_in(provider.certificates)]


@admins_page
@require_GET
def test(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Says what is about to be tried. A link leads on, not a form: the content policy keeps forms at home."""
    found = get_object_or_404(IdentityProvider, pk=pk)
    response = render(request, "sso/test.html", {"provider": found, "address": request.membership.email})
    round_trip.give_ticket(request, response, provider=str(found.pk), tester=str(request.membership.pk))
    return response


@admins_page
@require_POST
def use(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    used = actions.use_provider(get_object_or_404(IdentityProvider, pk=pk), by=request.membership)
    messages.success(request, _("%(name)s is on the sign-in page.") % {"name": used})
    return redirect("sso:provider", pk)


@admins_page
@require_POST
def stop(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    stopped = actions.stop_using(get_object_or_404(IdentityProvider, pk=pk), by=request.membership)
    messages.success(request, _("Nobody signs in with %(name)s any more.") % {"name": stopped})
    return redirect("sso:provider", pk)


@admins_page
@require_POST
def remove(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(IdentityProvider, pk=pk)
    actions.remove_provider(found, by=request.membership)
    messages.success(request, _("%(name)s is removed.") % {"name": found})
    return redirect("sso:settings")

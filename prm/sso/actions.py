"""Verbs of Settings > Single sign-on: add, change, test, use, and let nobody in by any other way."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.actions import Refused, apply_values
from prm.events.models import Event
from prm.events.record import Actor, record
from prm.sso.models import MOST_PROVIDERS, Identity, IdentityProvider
from prm.users.access import Permission, require
from prm.users.models import Membership, SecurityPolicy, Session, policy
from prm.users.security import change_policy

WHO = frozenset({"issuer", "client_id"})
"""What says who the provider is, and so what its word for a person means."""
LIGHT = frozenset({"name", "domains", "certificates"})
"""What may change without another test: a new certificate stands beside the old one for a while."""


def next_slug(protocol: str) -> str:
    """The end of the addresses that are registered at the next provider: known before there is one."""
    taken = set(IdentityProvider.objects.values_list("slug", flat=True))
    return next(slug for n in range(1, MOST_PROVIDERS + 2) if (slug := f"{protocol}-{n}") not in taken)


@transaction.atomic
def add_provider(*, protocol: str, values: Mapping[str, Any], secret: str = "", by: Actor) -> IdentityProvider:
    """A provider that is not in use yet: first it has to pass a test."""
    require(by, Permission.MANAGE_PORTAL)
    if IdentityProvider.objects.count() >= MOST_PROVIDERS:
        raise Refused(_("A portal has %(most)s providers at most.") % {"most": MOST_PROVIDERS})
    provider = IdentityProvider(protocol=protocol, slug=next_slug(protocol), **values)
    provider.secret = secret
    try:
        with transaction.atomic():
            provider.save()
    except IntegrityError as error:
        raise Refused(_("Somebody has added a provider this moment. Please try again.")) from error
    changes = {"name": ("", provider.name), "issuer": ("", provider.issuer)}
    record(Event.Kind.SETTINGS_CHANGED, provider, by=by, changes=changes)
    return provider


@transaction.atomic
def change_provider(
    provider: IdentityProvider, *, values: Mapping[str, Any], secret: str = "", by: Actor
) -> IdentityProvider:
    """Change the settings; an empty `secret` keeps the old one. Most changes ask for another test."""
    require(by, Permission.MANAGE_PORTAL)
    provider = IdentityProvider.objects.locked(provider.pk)
    changes = apply_values(provider, values)
    if changes.keys() & WHO and provider.identities.exists():
        raise Refused(_("People sign in through this provider already: add another one instead."))
    if secret:
        provider.secret = secret
        changes["client_secret"] = ("", "")
    if not changes:
        return provider
    if not changes.keys() <= LIGHT | {"client_secret"}:
        _keep_a_way_in(provider)
        provider.is_active, provider.tested_at, provider.endpoints_at = False, None, None
    provider.save()
    record(Event.Kind.SETTINGS_CHANGED, provider, by=by, changes=changes)
    return provider


@transaction.atomic
def pass_test(provider: IdentityProvider, *, by: Membership) -> IdentityProvider:
    """The administrator went there and came back with an answer in which everything was right."""
    require(by, Permission.MANAGE_PORTAL)
    provider = IdentityProvider.objects.locked(provider.pk)
    before, provider.tested_at = provider.tested_at, timezone.now()
    provider.save(update_fields=["tested_at"])
    changes = {"tested_at": (before or "", provider.tested_at)}
    record(Event.Kind.SETTINGS_CHANGED, provider, by=by, changes=changes)
    return provider


@transaction.atomic
def use_provider(provider: IdentityProvider, *, by: Actor) -> IdentityProvider:
    """Show the button and let people in."""
    require(by, Permission.MANAGE_PORTAL)
    provider = IdentityProvider.objects.locked(provider.pk)
    if provider.tested_at is None:
        raise Refused(_("Test %(name)s first: a way in that does not work helps nobody.") % {"name": provider})
    return _switch(provider, is_active=True, by=by)


@transaction.atomic
def stop_using(provider: IdentityProvider, *, by: Actor) -> IdentityProvider:
    """Take the button away; whoever came in by it is out with the next click."""
    require(by, Permission.MANAGE_PORTAL)
    provider = IdentityProvider.objects.locked(provider.pk)
    _keep_a_way_in(provider)
    return _switch(provider, is_active=False, by=by)


@transaction.atomic
def remove_provider(provider: IdentityProvider, *, by: Actor) -> None:
    """Forget a provider that is not in use, and whom it has known."""
    require(by, Permission.MANAGE_PORTAL)
    provider = IdentityProvider.objects.locked(provider.pk)
    if provider.is_active:
        raise Refused(_("Stop using %(name)s first.") % {"name": provider})
    record(Event.Kind.SETTINGS_CHANGED, provider, by=by, changes={"name": (provider.name, "")})
    provider.delete()


@transaction.atomic
def require_single_sign_on(*, proof: Identity | None, this_session: str, by: Membership) -> SecurityPolicy:
    """Close every other way in and end the sessions that began by one.

    `proof` is the identity by which the administrator came in or passed a test in this very session,
    which alone goes on: whoever closes the other doors stands inside of this one.
    """
    require(by, Permission.MANAGE_PORTAL)
    if proof is None or not is_proof(proof, of=by):
        raise Refused(_("First sign in through a provider in use, or test it as yourself."))
    changed = change_policy(values={"is_sso_only": True}, by=by)
    Session.objects.exclude(digest=this_session).delete()
    return changed


@transaction.atomic
def allow_other_ways(*, by: Actor) -> SecurityPolicy:
    """Open passwords, resets and invitations again. `by` is None when an operator breaks the glass."""
    return change_policy(values={"is_sso_only": False}, by=by)


def is_proof(identity: Identity, *, of: Membership) -> bool:
    """Whether it shows that this member gets in by single sign-on."""
    return bool(identity.membership_id == of.pk and identity.provider.is_active)


def _switch(provider: IdentityProvider, *, is_active: bool, by: Actor) -> IdentityProvider:
    if changes := apply_values(provider, {"is_active": is_active}):
        provider.save(update_fields=["is_active"])
        record(Event.Kind.SETTINGS_CHANGED, provider, by=by, changes=changes)
    return provider


def _keep_a_way_in(provider: IdentityProvider) -> None:
    """Refuse what would leave a portal with single sign-on only without one."""
    if not provider.is_active or not policy().is_sso_only:
        return
    list(IdentityProvider.objects.select_for_update())  # two administrators cannot close the last two at once
    if not IdentityProvider.objects.filter(is_active=True).exclude(pk=provider.pk).exists():
        raise Refused(_("It is the only way into this portal. Allow other ways first."))

"""Verbs about people: invite, accept, change, disable, API keys."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.actions import Duplicate, LastAdmin, Refused, Stale, apply_values, unique
from prm.events.models import Event
from prm.events.record import Actor, record
from prm.organizations.context import active_portal
from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.account import end_sessions
from prm.users.models import ApiKey, Group, Membership, MembershipGroup, Session, User

EDITABLE = frozenset({"name", "phone", "language", "time_zone", "has_keys"})


def may_manage(member: Membership, organization: Organization) -> bool:
    """Whether `member` may invite, change and disable the people of `organization`."""
    if member.can(Permission.MANAGE_PORTAL):
        return True
    return member.can(Permission.MANAGE_OWN_USERS) and organization.pk == member.organization_id


@transaction.atomic
def invite_member(
    organization: Organization,
    *,
    email: str,
    name: str,
    groups: Iterable[Group],
    by: Actor,
) -> Membership:
    """Make a membership that waits for its person, and mail the link, in the language of whoever invites.

    Refused where the address has one here.
    """
    if by is not None and not may_manage(by, organization):
        raise Refused(_("You may not invite people to %(organization)s.") % {"organization": organization})
    if organization.status == Organization.Status.INACTIVE:
        raise Refused(_("%(organization)s is inactive: activate it first.") % {"organization": organization})
    user = User.objects.account_of(email)
    member = Membership(user=user, organization=organization, name=name, invited_at=timezone.now())
    if by is not None:
        member.language = by.language
    try:
        with unique(_("%(email)s is in this portal already.") % {"email": user.email}):
            member.save()
    except Duplicate as duplicate:
        if by is None or by.can(Permission.MANAGE_PORTAL):
            raise
        # Whose colleague it is, is not for a partner to know.
        words = {"email": user.email}
        raise Refused(_("%(email)s cannot be invited. Please ask the vendor.") % words) from duplicate
    _set_groups(member, groups, by)
    record(Event.Kind.MEMBER_INVITED, member, by=by, organization=_concerned(member), tell=[member])
    return member


@transaction.atomic
def resend_invitation(member: Membership, *, by: Actor) -> Membership:
    """Mail a new link; the old one is dead from now on."""
    member = _managed(member, by)
    if member.status == Membership.Status.DISABLED:
        raise Refused(_("%(name)s is disabled.") % {"name": member.name})
    if member.status != Membership.Status.INVITED:
        raise Refused(_("%(name)s has accepted already.") % {"name": member.name})
    member.invited_at = timezone.now()
    member.save(update_fields=["invited_at"])
    record(Event.Kind.MEMBER_INVITED, member, by=by, organization=_concerned(member), tell=[member])
    return member


@transaction.atomic
def accept_invitation(
    member: Membership, *, name: str, password: str | None, language: str | None = None
) -> Membership:
    """The invited person is in. `password` is set for a new account only; a known one keeps its own.

    `language` is the one in which the person has just read the page.
    """
    member = Membership.objects.locked(member.pk)
    if member.status != Membership.Status.INVITED:
        raise Refused(_("This invitation was accepted already."))
    if password is not None and not member.user.has_usable_password():
        member.user.set_password(password)
        member.user.save(update_fields=["password"])
    member.name, member.status, member.invited_at = name, Membership.Status.ACTIVE, None
    member.language = language or member.language
    member.save(update_fields=["name", "status", "invited_at", "language"])
    record(Event.Kind.MEMBER_JOINED, member, by=member, organization=_concerned(member))
    return member


@transaction.atomic
def change_member(
    member: Membership,
    *,
    values: Mapping[str, Any],
    by: Actor,
    groups: Iterable[Group] | None = None,
    version: int | None = None,
) -> Membership:
    """Change name, phone, language, time zone or keys, and the groups when given.

    Raises Stale when `version` is given and somebody else changed the person since.
    """
    member = Membership.objects.locked(member.pk)
    if by is not None and not may_manage(by, member.organization) and (by.pk != member.pk or groups is not None):
        raise Refused(_("You may not change %(name)s.") % {"name": member.name})
    if version is not None and version != member.version:
        raise Stale(_("Somebody else changed %(name)s meanwhile.") % {"name": member.name})
    changes = apply_values(member, {k: v for k, v in values.items() if k in EDITABLE})
    if groups is not None:
        before = sorted(g.name for g in member.groups.all())
        after = _set_groups(member, groups, by)
        if before != after:
            changes["groups"] = (", ".join(before), ", ".join(after))
            _keep_an_admin(member)
    if changes:
        member.version += 1
        member.save()
        record(Event.Kind.MEMBER_CHANGED, member, by=by, organization=_concerned(member), changes=changes)
    return member


@transaction.atomic
def disable_member(member: Membership, *, by: Actor) -> Membership:
    """Shut a person out of this portal; leads stay where they are for the vendor to reassign."""
    member = _managed(member, by)
    if by is not None and by.pk == member.pk:
        raise Refused(_("You cannot disable yourself."))
    if member.status == Membership.Status.DISABLED:
        raise Refused(_("%(name)s is disabled already.") % {"name": member.name})
    member.status = Membership.Status.DISABLED
    member.save(update_fields=["status"])
    _keep_an_admin(member)
    end_sessions(member.user)
    record(Event.Kind.MEMBER_DISABLED, member, by=by, organization=_concerned(member))
    return member


@transaction.atomic
def enable_member(member: Membership, *, by: Actor) -> Membership:
    """Let a disabled person in again; one who never accepted the invitation is invited again."""
    member = _managed(member, by)
    if member.status != Membership.Status.DISABLED:
        raise Refused(_("%(name)s is not disabled.") % {"name": member.name})
    member.status = Membership.Status.INVITED if member.invited_at else Membership.Status.ACTIVE
    member.save(update_fields=["status"])
    record(Event.Kind.MEMBER_ENABLED, member, by=by, organization=_concerned(member))
    return member


@transaction.atomic
def sign_out(member: Membership, *, by: Actor, but: str = "", only: Session | None = None) -> int:
    """End a person's sessions in this portal, or `only` one of them; `but` is the digest of one to keep.

    Returns how many ended. For the person and for whoever manages the person.
    """
    if by is None or by.pk != member.pk:
        member = _managed(member, by)
    ended = end_sessions(member.user, but=but, only=only)
    if ended:
        record(Event.Kind.SESSIONS_ENDED, member, by=by, organization=_concerned(member), facts={"count": ended})
    return ended


@transaction.atomic
def ask_password_reset(member: Membership) -> None:
    """Mail a reset link, through the outbox."""
    record(Event.Kind.PASSWORD_RESET_ASKED, member, by=None, tell=[member])


@transaction.atomic
def create_api_key(
    member: Membership, *, name: str, scope: ApiKey.Scope, by: Actor, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A key that acts as `member`, and its secret, which is nowhere kept. Without an end it lasts until revoked."""
    secret = ApiKey.new_secret(active_portal().code)
    digest = ApiKey.digest_of(secret)
    key = ApiKey.objects.create(membership=member, name=name, scope=scope, digest=digest, expires_at=expires_at)
    record(Event.Kind.API_KEY_CREATED, key, by=by, organization=_concerned(member), facts={"scope": scope})
    return key, secret


@transaction.atomic
def revoke_api_key(key: ApiKey, *, by: Actor) -> ApiKey:
    """Dead from the next request on."""
    key = ApiKey.objects.locked(key.pk)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        record(Event.Kind.API_KEY_REVOKED, key, by=by, organization=_concerned(key.membership))
    return key


@transaction.atomic
def revoke_exposed_key(secret: str) -> None:
    """A key came in an address, which logs and histories keep: it is burnt, and its owner is told."""
    found = ApiKey.objects.good().filter(digest=ApiKey.digest_of(secret)).first()
    if found is None:
        return
    key = revoke_api_key(found, by=None)
    member = key.membership
    facts = {"name": key.name}
    record(Event.Kind.API_KEY_EXPOSED, key, by=None, organization=_concerned(member), facts=facts, tell=[member])


def _managed(member: Membership, by: Actor) -> Membership:
    """The person, locked; Refused unless `by` manages the people there."""
    member = Membership.objects.locked(member.pk)
    if by is not None and not may_manage(by, member.organization):
        raise Refused(_("You may not change %(name)s.") % {"name": member.name})
    return member


def _keep_an_admin(member: Membership) -> None:
    """Refuse what has just left the portal without an active system administrator."""
    if not member.is_vendor:
        return
    Organization.objects.locked(member.organization_id)  # two admins cannot remove each other at once
    if not Membership.objects.signed_up().holding(Permission.MANAGE_PORTAL).exists():
        raise LastAdmin(_("A portal needs an active system administrator."))


def _set_groups(member: Membership, groups: Iterable[Group], by: Actor) -> list[str]:
    wanted = {group.pk: group for group in groups}
    kind = member.organization.kind
    grantable = Group.objects.filter(kind=kind) if by is None else Group.objects.grantable_by(by, kind)
    held = set(member.groups.values_list("pk", flat=True))
    touched = set(wanted) ^ held
    if touched - set(grantable.values_list("pk", flat=True)):
        raise Refused(_("You may not give or take one of these groups."))
    MembershipGroup.objects.filter(membership=member).exclude(group__in=wanted).delete()
    MembershipGroup.objects.bulk_create(
        MembershipGroup(membership=member, group=group) for pk, group in wanted.items() if pk not in held
    )
    member.__dict__.pop("permissions", None)
    return sorted(group.name for group in wanted.values())


def _concerned(member: Membership) -> Organization | None:
    return None if member.organization.is_vendor else member.organization

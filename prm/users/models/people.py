"""People: one account for all portals, one membership in each."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Self
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from prm.actions import Refused
from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.organizations.ids import uuid7
from prm.organizations.models import Organization
from prm.text import Line
from prm.users.access import ALLOWED, CAN_RECEIVE, Permission

SESSIONS = "prm.users.sessions"


def languages() -> list[tuple[str, str]]:
    """Those a person can choose from. As a function, since a language more is no change of the table."""
    return list(settings.LANGUAGES)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """An account; without a password it cannot sign in until an invitation or reset sets one."""
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def account_of(self, email: str) -> "User":
        """The account of an address, made without a password where there is none yet.

        Refused for an operator's: who runs the installation is a member of no portal.
        """
        found, _is_new = self.get_or_create(email=email.lower(), defaults={"password": make_password(None)})
        if found.is_staff:
            raise Refused(_("This address cannot be used."))
        return found

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_staff=True, **extra)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """An account: e-mail and credentials, nothing else. Name, phone, language stand in each Membership."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    is_staff = models.BooleanField(default=False)  # an operator of the installation, not a vendor
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    membership: "Membership | None" = None  # in this portal, for an account that a session has led to (sign_in.py)

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Signed into every session: a new password or address ends them all, in all portals."""
        return salted_hmac(SESSIONS, f"{self.password} {self.email}", secret=secret, algorithm="sha256").hexdigest()

    def forget_other_addresses(self) -> None:
        """allauth lets an account in by any address it has noted; only `email` is to count."""
        from allauth.account.models import EmailAddress

        EmailAddress.objects.filter(user=self).delete()


class GroupQuerySet(FencedQuerySet["Group"]):
    def grantable_by(self, member: "Membership", kind: str) -> Self:
        """The groups of `kind` that `member` may put people into.

        *Manage Users* gives no more than its holder has; to receive leads is less than any of that.
        """
        groups = self.filter(kind=kind)
        if member.can(Permission.MANAGE_PORTAL):
            return groups
        if member.can(Permission.MANAGE_OWN_USERS) and kind == member.organization.kind:
            own = (member.permissions | {Permission.RECEIVE_LEADS}) & ALLOWED[kind]
            return groups.filter(permissions__contained_by=sorted(own))
        return groups.none()


class Group(FencedModel):
    """A named set of permissions for one kind of organization. Permissions of several groups add up."""

    name = Line(_("name"), max_length=60)
    kind = models.CharField(max_length=12, choices=Organization.Kind.choices)
    permissions = ArrayField(models.CharField(max_length=40), default=list)

    objects = FencedManager.from_queryset(GroupQuerySet)()

    class Meta(FencedModel.Meta):
        ordering = ["kind", "name"]
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal", "kind", "name"], name="users_group_unique_name"),
        ]

    def __str__(self) -> str:
        return self.name


def check_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("This time zone is not known. Write it like Europe/Berlin."))


class MembershipQuerySet(FencedQuerySet["Membership"]):
    def visible_to(self, member: "Membership") -> Self:
        """Vendors see everybody, a partner manager those of the managed organizations, others the own."""
        if member.can(Permission.VIEW_ORGANIZATIONS):
            return self
        own = Q(organization=member.organization_id)
        if member.can(Permission.VIEW_MANAGED_LEADS):
            own |= Q(organization__in=PartnerManager.objects.filter(membership=member).values("organization"))
        return self.filter(own)

    def holding(self, *any_of: Permission) -> Self:
        """Members of whom some group carries any of the permissions."""
        groups = Group.objects.filter(permissions__overlap=list(any_of))
        return self.filter(
            pk__in=MembershipGroup.objects.filter(
                group__in=groups, group__kind=models.F("membership__organization__kind")
            ).values("membership")
        )

    def with_permissions(self) -> Self:
        """Adds `held`: what the groups carry, in the same query. `Membership.permissions` weighs it."""
        return self.annotate(held=held_by())

    def signed_up(self) -> Self:
        """Those who can act today: active people of organizations that are not inactive."""
        return self.filter(is_signed_up())


def is_signed_up(path: str = "") -> Q:
    """Whether a person can act today; `path` leads there, as in "membership__"."""
    is_there = Q(**{f"{path}status": Membership.Status.ACTIVE, f"{path}user__is_active": True})
    return is_there & ~Q(**{f"{path}organization__status": Organization.Status.INACTIVE})


def held_by(path: str = "") -> ArraySubquery:
    """The permissions that a person's groups carry; `path` leads there, as in "membership__"."""
    kind, person = models.OuterRef(f"{path}organization__kind"), models.OuterRef(f"{path}pk")
    mine = MembershipGroup.objects.filter(membership=person, group__kind=kind)
    code = models.Func("group__permissions", function="unnest", output_field=models.CharField())
    return ArraySubquery(mine.annotate(code=code).values("code"))


class Membership(FencedModel):
    """A person in one portal, as one organization's. An account has at most one in each portal."""

    class Status(models.TextChoices):
        INVITED = "invited", _("Invited")
        ACTIVE = "active", _("Active")
        DISABLED = "disabled", _("Disabled")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    organization = PortalForeignKey(
        Organization, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("organization")
    )
    name = Line(_("name"), max_length=120)
    phone = Line(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=languages, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC", validators=[check_time_zone])
    has_keys = models.BooleanField(_("single keys"), default=True, db_default=True)  # WCAG 2.1.4: can be off
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.INVITED)
    invited_at = models.DateTimeField(null=True, editable=False)  # while the invitation waits
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    groups = models.ManyToManyField(
        Group, through="MembershipGroup", related_name="members", verbose_name=_("groups"), blank=True
    )

    objects = FencedManager.from_queryset(MembershipQuerySet)()
    held: Iterable[str] | None = None  # what the groups carry, where `with_permissions` asked for it
    viewer: "Membership | None" = None  # who looks through this person's eyes in this request (Viewing)

    class Meta(FencedModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("organization"),
            models.UniqueConstraint(fields=["portal", "user"], name="users_membership_one_per_portal"),
        ]
        indexes = [models.Index(fields=["portal", "organization"], name="users_membership_of_org")]

    def __str__(self) -> str:
        return self.name

    @property
    def email(self) -> str:
        return self.user.email

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """The sum over the groups, never more than the kind of organization allows."""
        kind = self.organization.kind
        held = self.held
        if held is None:
            held = {code for group in self.groups.all() if group.kind == kind for code in group.permissions}
        return frozenset(p for p in ALLOWED[kind] if p.value in held)

    def can(self, *any_of: Permission) -> bool:
        return not self.permissions.isdisjoint(any_of)

    @property
    def is_vendor(self) -> bool:
        return self.organization.is_vendor

    @cached_property
    def has_resellers(self) -> bool:
        """Whether there are partners under this person's distributor, at whom *View All Leads* looks on.

        Which ones they are, the rows themselves say at every query.
        """
        is_distributor = self.organization.kind == Organization.Kind.DISTRIBUTOR
        if not is_distributor or not self.can(Permission.VIEW_ORGANIZATION_LEADS):
            return False
        return Organization.objects.filter(distributor=self.organization_id).exists()

    def why_cannot_receive(self) -> str:
        """Why no lead can be assigned to this person, in words; empty when one can."""
        if self.organization.is_vendor:
            return str(_("Works for the vendor."))
        if self.organization.status != Organization.Status.ACTIVE:
            return str(_("%(organization)s is not active.")) % {"organization": self.organization}
        if self.status == self.Status.INVITED:
            return str(_("Has not accepted the invitation yet."))
        if self.status == self.Status.DISABLED or not self.user.is_active:
            return str(_("Is disabled."))
        if not self.can(*CAN_RECEIVE):
            return str(_("Is in neither of the groups View All Leads and Receive Leads."))
        return ""


class MembershipGroup(FencedModel):
    membership = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    group = PortalForeignKey(Group, on_delete=models.CASCADE, related_name="+")

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("membership"),
            SamePortal("group"),
            models.UniqueConstraint(fields=["portal", "membership", "group"], name="users_membershipgroup_once"),
        ]


class PartnerManager(FencedModel):
    """A vendor's person who looks after an organization; *Lead Partner Manager* sees its leads."""

    organization = PortalForeignKey(Organization, on_delete=models.CASCADE, related_name="partner_managers")
    membership = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="manages")

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("organization"),
            SamePortal("membership"),
            models.UniqueConstraint(
                fields=["portal", "membership", "organization"], name="users_partnermanager_once"
            ),
        ]


class ApiKeyQuerySet(FencedQuerySet["ApiKey"]):
    def good(self, now: datetime | None = None) -> Self:
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()), revoked_at=None)

    def with_caller(self) -> Self:
        """Those whose member can act today, who comes in the same query; `held` is what the groups carry."""
        rows = self.filter(is_signed_up("membership__")).annotate(held=held_by("membership__"))
        return rows.select_related("membership__user", "membership__organization")


class ApiKey(FencedModel):
    """A key that acts as one member over the API. Only its SHA-256 is kept: 256 random bits need no slow hash."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")

    membership = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="api_keys")
    name = Line(_("name"), max_length=80)
    digest = models.CharField(max_length=64, editable=False)
    scope = models.CharField(_("scope"), max_length=5, choices=Scope.choices, default=Scope.WRITE)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)  # null: when revoked

    objects = FencedManager.from_queryset(ApiKeyQuerySet)()
    held: list[str]  # what its member's groups carry, where `with_caller` asked for it

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("membership"),
            models.UniqueConstraint(fields=["portal", "digest"], name="users_apikey_unique_digest"),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def new_secret(portal_code: str) -> str:
        """`<portal's code>_<43 characters>`: the beginning says which portal, before any look-up."""
        return f"{portal_code}_{secrets.token_urlsafe(32)}"

    @staticmethod
    def is_like_secret(text: str) -> bool:
        """Whether it looks like one, good or not."""
        return re.fullmatch(r"[a-z0-9]{6}_[\w-]{43}", text, re.ASCII) is not None

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

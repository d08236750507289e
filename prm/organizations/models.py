"""Who takes part: a portal, and the vendor, distributors and partners in it."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.organizations.context import active_portal_id
from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.organizations.ids import short_code, uuid7
from prm.text import Line, Prose

if TYPE_CHECKING:
    from prm.users.models import Membership

VENDOR_ONLY = frozenset({"notes"})
"""What of an organization only the vendor sees: what it thinks of it."""
SLUG_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z"  # one DNS label, RFC 1123 2.1


class Portal(models.Model):
    """The tenant: one vendor's partner portal. Shared, because it is what a request is matched to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(_("address"), max_length=63, unique=True, validators=[RegexValidator(SLUG_PATTERN)])
    code = models.CharField(max_length=6, unique=True, default=short_code, editable=False)
    name = Line(_("name"), max_length=120)
    brand = models.CharField(
        _("brand colour"), max_length=7, default="#4f46e5", validators=[RegexValidator(r"^#[0-9a-f]{6}\Z")]
    )
    hue = models.PositiveSmallIntegerField(_("hue of the greys"), default=270, validators=[MaxValueValidator(360)])
    logo = models.CharField(max_length=64, blank=True, db_default="", editable=False)  # its content's SHA-256
    is_active = models.BooleanField(default=True)  # else suspended: nobody gets in, deliveries wait
    is_settled = models.BooleanField(default=False, db_default=False, editable=False)  # first steps put away
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def colour(self) -> str:
        """The brand colour as an address holds it, `4f46e5`."""
        return self.brand.removeprefix("#")

    def url(self, path: str = "/") -> str:
        """The absolute address of a path on this portal's own host."""
        return f"{settings.PRM_SCHEME}://{self.slug}.{settings.PRM_BASE_DOMAIN}{path}"


class Tier(FencedModel):
    """A partner's level in the program; rank 1 is the highest."""

    name = Line(_("name"), max_length=60)
    rank = models.PositiveSmallIntegerField(_("rank"), default=1)

    class Meta(FencedModel.Meta):
        ordering = ["rank", "name"]
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal", "name"], name="organizations_tier_unique_name"),
        ]

    def __str__(self) -> str:
        return self.name


class OrganizationQuerySet(FencedQuerySet["Organization"]):
    def visible_to(self, member: "Membership") -> Self:
        """Vendors see all, a partner manager the managed ones and the vendor, everybody else the own.

        A distributor's *View All Leads* sees the partners under it as well, as long as they are.
        """
        from prm.users.access import Permission
        from prm.users.models import PartnerManager

        if member.can(Permission.VIEW_ORGANIZATIONS):
            return self
        own = Q(pk=member.organization_id)
        if member.can(Permission.VIEW_MANAGED_LEADS):
            own |= Q(pk__in=PartnerManager.objects.filter(membership=member).values("organization"))
        if member.has_resellers:
            own |= Q(distributor=member.organization_id)
        return self.filter(own)


class Organization(FencedModel):
    """A company in the portal: the vendor itself, a distributor, or a partner (perhaps under a distributor)."""

    class Kind(models.TextChoices):
        VENDOR = "vendor", _("Vendor")
        DISTRIBUTOR = "distributor", _("Distributor")
        PARTNER = "partner", _("Partner")

    class Status(models.TextChoices):
        PROSPECTIVE = "prospective", _("Prospective")
        ACTIVE = "active", _("Active")
        INACTIVE = "inactive", _("Inactive")

    name = Line(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.PARTNER)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.ACTIVE)
    tier = PortalForeignKey(
        Tier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="organizations",
        verbose_name=_("tier"),
    )
    distributor = PortalForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="resellers",
        verbose_name=_("distributor"),
    )
    website = models.URLField(_("website"), max_length=300, blank=True)
    street = Line(_("street"), max_length=200, blank=True)
    city = Line(_("city"), max_length=120, blank=True)
    state = Line(_("state or region"), max_length=120, blank=True)
    postal_code = Line(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    countries = ArrayField(
        models.CharField(max_length=2), verbose_name=_("countries served"), default=list, blank=True
    )
    notes = Prose(_("notes"), max_length=10_000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = FencedManager.from_queryset(OrganizationQuerySet)()

    class Meta(FencedModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("tier"),
            SamePortal("distributor"),
            models.UniqueConstraint(fields=["portal", "name"], name="organizations_organization_unique_name"),
            models.UniqueConstraint(
                fields=["portal"], condition=Q(kind="vendor"), name="organizations_organization_one_vendor"
            ),
            models.CheckConstraint(
                condition=Q(distributor=None) | Q(kind="partner"),
                name="organizations_organization_distributor_of_partner",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_vendor(self) -> bool:
        return self.kind == self.Kind.VENDOR


class Counter(FencedModel):
    """The last human number given out in this portal, per kind of record."""

    name = models.CharField(max_length=30)
    value = models.PositiveIntegerField()

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal", "name"], name="organizations_counter_unique_name"),
        ]


def next_number(name: str) -> int:
    """The portal's next number for `name`, from 1001 on. Numbers of rolled back records are reused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO organizations_counter (id, portal_id, name, value) VALUES (%s, %s, %s, 1001)"
            " ON CONFLICT (portal_id, name) DO UPDATE SET value = organizations_counter.value + 1 RETURNING value",
            [uuid7(), active_portal_id(), name],
        )
        return int(cursor.fetchone()[0])

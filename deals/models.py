"""What a lead becomes: a registered deal with the prospect's account and contact."""

from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import Lead, Reason
from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.organizations.models import Organization
from prm.text import Line, Prose
from prm.users.access import Permission
from prm.users.models import Membership, PartnerManager

if TYPE_CHECKING:
    from prm.users.models import Membership as Member

CODE = "D-"


def weighted(amount: Decimal, probability: int) -> Decimal:
    """An amount times a probability in percent, to the cent."""
    return (amount * probability / 100).quantize(Decimal("0.01"))


class DealStage(FencedModel):
    """A step of the sale, with the probability that deals there are won."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    name = Line(_("stage"), max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    probability = models.PositiveSmallIntegerField(
        _("probability in %"), default=0, validators=[MaxValueValidator(100)]
    )
    outcome = models.CharField(_("meaning"), max_length=5, choices=Outcome.choices, default=Outcome.OPEN)
    is_active = models.BooleanField(default=True)

    class Meta(FencedModel.Meta):
        ordering = ["position", "name"]
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal", "name"], name="deals_dealstage_unique_name"),
            models.CheckConstraint(condition=Q(probability__lte=100), name="deals_dealstage_probability"),
        ]

    def __str__(self) -> str:
        return self.name


class DealLostReason(Reason):
    """Why deals are lost."""

    class Meta(Reason.Meta):
        pass


class Account(FencedModel):
    """The company, or the person, that may buy."""

    name = Line(_("account name"), max_length=200)
    website = models.URLField(_("website"), max_length=300, blank=True)
    street = Line(_("street"), max_length=200, blank=True)
    city = Line(_("city"), max_length=120, blank=True)
    state = Line(_("state or region"), max_length=120, blank=True)
    postal_code = Line(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    industry = Line(_("industry"), max_length=120, blank=True)
    employees = models.PositiveIntegerField(
        _("employees"), null=True, blank=True, validators=[MaxValueValidator(10_000_000)]
    )

    class Meta(FencedModel.Meta):
        pass

    def __str__(self) -> str:
        return self.name


class Contact(FencedModel):
    """The person at the account."""

    account = PortalForeignKey(Account, on_delete=models.CASCADE, related_name="contacts")
    first_name = Line(_("first name"), max_length=100, blank=True)
    last_name = Line(_("last name"), max_length=100, blank=True)
    title = Line(_("job title"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = Line(_("phone"), max_length=60, blank=True)
    mobile = Line(_("mobile"), max_length=60, blank=True)

    class Meta(FencedModel.Meta):
        constraints = [*FencedModel.Meta.constraints, SamePortal("account")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class DealQuerySet(FencedQuerySet["Deal"]):
    def visible_to(self, member: "Member") -> Self:
        """As with leads: all, the managed organizations', the own organization's and its resellers', or the own."""
        if member.is_vendor:
            if member.can(Permission.VIEW_PORTAL_LEADS):
                return self
            if member.can(Permission.VIEW_MANAGED_LEADS):
                managed = PartnerManager.objects.filter(membership=member).values("organization")
                return self.filter(organization__in=managed)
            return self.none()
        # A withdrawn deal holds its lead's details: it shows while that lead is open to the organization.
        still_open = Q(lead__organization=F("organization"), lead__opened_at__isnull=False)
        of = Q(organization=member.organization_id)
        if member.has_resellers:
            of = Q(organization__in=Organization.objects.visible_to(member).values("pk"))
        own = self.filter(of).filter(~Q(status="withdrawn") | still_open)
        if member.can(Permission.VIEW_ORGANIZATION_LEADS):
            return own
        if member.can(Permission.RECEIVE_LEADS):
            return own.filter(owner=member)
        return self.none()

    def concerning(self, member: "Member") -> Self:
        """Of the visible ones those that are the own side's: at its resellers' a distributor only looks on."""
        rows = self.visible_to(member)
        return rows.filter(organization=member.organization_id) if member.has_resellers else rows

    def with_records(self) -> Self:
        """With all that a deal points at, for who shows it whole. Lists load what their columns need."""
        return self.select_related("organization", "owner", "account", "contact", "stage", "lead", "lost_reason")

    def matching(self, text: str) -> Self:
        """Those whose number is `text`, or whose name, account or contact contains it."""
        found = Q(name__icontains=text) | Q(account__name__icontains=text)
        found |= Q(contact__last_name__icontains=text) | Q(contact__email__icontains=text)
        digits = text.upper().removeprefix(CODE)
        if digits.isascii() and digits.isdigit() and len(digits) < 10:
            found |= Q(number=int(digits))
        return self.filter(found)


class Deal(FencedModel):
    """A sale that a partner has registered. One lead has at most one deal that was not withdrawn."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    number = models.PositiveIntegerField(editable=False)
    name = Line(_("deal name"), max_length=200)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(_("currency"), max_length=3)  # ISO 4217
    stage = PortalForeignKey(DealStage, on_delete=models.PROTECT, related_name="deals", verbose_name=_("stage"))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN, editable=False)
    close_date = models.DateField(_("close date"))
    next_step = Line(_("next step"), max_length=200, blank=True, default="")
    description = Prose(_("description"), max_length=10_000, blank=True)
    organization = PortalForeignKey(Organization, on_delete=models.PROTECT, related_name="deals", editable=False)
    owner = PortalForeignKey(Membership, on_delete=models.PROTECT, related_name="deals", editable=False)
    lead = PortalForeignKey(Lead, on_delete=models.PROTECT, related_name="deals", null=True, editable=False)
    account = PortalForeignKey(Account, on_delete=models.PROTECT, related_name="deals", editable=False)
    contact = PortalForeignKey(Contact, on_delete=models.PROTECT, related_name="deals", editable=False)
    lost_reason = PortalForeignKey(
        DealLostReason, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, editable=False)  # won or lost
    closed_from = PortalForeignKey(  # the open stage in which it was won or lost: there it is re-opened
        DealStage, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = FencedManager.from_queryset(DealQuerySet)()

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            *(SamePortal(field) for field in ["stage", "organization", "owner", "lead", "account", "contact"]),
            *(SamePortal(field) for field in ["lost_reason", "closed_from"]),
            models.UniqueConstraint(fields=["portal", "number"], name="deals_deal_unique_number"),
            models.UniqueConstraint(
                fields=["portal", "lead"], condition=~Q(status="withdrawn"), name="deals_deal_one_per_lead"
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None)
                | Q(status__in=["won", "lost"], closed_at__isnull=False)
                | Q(status="withdrawn"),
                name="deals_deal_closed_fits",
            ),
        ]
        indexes = [
            models.Index(fields=["portal", "-created_at", "-id"], name="deals_deal_newest"),
            models.Index(fields=["portal", "organization", "-created_at", "-id"], name="deals_deal_of_partner"),
            models.Index(fields=["portal", "status", "stage", "close_date", "id"], name="deals_deal_on_board"),
            models.Index(fields=["portal", "status", "-closed_at"], name="deals_deal_closed"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """The human number, `D-1001`."""
        return f"{CODE}{self.number}"

    @property
    def is_closed(self) -> bool:
        return self.status != self.Status.OPEN

    @property
    def is_overdue(self) -> bool:
        """Whether it is still open after the day on which the decision was expected, by the reader's calendar."""
        return not self.is_closed and self.close_date < timezone.localdate()

    @property
    def weighted(self) -> Decimal:
        """The amount times the probability of its stage."""
        return weighted(self.amount, self.stage.probability)

    def may_be_changed_by(self, member: "Member") -> bool:
        """Whether a member who sees the deal may edit it now."""
        if self.status == self.Status.WITHDRAWN:
            return False
        if member.is_vendor:
            return member.can(Permission.MANAGE_LEADS)
        return self.organization_id == member.organization_id

"""The lead and what hangs on it."""

from typing import TYPE_CHECKING, Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from leads.states import CLOSED, Side, Status
from prm.files.models import StoredFile
from prm.files.names import LONGEST
from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.organizations.models import Organization
from prm.search.asked import Asked, searched_text
from prm.text import Line, Prose
from prm.users.access import Permission
from prm.users.models import Membership, PartnerManager

if TYPE_CHECKING:
    from prm.users.models import Membership as Member

CODE = "L-"
DETAIL_FIELDS = [
    "company",
    "first_name",
    "last_name",
    "title",
    "email",
    "phone",
    "mobile",
    "website",
    "street",
    "city",
    "state",
    "postal_code",
    "country",
    "industry",
    "employees",
    "product_interest",
    "budget",
    "budget_currency",
    "timeframe",
    "description",
    "source",
    "source_detail",
    "campaign",
    "language",
    "internal_notes",
]
"""What a lead is about. Withheld from a partner until opened."""
VENDOR_ONLY = frozenset({"internal_notes"})
"""Never shown outside the vendor."""
VENDOR_WRITES = VENDOR_ONLY | {"source", "source_detail", "campaign"}
"""Where a lead came from is the vendor's to say."""


def written_by(member: "Member") -> frozenset[str]:
    """The DETAIL_FIELDS that are this member's side's to write."""
    return frozenset(DETAIL_FIELDS) - (frozenset() if member.is_vendor else VENDOR_WRITES)


class Reason(FencedModel):
    """Why something is lost, as the vendor wants to count it."""

    name = Line(_("reason"), max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta(FencedModel.Meta):
        abstract = True
        ordering = ["position", "name"]
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal", "name"], name="%(app_label)s_%(class)s_unique_name"),
        ]

    def __str__(self) -> str:
        return self.name


class LostReason(Reason):
    """Why leads are lost."""

    class Meta(Reason.Meta):
        pass


class DistributionSettings(FencedModel):
    """Settings > Lead Distribution: one row per portal."""

    class ClosingMode(models.TextChoices):
        CONVERSION = "conversion", _("Convert to a deal only")
        WON = "won", _("Close as won, without a deal")
        BOTH = "both", _("Either of both")

    allow_organization_assignment = models.BooleanField(
        _("Allow assigning Leads to Organizations directly (instead of Users only)"), default=True
    )
    closing_mode = models.CharField(
        _("closing"), max_length=12, choices=ClosingMode.choices, default=ClosingMode.BOTH
    )

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal"], name="leads_distributionsettings_one_per_portal"),
        ]


class LeadQuerySet(FencedQuerySet["Lead"]):
    def visible_to(self, member: "Member") -> Self:
        """The rows this member sees at all; whether their details show is `Lead.is_withheld_from`."""
        if member.is_vendor:
            if member.can(Permission.VIEW_PORTAL_LEADS):
                return self
            if member.can(Permission.VIEW_MANAGED_LEADS):
                managed = PartnerManager.objects.filter(membership=member).values("organization")
                return self.filter(organization__in=managed)
            return self.none()
        if member.has_resellers:
            return self.filter(organization__in=Organization.objects.visible_to(member).values("pk"))
        if member.can(Permission.VIEW_ORGANIZATION_LEADS):
            return self.filter(organization=member.organization_id)
        if member.can(Permission.RECEIVE_LEADS):
            return self.filter(organization=member.organization_id, assignee=member)
        return self.none()

    def concerning(self, member: "Member") -> Self:
        """Of the visible ones those that are the own side's: at its resellers' a distributor only looks on."""
        rows = self.visible_to(member)
        return rows.filter(organization=member.organization_id) if member.has_resellers else rows

    def with_closing_mode(self) -> Self:
        """Adds `closing_mode`, the portal's setting, in the same query: which verbs a lead has depends on it."""
        return self.annotate(closing_mode=Subquery(DistributionSettings.objects.values("closing_mode")[:1]))

    def with_names(self) -> Self:
        """Adds `organization_name` and `assignee_name`: all that a row of a list needs of who has it."""
        return self.annotate(organization_name=F("organization__name"), assignee_name=F("assignee__name"))

    def matching(self, text: str, member: "Member") -> Self:
        """Those whose number is `text` or whose details contain its words; withheld details never match."""
        asked = Asked.of(text)
        details = asked.within("searched")
        if not member.is_vendor:
            details &= Q(opened_at__isnull=False)
        number = asked.number(CODE)
        return self.filter(details if number is None else details | Q(number=number))

    def named_for(self, member: "Member") -> Self:
        """Adds `name` and `edited_at`, by which a list sorts. Where a lead is withheld, its place tells nothing."""
        name = Case(When(company="", then=F("last_name")), default=F("company"), output_field=models.CharField())
        if member.is_vendor:
            return self.annotate(name=name, edited_at=F("updated_at"))
        return self.annotate(
            name=Case(When(opened_at=None, then=Value("")), default=name, output_field=models.CharField()),
            edited_at=Case(When(opened_at=None, then=F("assigned_at")), default=F("updated_at")),
        )


class Lead(FencedModel):
    """A prospect on the way from the vendor to a partner.

    `organization` has it, `assignee` (one of its people) works it or nobody in particular. `opened_at`
    belongs to that organization: while it is None, no partner sees a detail.
    """

    number = models.PositiveIntegerField(editable=False)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.UNASSIGNED, editable=False)

    company = Line(_("company"), max_length=200, blank=True)
    first_name = Line(_("first name"), max_length=100, blank=True)
    last_name = Line(_("last name"), max_length=100, blank=True)
    title = Line(_("job title"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = Line(_("phone"), max_length=60, blank=True)
    mobile = Line(_("mobile"), max_length=60, blank=True)
    website = models.URLField(_("website"), max_length=300, blank=True)
    street = Line(_("street"), max_length=200, blank=True)
    city = Line(_("city"), max_length=120, blank=True)
    state = Line(_("state or region"), max_length=120, blank=True)
    postal_code = Line(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)  # ISO 3166-1 alpha-2
    industry = Line(_("industry"), max_length=120, blank=True)
    employees = models.PositiveIntegerField(
        _("employees"), null=True, blank=True, validators=[MaxValueValidator(10_000_000)]
    )
    product_interest = Line(_("product interest"), max_length=200, blank=True)
    budget = models.DecimalField(
        _("budget"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    budget_currency = models.CharField(_("currency"), max_length=3, blank=True)  # ISO 4217
    timeframe = Line(_("timeframe"), max_length=80, blank=True)
    description = Prose(_("description"), max_length=10_000, blank=True)
    source = Line(_("source"), max_length=80, blank=True)
    source_detail = Line(_("source detail"), max_length=200, blank=True)
    campaign = Line(_("campaign"), max_length=120, blank=True)
    language = Line(_("language"), max_length=12, blank=True)  # BCP 47, as the prospect writes
    internal_notes = Prose(_("internal notes"), max_length=10_000, blank=True)

    organization = PortalForeignKey(
        Organization, on_delete=models.PROTECT, null=True, editable=False, related_name="leads"
    )
    assignee = PortalForeignKey(
        Membership, on_delete=models.PROTECT, null=True, editable=False, related_name="leads"
    )
    assigned_by = PortalForeignKey(
        Membership, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    assigned_at = models.DateTimeField(null=True, editable=False)
    opened_by = PortalForeignKey(Membership, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    opened_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    lost_reason = PortalForeignKey(
        LostReason, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_by = PortalForeignKey(Membership, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    unseen_edits = models.PositiveIntegerField(default=0, editable=False)  # of VENDOR_ONLY fields alone
    searched = models.GeneratedField(  # by Postgres, from details: as much withheld as they are
        expression=searched_text(
            *("company", "first_name", "last_name", "email", "city"), phones=["phone", "mobile"], website="website"
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = FencedManager.from_queryset(LeadQuerySet)()
    closing_mode: str  # where `with_closing_mode` asked for it
    organization_name: str | None  # where `with_names` asked for them
    assignee_name: str | None
    is_withheld = True  # until `shown_to` has looked: what forgets to ask shows nothing

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            *(
                SamePortal(field)
                for field in ["organization", "assignee", "assigned_by", "opened_by", "lost_reason", "created_by"]
            ),
            models.UniqueConstraint(fields=["portal", "number"], name="leads_lead_unique_number"),
            models.CheckConstraint(
                condition=~Q(company="", last_name=""), name="leads_lead_has_company_or_last_name"
            ),
            models.CheckConstraint(
                condition=Q(organization=None, assignee=None, assigned_at=None, opened_at=None)
                | Q(organization__isnull=False, assigned_at__isnull=False),
                name="leads_lead_assigned_or_not",
            ),
            models.CheckConstraint(
                condition=(Q(status="unassigned") & Q(organization=None))
                | (Q(status="assigned") & Q(organization__isnull=False, opened_at=None))
                | (Q(status__in=["opened", "working", "converted"]) & Q(opened_at__isnull=False))
                | Q(status__in=["won", "lost"]),
                name="leads_lead_status_fits",
            ),
        ]
        indexes = [
            models.Index(fields=["portal", "-created_at", "-id"], name="leads_lead_newest"),  # the vendor's list
            models.Index(  # a partner's inbox
                fields=["portal", "organization", "-assigned_at", "-id"], name="leads_lead_inbox"
            ),
            models.Index(fields=["portal", "status", "-created_at", "-id"], name="leads_lead_by_status"),  # tabs
            models.Index(fields=["portal", "organization", "status"], name="leads_lead_of_holder"),  # a partner's
            models.Index(  # what a partner has to open, and to follow up
                fields=["portal", "organization", "assigned_at", "id"],
                condition=Q(status="assigned"),
                name="leads_lead_unopened",
            ),
            models.Index(
                fields=["portal", "organization", "updated_at", "id"],
                condition=Q(status__in=["opened", "working"]),
                name="leads_lead_in_hand",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """The human number, `L-1042`."""
        return f"{CODE}{self.number}"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def label(self) -> str:
        """Company or person, whichever there is."""
        return self.company or self.full_name

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED

    def is_withheld_from(self, member: "Member") -> bool:
        """Whether this member, who sees the row, does not see its details yet."""
        return not member.is_vendor and self.opened_at is None

    def side_of(self, member: "Member") -> Side | None:
        """From which side a member who sees this lead may act on it, if at all: a distributor looks on."""
        if member.is_vendor:
            return Side.VENDOR if member.can(Permission.MANAGE_LEADS) else None
        return Side.HOLDER if self.organization_id == member.organization_id else None

    def version_for(self, member: "Member | None") -> int:
        """What tells this member's copy from a newer one. Partners do not count edits they never see."""
        return self.version + (self.unseen_edits if member is None or member.is_vendor else 0)

    def shown_to(self, member: "Member") -> Self:
        """This object with all emptied that `member` may not see: for showing, never for saving."""
        self.is_withheld = self.is_withheld_from(member)
        hidden: Any = [*DETAIL_FIELDS, "searched"] if self.is_withheld else () if member.is_vendor else VENDOR_ONLY
        for field in hidden:
            setattr(self, field, self._meta.get_field(field).get_default())  # type: ignore[union-attr]
        return self


class NoteQuerySet(FencedQuerySet[Any]):
    def visible_to(self, member: "Member") -> Self:
        """The own organization's notes, and what others shared with it; a distributor's, see `_at_resellers`.

        Who looks through a member's eyes sees only what both may see: internal stays internal.
        """
        rows = self if member.viewer is None else self.visible_to(member.viewer)
        own = Q(organization=member.organization_id) | Q(shared_with=member.organization_id)
        return rows.filter(own | _at_resellers(member) if member.has_resellers else own)


def _at_resellers(member: "Member") -> Q:
    """What vendor and reseller share about a lead that the reseller has now. Of internal words nothing."""
    holder = F("lead__organization")
    is_shared = Q(shared_with__isnull=False) & (Q(organization=holder) | Q(shared_with=holder))
    return is_shared & Q(lead__organization__distributor=member.organization_id)


class Comment(FencedModel):
    """Words about a lead: within the author's organization, or shared with the other side."""

    lead = PortalForeignKey(Lead, on_delete=models.CASCADE, related_name="comments")
    author = PortalForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    organization = PortalForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    shared_with = PortalForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="+")
    text = Prose(_("comment"), max_length=10_000)
    created_at = models.DateTimeField()

    objects = FencedManager.from_queryset(NoteQuerySet)()

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            *(SamePortal(field) for field in ["lead", "author", "organization", "shared_with"]),
        ]
        indexes = [models.Index(fields=["portal", "lead"], name="leads_comment_of_lead")]


class Activity(FencedModel):
    """What somebody did about a lead outside the portal. Always shared with the vendor."""

    class Kind(models.TextChoices):
        CALL = "call", _("Call")
        MAIL = "mail", _("E-mail")
        MEETING = "meeting", _("Meeting")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        NOT_REACHED = "not_reached", _("Not reached")
        INTERESTED = "interested", _("Interested")
        NOT_INTERESTED = "not_interested", _("Not interested")
        FOLLOW_UP = "follow_up", _("Follow-up agreed")

    lead = PortalForeignKey(Lead, on_delete=models.CASCADE, related_name="activities")
    author = PortalForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    organization = PortalForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    shared_with = PortalForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    note = Prose(_("note"), max_length=10_000, blank=True)
    happened_at = models.DateTimeField(_("when"))

    objects = FencedManager.from_queryset(NoteQuerySet)()

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            *(SamePortal(field) for field in ["lead", "author", "organization", "shared_with"]),
        ]
        indexes = [models.Index(fields=["portal", "lead"], name="leads_activity_of_lead")]


class LeadFileQuerySet(FencedQuerySet["LeadFile"]):
    def visible_to(self, member: "Member") -> Self:
        """Of leads whose details this member sees: for the vendor all, for a holder the own and the vendor's.

        So the next holder inherits what the vendor has put there, and nothing of a former holder's. A
        distributor reads what its reseller does.
        """
        rows = self if member.viewer is None else self.visible_to(member.viewer)
        leads = Lead.objects.visible_to(member)
        if member.is_vendor:
            return rows.filter(lead__in=leads)
        vendors = Q(organization__kind=Organization.Kind.VENDOR, is_internal=False)
        own = Q(organization=member.organization_id)
        if member.has_resellers:
            own |= Q(organization=F("lead__organization"))
        return rows.filter(own | vendors, lead__in=leads.filter(opened_at__isnull=False))


class LeadFile(FencedModel):
    """A file on a lead. The vendor's is for whoever has the lead, now or later, unless it is internal."""

    lead = PortalForeignKey(Lead, on_delete=models.CASCADE, related_name="files")
    file = PortalForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    author = PortalForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    organization = PortalForeignKey(Organization, on_delete=models.PROTECT, related_name="+")  # the author's, then
    is_internal = models.BooleanField(default=False)  # the vendor keeps it to itself
    name = Line(_("name"), max_length=LONGEST)  # as its sender called it, made safe
    created_at = models.DateTimeField()

    objects = FencedManager.from_queryset(LeadFileQuerySet)()
    can_remove = False  # until `files_of` has looked

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            *(SamePortal(field) for field in ["lead", "file", "author", "organization"]),
            models.UniqueConstraint(fields=["portal", "file"], name="leads_leadfile_once"),
        ]
        indexes = [models.Index(fields=["portal", "lead"], name="leads_leadfile_of_lead")]

    def __str__(self) -> str:
        return self.name

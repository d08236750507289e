"""Files that people hand in or ask for. A row says whose it is, what for, and what is in it.

The bytes lie in the store.
"""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.files.kinds import BY_CONTENT_TYPE, Kind
from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.models import Membership

if TYPE_CHECKING:
    from prm.users.models import Membership as Member

EXTENSIONS = {content_type: kind.endings[0] for content_type, kind in BY_CONTENT_TYPE.items()}
"""The kinds of content that are ever stored, as this program has found or made them."""


class StoredFileQuerySet(FencedQuerySet["StoredFile"]):
    def visible_to(self, member: "Member") -> Self:
        """Owner and purpose decide, never the knowledge of an id.

        Logos are for who manages the portal, an export for whoever asked for it, with nobody looking over. Who
        may have a lead's file, its lead says: `LeadFile` in leads/models.py.
        """
        seen = Q(pk__in=[])
        if member.can(Permission.MANAGE_PORTAL):
            seen |= Q(purpose=StoredFile.Purpose.LOGO, organization=member.organization_id)
        if member.viewer is None:
            seen |= Q(purpose=StoredFile.Purpose.EXPORT, uploaded_by=member)
        return self.filter(seen)


class StoredFile(FencedModel):
    """One file. Its name on disk is ours and random."""

    class Purpose(models.TextChoices):
        LOGO = "logo", _("Logo")
        EXPORT = "export", _("Export")
        LEAD = "lead", _("File of a lead")

    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    organization = PortalForeignKey(Organization, on_delete=models.PROTECT, related_name="+")  # whose it is
    uploaded_by = PortalForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    stored_as = models.CharField(max_length=80)  # `<portal>/<32 random hex digits>`, below PRM_FILES_DIR
    content_type = models.CharField(max_length=100)  # as found in the content
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FencedManager.from_queryset(StoredFileQuerySet)()

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("organization"),
            SamePortal("uploaded_by"),
            models.UniqueConstraint(fields=["portal", "stored_as"], name="files_storedfile_unique_place"),
        ]
        indexes = [models.Index(fields=["portal", "purpose", "sha256"], name="files_storedfile_by_content")]

    @property
    def kind(self) -> Kind:
        return BY_CONTENT_TYPE[self.content_type]

    def __str__(self) -> str:
        return f"{self.portal} {self.get_purpose_display()}.{EXTENSIONS[self.content_type]}"

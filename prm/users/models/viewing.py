"""Who has seen the portal through whose eyes."""

from datetime import timedelta
from typing import Self

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.text import Line
from prm.users.models.people import Membership


class ViewingQuerySet(FencedQuerySet["Viewing"]):
    def running(self) -> Self:
        """Those not stopped and not past their time."""
        return self.filter(ended_at=None, ends_at__gt=timezone.now())


class Viewing(FencedModel):
    """A vendor's administrator sees the portal as one of its members does, for a while and for a reason."""

    LONGEST = timedelta(minutes=60)

    viewer = PortalForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    viewed = PortalForeignKey(Membership, on_delete=models.PROTECT, related_name="viewings")
    reason = Line(_("reason"), max_length=300, validators=[MinLengthValidator(10)])
    begun_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # stopped before its time, or seen to be over

    objects = FencedManager.from_queryset(ViewingQuerySet)()

    class Meta(FencedModel.Meta):
        ordering = ["-begun_at", "-id"]
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("viewer"),
            SamePortal("viewed"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("begun_at")) & Q(ends_at__lte=F("begun_at") + timedelta(minutes=60)),
                name="users_viewing_has_an_end",
            ),
            models.CheckConstraint(condition=~Q(viewer=F("viewed")), name="users_viewing_of_somebody_else"),
        ]
        indexes = [models.Index(fields=["portal", "viewed", "-begun_at"], name="users_viewing_of_member")]

    def __str__(self) -> str:
        return f"{self.viewer} as {self.viewed}"

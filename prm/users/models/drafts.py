"""What was typed, kept until its author has signed in again."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.users.models.people import Membership


class DraftQuerySet(FencedQuerySet["Draft"]):
    def visible_to(self, member: Membership) -> Self:
        """The own ones, while they last."""
        return self.filter(membership=member, kept_at__gt=timezone.now() - Draft.LIFETIME)


class Draft(FencedModel):
    """A form that was sent when its author's session was over: nothing was done, and nothing is lost."""

    LIFETIME = timedelta(days=1)

    membership = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    action = models.CharField(max_length=200)  # where the form was sent to
    fields = models.JSONField()  # {name: [values]}, as the browser sent them
    kept_at = models.DateTimeField(default=timezone.now)

    objects = FencedManager.from_queryset(DraftQuerySet)()

    class Meta(FencedModel.Meta):
        constraints = [*FencedModel.Meta.constraints, SamePortal("membership")]
        indexes = [
            models.Index(fields=["portal", "membership"], name="users_draft_of_member"),
            models.Index(fields=["portal", "kept_at"], name="users_draft_age"),
        ]

"""Long work that somebody asked for: the rows, how far it has come, and what was refused on the way."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.files.models import StoredFile
from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.text import Line
from prm.users.models import Membership

if TYPE_CHECKING:
    from prm.users.models import Membership as Member


class RunQuerySet(FencedQuerySet["Run"]):
    def visible_to(self, member: "Member") -> Self:
        """The own ones. Nobody looks at them through somebody's eyes."""
        return self.filter(requester=member) if member.viewer is None else self.none()

    def unfinished(self) -> Self:
        return self.filter(status__in=Run.UNFINISHED)


class Run(FencedModel):
    """One verb over many rows, or one export: a row of work, done by workers a stint at a time.

    `chosen` are the ids it goes over, in their order; `position` says how many of them are behind it. That
    number moves in the transaction that does the work, so a run that was killed goes on where it stood.
    All times are the database's.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    UNFINISHED = (Status.WAITING, Status.RUNNING)

    requester = PortalForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    token = models.UUIDField()  # of the form that asked: sent twice, it asks once
    kind = models.CharField(max_length=40)  # the name of a registered Kind
    title = Line(max_length=200)  # in the requester's language
    listing = models.CharField(max_length=40, blank=True)  # the list it was asked on
    query = models.TextField(blank=True)  # and how that stood: filters, order, columns
    parameters = models.JSONField(default=dict)  # ids and words of the product
    rights = ArrayField(models.CharField(max_length=80), default=list)  # what the requester held when asking

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    chosen = ArrayField(models.UUIDField(), default=list)
    total = models.PositiveIntegerField(null=True)  # until all rows have been gathered; then how many they are
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)  # not there for the requester, whether or not for others
    parts = ArrayField(models.CharField(max_length=120), default=list)  # of a file in the making
    file = PortalForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    last_error = models.TextField(blank=True)

    not_before = models.DateTimeField(db_default=Now())
    losses = models.PositiveSmallIntegerField(default=0)  # workers that did not come back, since it last moved
    claim = models.UUIDField(null=True)  # the token without which nobody may write a result
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = FencedManager.from_queryset(RunQuerySet)()

    FILE_LASTS = timedelta(hours=24)

    class Meta(FencedModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("requester"),
            SamePortal("file"),
            models.UniqueConstraint(fields=["portal", "requester", "token"], name="runs_run_asked_once"),
        ]
        indexes = [
            models.Index(fields=["portal", "requester", "-created_at", "-id"], name="runs_run_of_member"),
            models.Index(
                fields=["portal", "not_before"],
                condition=Q(status__in=["waiting", "running"]),
                name="runs_run_due",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def position(self) -> int:
        return self.done + self.refused + self.missing

    @property
    def is_finished(self) -> bool:
        return self.status not in self.UNFINISHED

    @property
    def file_until(self) -> datetime | None:
        """Until when its file can be had; None where there is none."""
        return self.finished_at + self.FILE_LASTS if self.finished_at and self.file_id else None


class Refusal(FencedModel):
    """A row that a run left as it was, and why, in words. Of very many only the first are noted."""

    MOST = 1000

    run = PortalForeignKey(Run, on_delete=models.CASCADE, related_name="refusals")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=200, blank=True)  # of the row's page
    reason = models.TextField()

    class Meta(FencedModel.Meta):
        ordering = ["position"]
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("run"),
            models.UniqueConstraint(fields=["portal", "run", "position"], name="runs_refusal_once"),
        ]

"""What people keep of their lists: views with a name, and which columns and view they begin with."""

import uuid
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from prm.organizations.fence import FencedManager, FencedModel, FencedQuerySet, PortalForeignKey, SamePortal
from prm.organizations.kept import Kept
from prm.text import Line
from prm.users.models import Group, Membership, MembershipGroup

if TYPE_CHECKING:
    from prm.users.models import Membership as Member

LONGEST_QUERY = 2000  # characters


class SavedViewQuerySet(FencedQuerySet["SavedView"]):
    def visible_to(self, member: "Member") -> Self:
        """The own ones, and what colleagues share with a group one is in.

        A partner's groups go through all partners of a portal: who shares, shares within the own organization.
        Who looks through a member's eyes sees only what both may see.
        """
        rows = self if member.viewer is None else self.visible_to(member.viewer)
        groups = MembershipGroup.objects.filter(membership=member).values("group")
        shared = Q(shared_with__in=groups, owner__organization=member.organization_id)
        return rows.filter(Q(owner=member) | shared)


class SavedView(FencedModel):
    """A list's query string under a name."""

    owner = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=40)
    name = Line(_("name"), max_length=60)
    query = models.CharField(max_length=LONGEST_QUERY, blank=True)
    shared_with = PortalForeignKey(
        Group, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("shared with")
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = FencedManager.from_queryset(SavedViewQuerySet)()

    class Meta(FencedModel.Meta):
        ordering = ["position", "name", "id"]
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("owner"),
            SamePortal("shared_with"),
            models.UniqueConstraint(
                fields=["portal", "owner", "list_name", "name"], name="lists_savedview_unique_name"
            ),
        ]
        indexes = [models.Index(fields=["portal", "list_name", "shared_with"], name="lists_savedview_shared")]

    def __str__(self) -> str:
        return self.name

    @property
    def parameters(self) -> QueryDict:
        return QueryDict(self.query)


class ListChoice(FencedModel):
    """How one person's list begins. Without a row: as the list was declared."""

    membership = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=40)
    columns = ArrayField(models.CharField(max_length=40), default=list)  # none: those of the declaration
    default_view = PortalForeignKey(SavedView, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("membership"),
            SamePortal("default_view"),
            models.UniqueConstraint(fields=["portal", "membership", "list_name"], name="lists_listchoice_once"),
        ]


CHOICE_FOR = Kept(
    lambda person, name: ListChoice.objects.filter(membership=person, list_name=name)[:1],
    person=uuid.uuid4(),
    name="(the list's)",
)


def choice_for(member: "Member", list_name: str) -> ListChoice:
    """The person's choice for a list; one that was never saved where there is none."""
    found = CHOICE_FOR.first(person=member.pk, name=list_name)
    return found or ListChoice(membership=member, list_name=list_name)

"""People over the API: a `user` is somebody's membership in this portal."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from prm.api.text import LineField
from prm.api.views import PortalViewSet, ReferenceField, StrictSerializer
from prm.organizations.models import Organization
from prm.users import actions
from prm.users.lists import PEOPLE
from prm.users.models import Group, Membership, check_time_zone


class UserSerializer(StrictSerializer, serializers.ModelSerializer[Membership]):
    email = serializers.EmailField(source="user.email", read_only=True)
    organization = serializers.UUIDField(source="organization_id", read_only=True)
    organization_name = serializers.CharField(source="organization.name", read_only=True)
    groups = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=50)
    time_zone = serializers.CharField(max_length=60, required=False, validators=[check_time_zone])
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="On a write: the version you have read."
    )

    class Meta:
        model = Membership
        fields = [
            "id",
            "name",
            "email",
            "organization",
            "organization_name",
            "phone",
            "language",
            "time_zone",
            "status",
            "groups",
            "created_at",
            "version",
        ]
        read_only_fields = ["status", "created_at"]

    def to_representation(self, instance: Membership) -> dict[str, Any]:
        groups = sorted(group.name for group in instance.groups.all())
        fields = {name: field for name, field in self.fields.items() if name != "groups"}
        shown = {name: field.to_representation(field.get_attribute(instance)) for name, field in fields.items()}
        return {**shown, "groups": groups}


class InviteSerializer(StrictSerializer):
    name = LineField(max_length=120)
    email = serializers.EmailField(max_length=254)
    organization = ReferenceField(lambda member: Organization.objects.visible_to(member))
    groups = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=50)


class UserViewSet(PortalViewSet):
    """The people of this portal, as far as the member sees them. Creating one invites."""

    serializer_class = UserSerializer
    model = Membership
    listing = PEOPLE

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    @extend_schema(request=InviteSerializer)
    def create(self, request: Request) -> Response:
        given = self.checked(InviteSerializer)
        organization = given.pop("organization")
        if not actions.may_manage(self.member, organization):
            raise PermissionDenied
        given["groups"] = _grantable(given.get("groups", []), kind=organization.kind, by=self.member)
        member = actions.invite_member(organization, **given, by=self.member)
        return self.shown(self.again(member), status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        member = self.get_object()
        manages = actions.may_manage(self.member, member.organization)
        if not manages and member.pk != self.member.pk:
            raise PermissionDenied
        values = self.checked(UserSerializer, instance=member, partial=True)
        version = values.pop("version", None) or self.expected_version()
        groups = values.pop("groups", None)
        if groups is not None:
            if not manages:
                raise PermissionDenied
            groups = _grantable(groups, kind=member.organization.kind, by=self.member)
        actions.change_member(member, values=values, groups=groups, by=self.member, version=version)
        return self.shown(self.again(member))


def _grantable(names: list[str], *, kind: str, by: Membership) -> list[Group]:
    found = list(Group.objects.grantable_by(by, kind).filter(name__in=names))
    missing = set(names) - {group.name for group in found}
    if missing:
        message = _("There is none like this, or not yours to give.")
        raise serializers.ValidationError({"groups": exceptions.ErrorDetail(message, code="invalid_reference")})
    return found

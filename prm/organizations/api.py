"""Organizations over the API."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from prm.api.codes import country_code
from prm.api.views import PortalViewSet, ReferenceField, StrictSerializer
from prm.organizations import actions
from prm.organizations.lists import ORGANIZATIONS
from prm.organizations.models import VENDOR_ONLY, Organization, Tier
from prm.users.access import Permission


class OrganizationSerializer(StrictSerializer, serializers.ModelSerializer[Organization]):
    tier = ReferenceField(
        lambda member: Tier.objects.all(),
        by_name=True,
        required=False,
        allow_null=True,
        help_text="A tier's id, or on a write its exact name.",
    )
    distributor = ReferenceField(
        lambda member: Organization.objects.visible_to(member), required=False, allow_null=True
    )
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="On a write: the version you have read."
    )
    countries = serializers.ListField(
        child=serializers.CharField(max_length=2),
        required=False,
        max_length=300,
        help_text="ISO 3166 codes served.",
    )

    class Meta:
        model = Organization
        fields = [
            "id",
            "name",
            "kind",
            "status",
            "tier",
            "distributor",
            "website",
            "street",
            "city",
            "state",
            "postal_code",
            "country",
            "countries",
            "notes",
            "created_at",
            "version",
        ]
        read_only_fields = ["created_at"]

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        member = self.context.get("member")
        if member is not None and not member.is_vendor:
            for name in VENDOR_ONLY:
                del fields[name]
        return fields

    def validate_country(self, value: str) -> str:
        return country_code(value)

    def validate_countries(self, value: list[str]) -> list[str]:
        return sorted({country_code(code) for code in value})


class OrganizationViewSet(PortalViewSet):
    """The vendor, distributors and partners of this portal, as far as the member sees them."""

    serializer_class = OrganizationSerializer
    model = Organization
    listing = ORGANIZATIONS

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    def create(self, request: Request) -> Response:
        self.require(Permission.MANAGE_PORTAL)
        values = self.checked(OrganizationSerializer)
        values.pop("version", None)
        return self.shown(self.again(actions.create_organization(values=values, by=self.member)), status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        organization = self.get_object()
        self.require(Permission.MANAGE_PORTAL)
        values = self.checked(OrganizationSerializer, instance=organization, partial=True)
        version = values.pop("version", None) or self.expected_version()
        organization = actions.update_organization(organization, values=values, version=version, by=self.member)
        return self.shown(self.again(organization))

"""The files of a lead over the API: the same actions as on its page."""

import uuid
from functools import cached_property
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from leads import actions, states
from leads.models import Lead, LeadFile
from leads.settings import distribution
from leads.states import Verb
from prm.actions import Gone
from prm.api.views import PortalViewSet, StrictSerializer
from prm.files.handed_in import HandedIn, look_at
from prm.files.kinds import KINDS
from prm.files.uploads import takes_files
from prm.files.views import as_attachment

BYTES = "application/octet-stream"


class LeadFileSerializer(StrictSerializer, serializers.ModelSerializer[LeadFile]):
    """A file on a lead. `kind` is what was found in it; `is_internal`: the vendor keeps it to itself."""

    kind = serializers.ChoiceField(choices=list(KINDS), source="file.kind.name", read_only=True)
    content_type = serializers.CharField(source="file.content_type", read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)
    organization = serializers.UUIDField(source="organization_id", read_only=True)
    user = serializers.UUIDField(source="author_id", read_only=True)
    user_name = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = LeadFile
        fields = [
            *("id", "name", "kind", "content_type", "size", "sha256", "is_internal"),
            *("organization", "user", "user_name", "created_at"),
        ]
        read_only_fields = ["name", "is_internal", "created_at"]


class UploadSerializer(StrictSerializer):
    file = serializers.FileField(allow_empty_file=True)  # which is refused in our words
    is_internal = serializers.BooleanField(default=False)

    def validate_file(self, value: UploadedFile) -> HandedIn:
        return look_at(value)


class AllAtOnce(BasePagination):
    """`{"results"}`, of a list that is short by nature."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        return list(queryset)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return []

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "required": ["results"], "properties": {"results": schema}}


@takes_files
class LeadFileViewSet(PortalViewSet):
    """The files of a lead, as far as the member sees them: none while the lead is withheld."""

    serializer_class = LeadFileSerializer
    model = LeadFile
    http_method_names = ["get", "post", "delete", "head", "options"]
    parser_classes = [parsers.MultiPartParser]
    pagination_class = AllAtOnce  # type: ignore[assignment]
    is_within_a_row = True

    @cached_property
    def lead(self) -> Lead:
        """The lead that the address names, if this member sees it."""
        try:
            key = uuid.UUID(self.kwargs["lead"])
        except ValueError as error:
            raise Gone from error
        found: Lead | None = Lead.objects.visible_to(self.member).filter(pk=key).first()
        if found is None:
            raise Gone
        return found

    def list_parameters(self) -> frozenset[str]:
        return frozenset()

    def rows(self) -> Any:
        rows = LeadFile.objects.visible_to(self.member).filter(lead=self.lead)
        return rows.select_related("file", "author").order_by("-created_at", "-pk")

    def get_queryset(self) -> Any:
        is_described = getattr(self, "swagger_fake_view", False)  # which happens outside of any portal
        return QuerySet(self.model).none() if is_described else self.rows()

    def _see_the_row(self) -> None:
        assert self.lead
        super()._see_the_row()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A file comes as it is, whatever is asked for; what is said about it is JSON."""
        return super().perform_content_negotiation(request, force=force or self.action == "retrieve")

    def list(self, request: Request, lead: str) -> Response:
        return self.listed()

    @extend_schema(
        request={"multipart/form-data": UploadSerializer},
        responses={201: LeadFileSerializer, 200: LeadFileSerializer},
    )
    def create(self, request: Request, lead: str) -> Response:
        """Add a file: 201, or 200 where your side has put it there already, to the byte."""
        found = self.lead
        states.check(
            Verb.ADD_FILE, found, side=found.side_of(self.member), closing_mode=distribution().closing_mode
        )
        given = self.checked(UploadSerializer)
        file, is_new = actions.add_file(found, given["file"], is_internal=given["is_internal"], by=self.member)
        return self.shown(file, status=201 if is_new else 200)

    @extend_schema(responses={(200, BYTES): OpenApiTypes.BINARY})
    def retrieve(self, request: Request, lead: str, pk: str) -> HttpResponseBase:
        """The file itself, under its name, to be saved. What kind it is, the list says."""
        found = self.get_object()
        response = as_attachment(found.file, name=found.name)
        response["Content-Type"] = BYTES
        return response

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, lead: str, pk: str) -> Response:
        """Remove it, for good. For whoever has added it, and for the vendor."""
        actions.remove_file_of_lead(self.get_object(), by=self.member)
        return Response(status=204)

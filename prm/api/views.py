"""What every resource of the API shares: strict input, keyset lists, the member who asks."""

import re
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import IO, Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, parsers, serializers, viewsets
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from prm.actions import Gone
from prm.api.filters import parameter, parameters_of
from prm.api.text import FIELDS_OF_COLUMNS
from prm.lists.filters import one
from prm.lists.listing import Asked, Listing
from prm.serving.paging import MAX_TEXT, PAGE_SIZE, InvalidParameter, ordered_by, page_of
from prm.users.access import Permission
from prm.users.models import Membership

MOST = 200


class BodyParser(parsers.JSONParser):
    """JSON. What nests deeper than Python goes is broken input, not our mistake."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError(_("This nests too deep.")) from error


class StrictSerializer(serializers.Serializer[Any]):
    """Answers fields that are unknown, or not the caller's to write, with 400 instead of dropping them."""

    serializer_field_mapping = FIELDS_OF_COLUMNS

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [name for name in data if name not in writable]
            if unknown:
                message = _("This field is unknown here, or not yours to write.")
                raise serializers.ValidationError(
                    {name: [exceptions.ErrorDetail(message, code="unknown_field")] for name in unknown}
                )
        return super().to_internal_value(data)


class NothingSerializer(StrictSerializer):
    """A verb that needs no more than its address."""


class KeysetPagination(BasePagination):
    """`{"results", "next", "previous"}`; the links carry a cursor, so any depth costs the same."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        page = page_of(
            queryset,
            ordering=view.asked.ordering,
            allowed=view.listing.orderings(view.member)[0],
            cursor=one(request.query_params, "cursor"),
            size=_page_size(request.query_params),
        )
        self.next, self.previous = page.next, page.previous
        return page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._link(self.next), "previous": self._link(self.previous)})

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor) if cursor else None

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        listing: Listing = view.listing
        names = sorted(listing.ordering_labels)
        orderings = {"type": "string", "enum": [*names, *(f"-{name}" for name in names)]}
        size = {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE_SIZE}
        text = {"type": "string", "maxLength": MAX_TEXT}
        search = [parameter("search", text, "Words, or a number such as L-1042.")] if listing.search_label else []
        return [
            *search,
            parameter("ordering", orderings, "A field, or -field for the other way round."),
            parameter("cursor", {"type": "string"}, "Taken from `next` or `previous`."),
            parameter("page_size", size, "How many at once."),
            *parameters_of(listing),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": link, "previous": link},
        }


PAGING = frozenset({"cursor", "page_size"})
"""Parameters that say where in a list somebody is, and nothing of what is in it."""


def _page_size(parameters: QueryDict) -> int:
    text = parameters.get("page_size", str(PAGE_SIZE))
    if len(parameters.getlist("page_size")) > 1:
        raise InvalidParameter("page_size", _("Give this parameter once."))
    if not re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) or not 1 <= int(text) <= MOST:
        raise InvalidParameter("page_size", _("Ask for 1 to %(most)d.") % {"most": MOST})
    return int(text)


class PortalViewSet(viewsets.GenericViewSet[Any]):
    """A resource of one portal, as its `listing` declares it: which rows a member sees, and how they are narrowed.

    The list of the API and that of the page read the same parameters, and give the same rows for them.
    """

    is_within_a_row = False  # whether the address of its list names a row of another resource

    http_method_names = ["get", "post", "patch", "head", "options"]
    parser_classes = [BodyParser]
    pagination_class = KeysetPagination
    metadata_class = None
    model: ClassVar[type[models.Model]]
    listing: ClassVar[Listing]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Once it is known who asks: no parameter that means nothing here. What they hold, `asked` reads."""
        super().initial(request, *args, **kwargs)
        if self.action is None:
            return  # no method of this resource: 405 comes next
        known = self.list_parameters() if self.action == "list" else frozenset()
        for name in request.query_params:
            if name not in known:
                raise InvalidParameter(name, _("This parameter is not known here."))

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """Which methods there are, in `Allow`, and nothing else."""
        self._see_the_row()
        return Response(status=204)

    def http_method_not_allowed(  # type: ignore[override]
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        self._see_the_row()
        return super().http_method_not_allowed(request, *args, **kwargs)

    def _see_the_row(self) -> None:
        """404 where the address names no row that the member sees, whatever the method."""
        if self.detail:
            self.get_object()

    def list_parameters(self) -> frozenset[str]:
        """What the address of the list may hold for this member."""
        return PAGING | self.listing.parameters(self.member)

    @property
    def member(self) -> Membership:
        found: Membership = self.request._request.membership  # type: ignore[attr-defined]
        return found

    def require(self, *any_of: Permission) -> None:
        """403 unless the member holds one of the permissions."""
        if not self.member.can(*any_of):
            raise PermissionDenied

    def with_more(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """The rows with what an answer holds beyond what the list shows."""
        return rows

    def rows(self) -> models.QuerySet[Any]:
        """All that the member sees."""
        return self.with_more(self.listing.found(self.member, ""))

    @cached_property
    def asked(self) -> Asked:
        """What the address asks of the list. Days are those of the member's time zone, with a key as well."""
        query = self.request.query_params.copy()
        for name in PAGING:
            query.pop(name, None)
        if "ordering" in query:  # which a page's form may send empty
            ordered_by(one(query, "ordering"), self.listing.orderings(self.member)[0])
        with timezone.override(self.member.time_zone):
            return self.listing.asked(self.member, query)

    def get_queryset(self) -> models.QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):  # the API's description is made outside of any portal
            return models.QuerySet(self.model).none()
        return self.with_more(self.listing.narrowed(self.member, self.asked))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "member": getattr(self.request, "membership", None)}

    def checked(
        self, form: type[StrictSerializer], *, instance: Any = None, partial: bool = False
    ) -> dict[str, Any]:
        """The request's body through a serializer. Raises ValidationError, answered as 400 with the fields."""
        data = self.request.data if self.request.data is not None else {}
        serializer = form(instance, data=data, partial=partial, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def get_object(self) -> Any:
        """The row, if this member sees it; else the same 404 as for one that never was."""
        try:
            key = uuid.UUID(self.kwargs["pk"])
        except ValueError as error:
            raise Gone from error
        found = self.rows().filter(pk=key).first()
        if found is None:
            raise Gone
        return found

    def listed(self) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def expected_version(self) -> int | None:
        """The version named by If-Match, for a write that must not overwrite somebody else's."""
        tag = self.request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
        if not tag or tag == "*":
            return None
        if not re.fullmatch(r"[0-9]{1,9}", tag, re.ASCII):
            raise InvalidParameter("If-Match", _("Send the version you have read, in quotes."), code="invalid")
        return int(tag)

    def again(self, record: models.Model) -> Any:
        """The record as the member sees it after a verb; None when it went out of sight by it."""
        return self.rows().filter(pk=record.pk).first()

    def shown(self, record: Any, *, status: int = 200) -> Response:
        """One record with its version as ETag; 204 when the member's own verb took it out of sight."""
        if record is None:
            return Response(status=204)
        data = self.get_serializer(record).data
        response = Response(data, status=status)
        if "version" in data:  # which a withheld lead does not tell
            response["ETag"] = f'"{data["version"]}"'
        return response


@extend_schema_field(OpenApiTypes.STR)
class ReferenceField(serializers.Field[Any, Any, Any, Any]):
    """An id of a row that the member sees, or where `by_name` is given, its exact name.

    A foreign portal's id, another partner's and one that never was are answered alike.
    """

    def __init__(self, rows: Any, *, by_name: bool = False, **kwargs: Any) -> None:
        self.rows, self.by_name = rows, by_name
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        found = None
        if isinstance(data, str):
            rows = self.rows(self.context["member"])
            try:
                found = rows.filter(pk=uuid.UUID(data)).first()
            except ValueError:
                if self.by_name and "\x00" not in data and data.isprintable():
                    found = rows.filter(name=data).first()
        if found is None:
            raise serializers.ValidationError(_("There is none like this."), code="invalid_reference")
        return found

    def to_representation(self, value: Any) -> str:
        return str(value.pk)

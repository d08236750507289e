"""Long runs over the API: an export asked for, how far a run is, what came of it, and the file."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone, translation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from prm.api.views import NothingSerializer, PortalViewSet, StrictSerializer
from prm.files.sheets import SHEETS
from prm.lists.listing import listings
from prm.runs import actions
from prm.runs.choosing import LONGEST_QUERY, query_in
from prm.runs.downloads import download
from prm.runs.exports import start_export
from prm.runs.lists import EXPORTS, RUNS
from prm.runs.models import Refusal, Run
from prm.users.models import Membership


class RunSerializer(StrictSerializer, serializers.ModelSerializer[Run]):
    """A verb over many rows, or an export: how far it is, and what came of it."""

    list = serializers.CharField(source="listing", read_only=True)
    error = serializers.CharField(source="last_error", read_only=True, help_text="Why it could not go on.")
    total = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Null until the rows have been gathered."
    )
    position = serializers.IntegerField(read_only=True, help_text="How many of the rows are behind it.")
    file_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until when an export's file can be had."
    )
    can_undo = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = [
            *("id", "kind", "title", "list", "query", "status", "error"),
            *("total", "position", "done", "refused", "missing"),
            *("created_at", "started_at", "finished_at", "file_until", "can_undo"),
        ]
        read_only_fields = fields

    def get_can_undo(self, run: Run) -> bool:
        return actions.can_undo(run)


class RefusalSerializer(StrictSerializer, serializers.ModelSerializer[Refusal]):
    class Meta:
        model = Refusal
        fields = ["name", "path", "reason"]
        read_only_fields = fields


class RefusalsSerializer(StrictSerializer):
    results = RefusalSerializer(many=True, read_only=True)


class TokenSerializer(StrictSerializer):
    token = serializers.UUIDField(required=False, help_text="Of your choice: sent again, it asks for the same run.")


class ExportSerializer(TokenSerializer):
    """What to export, and as what."""

    list = serializers.ChoiceField(choices=sorted(each.name for each in listings()))
    format = serializers.ChoiceField(choices=sorted(SHEETS))
    query = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_QUERY,
        help_text="Which rows and columns, and in what order: the query string of the list, as its page has it, "
        "such as `status=lost&ordering=-created_at&columns=city&columns=country`.",
    )
    rows = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_empty=False,
        max_length=actions.MOST_AT_ONCE,
        help_text="Only these of the rows, by id.",
    )


class FileRenderer(BaseRenderer):
    """Lets a caller ask for any kind of answer, where it is a file that stands as it is."""

    media_type = "*/*"
    format = "file"

    def render(self, data: Any, media_type: str | None = None, context: Any = None) -> bytes:
        """Of an answer without a body; the file itself, and what is wrong, come as they are."""
        return b""


@contextmanager
def _spoken_by(member: Membership) -> Iterator[None]:
    """In the member's language and time zone: a run's title is read by its requester, whatever program asks."""
    with translation.override(member.language), timezone.override(member.time_zone):
        yield


class RunViewSet(PortalViewSet):
    """What the caller has asked for that takes a while. Nobody else sees it."""

    serializer_class = RunSerializer
    model = Run
    listing = RUNS

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    @extend_schema(request=NothingSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it after the row it is at. What it has done stands."""
        run = self.get_object()
        self.checked(NothingSerializer)
        return self.shown(self.again(actions.cancel_run(run, by=self.member)))

    @extend_schema(request=TokenSerializer, responses={201: RunSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Ask for a run that takes back what this one did. The answer is that run."""
        run, token = self.get_object(), self.checked(TokenSerializer).get("token") or uuid.uuid4()
        with _spoken_by(self.member):
            undoing = actions.undo_run(run, token=token, by=self.member)
        return self.shown(self.again(undoing), status=201)

    @extend_schema(responses=RefusalsSerializer)
    @action(detail=True, methods=["get"], pagination_class=None)
    def refusals(self, request: Request, pk: str) -> Response:
        """The rows that it left as they were, and why; of very many the first thousand."""
        rows = Refusal.objects.filter(run=self.get_object())
        return Response({"results": RefusalSerializer(rows, many=True).data})


class ExportViewSet(PortalViewSet):
    """Lists as files. An export is a run: ask for it, look until it is `done`, then fetch the file, for a day."""

    serializer_class = RunSerializer
    model = Run
    listing = EXPORTS

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    @extend_schema(request=ExportSerializer, responses={201: RunSerializer})
    def create(self, request: Request) -> Response:
        """Ask for an export: exactly the rows and columns that the list's page would show you."""
        given = self.checked(ExportSerializer)
        with _spoken_by(self.member):
            run = start_export(
                given["list"],
                query=query_in(given["query"]),
                sheet=given["format"],
                token=given.get("token") or uuid.uuid4(),
                by=self.member,
                chosen=given.get("rows"),
            )
        return self.shown(self.again(run), status=201)

    @extend_schema(
        responses={(200, sheet.content_type): OpenApiResponse(OpenApiTypes.BINARY) for sheet in SHEETS.values()}
    )
    @action(detail=True, methods=["get"], renderer_classes=[FileRenderer], pagination_class=None)
    def file(self, request: Request, pk: str) -> HttpResponseBase:
        """The file of a finished export, while it can be had, by who asked for it."""
        return download(self.get_object(), self.member)

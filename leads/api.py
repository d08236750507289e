"""Leads over the API: the same actions as the pages."""

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from leads import actions, states
from leads.forms import missing_currency, missing_name, wrong_time
from leads.lists import LEADS
from leads.models import DETAIL_FIELDS, VENDOR_ONLY, VENDOR_WRITES, Activity, Lead, LostReason
from leads.settings import distribution
from leads.states import Side, Status, Verb
from prm.api.codes import country_code, currency_code
from prm.api.text import ProseField, as_text, as_time
from prm.api.views import NothingSerializer, PortalViewSet, ReferenceField, StrictSerializer
from prm.organizations.models import Organization
from prm.users.access import Permission
from prm.users.models import Membership

PARTNERS_DETAILS = [name for name in DETAIL_FIELDS if name not in VENDOR_ONLY]
TELLTALES = ("version", "updated_at")
"""What moves when the vendor edits: not to be read while the details are not."""


class LeadSerializer(StrictSerializer, serializers.ModelSerializer[Lead]):
    """A lead as this member may see it. While withheld, its details are not in the answer at all."""

    number = serializers.CharField(source="code", read_only=True)
    organization = serializers.UUIDField(source="organization_id", read_only=True, allow_null=True)
    organization_name = serializers.CharField(read_only=True, allow_null=True, default=None)
    user = serializers.UUIDField(source="assignee_id", read_only=True, allow_null=True)
    user_name = serializers.CharField(source="assignee_name", read_only=True, allow_null=True, default=None)
    opened_by = serializers.UUIDField(source="opened_by_id", read_only=True, allow_null=True)
    lost_reason = serializers.CharField(source="lost_reason_name", read_only=True, allow_null=True, default=None)
    is_withheld = serializers.BooleanField(read_only=True)
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="On a write: the version you have read."
    )
    website = serializers.CharField(required=False, allow_blank=True, max_length=300)

    class Meta:
        model = Lead
        fields = [
            *(
                "id",
                "number",
                "status",
                "is_withheld",
                "organization",
                "organization_name",
                "user",
                "user_name",
            ),
            *(
                "assigned_at",
                "opened_at",
                "opened_by",
                "closed_at",
                "lost_reason",
                "created_at",
                "updated_at",
            ),
            "version",
            *DETAIL_FIELDS,
        ]
        read_only_fields = ["status", "assigned_at", "opened_at", "closed_at", "created_at", "updated_at"]

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        member: Membership | None = self.context.get("member")
        if member is not None and not member.is_vendor:
            for name in VENDOR_ONLY:
                del fields[name]
            for name in VENDOR_WRITES - VENDOR_ONLY:
                fields[name].read_only = True
        return fields

    def to_representation(self, instance: Lead) -> dict[str, Any]:
        """Written out: the fields' own way takes four times as long, and lists hold hundreds of leads.

        tests/api/test_leads.py holds it against `spelled_out`, so that it says what the description promises.
        """
        member: Membership = self.context["member"]
        lead: Any = instance.shown_to(member)  # with what `with_more` adds
        zone = timezone.get_current_timezone()
        shown: dict[str, Any] = {
            "id": str(lead.pk),
            "number": lead.code,
            "status": lead.status,
            "is_withheld": lead.is_withheld,
            "organization": as_text(lead.organization_id),
            "organization_name": lead.organization_name,
            "user": as_text(lead.assignee_id),
            "user_name": lead.assignee_name,
            "assigned_at": as_time(lead.assigned_at, zone),
            "opened_at": as_time(lead.opened_at, zone),
            "opened_by": as_text(lead.opened_by_id),
            "closed_at": as_time(lead.closed_at, zone),
            "lost_reason": lead.lost_reason_name,
            "created_at": as_time(lead.created_at, zone),
        }
        if lead.is_withheld:
            return shown
        shown["updated_at"], shown["version"] = as_time(lead.updated_at, zone), lead.version_for(member)
        for name in DETAIL_FIELDS if member.is_vendor else PARTNERS_DETAILS:
            shown[name] = getattr(lead, name)
        shown["budget"] = as_text(lead.budget)
        return shown

    def spelled_out(self, instance: Lead) -> dict[str, Any]:
        """The same by the fields' own way, which knows nothing of withholding."""
        return dict(super().to_representation(instance))

    def validate_country(self, value: str) -> str:
        return country_code(value)

    def validate_budget_currency(self, value: str) -> str:
        return currency_code(value)

    def validate_website(self, value: str) -> str:
        address = value if "://" in value or not value else f"https://{value}"
        field = serializers.URLField(allow_blank=True, max_length=300)
        cleaned: str = field.run_validation(address)
        return cleaned

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        whole = {name: attrs.get(name, getattr(self.instance, name, None)) for name in DETAIL_FIELDS}
        if wrong := missing_name(whole):
            raise serializers.ValidationError({"company": wrong})
        if {"budget", "budget_currency"} & set(attrs) and (wrong := missing_currency(whole)):
            raise serializers.ValidationError({"budget_currency": wrong})
        return attrs


class LeadDescription(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """What a withheld lead's answer leaves out is not promised."""

    target_class = LeadSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        described: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        described["required"] = [name for name in described.get("required", []) if name not in TELLTALES]
        return described


class AssignSerializer(StrictSerializer):
    organization = ReferenceField(lambda member: Organization.objects.visible_to(member), required=False)
    user = ReferenceField(lambda member: Membership.objects.visible_to(member), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Give either an organization or a user."))
        return attrs


class CloseSerializer(StrictSerializer):
    outcome = serializers.ChoiceField(choices=[Status.LOST.value, Status.WON.value])
    reason = ReferenceField(
        lambda member: LostReason.objects.filter(is_active=True),
        by_name=True,
        required=False,
        allow_null=True,
        help_text="A lost reason's id or its exact label; needed when the outcome is lost.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["outcome"] == Status.LOST and attrs.get("reason") is None:
            raise serializers.ValidationError({"reason": _("Say why it was lost.")})
        if attrs["outcome"] == Status.WON and attrs.get("reason") is not None:
            raise serializers.ValidationError({"reason": _("A won lead has no lost reason.")})
        return attrs


class CommentSerializer(StrictSerializer):
    text = ProseField(max_length=10_000)
    is_internal = serializers.BooleanField(default=False)


class ActivitySerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=Activity.Kind.choices)
    outcome = serializers.ChoiceField(choices=Activity.Outcome.choices)
    note = ProseField(max_length=10_000, required=False, default="", allow_blank=True)
    happened_at = serializers.DateTimeField(required=False, default=None)

    def validate_happened_at(self, value: datetime | None) -> datetime | None:
        if wrong := wrong_time(value):
            raise serializers.ValidationError(wrong)
        return value


class LeadViewSet(PortalViewSet):
    """Leads of this portal, as far as the member sees them."""

    serializer_class = LeadSerializer
    model = Lead
    listing = LEADS

    def with_more(self, rows: Any) -> Any:
        return rows.with_names().annotate(lost_reason_name=F("lost_reason__name"))

    def may(self, verb: Verb, lead: Lead) -> None:
        """Raise Refused before the body is looked at: what is wrong with it could tell of withheld details."""
        states.check(verb, lead, side=lead.side_of(self.member), closing_mode=distribution().closing_mode)

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    def create(self, request: Request) -> Response:
        self.require(Permission.CREATE_LEADS)
        values = self.checked(LeadSerializer)
        values.pop("version", None)
        lead = actions.create_lead(values=values, by=self.member)
        return self.shown(self.again(lead), status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        lead = self.get_object()
        self.may(Verb.EDIT, lead)
        values = self.checked(LeadSerializer, instance=lead, partial=True)
        version = values.pop("version", None) or self.expected_version()
        return self.shown(self.again(actions.update_lead(lead, values=values, version=version, by=self.member)))

    @extend_schema(request=AssignSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """Assign to a user or an organization. The holder's people may pass it on to a colleague."""
        lead = self.get_object()
        given = self.checked(AssignSerializer)
        to = given.get("user") or given["organization"]
        if lead.side_of(self.member) is Side.HOLDER and isinstance(to, Membership):
            lead = actions.hand_over_lead(lead, to=to, by=self.member)
        else:
            lead = actions.assign_lead(lead, to=to, by=self.member)
        return self.shown(self.again(lead))

    @extend_schema(request=NothingSerializer)
    @action(detail=True, methods=["post"])
    def recall(self, request: Request, pk: str) -> Response:
        lead = self.get_object()
        self.checked(NothingSerializer)
        return self.shown(self.again(actions.recall_lead(lead, by=self.member)))

    @extend_schema(request=NothingSerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        lead = self.get_object()
        self.checked(NothingSerializer)
        return self.shown(self.again(actions.open_lead(lead, by=self.member)))

    @extend_schema(request=CloseSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        lead = self.get_object()
        given = self.checked(CloseSerializer)
        if given["outcome"] == Status.WON:
            lead = actions.win_lead(lead, by=self.member)
        else:
            lead = actions.lose_lead(lead, reason=given["reason"], by=self.member)
        return self.shown(self.again(lead))

    @extend_schema(request=NothingSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        lead = self.get_object()
        self.checked(NothingSerializer)
        return self.shown(self.again(actions.reopen_lead(lead, by=self.member)))

    @extend_schema(request=CommentSerializer)
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str) -> Response:
        lead = self.get_object()
        actions.comment_lead(lead, **self.checked(CommentSerializer), by=self.member)
        return self.shown(self.again(lead), status=201)

    @extend_schema(request=ActivitySerializer)
    @action(detail=True, methods=["post"])
    def activity(self, request: Request, pk: str) -> Response:
        lead = self.get_object()
        actions.log_activity(lead, **self.checked(ActivitySerializer), by=self.member)
        return self.shown(self.again(lead), status=201)

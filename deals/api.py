"""Deals over the API, and the verb that makes one from a lead."""

from typing import Any

from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from deals import actions
from deals.actions import ACCOUNT_FIELDS, CONTACT_FIELDS, Registration, deal_from, prospect_of
from deals.lists import DEALS, found_deals
from deals.models import Account, Contact, Deal, DealLostReason, DealStage
from leads.api import LeadSerializer, LeadViewSet
from leads.models import Lead
from leads.states import Verb
from prm.api.codes import country_code, currency_code
from prm.api.text import as_text
from prm.api.views import PortalViewSet, ReferenceField, StrictSerializer


class AccountSerializer(StrictSerializer, serializers.ModelSerializer[Account]):
    class Meta:
        model = Account
        fields = ACCOUNT_FIELDS

    def validate_country(self, value: str) -> str:
        return country_code(value)


class ContactSerializer(StrictSerializer, serializers.ModelSerializer[Contact]):
    class Meta:
        model = Contact
        fields = CONTACT_FIELDS


class DealSerializer(StrictSerializer, serializers.ModelSerializer[Deal]):
    number = serializers.CharField(source="code", read_only=True)
    stage = ReferenceField(
        lambda member: DealStage.objects.filter(is_active=True),
        by_name=True,
        required=False,
        help_text="A stage's id, or on a write its exact name; the first stage when not given.",
    )
    stage_name = serializers.CharField(source="stage.name", read_only=True)
    probability = serializers.IntegerField(source="stage.probability", read_only=True, help_text="In percent.")
    weighted_amount = serializers.DecimalField(
        source="weighted", max_digits=14, decimal_places=2, read_only=True, help_text="Amount times probability."
    )
    lost_reason = serializers.CharField(source="lost_reason.name", read_only=True, allow_null=True, default=None)
    organization = serializers.UUIDField(source="organization_id", read_only=True)
    organization_name = serializers.CharField(source="organization.name", read_only=True)
    user = serializers.UUIDField(source="owner_id", read_only=True)
    user_name = serializers.CharField(source="owner.name", read_only=True)
    lead = serializers.UUIDField(source="lead_id", read_only=True, allow_null=True)
    account = AccountSerializer(read_only=True)
    contact = ContactSerializer(read_only=True)
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="On a write: the version you have read."
    )

    class Meta:
        model = Deal
        fields = [
            "id",
            "number",
            "name",
            "amount",
            "currency",
            "stage",
            "stage_name",
            "probability",
            "weighted_amount",
            "status",
            "close_date",
            "closed_at",
            "lost_reason",
            "next_step",
            "description",
            "organization",
            "organization_name",
            "user",
            "user_name",
            "lead",
            "account",
            "contact",
            "created_at",
            "updated_at",
            "version",
        ]
        read_only_fields = ["status", "closed_at", "created_at", "updated_at"]

    def validate_currency(self, value: str) -> str:
        return currency_code(value)


class ConvertSerializer(DealSerializer):
    """A deal registration. Account and contact come from the lead; give them to say it better."""

    account = AccountSerializer(required=False)
    contact = ContactSerializer(required=False)

    class Meta(DealSerializer.Meta):
        fields = [
            *("name", "amount", "currency", "stage", "close_date", "next_step", "description"),
            *("account", "contact"),
        ]


class VerbSerializer(StrictSerializer):
    """A verb that needs no more than its address, and the version that was read if it shall be checked."""

    version = serializers.IntegerField(required=False, min_value=1, help_text="The version you have read.")


class MoveSerializer(VerbSerializer):
    stage = ReferenceField(
        lambda member: DealStage.objects.filter(is_active=True),
        by_name=True,
        help_text="An open stage's id or its exact name.",
    )


class LoseSerializer(VerbSerializer):
    reason = ReferenceField(
        lambda member: DealLostReason.objects.filter(is_active=True),
        by_name=True,
        help_text="A lost reason's id or its exact name.",
    )


class DealViewSet(PortalViewSet):
    """Registered deals, as far as the member sees them. They begin as leads: see `leads/{id}/convert/`."""

    serializer_class = DealSerializer
    model = Deal
    listing = DEALS

    def with_more(self, rows: Any) -> Any:
        return rows.with_records()

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    def partial_update(self, request: Request, pk: str) -> Response:
        deal = self.get_object()
        values = self.checked(DealSerializer, instance=deal, partial=True)
        version = values.pop("version", None) or self.expected_version()
        return self.shown(self.again(actions.update_deal(deal, values=values, version=version, by=self.member)))

    @extend_schema(request=MoveSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Let an open deal stand in another open stage."""
        deal, given = self._asked(MoveSerializer)
        return self.shown(self.again(actions.move_deal(deal, to=given.pop("stage"), **given, by=self.member)))

    @extend_schema(request=VerbSerializer)
    @action(detail=True, methods=["post"])
    def win(self, request: Request, pk: str) -> Response:
        """Close an open deal as won."""
        deal, given = self._asked(VerbSerializer)
        return self.shown(self.again(actions.win_deal(deal, **given, by=self.member)))

    @extend_schema(request=LoseSerializer)
    @action(detail=True, methods=["post"])
    def lose(self, request: Request, pk: str) -> Response:
        """Close an open deal as lost, with a reason."""
        deal, given = self._asked(LoseSerializer)
        return self.shown(self.again(actions.lose_deal(deal, **given, by=self.member)))

    @extend_schema(request=VerbSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Bring a won or lost deal back to the stage in which it ended."""
        deal, given = self._asked(VerbSerializer)
        return self.shown(self.again(actions.reopen_deal(deal, **given, by=self.member)))

    def _asked(self, form: type[VerbSerializer]) -> tuple[Deal, dict[str, Any]]:
        """The deal, and what its verb was given, with the version from the body or from If-Match."""
        deal = self.get_object()
        given = self.checked(form)
        return deal, {**given, "version": given.get("version") or self.expected_version()}


class ConvertibleLeadSerializer(LeadSerializer):
    """A lead and the deal it became."""

    deal = serializers.UUIDField(source="deal_id", read_only=True, allow_null=True, default=None)

    class Meta(LeadSerializer.Meta):
        fields = [*LeadSerializer.Meta.fields, "deal"]

    def to_representation(self, instance: Lead) -> dict[str, Any]:
        return {**super().to_representation(instance), "deal": as_text(getattr(instance, "deal_id", None))}


@extend_schema_view(
    **{verb: extend_schema(responses=ConvertibleLeadSerializer) for verb in ("open", "close", "reopen")},
    **{
        verb: extend_schema(responses={200: ConvertibleLeadSerializer, 204: None})  # 204: out of one's own sight
        for verb in ("assign", "recall")
    },
    **{verb: extend_schema(responses={201: ConvertibleLeadSerializer}) for verb in ("comment", "activity")},
)
class ConvertibleLeadViewSet(LeadViewSet):
    """Leads with the one verb that belongs to the floor above them, and what came of it."""

    serializer_class = ConvertibleLeadSerializer

    def with_more(self, rows: Any) -> Any:
        deals = Deal.objects.filter(lead=OuterRef("pk")).exclude(status=Deal.Status.WITHDRAWN)
        return super().with_more(rows).annotate(deal_id=Subquery(deals.values("pk")[:1]))

    @extend_schema(request=ConvertSerializer, responses={201: DealSerializer})
    @action(detail=True, methods=["post"])
    def convert(self, request: Request, pk: str) -> Response:
        """Close the lead as converted and register its deal, which is the answer."""
        lead = self.get_object()
        self.may(Verb.CONVERT, lead)
        account, contact = prospect_of(lead)
        body = request.data if isinstance(request.data, dict) else None
        prefilled = {name: value for name, value in deal_from(lead).items() if value not in ("", None)}
        form = ConvertSerializer(
            data=request.data if body is None else {**prefilled, **body},
            context=self.get_serializer_context(),
        )
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        registration = Registration(
            account={**account, **values.pop("account", {})},
            contact={**contact, **values.pop("contact", {})},
            deal=values,
        )
        deal = actions.convert_lead(lead, registration=registration, by=self.member)
        deal = found_deals(self.member).with_records().get(pk=deal.pk)
        return Response(DealSerializer(deal, context=self.get_serializer_context()).data, status=201)

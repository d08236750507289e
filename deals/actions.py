"""Verbs about deals: register one from a lead, change it, withdraw it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deals.models import Account, Contact, Deal, DealStage
from leads import actions as lead_actions
from leads.models import Lead
from prm.actions import Gone, Refused, Stale, apply_values
from prm.events.models import Event
from prm.events.record import Actor, record, subscribe
from prm.organizations.models import next_number

EDITABLE = frozenset({"name", "amount", "currency", "stage", "close_date", "description"})
ACCOUNT_FIELDS = ["name", "website", "street", "city", "state", "postal_code", "country", "industry", "employees"]
CONTACT_FIELDS = ["first_name", "last_name", "title", "email", "phone", "mobile"]
NAME_LENGTH = 200  # of a deal's and an account's name; a person's full name may be longer


@dataclass(frozen=True)
class Registration:
    """A filled-in deal registration form: field values for the deal, its account and its contact."""

    deal: Mapping[str, Any]
    account: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] = field(default_factory=dict)


def prospect_of(lead: Lead) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a lead says about account and contact, with which the registration form comes prefilled."""
    account = {name: getattr(lead, name) for name in ACCOUNT_FIELDS if name != "name"}
    contact = {name: getattr(lead, name) for name in CONTACT_FIELDS}
    return {"name": lead.label[:NAME_LENGTH], **account}, contact


def deal_from(lead: Lead) -> dict[str, Any]:
    """What a lead says about its deal, with which the registration form comes prefilled."""
    name = f"{lead.label}: {lead.product_interest}" if lead.product_interest else lead.label
    return {
        "name": name[:NAME_LENGTH],
        "amount": lead.budget,
        "currency": lead.budget_currency,
        "description": lead.description,
    }


@transaction.atomic
def convert_lead(lead: Lead, *, registration: Registration, by: Actor) -> Deal:
    """Close the lead as converted and register its deal.

    The lead's lock is taken first, so that of two people who press at once one gets the deal and the
    other is Refused.
    """
    lead = lead_actions.mark_converted(lead, by=by)
    assert lead.organization is not None  # only an opened lead converts
    owner = lead.assignee or lead.opened_by
    assert owner is not None
    account_values, contact_values = prospect_of(lead)
    account = Account.objects.create(**{**account_values, **registration.account})
    contact = Contact.objects.create(account=account, **{**contact_values, **registration.contact})
    values = {name: value for name, value in registration.deal.items() if name in EDITABLE}
    values.setdefault("stage", None)
    values["stage"] = values["stage"] or first_stage()
    now = timezone.now()
    deal = Deal.objects.create(
        number=next_number("deal"),
        status=values["stage"].outcome,
        organization=lead.organization,
        owner=owner,
        lead=lead,
        account=account,
        contact=contact,
        created_at=now,
        updated_at=now,
        **values,
    )
    _note(Event.Kind.DEAL_REGISTERED, deal, by=by)
    return deal


@transaction.atomic
def update_deal(deal: Deal, *, values: Mapping[str, Any], by: Actor, version: int | None = None) -> Deal:
    """Change any of EDITABLE. Raises Stale when `version` is given and no longer the current one."""
    rows = Deal.objects.select_related("organization")
    try:
        deal = (rows if by is None else rows.visible_to(by)).locked(deal.pk)
    except Deal.DoesNotExist as error:
        raise Gone from error
    if by is not None and not deal.may_be_changed_by(by):
        raise Refused(_("Deal %(code)s cannot be changed by you.") % {"code": deal.code})
    if version is not None and version != deal.version:
        raise Stale(_("Somebody else changed deal %(code)s meanwhile.") % {"code": deal.code})
    changes = apply_values(deal, {name: value for name, value in values.items() if name in EDITABLE})
    if changes:
        deal.status = deal.stage.outcome
        _save(deal)
        _note(Event.Kind.DEAL_CHANGED, deal, by=by, changes=changes)
    return deal


@subscribe(Event.Kind.LEAD_REOPENED)
def withdraw_deal(event: Event, lead: models.Model, by: Actor) -> None:
    """A re-opened lead takes its deal back: it stays to be read, and the lead may be converted anew."""
    for deal in (
        Deal.objects.select_for_update(of=("self",)).filter(lead=lead.pk).exclude(status=Deal.Status.WITHDRAWN)
    ):
        deal.status = Deal.Status.WITHDRAWN
        _save(deal)
        _note(Event.Kind.DEAL_WITHDRAWN, deal, by=by)


def first_stage() -> DealStage:
    """Where new deals begin."""
    stages = DealStage.objects.filter(is_active=True, outcome=DealStage.Outcome.OPEN)
    first: DealStage = stages.order_by("position", "name")[0]
    return first


def _save(deal: Deal) -> None:
    deal.version += 1
    deal.updated_at = timezone.now()
    deal.save()


def _note(kind: Event.Kind, deal: Deal, *, by: Actor, changes: Mapping[str, Any] | None = None) -> None:
    record(kind, deal, by=by, organization=deal.organization, facts={"code": deal.code}, changes=changes)

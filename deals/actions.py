"""Verbs about deals: register one from a lead, change and move it, win, lose and re-open it, withdraw it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deals.models import Account, Contact, Deal, DealLostReason, DealStage
from deals.telling import other_side
from leads import actions as lead_actions
from leads.models import Lead
from prm.actions import Gone, Refused, Stale, apply_values
from prm.events.models import Event
from prm.events.record import Actor, record, subscribe
from prm.organizations.models import next_number
from prm.users.models import Membership

EDITABLE = frozenset({"name", "amount", "currency", "stage", "close_date", "next_step", "description"})
ACCOUNT_FIELDS = ["name", "website", "street", "city", "state", "postal_code", "country", "industry", "employees"]
CONTACT_FIELDS = ["first_name", "last_name", "title", "email", "phone", "mobile"]
ENDS = {
    DealStage.Outcome.OPEN: Event.Kind.DEAL_REOPENED,
    DealStage.Outcome.WON: Event.Kind.DEAL_WON,
    DealStage.Outcome.LOST: Event.Kind.DEAL_LOST,
}
"""What happens to a deal that comes to stand in a stage of another meaning."""
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
    _refuse_unexplained(values["stage"])
    now = timezone.now()
    deal = Deal.objects.create(
        number=next_number("deal"),
        status=values["stage"].outcome,
        closed_at=None if values["stage"].outcome == DealStage.Outcome.OPEN else now,
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
    """Change any of EDITABLE. Raises Stale when `version` is given and no longer the current one.

    A stage of another meaning wins or re-opens the deal, as the verbs for that do; losing needs its reason.
    """
    deal = _locked(deal, by=by)
    _check_version(deal, version)
    before = deal.stage
    changes = apply_values(deal, {name: value for name, value in values.items() if name in EDITABLE})
    if changes:
        end = _settle(deal, before)
        _save(deal)
        _note(Event.Kind.DEAL_CHANGED, deal, by=by, changes=changes)
        if end:
            _note(end, deal, by=by, tell=other_side(deal, by=by))
    return deal


@transaction.atomic
def move_deal(deal: Deal, *, to: DealStage, by: Actor, version: int | None = None) -> Deal:
    """Let a deal stand in another stage of the same meaning. Twice the same is once."""
    deal = _locked(deal, by=by)
    if to == deal.stage:
        return deal
    _check_version(deal, version)
    if not to.is_active:
        raise Refused(_("The stage %(name)s is no longer in use.") % {"name": to})
    if to.outcome != deal.status:
        if deal.is_closed:
            raise Refused(_closed(deal))
        raise Refused(_("Deal %(code)s ends by being won or lost, not by being moved.") % {"code": deal.code})
    changes = {"stage": (deal.stage, to)}
    deal.stage = to
    _save(deal)
    _note(Event.Kind.DEAL_MOVED, deal, by=by, changes=changes)
    return deal


@transaction.atomic
def win_deal(deal: Deal, *, by: Actor, version: int | None = None) -> Deal:
    """Close an open deal as won; the other side hears of it."""
    return _close(deal, DealStage.Outcome.WON, by=by, version=version)


@transaction.atomic
def lose_deal(deal: Deal, *, reason: DealLostReason, by: Actor, version: int | None = None) -> Deal:
    """Close an open deal as lost, for one of the portal's reasons; the other side hears of it."""
    if not reason.is_active:
        raise Refused(_("The reason %(name)s is no longer in use.") % {"name": reason})
    return _close(deal, DealStage.Outcome.LOST, by=by, version=version, reason=reason)


@transaction.atomic
def reopen_deal(deal: Deal, *, by: Actor, version: int | None = None) -> Deal:
    """Bring a won or lost deal back to the stage in which it ended, or to the first one where that is gone."""
    deal = _locked(deal, by=by)
    if not deal.is_closed:
        raise Refused(_("Deal %(code)s is open already.") % {"code": deal.code})
    _check_version(deal, version)
    _stand(deal, _open_stage(deal), by=by)
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


# --- What the verbs share --------------------------------------------------------------------------


def _locked(deal: Deal, *, by: Actor) -> Deal:
    """The deal, locked. Raises Gone when `by` no longer sees it, Refused when `by` may not change it."""
    rows = Deal.objects.select_related("organization")
    try:
        deal = (rows if by is None else rows.visible_to(by)).locked(deal.pk)
    except Deal.DoesNotExist as error:
        raise Gone from error
    if by is not None and not deal.may_be_changed_by(by):
        raise Refused(_("Deal %(code)s cannot be changed by you.") % {"code": deal.code})
    return deal


def _check_version(deal: Deal, version: int | None) -> None:
    if version is not None and version != deal.version:
        raise Stale(_("Somebody else changed deal %(code)s meanwhile.") % {"code": deal.code})


def _close(
    deal: Deal,
    outcome: DealStage.Outcome,
    *,
    by: Actor,
    version: int | None,
    reason: DealLostReason | None = None,
) -> Deal:
    deal = _locked(deal, by=by)
    if deal.is_closed:
        raise Refused(_closed(deal))
    _check_version(deal, version)
    stage = DealStage.objects.filter(is_active=True, outcome=outcome).order_by("position", "name").first()
    if stage is None:
        raise Refused(_("This portal has no stage for that (Settings, Deal stages)."))
    deal.lost_reason = reason
    _stand(deal, stage, by=by)
    return deal


def _stand(deal: Deal, stage: DealStage, *, by: Actor) -> None:
    """Let the deal stand in a stage of another meaning, and say so."""
    before, deal.stage = deal.stage, stage
    end = _settle(deal, before)
    assert end is not None
    _save(deal)
    _note(end, deal, by=by, changes={"stage": (before, stage)}, tell=other_side(deal, by=by))


def _settle(deal: Deal, before: DealStage) -> Event.Kind | None:
    """Let status and closing follow the stage. What happened to the deal by that, if anything."""
    outcome = DealStage.Outcome(deal.stage.outcome)
    if outcome == deal.status:
        return None
    if outcome != DealStage.Outcome.LOST:
        deal.lost_reason = None
    _refuse_unexplained(deal.stage, deal.lost_reason)
    if deal.status == Deal.Status.OPEN:
        deal.closed_from = before
    if outcome == DealStage.Outcome.OPEN:
        deal.closed_from = None
    deal.closed_at = None if outcome == DealStage.Outcome.OPEN else timezone.now()
    deal.status = Deal.Status(outcome.value)
    return ENDS[outcome]


def _refuse_unexplained(stage: DealStage, reason: DealLostReason | None = None) -> None:
    if stage.outcome == DealStage.Outcome.LOST and reason is None:
        raise Refused(_("Say why the deal is lost: it is closed as lost with a reason."))


def _closed(deal: Deal) -> str:
    words = {"code": deal.code, "status": deal.get_status_display().lower()}
    return _("Deal %(code)s is closed (%(status)s). Reopen it first.") % words


def _open_stage(deal: Deal) -> DealStage:
    stage = deal.closed_from
    if stage is None or not stage.is_active or stage.outcome != DealStage.Outcome.OPEN:
        return first_stage()
    return stage


def _save(deal: Deal) -> None:
    deal.version += 1
    deal.updated_at = timezone.now()
    deal.save()


def _note(
    kind: Event.Kind,
    deal: Deal,
    *,
    by: Actor,
    changes: Mapping[str, Any] | None = None,
    tell: Iterable[Membership] = (),
) -> None:
    facts = {"code": deal.code}
    if deal.lost_reason is not None:
        facts["reason"] = deal.lost_reason.name
    record(kind, deal, by=by, organization=deal.organization, facts=facts, changes=changes, tell=tell)

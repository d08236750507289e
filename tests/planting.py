"""Canaries: words that say whose they are, in every column of every portal that can hold one.

`qz<portal's code>x<number>zq` says of which portal, and the number which row and column. Columns are
read from the models: a new one that holds text is planted without further ado, or fails the build
until UNPLANTED says why it cannot be. Who may read a row is said again here, in other words than the
product's own: tests/canaries.py asks it for each word that shows in an answer.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from deals.models import Deal
from leads.models import VENDOR_ONLY, Activity, Comment, Lead, LeadFile
from prm.events.models import EventValue
from prm.lists.models import SavedView
from prm.organizations.context import inside
from prm.organizations.fence import FencedModel
from prm.organizations.models import Organization, Portal
from prm.runs.models import Refusal, Run
from prm.users.access import Permission
from prm.users.models import ApiKey, Draft, Membership, Session, Viewing
from tests.guards.catalogue import fenced_models

WORD = re.compile(rb"qz([a-z0-9]{6})x([0-9a-f]+)zq", re.IGNORECASE)
SHORTEST = 20  # characters that a word needs, with room to spare
UNPLANTED = {
    "organizations.Organization.country": "two letters",
    "organizations.Organization.countries": "two letters each",
    "organizations.Counter.name": "by which the next number is found",
    "users.Group.permissions": "words of the product, which decide who sees what",
    "users.Membership.time_zone": "the page is shown in it",
    "users.ApiKey.digest": "by which a key is found",
    "users.Draft.action": "an address of ours, where the form is sent to",
    "users.Session.data": "what the session is, signed",
    "users.Session.digest": "by which a session is found",
    "files.StoredFile.stored_as": "a name of ours, by which the file is found",
    "files.StoredFile.content_type": "one of the kinds that are known",
    "files.StoredFile.sha256": "by which the content is found",
    "runs.Run.kind": "the name of a verb",
    "runs.Run.listing": "the name of a list",
    "runs.Run.query": "a query string, which that list reads",
    "runs.Run.parameters": "ids and words of the product, which say what to do",
    "runs.Run.rights": "words of the product and ids, which decide whether it may go on",
    "runs.Run.chosen": "ids",
    "runs.Run.parts": "names of ours, by which files are found",
    "runs.Refusal.path": "an address of ours",
    "lists.SavedView.list_name": "by which a list finds its views",
    "lists.ListChoice.list_name": "by which a list finds how it begins",
    "lists.ListChoice.columns": "words of the product, by which columns are found",
    "sso.IdentityProvider.slug": "by which an address finds it",
    "sso.IdentityProvider.domains": "host names, which people's addresses are held against",
    "sso.IdentityProvider.certificates": "certificates, which are read as such",
    "sso.IdentityProvider.sealed_secret": "sealed; what it holds is no text to anybody",
    "sso.IdentityProvider.endpoints": "addresses at the provider, which everybody who signs in is sent to",
    "sso.LookedAt.digest": "by which an answer is found",
    "events.Event.subject_type": "the name of a model",
    "events.Event.changed_fields": "names of fields; an event is never altered",
    "events.Event.facts": "ids and words of the product; an event is never altered",
    "events.Event.request_id": "an id of ours; an event is never altered",
    "events.Delivery.lane": "ids, which say what comes after what",
    "events.NotificationChoice.by_kind": "words of the product, by which mail is sent or not",
    "events.EventValue.field": "the name of a field",
    "leads.Lead.country": "two letters",
    "leads.Lead.budget_currency": "three letters",
    "leads.Lead.language": "twelve characters",
    "deals.Account.country": "two letters",
    "deals.Deal.currency": "three letters",
}
"""Columns that hold text and no canary, each with its reason."""


@dataclass(frozen=True)
class Plant:
    """Where a word was planted."""

    model: str
    pk: Any
    column: str

    def __str__(self) -> str:
        return f"{self.model}.{self.column} of {self.pk}"


planted: dict[int, Plant] = {}
_numbers = count(1)


# --- Planting -------------------------------------------------------------------------------------------


def text_columns(model: type[models.Model]) -> set[str]:
    """The columns of a model that somebody's text may stand in."""
    texts = (models.CharField, models.TextField, models.JSONField, ArrayField)
    return {field.name for field in model._meta.concrete_fields if isinstance(field, texts) and not field.choices}


@cache
def columns(model: type[models.Model]) -> list[str]:
    """Those of them that are planted."""
    return sorted(name for name in text_columns(model) if f"{model._meta.label}.{name}" not in UNPLANTED)


def words(portal: Portal, model: type[models.Model], pk: Any) -> dict[str, Any]:
    """New canaries for a row, by column, in the form that each column asks for."""
    return {
        column: dressed(_word(portal, Plant(model._meta.label, pk, column)), model, column)
        for column in columns(model)
    }


def _word(portal: Portal, place: Plant) -> str:
    number = next(_numbers)
    planted[number] = place
    return f"qz{portal.code}x{number:x}zq"


def dressed(text: str, model: type[models.Model], column: str) -> Any:
    """The word as the column takes it."""
    kind = type(model._meta.get_field(column))
    if kind is models.JSONField:
        return {"text": [text]}
    forms = {models.EmailField: f"{text}@planted.example", models.URLField: f"https://{text}.example/"}
    return forms.get(kind, text)


def plant(row: FencedModel, *, but: Collection[str] = ()) -> None:
    """In the row's empty columns, in the database and in the object. To be called inside its portal."""
    model = type(row)
    all_words = words(row.portal, model, row.pk)
    empty = {name: text for name, text in all_words.items() if not getattr(row, name) and name not in but}
    model.objects.filter(pk=row.pk).update(**empty)
    for name, text in empty.items():
        setattr(row, name, text)


def plant_everywhere(portal: Portal) -> None:
    """In every column of every row of a portal, one statement a table."""
    with inside(portal):
        for model in fenced_models():
            keys = model.objects.values_list("pk", flat=True)
            rows = [{"id": str(pk), **words(portal, model, pk)} for pk in keys]
            if columns(model) and rows:
                _update(model, rows)


def _update(model: type[models.Model], rows: list[dict[str, Any]]) -> None:
    fields = [model._meta.get_field(name) for name in columns(model)]
    kinds = {field.name: "jsonb" if isinstance(field, models.JSONField) else "text" for field in fields}
    columns_of_v = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} t SET {', '.join(f'{name} = v.{name}' for name in kinds)}"
            f" FROM jsonb_to_recordset(%s) v(id uuid, {columns_of_v})"
            " WHERE t.id = v.id",
            [json.dumps(rows)],
        )


# --- Who may read it ------------------------------------------------------------------------------------

Rule = Callable[[Membership, Plant], bool]


def unreadable(member: Membership, found: Iterable[Plant]) -> list[Plant]:
    """Those of the places that this member of the same portal may not be shown. To be asked inside the portal."""
    readers = [
        member,
        *([member.viewer] if member.viewer else []),
    ]  # who looks through somebody's eyes sees no more
    answers: dict[Plant, bool] = {}
    wrong = []
    for plant in found:
        asked = plant if plant.column in APART else replace(plant, column="")
        if asked not in answers:
            answers[asked] = all(RULES[plant.model](reader, asked) for reader in readers)
        if not answers[asked]:
            wrong.append(plant)
    return wrong


def _everybody(member: Membership, found: Plant) -> bool:
    return True


def _vendor(member: Membership, found: Plant) -> bool:
    return member.is_vendor


def _looks_after(member: Membership, organization_id: Any) -> bool:
    """Of the vendor's people: all, or the organization's partner managers."""
    return member.can(Permission.VIEW_PORTAL_LEADS, Permission.VIEW_ORGANIZATIONS) or (
        member.manages.filter(organization=organization_id).exists()
    )


def _looks_on(member: Membership, organization_id: Any) -> bool:
    """In a distributor's View All Leads, at a partner that sells under it."""
    may = member.organization.kind == "distributor" and member.can(Permission.VIEW_ORGANIZATION_LEADS)
    sold_under = Organization.objects.filter(pk=organization_id, distributor=member.organization_id)
    return may and sold_under.exists()


def _organization(member: Membership, found: Plant) -> bool:
    if member.is_vendor:
        return found.pk == member.organization_id or _looks_after(member, found.pk)
    if found.column == "name" and found.pk == member.organization.distributor_id:
        return True  # under whom one sells
    return (found.pk == member.organization_id or _looks_on(member, found.pk)) and found.column != "notes"


def _person(member: Membership, found: Plant) -> bool:
    person = Membership.objects.select_related("organization").get(pk=found.pk)
    if found.column == "name" and person.is_vendor:
        return True  # signs what the vendor does
    if member.is_vendor:
        return person.is_vendor or _looks_after(member, person.organization_id)
    if found.column == "name" and _looks_on(member, person.organization_id):
        return True  # signs what the reseller does
    return person.organization_id == member.organization_id


def _key(member: Membership, found: Plant) -> bool:
    return member.can(Permission.MANAGE_PORTAL) or ApiKey.objects.filter(pk=found.pk, membership=member).exists()


def _lead(member: Membership, found: Plant) -> bool:
    """The vendor's, and from the opening on the holder's: as a lead, and as the deal that it became."""
    if member.can(Permission.VIEW_PORTAL_LEADS):
        return True
    lead = Lead.objects.get(pk=found.pk)
    if member.is_vendor:
        return _looks_after(member, lead.organization_id)
    if found.column in VENDOR_ONLY:
        return False
    if _has(member, lead.organization_id) and lead.opened_at is not None:
        return True
    deals = Deal.objects.filter(lead=lead).exclude(status=Deal.Status.WITHDRAWN)
    return any(_has(member, deal.organization_id) for deal in deals)


def _has(member: Membership, organization_id: Any) -> bool:
    return organization_id == member.organization_id or _looks_on(member, organization_id)


def _deal(member: Membership, found: Plant) -> bool:
    if member.can(Permission.VIEW_PORTAL_LEADS):
        return True
    place = {"deals.Deal": "pk", "deals.Account": "account", "deals.Contact": "contact"}[found.model]
    deal = Deal.objects.select_related("lead").get(**{place: found.pk})
    if member.is_vendor:
        return _looks_after(member, deal.organization_id)
    if not _has(member, deal.organization_id):
        return False
    lead = deal.lead
    is_open = lead is not None and lead.organization_id == deal.organization_id and lead.opened_at is not None
    return deal.status != Deal.Status.WITHDRAWN or is_open


def _note(member: Membership, found: Plant) -> bool:
    model: Any = {"leads.Comment": Comment, "leads.Activity": Activity}[found.model]
    note = model.objects.select_related("lead").get(pk=found.pk)
    parties = {note.organization_id, note.shared_with_id}
    if member.organization_id in parties:
        return True
    holder = note.lead.organization_id
    is_shared = note.shared_with_id is not None and holder in parties and note.lead.opened_at is not None
    return is_shared and _looks_on(member, holder)


def _file(member: Membership, found: Plant) -> bool:
    """With its lead: the vendor's own ones stay there, a former holder's stay with the vendor."""
    file = LeadFile.objects.select_related("lead", "organization").filter(pk=found.pk).first()
    if file is None:
        return True  # the answer that says it is removed
    lead = file.lead
    if member.is_vendor:
        return member.can(Permission.VIEW_PORTAL_LEADS) or _looks_after(member, lead.organization_id)
    is_near = lead.organization_id == member.organization_id or _looks_on(member, lead.organization_id)
    if file.is_internal or not is_near or lead.opened_at is None:
        return False
    return file.organization_id in {member.organization_id, lead.organization_id} or file.organization.is_vendor


def _value(member: Membership, found: Plant) -> bool:
    """An old or new value: for those whom the event concerns, and who see the lead that it is about."""
    value = EventValue.objects.select_related("event").get(pk=found.pk)
    event = value.event
    if event.is_private and event.organization_id != member.organization_id:
        return False
    if event.subject_type == "leads.lead" and not _lead(member, Plant("", event.subject_id, value.field)):
        return False
    return member.is_vendor or _has(member, event.organization_id)


APART = VENDOR_ONLY | {"notes", "name"}
"""Columns of which the rules make a difference; the others of a row are all alike."""


def _own(member: Membership, found: Plant) -> bool:
    """What is one person's own: a session, a form that waits."""
    rows: Any = {"users.Session": Session.objects, "users.Draft": Draft.objects}[found.model]
    own = {"user": member.user} if found.model == "users.Session" else {"membership": member}
    return bool(rows.filter(pk=found.pk, **own).exists())


def _run(member: Membership, found: Plant) -> bool:
    """What somebody has asked for, and what was refused of it: that person's own."""
    model, place = {"runs.Run": (Run, "requester"), "runs.Refusal": (Refusal, "run__requester")}[found.model]
    rows: Any = model.objects
    return bool(rows.filter(pk=found.pk, **{place: member}).exists())


def _saved_view(member: Membership, found: Plant) -> bool:
    """One's own, and those that a colleague shares with a group one is in."""
    view = SavedView.objects.select_related("owner").filter(pk=found.pk).first()
    if view is None:
        return True  # the answer that says it is deleted
    is_colleague = view.owner.organization_id == member.organization_id
    shared = view.shared_with_id is not None and member.groups.filter(pk=view.shared_with_id).exists()
    return view.owner_id == member.pk or (is_colleague and shared)


def _viewing(member: Membership, found: Plant) -> bool:
    return member.can(Permission.MANAGE_PORTAL) or Viewing.objects.filter(pk=found.pk, viewed=member).exists()


def _administrator(member: Membership, found: Plant) -> bool:
    return member.can(Permission.MANAGE_PORTAL)


RULES: dict[str, Rule] = {
    "organizations.Tier": _everybody,
    "organizations.Organization": _organization,
    "users.Group": _everybody,
    "users.Membership": _person,
    "users.ApiKey": _key,
    "users.Session": _own,
    "users.Draft": _own,
    "users.Viewing": _viewing,
    "runs.Run": _run,
    "runs.Refusal": _run,
    "lists.SavedView": _saved_view,
    "sso.IdentityProvider": _administrator,
    "sso.Identity": _administrator,
    "events.EventValue": _value,
    "events.Delivery": _vendor,
    "leads.LostReason": _everybody,
    "leads.Lead": _lead,
    "leads.Comment": _note,
    "leads.Activity": _note,
    "leads.LeadFile": _file,
    "deals.DealStage": _everybody,
    "deals.DealLostReason": _everybody,
    "deals.Account": _deal,
    "deals.Contact": _deal,
    "deals.Deal": _deal,
}
"""By model: who of a portal's members may read a row's text. Nobody of another portal ever may."""


def is_public(found: Plant, view: str) -> bool:
    """What a portal shows to people who are not its members yet: an invitation, the ways to sign in."""
    if found.model == "sso.IdentityProvider":
        return found.column in {"name", "client_id", "issuer", "sso_url"}
    shown = {("users.Membership", "name"), ("organizations.Organization", "name")}
    return view == "users:invitation" and (found.model, found.column) in shown

"""A row in every portal-owned table, for tests that look at all of them."""

import uuid
from pathlib import Path
from typing import Any

from django.db import connection, models
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils import timezone

from leads import actions
from leads.lists import LEADS
from leads.models import LostReason
from prm.events.actions import unsubscribe
from prm.events.models import Event, Message
from prm.files.actions import keep_file
from prm.files.handed_in import look_at
from prm.files.models import StoredFile
from prm.lists.actions import choose_default, save_view
from prm.organizations.actions import set_partner_managers
from prm.organizations.context import inside
from prm.organizations.fence import FencedModel
from prm.organizations.models import Portal
from prm.organizations.portals import change_portal
from prm.runs.exports import start_export
from prm.runs.models import Refusal, Run
from prm.sso.actions import add_provider
from prm.sso.claims import Claims
from prm.sso.looking import is_first_look
from prm.sso.people import link
from prm.users.actions import create_api_key
from prm.users.models import ApiKey, Draft, Membership, Session
from prm.users.security import change_policy
from prm.users.viewing import begin_viewing, end_viewing
from tests.factories import new_deal, opened_lead
from tests.files.making import upload
from tests.guards.catalogue import fenced_models, rows

LOGO = (Path(__file__).parent / "data" / "logo.png").read_bytes()


def populate(by: Membership, to: Membership) -> None:
    """Let `to` work leads that `by` of the vendor enters, until no table of the portal is empty."""
    with inside(by.portal):
        lead = opened_lead(by, to)
        actions.comment_lead(lead, text="Hello", is_internal=False, by=to)
        actions.log_activity(lead, kind="call", outcome="reached", note="Rang.", by=to)
        actions.add_file(lead, look_at(upload()), by=to)
        actions.lose_lead(lead, reason=LostReason.objects.get(name="No budget"), by=to)
        new_deal(by, to)
        create_api_key(to, name="robot", scope=ApiKey.Scope.READ, by=by)
        vouch_for(to, by=by)
        look_after(to, by=by)
        set_partner_managers(to.organization, managers=[by], by=by)
        change_portal(values={}, logo=LOGO, by=by)
        told = Event.objects.filter(kind=Event.Kind.LEAD_ASSIGNED).latest("at")
        Message.objects.create(recipient=to, event=told)
        unsubscribe(to, kind=Event.Kind.LEAD_ASSIGNED)
        _be_there(to, by=by)
        export_and_refusal(to)
        keep_a_view(to)
        assert [model.__name__ for model in fenced_models() if not model.objects.exists()] == []


def _be_there(member: Membership, *, by: Membership) -> None:
    """What signing in, looking over a shoulder and half a form leave behind."""
    change_policy(values={"idle_minutes": 30}, by=by)
    Session.objects.create(digest="0" * 64, data="", user=member.user, expires_at=timezone.now())
    Draft.objects.create(membership=member, action="/leads/new/", fields={"company": ["Kestrel"]})
    begin_viewing(member, reason="To help with a lead.", by=by)


def vouch_for(member: Membership, *, by: Membership) -> None:
    """A provider that knows this person, and an answer of it that was looked at."""
    values = {"name": "ID", "issuer": "https://id.example", "client_id": "portal"}
    provider = add_provider(protocol="oidc", values=values, secret="secret", by=by)
    link(provider, member, Claims(subject="person-1"))
    is_first_look(provider, "an answer")


def keep_a_view(member: Membership) -> None:
    """A list's view under a name, with which the list begins for this person."""
    view = save_view(LEADS, name="Lost ones", query=QueryDict("status=lost"), by=member)
    choose_default(LEADS, view=view, by=member)


def export_and_refusal(member: Membership) -> Run:
    """An export that is finished, with its file, and a row that it left as it was."""
    run = start_export("leads", query=QueryDict(), sheet="csv", token=uuid.uuid4(), by=member)
    purpose, organization = StoredFile.Purpose.EXPORT, member.organization
    file = keep_file(b"x", purpose=purpose, organization=organization, content_type="text/csv", by=member)
    values = {"status": Run.Status.DONE, "total": 2, "done": 1, "refused": 1, "file": file, "finished_at": Now()}
    Run.objects.filter(pk=run.pk).update(**values)
    Refusal.objects.create(run=run, position=0, path="/leads/", reason="No.")
    run.refresh_from_db()
    return run


def look_after(member: Membership, *, by: Membership) -> None:
    """Somebody of the vendor has seen the portal as this person, who has a form waiting."""
    end_viewing(begin_viewing(member, reason="A question on the phone", by=by), by=by)
    Draft.objects.create(membership=member, action="/profile/", fields={"name": ["Kestrel"]})


def count(model: type[models.Model], portal: Portal) -> int:
    """The rows of a portal as the database shows them to this transaction, past the ORM's fence."""
    ((found,),) = rows(f"SELECT count(*) FROM {model._meta.db_table} WHERE portal_id = %s", portal.pk)
    return int(found)


def changed(sql: str, *parameters: Any) -> int:
    """How many rows a statement changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return int(cursor.rowcount)


def any_id(model: type[FencedModel], portal: Portal) -> Any:
    """The id of some row of a portal."""
    with inside(portal):
        return model.objects.values_list("pk", flat=True)[0]

"""The stage of the access matrix: the cast in every way it can come in, and rows for it to ask for.

A row's `place` says whose it is: Ben's at North, a colleague's at North (Bea's), South's, East's, the
vendor's, Globex's, or nobody's: a row that never was.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils import timezone

from deals.actions import first_stage, win_deal
from deals.models import Deal, DealLostReason, DealStage
from leads import actions as lead_actions
from leads.bulk import ASSIGN
from leads.lists import LEADS
from leads.models import Lead, LostReason
from prm.events.mail_files import EmailBackend
from prm.events.models import Delivery, Event, Message
from prm.events.unsubscribing import unsubscribe_url
from prm.files.actions import keep_file
from prm.files.handed_in import look_at
from prm.files.models import StoredFile
from prm.lists.actions import save_view
from prm.organizations.actions import create_organization
from prm.organizations.context import inside
from prm.organizations.models import Counter, Organization, Portal, Tier
from prm.organizations.portals import change_portal
from prm.runs.actions import start_run
from prm.runs.exports import start_export
from prm.runs.models import Run
from prm.runs.working import work_due
from prm.sso.actions import add_provider, pass_test, use_provider
from prm.sso.claims import Claims
from prm.sso.people import link
from prm.users.actions import accept_invitation, create_api_key, disable_member, invite_member, revoke_api_key
from prm.users.invitations import token_for
from prm.users.models import ApiKey, Group, Membership, Session, User
from tests import browsing
from tests import cast as cast_module
from tests.cast import PASSWORD, Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead
from tests.files.making import upload
from tests.matrix import Actor, Row, fingerprint
from tests.planting import plant_everywhere
from tests.populate import LOGO, export_and_refusal, look_after

NOWHERE = "nowhere"
FIRST_NUMBER_AT_GLOBEX = 5000  # so that a number of one portal means nothing in the other


@dataclass
class Stage:
    cast: Cast
    actors: dict[str, Actor] = field(default_factory=dict)
    rows: dict[tuple[str, str], dict[str, Row]] = field(default_factory=dict)  # (kind, state) -> place -> row
    peers: dict[str, Membership] = field(default_factory=dict)  # place -> somebody there who can receive
    extras: dict[str, Membership] = field(default_factory=dict)  # who acts beside the cast
    ids: dict[str, dict[str, str]] = field(default_factory=dict)  # what else can be referred to -> portal -> id
    before: str = ""

    def member(self, actor: Actor) -> Membership:
        return self.extras.get(actor.role) or self._of_the_cast(actor.role or "ada")

    def _of_the_cast(self, name: str) -> Membership:
        found: Membership = getattr(self.cast, name)
        return found

    def place_of(self, actor: Actor) -> str:
        """Where the actor is at home; the vendor's people look after North, or West."""
        organization = self.member(actor).organization
        if organization.is_vendor:
            return "north" if actor.portal == self.cast.acme else "globex"
        return "globex" if organization == self.cast.west else organization.name.lower()


def build() -> Stage:
    """Everything, in the transaction of the caller."""
    stage = Stage(cast_module.load())
    cast = stage.cast
    with inside(cast.globex):
        for name in ("lead", "deal"):
            Counter.objects.create(name=name, value=FIRST_NUMBER_AT_GLOBEX)
    _people(stage)
    _leads(stage)
    _organizations(stage)
    _others(stage)
    _mails(stage)
    _providers(stage)
    _looked_after(stage)
    _messages(stage)
    _files(stage)
    _views(stage)
    _deliveries(stage)
    _runs(stage)
    _actors(stage)
    _sessions(stage)
    _keys(stage)
    _topics(stage)
    for portal in (cast.acme, cast.globex):
        plant_everywhere(portal)
    stage.before = fingerprint()
    return stage


# --- Rows ---------------------------------------------------------------------------------------------


def _people(stage: Stage) -> None:
    cast = stage.cast
    homes = _homes(cast)
    states = {state: stage.rows.setdefault(("member", state), {}) for state in Membership.Status.values}
    tokens = stage.rows.setdefault(("invitation", ""), {})
    for place, home in homes.items():
        by = cast.dan if place == "globex" else cast.ada
        group = "Lead Management" if home.is_vendor else "View All Leads"
        with inside(home.portal):
            for state, found in states.items():
                email = f"{state}@{place}.example"
                groups = Group.objects.filter(kind=home.kind, name=group)
                member = invite_member(home, email=email, name=f"{state} {place}", groups=groups, by=by)
                if state == "invited":
                    token = token_for(member)
                    tokens[place] = Row(code=token, key=token, mark="")
                else:
                    member = accept_invitation(member, name=member.name, password=PASSWORD)
                if state == "disabled":
                    member = disable_member(member, by=by)
                if state == "active":
                    stage.peers[place] = member
                found[place] = Row(code=str(member.pk), key=str(member.pk), mark=email)
    stage.extras["val"] = stage.peers["vendor"]
    for found in states.values():
        found[NOWHERE] = _no_uuid()
    longest = tokens["north"].code
    tokens[NOWHERE] = Row(code=longest[:-1] + "~", key=longest, mark="")


def _leads(stage: Stage) -> None:
    cast = stage.cast
    holders = {
        "north": cast.ben,
        "colleague": cast.bea,
        "south": cast.cleo,
        "east": cast.dora,
        "globex": cast.eve_globex,
    }
    for place, holder in holders.items():
        by = cast.dan if place == "globex" else cast.ada
        with inside(holder.portal):
            stage.rows.setdefault(("lead", "assigned"), {})[place] = _row(assigned_lead(by, holder))
            stage.rows.setdefault(("lead", "opened"), {})[place] = _row(opened_lead(by, holder))
            won = lead_actions.win_lead(opened_lead(by, holder), by=holder)
            stage.rows.setdefault(("lead", "won"), {})[place] = _row(won)
            stage.rows.setdefault(("deal", ""), {})[place] = _row(new_deal(by, holder))
            sold = win_deal(new_deal(by, holder), by=holder)
            stage.rows.setdefault(("deal", "won"), {})[place] = _row(sold)
            # The first page of the mail log has room for the mails that are looked for there.
            Delivery.objects.filter(event__subject_id__in=[sold.pk, sold.lead_id]).delete()
            talked_about = opened_lead(by, holder)
            lead_actions.comment_lead(talked_about, text="Hello", is_internal=True, by=holder)
            lead_actions.log_activity(talked_about, kind="call", outcome="reached", note="Rang.", by=holder)
            file, _is_new = lead_actions.add_file(talked_about, look_at(upload()), by=holder)
            lead_row, key = _row(talked_about), str(file.pk)
            stage.rows.setdefault(("lead file", ""), {})[place] = Row(key, key, mark=key, within=lead_row)
    for kind, letter in (("lead", "L"), ("deal", "D")):
        for (other, _state), found in stage.rows.items():
            if other == kind:
                found[NOWHERE] = Row(code=f"{letter}-9999", key=str(uuid.uuid4()), mark="")
    nowhere = stage.rows["lead", "opened"][NOWHERE]
    stage.rows["lead file", ""][NOWHERE] = replace(_no_uuid(), within=nowhere)


def _homes(cast: Cast) -> dict[str, Organization]:
    return {
        "north": cast.north,
        "south": cast.south,
        "east": cast.east,
        "vendor": cast.vendor,
        "globex": cast.west,
    }


def _organizations(stage: Stage) -> None:
    found = {
        place: Row(str(home.pk), str(home.pk), mark=str(home.pk)) for place, home in _homes(stage.cast).items()
    }
    stage.rows["organization", ""] = {**found, NOWHERE: _no_uuid()}


def _others(stage: Stage) -> None:
    """What forms and the API may point at, once in each portal."""
    for portal, by in ((stage.cast.acme, stage.cast.ada), (stage.cast.globex, stage.cast.dan)):
        with inside(portal):
            distributor = Organization.objects.filter(kind="distributor").first()
            if distributor is None:
                distributor = create_organization(values={"name": "Delta", "kind": "distributor"}, by=by)
            found = {
                "distributor": distributor,
                "tier": Tier.objects.get(name="Gold"),
                "reason": LostReason.objects.get(name="No budget"),
                "stage": first_stage(),
                "next stage": DealStage.objects.get(name="Proposal"),
                "deal reason": DealLostReason.objects.get(name="Price"),
                "group": Group.objects.get(kind="partner", name="Receive Leads"),
                "vendor's group": Group.objects.get(name="Lead Administration"),
            }
            for name, record in found.items():
                stage.ids.setdefault(name, {})[portal.slug] = str(record.pk)


def _mails(stage: Stage) -> None:
    """Two mails in the outbox of a development machine."""
    found = stage.rows.setdefault(("mail", ""), {})
    folder = Path(settings.PRM_MAIL_DIR)
    folder.mkdir(exist_ok=True)
    for place, portal in (("north", stage.cast.acme), ("globex", stage.cast.globex)):
        sender = EmailBackend(file_path=str(folder))
        mail = EmailMessage(f"For {portal}", "…", to=["x@y.example"], headers={"X-Portal": portal.slug})
        sender.send_messages([mail])
        name = Path(sender._get_filename()).name
        found[place] = Row(code=name, key=name, mark=name)
    found[NOWHERE] = Row(code="20260101-000000-1.log", key="", mark="")


def _providers(stage: Stage) -> None:
    """In each portal one that was tested, and one in use."""
    for place, by in (("north", stage.cast.ada), ("globex", stage.cast.dan)):
        with inside(by.portal):
            for state in ("tested", "used"):
                values = {"name": state, "issuer": f"https://{state}.example", "client_id": "portal"}
                provider = pass_test(add_provider(protocol="oidc", values=values, by=by), by=by)
                if state == "used":
                    link(use_provider(provider, by=by), stage.peers[place], Claims(subject=state))
                row = Row(code=str(provider.pk), key=str(provider.pk), mark="")
                stage.rows.setdefault(("provider", state), {})[place] = row
    for state in ("tested", "used"):
        stage.rows["provider", state][NOWHERE] = _no_uuid()


def _looked_after(stage: Stage) -> None:
    for place, by in (("north", stage.cast.ada), ("globex", stage.cast.dan)):
        with inside(by.portal):
            look_after(stage.peers[place], by=by)


def _messages(stage: Stage) -> None:
    """An unread one for everybody, so that marking them as read changes something."""
    for portal in (stage.cast.acme, stage.cast.globex):
        with inside(portal):
            event = Event.objects.filter(kind=Event.Kind.LEAD_ASSIGNED).latest("at")
            for member in Membership.objects.all():
                Message.objects.create(recipient=member, event=event)


def _deliveries(stage: Stage) -> None:
    """A mail that was sent to each place, one that was given up in each portal, and links that decline."""
    sent, links = stage.rows.setdefault(("delivery", "sent"), {}), stage.rows.setdefault(("unsubscribe", ""), {})
    for place in ("north", "south", "east", "globex"):
        lead = stage.rows["lead", "assigned"][place]
        with inside(_homes(stage.cast)[place].portal):
            mails = Delivery.objects.filter(event__subject_id=lead.key, channel="email").select_related("recipient")
            mails.update(status="sent", done_at=Now())
            mail = mails[0]
            sent[place] = Row(code=str(mail.pk), key=str(mail.pk), mark=mail.recipient.email)
            token = unsubscribe_url(mail.recipient, mail.event.kind).rstrip("/").rpartition("/")[2]
            links[place] = Row(code=token, key=token, mark="")
            Delivery.objects.filter(event__subject_id=lead.key, channel="message").update(status="dead")
    sent[NOWHERE] = _no_uuid()
    links[NOWHERE] = Row(code=links["north"].code[:-1] + "~", key="", mark="")


def _files(stage: Stage) -> None:
    """Both portals have the same logo, each in a file of its own; one more is North's."""
    found = stage.rows.setdefault(("file", ""), {NOWHERE: _no_uuid()})
    for place, by in (("vendor", stage.cast.ada), ("globex", stage.cast.dan)):
        with inside(by.portal):
            change_portal(values={}, logo=LOGO, by=by)
            found[place] = _file(StoredFile.objects.get(purpose="logo"))
    with inside(stage.cast.acme):
        purpose = StoredFile.Purpose.LOGO
        file = keep_file(LOGO, purpose=purpose, organization=stage.cast.north, content_type="image/png", by=None)
        found["north"] = _file(file)


def _runs(stage: Stage) -> None:
    """Each holder has an export that is done, one that waits, and Ada and Dan have assigned leads to somebody."""
    cast = stage.cast
    for place, by in (("north", cast.ada), ("globex", cast.dan)):
        stage.rows.setdefault(("run", "assigned"), {NOWHERE: _no_uuid()})[place] = _assigning(stage, place, by)
    holders = {"north": cast.ben, "colleague": cast.bea, "south": cast.cleo, "globex": cast.dan}
    for place, member in holders.items():
        with inside(member.portal):
            done = export_and_refusal(member)
            waiting = start_export("leads", query=QueryDict(), sheet="csv", token=uuid.uuid4(), by=member)
        stage.rows.setdefault(("run", "done"), {NOWHERE: _no_uuid()})[place] = _run_row(done)
        stage.rows.setdefault(("run", "waiting"), {NOWHERE: _no_uuid()})[place] = _run_row(waiting)
    found = {place: Row(code="leads", key="leads", mark="") for place in ("north", "globex")}
    stage.rows["listing", ""] = {**found, NOWHERE: Row(code="no-such-list", key="", mark="")}


def _assigning(stage: Stage, place: str, by: Membership) -> Row:
    with inside(by.portal):
        lead, to = new_lead(by), stage.peers[place]
        run = start_run(
            ASSIGN.kind,
            by=by,
            token=uuid.uuid4(),
            title="Assign",
            chosen=[lead.pk],
            total=1,
            parameters={"user": str(to.pk)},
        )
    work_due(by.portal)
    return _run_row(run)


def _run_row(run: Run) -> Row:
    return Row(code=str(run.pk), key=str(run.pk), mark=str(run.pk))


def _views(stage: Stage) -> None:
    """In each place somebody keeps a view of the leads, and shares it with nobody."""
    found = stage.rows.setdefault(("view", ""), {NOWHERE: _no_uuid()})
    owners = {"north": stage.cast.eve, "south": stage.cast.cleo, "east": stage.cast.dora, "globex": stage.cast.dan}
    for place, owner in owners.items():
        with inside(owner.portal):
            view = save_view(LEADS, name=f"view of {place}", query=QueryDict("status=lost"), by=owner)
            found[place] = Row(code=str(view.pk), key=str(view.pk), mark=str(view.pk))


def _file(file: StoredFile) -> Row:
    return Row(code=str(file.pk), key=str(file.pk), mark=str(file.pk))


def _row(record: Lead | Deal) -> Row:
    return Row(code=record.code, key=str(record.pk), mark=record.code)


def _no_uuid() -> Row:
    value = str(uuid.uuid4())
    return Row(code=value, key=value, mark="")


# --- Who asks -----------------------------------------------------------------------------------------

MEMBERS = ("ada", "val", "vic", "bea", "ben", "cleo", "dora", "eve", "dan", "eve_globex")
"""Val is of the vendor's Lead Management; the others are the cast."""
SHUT_OUT = ("ivan", "dis")


def _actors(stage: Stage) -> None:
    cast, acme = stage.cast, stage.cast.acme
    found = [Actor("anonymous", "", acme)]
    for name in MEMBERS:
        member = stage.member(Actor(name, name, acme))
        found.append(Actor(name, name, member.portal, _cookies(member)))
    found += [Actor(name, "", acme, _cookies(getattr(cast, name))) for name in SHUT_OUT]
    # Eve belongs to both portals; her session belongs to one.
    found.append(Actor("eve with her session of Globex", "", acme, _cookies(cast.eve_globex)))
    found.append(Actor("an operator who is no member", "", acme, _cookies(_operator(acme))))
    closed = _closed(stage)
    found.append(Actor("somebody whose account is closed", "", acme, _cookies(closed)))
    found.append(Actor("the key of a closed account", "", acme, key=_key(closed, "write")))
    found.append(Actor("bea's key", "bea", acme, key=_key(cast.bea, "write")))
    found.append(Actor("bea's key for reading", "bea", acme, key=_key(cast.bea, "read"), is_read_only=True))
    found.append(Actor("bea's revoked key", "", acme, key=_key(cast.bea, "write", is_revoked=True)))
    found.append(Actor("dan's key", "", acme, key=_key(cast.dan, "write")))
    stage.actors = {actor.name: actor for actor in found}


def _sessions(stage: Stage) -> None:
    """A second browser for everybody, which can be signed out; Ben's and Dan's are asked for by address."""
    found = stage.rows.setdefault(("session", ""), {NOWHERE: _no_uuid()})
    others = [stage.member(Actor(name, name, stage.cast.acme)) for name in MEMBERS]
    for member in [*others, *stage.peers.values()]:
        browsing.sign_in(member)
    for place, member in (("north", stage.cast.ben), ("globex", stage.cast.dan)):
        with inside(member.portal):
            row = Session.objects.filter(user=member.user).latest("begun_at", "id")
            found[place] = Row(code=str(row.pk), key=str(row.pk), mark="")


def _keys(stage: Stage) -> None:
    """Of Ben and of Dan, who revoke their own."""
    found = stage.rows.setdefault(("key", ""), {NOWHERE: _no_uuid()})
    for place, member in (("north", stage.cast.ben), ("globex", stage.cast.dan)):
        with inside(member.portal):
            key, _secret = create_api_key(member, name="own", scope=ApiKey.Scope.WRITE, by=None)
            found[place] = Row(code=str(key.pk), key=str(key.pk), mark="")


def _topics(stage: Stage) -> None:
    """The same help for everybody, whichever portal they read it in."""
    found = dict.fromkeys(("north", "globex"), Row("leads-list", "leads-list", mark=""))
    stage.rows["topic", ""] = {**found, NOWHERE: Row("no-such-topic", "no-such-topic", mark="")}


def _operator(portal: Portal) -> Membership:
    """Runs the installation, and has no business in a portal: a membership that was never saved."""
    user = User.objects.create_user("operator@installation.example", PASSWORD, is_staff=True)
    return Membership(portal=portal, user=user, name="Operator")


def _closed(stage: Stage) -> Membership:
    """A member still, with an account that is none any more."""
    cast = stage.cast
    with inside(cast.acme):
        groups = Group.objects.filter(kind="partner", name="View All Leads")
        member = invite_member(cast.north, email="closed@north.example", name="Closed", groups=groups, by=cast.ada)
        member = accept_invitation(member, name="Closed", password=PASSWORD)
    User.objects.filter(pk=member.user.pk).update(is_active=False)
    return member


def _cookies(member: Membership) -> dict[str, str]:
    cookies: SimpleCookie = browsing.sign_in(member).cookies
    return {name: morsel.value for name, morsel in cookies.items()}


def _key(member: Membership, scope: str, *, is_revoked: bool = False) -> str:
    with inside(member.portal):
        key, secret = create_api_key(member, name=scope, scope=ApiKey.Scope(scope), by=None)
        # Noted as used from now on: else the first question with it would write that down.
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now() + timedelta(days=1))
        if is_revoked:
            revoke_api_key(key, by=None)
    return secret

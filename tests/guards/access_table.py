"""Who may do what with whose rows: one entry per method of each URL. tests/guards/test_access_matrix.py asks.

A URL without an entry fails the build. Rows are named by place, see tests/stage.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prm.events.unsubscribing import optional_kinds
from tests.cast import PASSWORD
from tests.files.making import upload
from tests.matrix import Actor
from tests.stage import MEMBERS, Stage

Body = Callable[[Stage, Actor], Mapping[str, Any]]
People = frozenset[str]
Sight = Mapping[str, People]


def people(names: str) -> People:
    return frozenset(names.split())


ALL = frozenset(MEMBERS)
ADMINS = people("ada dan")
ENTERS_LEADS = people("ada val dan")
MANAGES = people("ada val vic dan")
HOLDS = ALL - MANAGES
MANAGES_USERS = people("ada bea eve dan")
LEADS: Sight = {
    "north": people("ada val vic bea ben eve"),
    "colleague": people("ada val vic bea eve"),  # Ben receives leads, and sees his own only
    "south": people("ada val cleo dora"),  # Dora looks on: South sells under her
    "east": people("ada val dora"),
    "globex": people("dan eve_globex"),
}
LOOKS_ON: Sight = {"south": people("dora")}
"""Of those who see a lead or a deal: who can do nothing with it."""
PEOPLE: Sight = {
    "north": people("ada val vic bea ben eve"),
    "south": people("ada val cleo"),  # not Dora: South's people are South's
    "east": people("ada val dora"),
    "vendor": people("ada val vic"),
    "globex": people("dan eve_globex"),
}
ORGANIZATIONS: Sight = {**PEOPLE, "south": people("ada val cleo dora")}
OWN_SESSION: Sight = {"north": people("ben"), "globex": people("dan")}
MANAGED: Sight = {
    "north": people("ada bea eve"),
    "south": people("ada"),
    "east": people("ada"),
    "vendor": people("ada"),
    "globex": people("dan"),
}
MAILS: Sight = {"north": people("ada"), "south": people("ada"), "east": people("ada"), "globex": people("dan")}
PROVIDERS: Sight = {"north": people("ada"), "globex": people("dan")}
RUNS: Sight = {
    "north": people("ben"),
    "colleague": people("bea"),
    "south": people("cleo"),
    "globex": people("dan"),
}
ASSIGNING: Sight = {"north": people("ada"), "globex": people("dan")}
NAMED: Sight = {"north": ALL, "globex": ALL}  # a list has the same name in every portal
VIEWS: Sight = {  # each is its owner's, and shared with nobody
    "north": people("eve"),
    "south": people("cleo"),
    "east": people("dora"),
    "globex": people("dan"),
}
REMOVERS = people("ada val vic ben cleo dora dan eve_globex")  # who has added a file, and the vendor
LEAD_ROWS = (("lead", "assigned"), ("lead", "opened"), ("lead", "won"))


@dataclass(frozen=True)
class Expect:
    """Who gets what from one method of one URL. Strangers never enter: sign-in, or 401."""

    enters: People = ALL  # the others get 403, whatever they ask for
    row: tuple[str, str] | None = None  # kind and state of the row in the address
    also: tuple[str, ...] = ()  # what stands in the address behind the row
    sees: Sight = field(default_factory=dict)  # by place; who is not named gets 404
    acts: People = ALL  # of those: whose write succeeds
    status: tuple[int, ...] = (200,)
    refused: int = 302  # what those get who see, and may not
    body: Body = lambda stage, actor: {}
    is_form: bool = False  # shows what is sent to a verb: who has no verb there is led away
    keeps: bool = False  # showing it keeps something in the asker's own session
    lists: tuple[tuple[str, str], ...] = ()  # rows that a list shows to those who see them


# --- What is sent ---------------------------------------------------------------------------------------


def _peer(stage: Stage, actor: Actor) -> str:
    return str(stage.peers[stage.place_of(actor)].pk)


def _id(stage: Stage, actor: Actor, name: str) -> str:
    return stage.ids[name][actor.portal.slug]


def _home(stage: Stage, actor: Actor) -> str:
    return stage.rows["organization", ""][stage.place_of(actor)].key


def _lead(stage: Stage, actor: Actor) -> str:
    return stage.rows["lead", "opened"][stage.place_of(actor)].key


def _same(**body: Any) -> Body:
    return lambda stage, actor: body


def _agreed(kind: str, state: str = "", **ids: str) -> Body:
    """A verb over one row of the own place, agreed to; `ids` names what else it points at."""

    def body(stage: Stage, actor: Actor) -> Mapping[str, Any]:
        row = stage.rows[kind, state][stage.place_of(actor)].key
        return {"agreed": "yes", "row": row, **{name: _id(stage, actor, of) for name, of in ids.items()}}

    return body


DEAL = {"name": "Picking cell", "amount": "50000", "currency": "EUR", "close_date": "2027-03-31"}
REGISTRATION = {f"deal-{name}": value for name, value in DEAL.items()} | {
    "account-name": "Kestrel Biotech",
    "contact-last_name": "Novák",
}
PASSWORDS = {"oldpassword": PASSWORD, "password1": "quite-another-one-9", "password2": "quite-another-one-9"}
PROFILE = {"name": "Renamed", "language": "en", "time_zone": "UTC"}
OPENID = {"name": "Second", "issuer": "https://second.example", "client_id": "portal"}
AGREED = {"agreed": "yes"}
CALL = {"kind": "call", "outcome": "reached", "note": "Rang."}
MAILED = {f"how_{kind}": "digest" for kind in optional_kinds()}
INVITATION = {"name": "Newcomer", "email": "newcomer@new.example"}


# --- The table ------------------------------------------------------------------------------------------


def lead_page(state: str, **words: Any) -> Expect:
    return Expect(**{"row": ("lead", state), "sees": LEADS, **words})


def lead_verb(state: str, **words: Any) -> Expect:
    return lead_page(state, **{"status": (200, 201, 204), "refused": 409, **words})


def deal_verb(state: str = "", **words: Any) -> Expect:
    return Expect(**{"row": ("deal", state), "sees": LEADS, "status": (302,), **words})


def provider_page(state: str, **words: Any) -> Expect:
    return Expect(**{"enters": ADMINS, "row": ("provider", state), "sees": PROVIDERS, **words})


SENT: tuple[int, ...] = (302,)
TABLE: dict[tuple[str, str], Expect] = {
    ("home:help", "GET"): Expect(row=("topic", ""), sees={"north": ALL, "globex": ALL}),
    ("home:put_away", "POST"): Expect(enters=ADMINS, status=SENT),
    ("account_change_password", "GET"): Expect(),
    ("account_change_password", "POST"): Expect(status=SENT, body=_same(**PASSWORDS)),
    ("search", "GET"): Expect(),
    ("organizations:list", "GET"): Expect(enters=MANAGES, lists=(("organization", ""),), sees=ORGANIZATIONS),
    ("organizations:new", "GET"): Expect(enters=ADMINS),
    ("organizations:new", "POST"): Expect(
        enters=ADMINS, status=SENT, body=_same(name="Newcomer", kind="partner", status="active")
    ),
    ("organizations:detail", "GET"): Expect(row=("organization", ""), sees=ORGANIZATIONS),
    ("organizations:edit", "GET"): Expect(enters=ADMINS, row=("organization", ""), sees=ORGANIZATIONS),
    ("organizations:edit", "POST"): Expect(
        enters=ADMINS,
        row=("organization", ""),
        sees=ORGANIZATIONS,
        status=SENT,
        body=_same(name="Renamed", status="active"),
    ),
    ("account_reauthenticate", "GET"): Expect(),
    ("account_reauthenticate", "POST"): Expect(status=SENT, body=_same(password=PASSWORD)),
    ("mfa_index", "GET"): Expect(),
    ("mfa_reauthenticate", "GET"): Expect(status=SENT),  # who has no second factor uses the password
    ("mfa_activate_totp", "GET"): Expect(keeps=True),  # the secret that is about to be confirmed
    ("mfa_activate_totp", "POST"): Expect(status=(422,), body=_same(code="000000")),
    ("mfa_deactivate_totp", "GET"): Expect(status=(404,)),  # nobody of the cast has one
    ("mfa_view_recovery_codes", "GET"): Expect(status=SENT),
    ("users:email", "GET"): Expect(),
    ("users:email", "POST"): Expect(status=SENT, body=_same(email="newcomer@new.example")),
    ("users:sessions", "GET"): Expect(),
    ("users:end_other_sessions", "POST"): Expect(status=SENT),
    ("users:keys", "GET"): Expect(),
    ("users:revoke_key", "POST"): Expect(row=("key", ""), sees=OWN_SESSION, status=SENT),
    ("users:end_session", "POST"): Expect(row=("session", ""), sees=OWN_SESSION, status=SENT),
    ("users:sign_out", "POST"): Expect(enters=MANAGES_USERS, row=("member", "active"), sees=MANAGED, status=SENT),
    ("organizations:portal", "GET"): Expect(enters=ADMINS),
    ("organizations:portal", "POST"): Expect(
        enters=ADMINS, status=SENT, body=_same(name="Renamed", brand="#123456", hue="20")
    ),
    ("files:logo", "GET"): Expect(
        enters=ADMINS, row=("file", ""), sees={"vendor": people("ada"), "globex": people("dan")}
    ),
    ("users:profile", "GET"): Expect(),
    ("users:profile", "POST"): Expect(status=SENT, body=_same(**PROFILE)),
    ("users:security", "GET"): Expect(enters=ADMINS),
    ("users:security", "POST"): Expect(
        enters=ADMINS, status=SENT, body=_same(idle_minutes="30", absolute_hours="8")
    ),
    ("users:list", "GET"): Expect(
        lists=(("member", "active"), ("member", "invited"), ("member", "disabled")), sees=PEOPLE
    ),
    ("users:edit", "GET"): Expect(enters=MANAGES_USERS, row=("member", "active"), sees=MANAGED),
    ("users:edit", "POST"): Expect(
        enters=MANAGES_USERS, row=("member", "active"), sees=MANAGED, status=SENT, body=_same(**PROFILE)
    ),
    ("users:disable", "POST"): Expect(enters=MANAGES_USERS, row=("member", "active"), sees=MANAGED, status=SENT),
    ("users:enable", "POST"): Expect(enters=MANAGES_USERS, row=("member", "disabled"), sees=MANAGED, status=SENT),
    ("users:resend", "POST"): Expect(enters=MANAGES_USERS, row=("member", "invited"), sees=MANAGED, status=SENT),
    ("users:invite", "GET"): Expect(enters=MANAGES_USERS, row=("organization", ""), sees=MANAGED),
    ("users:invite", "POST"): Expect(
        enters=MANAGES_USERS, row=("organization", ""), sees=MANAGED, status=SENT, body=_same(**INVITATION)
    ),
    ("users:view_as", "GET"): Expect(enters=ADMINS, row=("member", "active"), sees=MANAGED),
    ("users:view_as", "POST"): Expect(
        enters=ADMINS,
        row=("member", "active"),
        sees=MANAGED,
        status=SENT,
        body=_same(reason="They cannot find a lead", lasting="30"),
    ),
    ("users:end_viewing", "POST"): Expect(acts=frozenset()),  # there is none: tests/guards/test_viewing.py
    ("sso:settings", "GET"): Expect(enters=ADMINS),
    ("sso:settings", "POST"): Expect(enters=ADMINS, acts=people(""), body=_same(action="require")),  # not proven
    ("sso:new_openid", "GET"): Expect(enters=ADMINS),
    ("sso:new_openid", "POST"): Expect(enters=ADMINS, status=SENT, body=_same(**OPENID)),
    ("sso:new_saml", "GET"): Expect(enters=ADMINS),
    ("sso:new_saml", "POST"): Expect(enters=ADMINS, acts=people(""), refused=422, body=_same(name="No more")),
    ("sso:provider", "GET"): provider_page("used"),
    ("sso:provider", "POST"): provider_page("tested", status=SENT, body=_same(**OPENID)),
    ("sso:test", "GET"): provider_page("tested"),
    ("sso:use", "POST"): provider_page("tested", status=SENT),
    ("sso:stop", "POST"): provider_page("used", status=SENT),
    ("sso:remove", "POST"): provider_page("tested", status=SENT),
    ("events:messages", "GET"): Expect(),
    ("events:read_all", "POST"): Expect(status=SENT),
    ("events:notifications", "GET"): Expect(),
    ("events:notifications", "POST"): Expect(status=SENT, body=lambda stage, actor: MAILED),
    ("events:operations", "GET"): Expect(enters=ADMINS),
    ("events:mail_log", "GET"): Expect(enters=ADMINS, lists=(("delivery", "sent"),), sees=MAILS),
    ("events:mail_retry", "POST"): Expect(enters=ADMINS, status=SENT),
    ("events:mail_resend", "POST"): Expect(enters=ADMINS, row=("delivery", "sent"), sees=MAILS, status=SENT),
    ("runs:list", "GET"): Expect(lists=(("run", "done"), ("run", "waiting")), sees=RUNS),
    ("runs:detail", "GET"): Expect(row=("run", "done"), sees=RUNS),
    ("runs:file", "GET"): Expect(row=("run", "done"), sees=RUNS),
    ("runs:refusals", "GET"): Expect(row=("run", "done"), sees=RUNS),
    ("runs:cancel", "POST"): Expect(row=("run", "waiting"), sees=RUNS, status=SENT),
    ("runs:undo", "POST"): Expect(row=("run", "assigned"), sees=ASSIGNING, status=SENT),
    ("runs:export", "GET"): Expect(row=("listing", ""), sees=NAMED),
    ("runs:export", "POST"): Expect(row=("listing", ""), sees=NAMED, status=SENT, body=_same(sheet="csv")),
    ("leads:assign_many", "POST"): Expect(
        enters=MANAGES,
        status=SENT,
        body=lambda stage, actor: {**AGREED, "user": _peer(stage, actor), "row": _lead(stage, actor)},
    ),
    ("leads:recall_many", "POST"): Expect(
        enters=MANAGES, status=SENT, body=lambda stage, actor: {**AGREED, "row": _lead(stage, actor)}
    ),
    ("leads:lose_many", "POST"): Expect(
        enters=MANAGES,
        status=SENT,
        body=lambda stage, actor: {**AGREED, "reason": _id(stage, actor, "reason"), "row": _lead(stage, actor)},
    ),
    ("deals:win_many", "POST"): Expect(status=SENT, body=_agreed("deal")),
    ("deals:lose_many", "POST"): Expect(status=SENT, body=_agreed("deal", reason="deal reason")),
    ("deals:move_many", "POST"): Expect(status=SENT, body=_agreed("deal", stage="next stage")),
    **{
        (f"organizations:{verb}_many", "POST"): Expect(
            enters=ADMINS, status=SENT, body=_agreed("organization", **ids)
        )
        for verb, ids in {"activate": {}, "deactivate": {}, "tier": {"tier": "tier"}}.items()
    },
    ("organizations:managers_many", "POST"): Expect(
        enters=ADMINS,
        status=SENT,
        body=lambda stage, actor: {**AGREED, "managers": str(stage.member(actor).pk), "row": _home(stage, actor)},
    ),
    **{
        (f"users:{verb}_many", "POST"): Expect(enters=MANAGES_USERS, status=SENT, body=_agreed("member", "active"))
        for verb in ("enable", "disable", "resend")
    },
    ("events:resend_many", "POST"): Expect(enters=ADMINS, status=SENT, body=_agreed("delivery", "sent")),
    ("lists:views", "GET"): Expect(lists=(("view", ""),), sees=VIEWS),
    ("lists:new", "GET"): Expect(status=(404,)),  # of no list
    ("lists:new", "POST"): Expect(status=SENT, body=_same(list="leads", query="status=lost", name="Lost ones")),
    ("lists:columns", "POST"): Expect(status=SENT, body=_same(list="leads", columns="city")),
    ("lists:view", "GET"): Expect(row=("view", ""), sees=VIEWS, status=SENT),
    ("lists:edit", "GET"): Expect(row=("view", ""), sees=VIEWS),
    ("lists:edit", "POST"): Expect(row=("view", ""), sees=VIEWS, status=SENT, body=_same(name="Renamed")),
    ("lists:keep", "POST"): Expect(row=("view", ""), sees=VIEWS, status=SENT, body=_same(query="status=won")),
    ("lists:default", "POST"): Expect(row=("view", ""), sees=VIEWS, status=SENT),
    ("lists:delete", "POST"): Expect(row=("view", ""), sees=VIEWS, status=SENT),
    ("leads:list", "GET"): Expect(lists=LEAD_ROWS, sees=LEADS),
    ("leads:new", "GET"): Expect(enters=ENTERS_LEADS),
    ("leads:new", "POST"): Expect(enters=ENTERS_LEADS, status=SENT, body=_same(company="Kestrel Biotech")),
    ("leads:detail", "GET"): lead_page("opened"),
    ("leads:preview", "GET"): lead_page("opened"),
    ("leads:edit", "GET"): lead_page("opened", is_form=True),
    ("leads:edit", "POST"): lead_page("opened", status=SENT, body=_same(company="Changed")),
    ("leads:edit_fact", "GET"): lead_page("opened", also=("phone",), is_form=True),
    ("leads:edit_fact", "POST"): lead_page("opened", also=("phone",), status=SENT, body=_same(phone="+43 1 1")),
    ("leads:assign", "GET"): lead_page("opened", enters=MANAGES),
    ("leads:assign", "POST"): lead_page(
        "opened", enters=MANAGES, status=SENT, body=lambda stage, actor: {"user": _peer(stage, actor)}
    ),
    ("leads:hand_over", "GET"): lead_page("opened", enters=HOLDS, is_form=True),
    ("leads:hand_over", "POST"): lead_page(
        "opened", enters=HOLDS, status=SENT, body=lambda stage, actor: {"user": _peer(stage, actor)}
    ),
    ("leads:close", "GET"): lead_page("opened", is_form=True),
    ("leads:close", "POST"): lead_page(
        "opened", status=SENT, body=lambda stage, actor: {"outcome": "lost", "reason": _id(stage, actor, "reason")}
    ),
    ("leads:open", "GET"): lead_page("assigned", status=SENT),  # a mail's link: it leads to the button
    ("leads:open", "POST"): lead_page("assigned", acts=HOLDS, status=SENT),
    ("leads:recall", "POST"): lead_page("opened", enters=MANAGES, status=SENT),
    ("leads:reopen", "POST"): lead_page("won", enters=MANAGES, status=SENT),
    ("leads:comment", "POST"): lead_page("opened", status=SENT, body=_same(text="Hello", audience="internal")),
    ("leads:activity", "POST"): lead_page("opened", enters=HOLDS, status=SENT, body=_same(**CALL)),
    ("leads:files", "GET"): lead_page("opened", status=SENT),  # leads to where they stand
    ("leads:files", "POST"): lead_page("opened", status=SENT, body=lambda stage, actor: {"file": upload()}),
    ("leads:file", "GET"): Expect(row=("lead file", ""), sees=LEADS),
    ("leads:file", "POST"): Expect(row=("lead file", ""), sees=LEADS, acts=REMOVERS, status=SENT),
    ("leads:settings", "GET"): Expect(enters=ADMINS),
    ("leads:settings", "POST"): Expect(enters=ADMINS, status=SENT, body=_same(action="add_reason", name="Moved")),
    ("deals:convert", "GET"): lead_page("opened", is_form=True),
    ("deals:convert", "POST"): lead_page(
        "opened",
        status=SENT,
        body=lambda stage, actor: {**REGISTRATION, "deal-stage": _id(stage, actor, "stage")},
    ),
    ("deals:list", "GET"): Expect(lists=(("deal", ""),), sees=LEADS),
    ("deals:detail", "GET"): Expect(row=("deal", ""), sees=LEADS),
    ("deals:preview", "GET"): Expect(row=("deal", ""), sees=LEADS),
    ("deals:edit", "GET"): Expect(row=("deal", ""), sees=LEADS, is_form=True),
    ("deals:edit", "POST"): Expect(
        row=("deal", ""),
        sees=LEADS,
        status=SENT,
        body=lambda stage, actor: {**DEAL, "name": "Renamed", "stage": _id(stage, actor, "stage")},
    ),
    ("deals:edit_fact", "GET"): Expect(row=("deal", ""), sees=LEADS, also=("next_step",), is_form=True),
    ("deals:edit_fact", "POST"): Expect(
        row=("deal", ""), sees=LEADS, also=("next_step",), status=SENT, body=_same(next_step="Call")
    ),
    ("deals:board", "GET"): Expect(lists=(("deal", ""),), sees=LEADS),
    ("deals:move", "POST"): deal_verb(body=lambda stage, actor: {"stage": _id(stage, actor, "next stage")}),
    ("deals:win", "POST"): deal_verb(),
    ("deals:lose", "GET"): Expect(row=("deal", ""), sees=LEADS, is_form=True),
    ("deals:lose", "POST"): deal_verb(body=lambda stage, actor: {"reason": _id(stage, actor, "deal reason")}),
    ("deals:reopen", "POST"): deal_verb("won"),
    ("deals:settings", "GET"): Expect(enters=ADMINS),
    ("deals:settings", "POST"): Expect(
        enters=ADMINS,
        status=SENT,
        body=_same(action="add_stage", name="Pilot", probability="40", outcome="open"),
    ),
    # the API
    ("api:lead-list", "GET"): Expect(lists=LEAD_ROWS, sees=LEADS),
    ("api:lead-list", "POST"): Expect(enters=ENTERS_LEADS, status=(201,), body=_same(company="Kestrel Biotech")),
    ("api:lead-detail", "GET"): lead_page("opened"),
    ("api:lead-detail", "PATCH"): lead_verb("opened", body=_same(company="Changed")),
    ("api:lead-assign", "POST"): lead_verb("opened", body=lambda stage, actor: {"user": _peer(stage, actor)}),
    ("api:lead-recall", "POST"): lead_verb("opened", acts=MANAGES),
    ("api:lead-open", "POST"): lead_verb("assigned", acts=HOLDS),
    ("api:lead-close", "POST"): lead_verb(
        "opened", body=lambda stage, actor: {"outcome": "lost", "reason": _id(stage, actor, "reason")}
    ),
    ("api:lead-reopen", "POST"): lead_verb("won", acts=MANAGES),
    ("api:lead-comment", "POST"): lead_verb("opened", body=_same(text="Hello")),
    ("api:lead-activity", "POST"): lead_verb("opened", acts=HOLDS, body=_same(**CALL)),
    ("api:lead-convert", "POST"): lead_verb("opened", body=_same(**DEAL)),
    ("api:lead-file-list", "GET"): lead_page("opened"),
    ("api:lead-file-list", "POST"): lead_verb("opened", body=lambda stage, actor: {"file": upload()}),
    ("api:lead-file-detail", "GET"): Expect(row=("lead file", ""), sees=LEADS),
    ("api:lead-file-detail", "DELETE"): Expect(
        row=("lead file", ""), sees=LEADS, acts=REMOVERS, status=(204,), refused=409
    ),
    ("api:deal-list", "GET"): Expect(lists=(("deal", ""),), sees=LEADS),
    ("api:deal-detail", "GET"): Expect(row=("deal", ""), sees=LEADS),
    ("api:deal-detail", "PATCH"): Expect(row=("deal", ""), sees=LEADS, body=_same(name="Renamed")),
    ("api:deal-move", "POST"): deal_verb(
        status=(200,), body=lambda stage, actor: {"stage": _id(stage, actor, "next stage")}
    ),
    ("api:deal-win", "POST"): deal_verb(status=(200,)),
    ("api:deal-lose", "POST"): deal_verb(
        status=(200,), body=lambda stage, actor: {"reason": _id(stage, actor, "deal reason")}
    ),
    ("api:deal-reopen", "POST"): deal_verb("won", status=(200,)),
    ("api:run-list", "GET"): Expect(lists=(("run", "done"), ("run", "waiting")), sees=RUNS),
    ("api:run-detail", "GET"): Expect(row=("run", "done"), sees=RUNS),
    ("api:run-refusals", "GET"): Expect(row=("run", "done"), sees=RUNS),
    ("api:run-cancel", "POST"): Expect(row=("run", "waiting"), sees=RUNS),
    ("api:run-undo", "POST"): Expect(row=("run", "assigned"), sees=ASSIGNING, status=(201,)),
    ("api:export-list", "GET"): Expect(lists=(("run", "done"), ("run", "waiting")), sees=RUNS),
    ("api:export-list", "POST"): Expect(status=(201,), body=_same(list="leads", format="csv")),
    ("api:export-detail", "GET"): Expect(row=("run", "done"), sees=RUNS),
    ("api:export-file", "GET"): Expect(row=("run", "done"), sees=RUNS),
    ("api:organization-list", "GET"): Expect(lists=(("organization", ""),), sees=ORGANIZATIONS),
    ("api:organization-list", "POST"): Expect(enters=ADMINS, status=(201,), body=_same(name="Newcomer")),
    ("api:organization-detail", "GET"): Expect(row=("organization", ""), sees=ORGANIZATIONS),
    ("api:organization-detail", "PATCH"): Expect(
        row=("organization", ""), sees=ORGANIZATIONS, acts=ADMINS, refused=403, body=_same(city="Ghent")
    ),
    ("api:user-list", "GET"): Expect(
        lists=(("member", "active"), ("member", "invited"), ("member", "disabled")), sees=PEOPLE
    ),
    ("api:user-list", "POST"): Expect(
        enters=MANAGES_USERS,
        status=(201,),
        body=lambda stage, actor: {**INVITATION, "organization": _home(stage, actor)},
    ),
    ("api:user-detail", "GET"): Expect(row=("member", "active"), sees=PEOPLE),
    ("api:user-detail", "PATCH"): Expect(
        row=("member", "active"), sees=PEOPLE, acts=MANAGES_USERS, refused=403, body=_same(phone="+49 1")
    ),
}

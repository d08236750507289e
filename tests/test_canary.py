"""Canaries: a unique word in every field of a lead, looked for in every channel that a partner has.

Withheld is withheld: nothing of a lead's details shows before it was opened, after it was taken back,
or to a stranger; not as text, and not by its traces either: with other details in the same place,
every answer has to stay the same to the byte.
"""

import base64
import io
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from deals.actions import convert_lead
from leads import actions
from leads.lists import FILTERS
from leads.models import DETAIL_FIELDS, VENDOR_ONLY, Lead, LostReason
from leads.states import Status
from prm.events.delivery import deliver_due
from prm.events.models import Delivery, Event, Message
from prm.organizations.context import inside
from prm.serving.logs import JsonFormatter
from prm.users.models import Membership, Session
from tests.browsing import sign_in
from tests.canaries import complain
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, registration

CANARIES: dict[str, Any] = {
    **{name: f"canary {name} zq" for name in DETAIL_FIELDS},
    "email": "canary-email-zq@canary-domain.example",
    "website": "https://canary-website-zq.example/canary-path",
    "postal_code": "canary-zip-zq",
    "language": "canary-lang",
    "country": "BT",
    "budget_currency": "ISK",
    "employees": 8_675_309,
    "budget": Decimal("31415926.53"),
}
BARE: dict[str, Any] = {
    **dict.fromkeys(DETAIL_FIELDS, ""),
    "company": "zzzzz",  # last by name, where the canary stands in the middle
    "employees": None,
    "budget": None,
}
"""As little as a lead can hold, so that even whether a field is filled would show as a difference."""
TRACES = {  # what a value looks like on a page, where that is not the value itself
    "country": ["Bhutan", '"BT"', ">BT<", ", BT"],
    "budget_currency": ["ISK"],
    "employees": ["8675309", "8,675,309"],
    "budget": ["31415926", "31,415,92", "31.415.92"],
    "website": ["canary-website-zq"],
    "email": ["canary-email-zq", "canary-domain"],
}
NEEDLES = {name: TRACES.get(name, [str(value)]) for name, value in CANARIES.items()}
FORM = {"company": "x", "outcome": "lost", "text": "x", "audience": "internal", "kind": "call", "note": "x"}
TOKENS = re.compile(r'csrfmiddlewaretoken" value="[^"]+|typed_by" value="[^"]+|Token": "[^"]+|request_id": ?"[^"]+')
PACKED = re.compile(r'cursor=([\w-]+)|typed_by" value="([\w-]+):')
"""What says something once it is unpacked; packed it may hold any three letters."""
Channels = dict[str, str]


@dataclass
class Clock:
    """Stands still, since pages say "5 seconds ago" and two looks are to be compared."""

    now: datetime

    @contextmanager
    def ahead(self, **words: float) -> Iterator[None]:
        before, self.now = self.now, self.now + timedelta(**words)
        yield
        self.now = before


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line that the process logs, as the log has it."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def canary(cast: Cast, log: io.StringIO) -> Lead:
    """Unassigned still, among others whose names sort around it."""
    with inside(cast.acme):
        for company in ("aaaa", "zzzz"):
            assigned_lead(cast.ada, cast.ben, company=company)
            assigned_lead(cast.ada, cast.cleo, company=company)
        return new_lead(cast.ada, **CANARIES)


def at_acme(cast: Cast, verb: Callable[..., Any], lead: Lead, **words: Any) -> None:
    with inside(cast.acme):
        verb(lead, **words)


# --- The channels ---------------------------------------------------------------------------------------


def look(member: Membership, lead: Lead, *, thoroughly: bool = True) -> Channels:
    """All that a member is shown, by channel: pages, API, mail, messages, and the rows behind them."""
    sent = told(member)  # before the pages, which count unread messages
    with inside(member.portal):
        Session.objects.all().delete()  # the profile says how many there are
    client = sign_in(member)
    addresses = [*pages(lead), *(lists(member) if thoroughly else ["/leads/?ordering=name", "/messages/"])]
    seen = {f"GET {address}": _text(client.get(address, follow=True)) for address in addresses}
    for address, body in attempts(lead).items() if thoroughly else ():
        is_api = address.startswith("/api/")
        method = "PATCH" if address.startswith(f"/api/v1/leads/{lead.pk}/?") else "POST"
        with transaction.atomic():
            seen[f"{method} {address}"] = _text(_send(client, method, address, body, is_api=is_api))
            transaction.set_rollback(True)
    return seen | sent


def _send(client: Client, method: str, address: str, body: Mapping[str, Any], *, is_api: bool) -> HttpResponse:
    if is_api:
        return client.generic(method, address, json.dumps(body), content_type="application/json")  # type: ignore[return-value]
    return client.post(address, dict(body), follow=True)  # type: ignore[return-value]


def pages(lead: Lead) -> list[str]:
    verbs = ("", "preview/", "open/", "edit/", "assign/", "hand-over/", "close/", "convert/")
    found = [f"/leads/{lead.code}/{verb}" for verb in verbs]
    return [
        *found,
        f"/api/v1/leads/{lead.pk}/",
        f"/api/v1/leads/?search={lead.code}",
        f"/leads/?search={lead.code}",
        f"/search/?q={lead.code}",
        f"/search/?q={lead.number}",
    ]


def lists(member: Membership) -> Iterator[str]:
    """Each list in each order and state, and with pages so short that their cursors name a lead."""
    orders = ("number", "created_at", "updated_at", "name", "assigned_at")
    yield from (f"/leads/?ordering={order}" for order in orders)
    yield from (f"/leads/?status={status}" for status in ("assigned", "lost"))
    yield from (f"/leads/?{asked}" for asked in narrowings())
    yield f"/leads/?{'&'.join(f'columns={name}' for name in DETAIL_FIELDS if name not in VENDOR_ONLY)}"
    yield from (f"/api/v1/leads/?ordering=-{order}" for order in orders)
    yield from (f"/api/v1/leads/?status={status}" for status in Status)
    yield from (f"/api/v1/leads/?page_size=1&ordering={sign}name" for sign in ("", "-"))
    # Parts of what the canary holds, and words spelt like it: no needle of its own, since a page repeats them.
    yield from (f"/search/?q={word}" for word in ("anary", "anary-domain.exampl", "kanary compani", "zq@"))
    yield from ("/deals/", "/messages/", "/people/", "/profile/", f"/organizations/{member.organization_id}/")
    yield from ("/", "/deals/board/", "/leads/?mine=yes", "/leads/?mine=no")
    yield from (f"/leads/?distributor={member.organization_id}", f"/leads/?organization={member.organization_id}")
    yield from ("/api/v1/deals/", "/api/v1/users/", "/api/v1/organizations/")


def narrowings() -> Iterator[str]:
    """Every filter of the list, asked so that it finds the canary, and so that it finds what is empty.

    In other words than the canary's own: a page says again what it was asked for.
    """
    for each in FILTERS:
        if each.can_be_empty:
            yield f"{each.key}_is=filled"
            yield f"{each.key}_is=empty"
    yield from ("budget_from=31000000", "employees_from=8000000&employees_to=9000000", "city=nary", "company=nary")
    yield from ("changed=today", "opened=today", "created=today", "assignee=me")


def attempts(lead: Lead) -> dict[str, Mapping[str, Any]]:
    """Every verb but opening, tried before its time: a no may not say more than a yes."""
    page = ("edit", "assign", "hand-over", "close", "convert", "comment", "activity", "recall", "reopen")
    found: dict[str, Mapping[str, Any]] = {f"/leads/{lead.code}/{verb}/": FORM for verb in page}
    bodies: dict[str, Mapping[str, Any]] = {
        "close": {"outcome": "lost", "reason": "No budget"},
        "comment": {"text": "x"},
        "activity": {"kind": "call", "outcome": "reached"},
        "convert": {"close_date": "2027-01-01"},  # name, amount and currency come from the lead
        "assign": {"user": str(lead.pk)},
        "recall": {},
        "reopen": {},
    }
    found |= {f"/api/v1/leads/{lead.pk}/{verb}/": body for verb, body in bodies.items()}
    edits: list[Mapping[str, Any]] = [{"company": ""}, {"last_name": ""}, {"budget": 1}, {"version": 1}]
    # What is wrong with these depends on what is there already.
    return found | {f"/api/v1/leads/{lead.pk}/?{number}": edit for number, edit in enumerate(edits)}


def told(member: Membership) -> Channels:
    """What the outbox has sent to a member, and the rows that it was made of."""
    deliver_due(member.portal)
    seen = {}
    for number, sent in enumerate(m for m in mail.outbox if member.user.email in m.to):
        alternatives = [str(text) for text, _kind in getattr(sent, "alternatives", [])]
        seen[f"mail {number}"] = "\n".join(
            [str(sent.subject), str(sent.extra_headers), str(sent.body), *alternatives]
        )
    with inside(member.portal):
        rows = {
            "event": Event.objects.visible_to(member).values("kind", "facts", "request_id"),
            "delivery": Delivery.objects.filter(recipient=member)
            .order_by("pk")
            .values("channel", "status", "last_error"),
            "message": Message.objects.visible_to(member).values(),
        }
        return seen | {f"rows of {name}": str(list(found)) for name, found in rows.items()}


def _text(response: Any) -> str:
    headers = [f"{name}: {value}" for name, value in response.items() if name != "X-Request-ID"]
    messages = [morsel.value for name, morsel in response.cookies.items() if name == "messages"]
    body = response.content.decode()
    unpacked = [base64.urlsafe_b64decode(f"{one or other}===").decode() for one, other in PACKED.findall(body)]
    way = getattr(response, "redirect_chain", [])
    return TOKENS.sub("", "\n".join([str(response.status_code), *headers, *messages, *unpacked, str(way), body]))


def leaks(seen: Channels, fields: list[str] | None = None) -> list[str]:
    """Where which field shows."""
    return [
        f"{name} in {channel}"
        for channel, text in seen.items()
        for name in fields or DETAIL_FIELDS
        if any(needle.lower() in text.lower() for needle in NEEDLES[name])
    ]


# --- The story, up to where details are withheld ----------------------------------------------------------


def give_to_ben(cast: Cast, lead: Lead) -> None:
    actions.assign_lead(lead, to=cast.ben, by=cast.ada)
    # An edit while the lead waits: its old and new values stand beside an event that concerns North.
    actions.update_lead(lead, values={"city": "canary city zq, again"}, by=cast.ada)


def give_to_north(cast: Cast, lead: Lead) -> None:
    actions.assign_lead(lead, to=cast.north, by=cast.ada)


def take_back_after_opening(cast: Cast, lead: Lead) -> None:
    work_at_north(cast, lead)
    actions.recall_lead(lead, by=cast.ada)


def give_to_south_after_opening(cast: Cast, lead: Lead) -> None:
    work_at_north(cast, lead)
    actions.assign_lead(lead, to=cast.cleo, by=cast.ada)


def take_back_from_south_after_opening(cast: Cast, lead: Lead) -> None:
    actions.assign_lead(lead, to=cast.cleo, by=cast.ada)
    actions.open_lead(lead, by=cast.cleo)
    actions.comment_lead(lead, text="canary company zq", is_internal=False, by=cast.cleo)
    actions.recall_lead(lead, by=cast.ada)


def give_to_south_after_a_deal(cast: Cast, lead: Lead) -> None:
    actions.assign_lead(lead, to=cast.ben, by=cast.ada)
    actions.open_lead(lead, by=cast.ben)
    convert_lead(lead, registration=registration(name="canary company zq"), by=cast.ben)
    actions.reopen_lead(lead, by=cast.ada)
    actions.assign_lead(lead, to=cast.cleo, by=cast.ada)


def lose_unopened(cast: Cast, lead: Lead) -> None:
    actions.assign_lead(lead, to=cast.ben, by=cast.ada)
    actions.lose_lead(lead, reason=LostReason.objects.get(name="No budget"), by=cast.ada)


def reopen_unopened(cast: Cast, lead: Lead) -> None:
    lose_unopened(cast, lead)
    actions.reopen_lead(lead, by=cast.ada)


def open_at_north(cast: Cast, lead: Lead) -> None:
    actions.assign_lead(lead, to=cast.ben, by=cast.ada)
    actions.open_lead(lead, by=cast.ben)


def work_at_north(cast: Cast, lead: Lead) -> None:
    open_at_north(cast, lead)
    actions.comment_lead(lead, text="canary company zq", is_internal=False, by=cast.ada)
    actions.comment_lead(lead, text="canary company zq", is_internal=True, by=cast.ben)
    actions.log_activity(lead, kind="call", outcome="reached", note="canary company zq", by=cast.ben)
    actions.update_lead(lead, values={"city": "canary city zq, again"}, by=cast.ben)


Story = Callable[[Cast, Lead], None]
NOBODY_LOOKS: list[tuple[Story, str, bool]] = [
    *((give_to_ben, name, name == "ben") for name in ("ben", "bea", "cleo", "dora", "eve_globex", "dan")),
    *((give_to_north, name, False) for name in ("ben", "bea", "cleo")),
    *((take_back_after_opening, name, False) for name in ("ben", "bea", "cleo")),
    *((give_to_south_after_opening, name, name in {"cleo", "dora"}) for name in ("cleo", "ben", "bea", "dora")),
    *((give_to_south_after_a_deal, name, name == "dora") for name in ("cleo", "dora", "ben")),
    *((take_back_from_south_after_opening, name, False) for name in ("cleo", "dora")),
    *((lose_unopened, name, False) for name in ("ben", "bea")),
    *((reopen_unopened, name, False) for name in ("ben", "bea")),
    *((open_at_north, name, False) for name in ("cleo", "dora", "eve_globex", "dan")),
]
"""Who is not shown the details at the end of which story, and whether to look into every corner."""


@pytest.mark.parametrize(
    ("story", "name", "thoroughly"), NOBODY_LOOKS, ids=lambda word: getattr(word, "__name__", word)
)
def test_withheld_details_show_nowhere(
    cast: Cast, canary: Lead, log: io.StringIO, story: Story, name: str, thoroughly: bool
) -> None:
    with inside(cast.acme):
        story(cast, canary)

    seen = look(getattr(cast, name), canary, thoroughly=thoroughly)
    with inside(cast.acme):
        Lead.objects.filter(pk=canary.pk).update(**BARE)
    seen_with_others = look(getattr(cast, name), canary, thoroughly=thoroughly)

    assert leaks(seen | {"log": log.getvalue()}) == []
    assert [channel for channel in seen if seen[channel] != seen_with_others[channel]] == []


@pytest.mark.parametrize("name", ["ben", "bea", "cleo"])
def test_withheld_details_match_no_search(cast: Cast, canary: Lead, log: io.StringIO, name: str) -> None:
    with inside(cast.acme):
        give_to_ben(cast, canary)
    client = sign_in(getattr(cast, name))

    for needle in (needles[0] for needles in NEEDLES.values()):
        found = client.get("/api/v1/leads/", {"search": needle}).json()["results"]
        assert [lead["number"] for lead in found if lead["number"] == canary.code] == [], needle
    assert canary.code not in client.get("/leads/", {"search": "canary company"}).content.decode()
    assert leaks({"log": log.getvalue()}) == []


def test_edits_before_opening_leave_no_trace(cast: Cast, canary: Lead, clock: Clock) -> None:
    """Not even that something was edited, or when: no order, number or header moves."""
    with inside(cast.acme), clock.ahead(minutes=10):
        give_to_ben(cast, canary)
    with inside(cast.acme), clock.ahead(minutes=20):
        assigned_lead(cast.ada, cast.ben)  # a newer one, which an edit would overtake
    before = look(cast.ben, canary)

    with inside(cast.acme), clock.ahead(minutes=30):
        actions.update_lead(canary, values=BARE, by=cast.ada)
        actions.comment_lead(canary, text="canary company zq", is_internal=True, by=cast.ada)
    after = look(cast.ben, canary)

    assert [channel for channel in before if before[channel] != after[channel]] == ["rows of event"]


def test_internal_notes_never_show_outside_of_the_vendor(
    cast: Cast, canary: Lead, clock: Clock, log: io.StringIO
) -> None:
    """Not after opening either; nor that they were changed."""
    with inside(cast.acme):
        work_at_north(cast, canary)
    before = look(cast.ben, canary)

    with inside(cast.acme), clock.ahead(minutes=10):
        actions.update_lead(canary, values={"internal_notes": "canary internal_notes zq, changed"}, by=cast.ada)
    after = look(cast.ben, canary)

    assert leaks(before | after | {"log": log.getvalue()}, ["internal_notes"]) == []
    assert "internal notes" not in str(after.values()).lower()
    made = f"POST /api/v1/leads/{canary.pk}/convert/"  # answers with a new deal each time
    moved = [channel for channel in before if before[channel] != after[channel]]
    assert moved == [made, "rows of event"]


# --- The tests of the tests -------------------------------------------------------------------------------


def test_canaries_show_to_those_who_may_see_them(cast: Cast, canary: Lead) -> None:
    """To the holder once opened, and to the vendor all along: on the page and over the API."""
    with inside(cast.acme):
        open_at_north(cast, canary)
    page, resource = f"GET /leads/{canary.code}/", f"GET /api/v1/leads/{canary.pk}/"

    for member, hidden in ((cast.ben, {"internal_notes"}), (cast.vic, set()), (cast.ada, set())):
        found = leaks(look(member, canary, thoroughly=False))
        for name in set(DETAIL_FIELDS) - hidden:
            assert {f"{name} in {page}", f"{name} in {resource}"} <= set(found), (member, name)


def test_canary_sings_when_the_withholding_is_gone(
    cast: Cast, canary: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside(cast.acme):
        give_to_ben(cast, canary)
    monkeypatch.setattr(Lead, "is_withheld_from", lambda lead, member: False)

    found = leaks(look(cast.ben, canary, thoroughly=False))

    complain()  # of tests/canaries.py, which hears it as well
    assert f"company in GET /leads/{canary.code}/" in found
    assert f"company in GET /api/v1/leads/{canary.pk}/" in found
    assert "company in GET /leads/?ordering=name" in found

"""Nothing typed into a form is lost: not to a mistake, not to a session that ran out, not to an old token.

Every form that people write text into stands in FORMS; tests/guards/test_house.py sees to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from deals.models import Deal, DealLostReason
from leads import actions
from leads.models import Lead, LostReason
from prm.organizations.context import inside
from prm.users.actions import disable_member
from prm.users.drafts import MOST, stamp_for
from prm.users.models import Draft, Membership, Session
from tests.browsing import visitor
from tests.cast import PASSWORD, Cast
from tests.factories import new_deal, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
Typed = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Form:
    """One form: who fills it in, on which page, where it goes, with what; and what would be a mistake."""

    who: str
    page: str
    typed: Typed
    wrong: Mapping[str, str]
    action: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    def at(self, places: Mapping[str, str]) -> tuple[str, str]:
        page = self.page.format(**places)
        return page, self.action.format(**places) or page


DEAL = {"amount": "12.50", "currency": "CHF", "close_date": "2027-03-31", "description": "A\nB <b>"}
PERSON = {"name": "Renée", "phone": "+49 30 1", "time_zone": "Europe/Berlin"}
FORMS = {
    "lead new": Form(
        "ada",
        "/leads/new/",
        {"company": "Käse & Co", "description": "A\nB", "country": "AT"},
        {"employees": "many"},
    ),
    "lead edit": Form(
        "ben",
        "/leads/{lead}/edit/",
        {"city": "Linz", "postal_code": "4020", "description": "x\ny"},
        {"employees": "many"},
    ),
    "lead fact": Form(
        "ben",
        "/leads/{lead}/edit-address/",
        {"street": "Hafenstraße 1", "city": "Linz", "country": "AT"},
        {"country": "XX"},
    ),
    "comment": Form(
        "ben",
        "/leads/{lead}/",
        {"text": "Rang twice", "audience": "internal"},
        {"audience": "all"},
        "/leads/{lead}/comment/",
    ),
    "activity": Form(
        "ben",
        "/leads/{lead}/",
        {"kind": "meeting", "outcome": "follow_up", "note": "On site", "happened_at": "2026-01-02T10:30"},
        {"outcome": "x"},
        "/leads/{lead}/activity/",
    ),
    "close": Form("ben", "/leads/{lead}/close/", {"outcome": "lost", "reason": "{reason}"}, {"outcome": "x"}),
    "convert": Form(
        "ben",
        "/leads/{lead}/convert/",
        {"account-name": "Typed Inc", "contact-phone": "1", **{f"deal-{k}": v for k, v in DEAL.items()}},
        {"deal-amount": "much"},
    ),
    "deal edit": Form("ben", "/deals/{deal}/edit/", {"name": "Typed", **DEAL}, {"amount": "much"}),
    "deal fact": Form(
        "ben", "/deals/{deal}/edit-amount/", {"amount": "12.50", "currency": "CHF"}, {"amount": "much"}
    ),
    "deal lose": Form("ben", "/deals/{deal}/lose/", {"reason": "{deal_reason}"}, {"reason": "x"}),
    "organization new": Form(
        "ada",
        "/organizations/new/",
        {"name": "Typed", "notes": "A\nB", "countries": ["AT", "DE"]},
        {"website": "x y"},
    ),
    "organization edit": Form(
        "ada",
        "/organizations/{north}/edit/",
        {"city": "Linz", "notes": "Pays", "countries": ["AT"]},
        {"website": "x y"},
    ),
    "person edit": Form("bea", "/people/{ben}/", {**PERSON, "groups": ["{view_all}"]}, {"time_zone": "Mars"}),
    "invite": Form(
        "bea", "/organizations/{north}/invite/", {"name": "Nina", "email": "nina@north.example"}, {"email": "nina"}
    ),
    "profile": Form("ben", "/profile/", PERSON, {"time_zone": "Mars"}),
    "view as": Form(
        "ada", "/people/{ben}/view-as/", {"reason": "Cannot find a lead", "lasting": "60"}, {"lasting": "61"}
    ),
}
each_form = pytest.mark.parametrize("name", FORMS)


@pytest.fixture
def places(cast: Cast) -> dict[str, str]:
    with inside(cast.acme):
        return {
            "lead": opened_lead(cast.ada, cast.ben, city="Graz").code,
            "deal": new_deal(cast.ada, cast.ben).code,
            "north": str(cast.north.pk),
            "ben": str(cast.ben.pk),
            "reason": str(LostReason.objects.get(name="Bad timing").pk),
            "deal_reason": str(DealLostReason.objects.get(name="Price").pk),
            "view_all": str(next(g.pk for g in cast.bea.groups.all() if g.name == "View All Leads")),
        }


class Desk:
    """Somebody before a form, with something typed into it."""

    def __init__(self, form: Form, cast: Cast, places: Mapping[str, str], client: Client) -> None:
        self.page, self.action = form.at(places)
        self.who: Membership = getattr(cast, form.who)
        self.client, self.cast = client, cast
        self.typed = {
            name: [
                text.format(**places) if "{" in text else text
                for text in ([value] if isinstance(value, str) else value)
            ]
            for name, value in form.typed.items()
        }
        self.sheet = self.shown() | self.typed

    def shown(self, at: str = "") -> dict[str, list[str]]:
        return Page(self.client.get(at or self.page)).form(self.action)

    def send(self, **changes: Any) -> HttpResponse:
        return self.client.post(self.action, {**self.sheet, **changes})  # type: ignore[return-value]

    def lose_session(self) -> None:
        with inside(self.cast.acme):
            Session.objects.all().delete()

    def sign_in(self, who: Membership, back: str) -> str:
        """The address at which sign-in ends."""
        self.client.get("/accounts/login/", {"next": back})
        body = {"login": who.email, "password": PASSWORD, "next": back}
        return str(self.client.post("/accounts/login/", body)["Location"])


@pytest.fixture
def sit(cast: Cast, places: dict[str, str], client_of: ClientOf) -> Callable[[str], Desk]:
    def begin(name: str) -> Desk:
        return Desk(FORMS[name], cast, places, client_of(getattr(cast, FORMS[name].who)))

    return begin


def kept(cast: Cast) -> list[Draft]:
    with inside(cast.acme):
        return list(Draft.objects.select_related("membership"))


def next_of(answer: Any) -> str:
    """Where somebody who is asked to sign in comes back to."""
    address = urlsplit(answer["Location"])
    assert (answer.status_code, address.path) == (302, "/accounts/login/")
    return str(parse_qs(address.query)["next"][0])


def with_text(sheet: Mapping[str, list[str]], typed: Typed) -> Typed:
    return {name: sheet[name] for name in typed}


# --- A mistake --------------------------------------------------------------------------------------------


@each_form
def test_mistake_leaves_the_rest_as_typed(sit: Callable[[str], Desk], name: str) -> None:
    desk, wrong = sit(name), FORMS[name].wrong

    answer = desk.send(**wrong)

    rest = {field: texts for field, texts in desk.typed.items() if field not in wrong}
    page = Page(answer)
    assert answer.status_code == 422
    assert with_text(page.form(desk.action), rest) == rest
    assert page.root.all("ul", css="errorlist") != []


# --- A session that ran out -------------------------------------------------------------------------------


@each_form
def test_expired_session_brings_back_what_was_typed(sit: Callable[[str], Desk], cast: Cast, name: str) -> None:
    desk = sit(name)
    desk.lose_session()

    back = next_of(desk.send())
    landed = desk.sign_in(desk.who, back)

    page = Page(desk.client.get(landed))
    assert landed == back
    assert urlsplit(landed).path == desk.page
    assert "What you typed is still here; nothing was saved yet." in page.text
    assert with_text(page.form(desk.action), desk.typed) == desk.typed
    assert [draft.membership_id for draft in kept(cast)] == [desk.who.pk]

    answer = desk.client.post(desk.action, page.form(desk.action))

    assert answer.status_code == 302
    assert kept(cast) == []


def test_draft_is_its_authors_alone(sit: Callable[[str], Desk], cast: Cast) -> None:
    """Bea signs in on the same computer: of Ben's text she is shown nothing."""
    desk = sit("lead edit")
    desk.lose_session()

    landed = desk.sign_in(cast.bea, next_of(desk.send()))

    html = desk.client.get(landed).content.decode()
    assert "Linz" not in html
    assert "What you typed" not in html
    assert "Linz" in str([draft.fields for draft in kept(cast)])


def test_draft_shows_only_while_its_record_does(sit: Callable[[str], Desk], cast: Cast) -> None:
    desk = sit("lead edit")
    desk.lose_session()
    back = next_of(desk.send())
    with inside(cast.acme):
        actions.recall_lead(Lead.objects.get(city="Graz"), by=cast.ada)

    answer = desk.client.get(desk.sign_in(cast.ben, back))

    assert answer.status_code == 404
    assert "Linz" not in answer.content.decode()


@pytest.mark.parametrize("name", ["lead edit", "comment", "close"])
def test_draft_of_a_form_that_is_gone_is_shown_in_words(sit: Callable[[str], Desk], cast: Cast, name: str) -> None:
    desk = sit(name)
    desk.lose_session()
    back = next_of(desk.send())
    with inside(cast.acme):
        lead = Lead.objects.get(city="Graz")
        actions.win_lead(lead, by=cast.ada)

    page = Page(desk.client.get(desk.sign_in(cast.ben, back), follow=True))

    (note,) = [alert.text for alert in page.root.all("section", role="alert")]
    assert "the form you had filled in is no longer there" in note
    assert all(text.replace("\n", " ") in note for texts in desk.typed.values() for text in texts)


def test_draft_meets_a_change_by_somebody_else(sit: Callable[[str], Desk], cast: Cast) -> None:
    """The version that was read comes back with the text: the next one to save is not overwritten unseen."""
    desk = sit("deal edit")
    desk.lose_session()
    back = next_of(desk.send())
    with inside(cast.acme):
        from deals.actions import update_deal

        update_deal(Deal.objects.get(), values={"name": "Theirs"}, by=cast.ada)

    sheet = desk.shown(desk.sign_in(cast.ben, back))
    answer = desk.client.post(desk.action, sheet)

    assert answer.status_code == 409
    assert Page(answer).form(desk.action)["name"] == ["Typed"]


def test_draft_of_htmx_leads_the_whole_page_to_sign_in(sit: Callable[[str], Desk]) -> None:
    desk = sit("comment")
    desk.lose_session()

    answer = desk.client.post(desk.action, desk.sheet, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith("/accounts/login/?next=%2Fleads%2FL-1001%2F%3Fdraft%3D")


@pytest.mark.parametrize("name", ["comment", "activity"])
def test_notice_leads_to_a_form_further_down(sit: Callable[[str], Desk], name: str) -> None:
    desk = sit(name)
    desk.lose_session()

    page = Page(desk.client.get(desk.sign_in(desk.who, next_of(desk.send()))))

    assert page.links("Show it") == ["#typed"]
    assert page.by_id("typed").attributes["action"] == desk.action


@pytest.mark.parametrize("name", ["lead edit", "comment"])
def test_discarding_is_leaving_the_address(sit: Callable[[str], Desk], name: str) -> None:
    desk = sit(name)
    desk.lose_session()
    landed = desk.sign_in(desk.who, next_of(desk.send()))

    (plain,) = Page(desk.client.get(landed)).links("Discard it")

    assert plain == desk.page
    assert with_text(desk.shown(plain), desk.typed) != desk.typed


def test_kept_is_neither_file_nor_password(sit: Callable[[str], Desk], cast: Cast) -> None:
    desk = sit("comment")
    desk.lose_session()

    desk.send(
        password="hunter2-hunter2",
        oldpassword="x",
        otp="1",
        file=SimpleUploadedFile("a.txt", b"content"),
        nul="\x00",
    )

    (draft,) = kept(cast)
    assert draft.fields == {"text": ["Rang twice"], "audience": ["internal"], "nul": []}


def test_password_change_keeps_nothing(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.ben)
    sheet = Page(client.get("/accounts/password/change/")).form("/accounts/password/change/")

    assert "typed_by" not in sheet


# --- Whose draft it may be --------------------------------------------------------------------------------


def forged(cast: Cast) -> str:
    return stamp_for(cast.ben, "/leads/")[:-1] + "~"


def of_the_other_portal(cast: Cast) -> str:
    return stamp_for(cast.eve_globex, "/leads/")


def of_somebody_disabled(cast: Cast) -> str:
    with inside(cast.acme):
        disable_member(cast.ben, by=cast.ada)
    return stamp_for(cast.ben, "/leads/")


def none(cast: Cast) -> str:
    return ""


@pytest.mark.parametrize(
    "stamp", [forged, of_the_other_portal, of_somebody_disabled, none], ids=lambda stamp: stamp.__name__
)
def test_nothing_is_kept_for_nobody(cast: Cast, stamp: Callable[[Cast], str]) -> None:
    answer = visitor(cast.acme).post("/leads/new/", {"company": "Planted", "typed_by": stamp(cast)})

    assert next_of(answer) == "/leads/"
    assert kept(cast) == []


def test_stamp_runs_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    text, now = stamp_for(cast.ben, "/leads/"), timezone.now()

    for days, number in ((14, 1), (15, 1)):
        monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=days))  # noqa: B023
        visitor(cast.acme).post("/leads/new/", {"company": "x", "typed_by": text})
        with inside(cast.acme):
            assert Draft.objects.count() == number, days


def test_drafts_are_few_and_short_lived(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client, now = visitor(cast.acme), timezone.now()
    for number in range(MOST + 2):
        monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=number))  # noqa: B023
        client.post("/leads/new/", {"company": f"No. {number}", "typed_by": stamp_for(cast.ben, "/leads/")})
    assert sorted(int(draft.fields["company"][0].split()[1]) for draft in kept(cast)) == list(range(2, MOST + 2))

    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=2))
    client.post("/leads/new/", {"company": "Later", "typed_by": stamp_for(cast.bea, "/leads/")})

    assert [draft.fields["company"] for draft in kept(cast)] == [["Later"]]


# --- An old token -----------------------------------------------------------------------------------------


@pytest.fixture
def strict(sit: Callable[[str], Desk]) -> Desk:
    """Ben's desk, with the token of a sign-in before the last."""
    desk = sit("comment")
    desk.client.handler.enforce_csrf_checks = True
    desk.client.cookies["csrftoken"] = "x" * 32
    return desk


def test_old_token_brings_back_what_was_typed(strict: Desk, cast: Cast) -> None:
    answer = strict.send()

    assert answer.status_code == 302
    sheet = strict.shown(answer["Location"])
    assert with_text(sheet, strict.typed) == strict.typed
    with inside(cast.acme):
        assert not Lead.objects.get(city="Graz").comments.exists()


def test_old_token_without_a_session_asks_to_sign_in_first(strict: Desk) -> None:
    strict.lose_session()

    assert urlsplit(next_of(strict.send())).path == strict.page


@pytest.mark.parametrize("stamp", [forged, of_the_other_portal, none], ids=lambda stamp: stamp.__name__)
def test_form_of_another_site_is_refused(strict: Desk, cast: Cast, stamp: Callable[[Cast], str]) -> None:
    answer = strict.send(typed_by=stamp(cast))

    assert answer.status_code == 403
    assert kept(cast) == []


def test_form_of_another_site_with_its_makers_own_stamp_stays_with_its_maker(strict: Desk, cast: Cast) -> None:
    """Cleo lets Ben's browser send what she wrote: it is kept for Cleo, and Ben never sees it."""
    answer = strict.send(typed_by=stamp_for(cast.cleo, strict.page))

    assert answer.status_code == 403
    (draft,) = kept(cast)
    assert draft.membership_id == cast.cleo.pk
    assert "Rang twice" not in strict.client.get(f"{strict.page}?draft={draft.pk}").content.decode()

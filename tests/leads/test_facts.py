"""A lead's details on its page, and each of them edited where it stands."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from leads import actions, facts
from leads.models import DETAIL_FIELDS, VENDOR_WRITES, Lead, LostReason
from leads.states import Status
from prm.events.models import Event
from prm.facts import Fact, Piece
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import BARE, assigned_lead, new_lead, opened_lead
from tests.reading import Element, Page

ClientOf = Callable[[Membership], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead(cast: Cast) -> Lead:
    with inside(cast.acme):
        return opened_lead(cast.ada, cast.ben, **BARE | {"city": "Graz", "phone": "+43 1 1", "source": "Fair"})


def again(lead: Lead) -> Lead:
    with inside(lead.portal):
        found: Lead = Lead.objects.get(pk=lead.pk)
        return found


def at(lead: Lead, name: str) -> str:
    return f"/leads/{lead.code}/edit-{name}/"


def kinds_of(lead: Lead) -> list[str]:
    """What happened to it, the latest first."""
    with inside(lead.portal):
        return list(Event.objects.filter(subject_id=lead.pk).order_by("-at", "-pk").values_list("kind", flat=True))


class Writer:
    """Somebody with the form of one piece open, in place or on its page."""

    def __init__(self, client: Client, lead: Lead, name: str, *, in_place: bool = True) -> None:
        self.client, self.path, self.headers = client, at(lead, name), HTMX if in_place else {}
        self.answer: Any = client.get(self.path, headers=self.headers)
        self.sheet = Page(self.answer).form(self.path)

    def save(self, **typed: str) -> Page:
        """Send it, and read what comes back."""
        self.answer = self.client.post(self.path, {**self.sheet, **typed}, headers=self.headers, follow=True)
        page = Page(self.answer)
        if self.answer.status_code != 200:
            self.sheet = page.form(self.path)
        return page


# --- The page ---------------------------------------------------------------------------------------------


def test_pieces_hold_every_detail_once() -> None:
    held = [name for piece in facts.PIECES.values() for name in piece.fields]

    assert sorted(held) == sorted(DETAIL_FIELDS)
    assert len(facts.PIECES) == 19


@pytest.mark.parametrize(
    ("piece", "values", "is_empty"),
    [
        (Piece("city", "City"), [""], True),
        (Piece("employees", "Employees", "number"), [0], False),
        (Piece("budget", "Budget", "money", {"budget": "", "budget_currency": ""}), [None, "EUR"], True),
        (Piece("budget", "Budget", "money", {"budget": "", "budget_currency": ""}), [Decimal(0), ""], False),
        (Piece("address", "Address", "address", {"street": "", "city": ""}), ["", "Graz"], False),
    ],
)
def test_fact_is_empty_when_it_says_nothing(piece: Piece, values: list[Any], is_empty: bool) -> None:
    assert Fact(piece, values).is_empty == is_empty
    assert Fact(piece, values).is_shown == (not is_empty)
    assert Fact(piece, values, "/edit/").is_shown


def places(page: Page) -> dict[str, Element]:
    found = [element for element in page.by_id("main").walk() if "data-fact" in element.attributes]
    return {element.attributes["id"].removeprefix("fact-"): element for element in found}


def editable(page: Page) -> set[str]:
    return {name for name, place in places(page).items() if place.all("a", **{"data-edit": ""})}


def test_lead_page_offers_each_side_what_it_may_write(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    vendor, partner = (Page(client_of(who).get(f"/leads/{lead.code}/")) for who in (cast.ada, cast.ben))

    assert editable(vendor) == set(facts.PIECES)
    assert editable(partner) == set(facts.PIECES) - VENDOR_WRITES
    assert set(places(partner)) == set(facts.PIECES) - VENDOR_WRITES | {"source"}  # which he reads


def test_lead_page_names_its_buttons_by_what_they_edit(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    shown = places(Page(client_of(cast.ben).get(f"/leads/{lead.code}/")))

    (known,), (unknown,) = (shown[name].all("a", **{"data-edit": ""}) for name in ("address", "mobile"))
    assert (known.attributes["aria-label"], known.attributes["href"]) == ("Edit Address", at(lead, "address"))
    assert (unknown.text, unknown.attributes["href"]) == ("Add: Mobile", at(lead, "mobile"))
    assert shown["phone"].text == "+43 1 1"


def test_lead_page_shows_what_is_known_before_what_is_not(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    names = list(places(Page(client_of(cast.ben).get(f"/leads/{lead.code}/"))))

    assert names[:6] == ["name", "phone", "title", "email", "mobile", "language"]


@pytest.mark.parametrize("name", ["ada", "ben"])
def test_lead_page_offers_nothing_once_it_is_closed(client_of: ClientOf, cast: Cast, lead: Lead, name: str) -> None:
    with inside(cast.acme):
        actions.lose_lead(lead, reason=LostReason.objects.all()[0], by=cast.ben)

    page = Page(client_of(getattr(cast, name)).get(f"/leads/{lead.code}/"))

    assert editable(page) == set()
    assert set(places(page)) == {"name", "company", "phone", "address", "source"}


def test_lead_page_of_a_withheld_lead_has_no_place_for_a_detail(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        waiting = assigned_lead(cast.ada, cast.ben)

    assert places(Page(client_of(cast.ben).get(f"/leads/{waiting.code}/"))) == {}


# --- One piece --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_place", [True, False])
def test_edit_fact_saves_that_and_nothing_else(client_of: ClientOf, cast: Cast, lead: Lead, in_place: bool) -> None:
    before = again(lead)
    ben = Writer(client_of(cast.ben), lead, "phone", in_place=in_place)
    assert set(ben.sheet) == {"csrfmiddlewaretoken", "typed_by", "version", "as_read", "phone"}

    page = ben.save(phone="+43 1 2")

    now = again(lead)
    assert ben.answer.redirect_chain == [(f"/leads/{lead.code}/", 302)]
    assert page.toasts == ["Saved."]
    assert places(page)["phone"].text == "+43 1 2"
    assert (now.phone, now.status, now.version) == ("+43 1 2", Status.WORKING, before.version + 1)
    untouched = set(DETAIL_FIELDS) - {"phone"}
    assert {f: getattr(now, f) for f in untouched} == {f: getattr(before, f) for f in untouched}
    assert kinds_of(lead)[:2] == ["lead_changed", "lead_opened"]  # one verb, one event


def test_edit_fact_takes_an_address_as_one(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    ada = Writer(client_of(cast.ada), lead, "address")

    page = ada.save(street="Ring 1", postal_code="1010", city="Wien", country="AT")

    assert places(page)["address"].text == "Ring 1 1010 Wien Austria"
    assert kinds_of(lead)[0] == "lead_changed"
    assert kinds_of(lead).count("lead_changed") == 1


def test_edit_fact_of_the_vendor_counts_no_version_for_the_partner(
    client_of: ClientOf, cast: Cast, lead: Lead
) -> None:
    before = again(lead)

    Writer(client_of(cast.ada), lead, "internal_notes").save(internal_notes="Pays late.")

    now = again(lead)
    assert (now.internal_notes, now.version, now.unseen_edits) == ("Pays late.", before.version, 1)


@pytest.mark.parametrize(
    ("name", "typed", "field", "wrong"),
    [
        ("email", {"email": "nora@"}, "email", "Enter a valid email address."),
        ("budget", {"budget": "900", "budget_currency": ""}, "budget_currency", "Say in which currency"),
        ("budget", {"budget": "a lot", "budget_currency": "EUR"}, "budget", "Enter a number."),
        ("website", {"website": "no address"}, "website", "Enter a valid URL."),
    ],
)
def test_edit_fact_says_what_is_wrong_and_keeps_what_was_typed(
    client_of: ClientOf, cast: Cast, lead: Lead, name: str, typed: dict[str, str], field: str, wrong: str
) -> None:
    ben = Writer(client_of(cast.ben), lead, name)

    page = ben.save(**typed)

    assert ben.answer.status_code == 422
    assert page.error(field).startswith(wrong)
    assert {each: page.value(each) for each in typed} == typed
    assert again(lead).version == lead.version


def test_edit_fact_needs_a_company_or_a_last_name(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        person = opened_lead(cast.ada, cast.ben, **BARE | {"company": "", "last_name": "Kestrel"})
        company = opened_lead(cast.ada, cast.ben, **BARE | {"last_name": ""})
    client = client_of(cast.ben)

    nameless, empty = Writer(client, person, "name"), Writer(client, company, "company")

    assert nameless.save(last_name="").error("last_name") == "Give a company or a last name."
    assert empty.save(company="").error("company") == "Give a company or a last name."
    assert Writer(client, person, "phone").save(phone="1").toasts == ["Saved."]
    assert Writer(client, company, "name").save(last_name="Novák").toasts == ["Saved."]
    assert empty.save(company="").toasts == ["Saved."]  # a name has come meanwhile


def test_edit_fact_in_place_is_sent_and_shown_in_place(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    client = client_of(cast.ben)

    (there,) = Page(client.get(at(lead, "phone"), headers=HTMX)).root.all("form", css="fact-form")
    (alone,) = Page(client.get(at(lead, "phone"))).root.all("form", css="fact-form")

    assert there.attributes["hx-target"] == "#fact-phone"
    changes = there.attributes["hx-select-oob"].split(",")
    page = Page(client.get(f"/leads/{lead.code}/"))
    assert [len(page.root.all(id=name.partition(":")[0].removeprefix("#"))) for name in changes] == [1] * 4
    assert {name for name in alone.attributes if name.startswith("hx-")} == set()
    assert alone.all("a")[0].attributes["href"] == f"/leads/{lead.code}/"


# --- Who may not ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(VENDOR_WRITES))
@pytest.mark.parametrize("method", ["get", "post"])
def test_edit_fact_of_the_vendors_is_not_there_for_a_partner(
    client_of: ClientOf, cast: Cast, lead: Lead, name: str, method: str
) -> None:
    with inside(cast.acme):
        actions.update_lead(lead, values={name: "The vendor's word"}, by=cast.ada)

    answer = getattr(client_of(cast.ben), method)(at(lead, name), {name: "Mine"})

    assert answer.status_code == 404
    assert b"The vendor&#x27;s word" not in answer.content
    assert getattr(again(lead), name) == "The vendor's word"


@pytest.mark.parametrize("name", ["nothing", "status", "organization", "number", "city", "first_name", "version"])
def test_edit_fact_of_what_is_no_piece_is_not_there(client_of: ClientOf, cast: Cast, lead: Lead, name: str) -> None:
    assert client_of(cast.ada).get(at(lead, name)).status_code == 404
    assert client_of(cast.ada).post(at(lead, name), {name: "won"}).status_code == 404
    assert again(lead).version == lead.version


def test_edit_fact_takes_no_field_but_its_own(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    Writer(client_of(cast.ben), lead, "phone").save(phone="1", city="Linz", source="Mine", status="won")

    now = again(lead)
    assert (now.phone, now.city, now.source, now.status) == ("1", "Graz", "Fair", Status.WORKING)


def test_edit_fact_refuses_a_withheld_lead_without_a_word_of_it(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        waiting = assigned_lead(cast.ada, cast.ben, **BARE | {"phone": "+43 1 777001"})
    client = client_of(cast.ben)

    shown, sent = client.get(at(waiting, "phone"), follow=True), client.post(at(waiting, "phone"), {"phone": "1"})

    assert Page(shown).toasts == [f"Lead {waiting.code} has to be opened before it can be edited."]
    assert b"777001" not in shown.content
    assert (sent.status_code, again(waiting).phone) == (302, "+43 1 777001")


def test_edit_fact_refuses_a_closed_lead_once(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    ben = Writer(client_of(cast.ben), lead, "phone")
    with inside(cast.acme):
        actions.win_lead(lead, by=cast.ada)

    page = ben.save(phone="1")

    assert page.toasts == [f"Lead {lead.code} is closed (won) and cannot be edited."]
    assert again(lead).phone == "+43 1 1"


@pytest.mark.parametrize("name", ["cleo", "dora", "eve_globex", "dan"])
def test_edit_fact_of_somebody_elses_lead_is_not_found(
    client_of: ClientOf, cast: Cast, lead: Lead, name: str
) -> None:
    client = client_of(getattr(cast, name))

    assert client.get(at(lead, "phone")).status_code == 404
    assert client.post(at(lead, "phone"), {"phone": "1"}).status_code == 404
    assert again(lead).phone == "+43 1 1"


# --- Two at once ------------------------------------------------------------------------------------------


def test_edit_fact_shows_both_versions_in_place(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    ben = Writer(client_of(cast.ben), lead, "address")
    with inside(cast.acme):
        actions.update_lead(lead, values={"city": "Theirs", "street": "Ring 1"}, by=cast.ada)

    page = ben.save(city="Mine")

    assert ben.answer.status_code == 409
    place = page.by_id("fact-address")
    (choice,) = place.all("fieldset", css="versions")
    assert choice.all("legend")[0].text == "City"
    assert [word in choice.text for word in ("Mine", "Theirs", "by Ada")] == [True] * 3
    assert "Street: Ring 1" in place.all("section", css="conflict")[0].text
    assert again(lead).city == "Theirs"


@pytest.mark.parametrize(("choice", "city"), [("yours", "Mine"), ("theirs", "Theirs")])
def test_edit_fact_settles_a_conflict_by_saving_again(
    client_of: ClientOf, cast: Cast, lead: Lead, choice: str, city: str
) -> None:
    ben = Writer(client_of(cast.ben), lead, "address")
    with inside(cast.acme):
        actions.update_lead(lead, values={"city": "Theirs"}, by=cast.ada)
    ben.save(city="Mine")

    page = ben.save(**{"keep-city": choice})

    assert page.toasts == ["Saved."]
    assert again(lead).city == city


def test_edit_fact_lets_somebody_else_change_another(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    ben = Writer(client_of(cast.ben), lead, "phone")
    with inside(cast.acme):
        actions.update_lead(lead, values={"city": "Theirs"}, by=cast.ada)

    page = ben.save(phone="1")

    assert page.toasts == ["Saved."]
    assert (again(lead).phone, again(lead).city) == ("1", "Theirs")


def test_edit_fact_gives_up_politely_before_one_who_is_always_faster(
    client_of: ClientOf, cast: Cast, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at the lead is followed by a change of it, as if there were somebody else every time."""
    ben = Writer(client_of(cast.ben), lead, "phone")
    look, turns = actions.update_lead, iter(range(9))

    def late(lead: Lead, **words: Any) -> Lead:
        look(lead, values={"timeframe": str(next(turns))}, by=cast.ada)
        return look(lead, **words)

    monkeypatch.setattr(actions, "update_lead", late)
    page = ben.save(phone="1")

    assert ben.answer.status_code == 422
    assert page.by_id("fact-phone").all("p", css="error")[0].text == (
        f"Somebody else changed lead {lead.code} meanwhile."
    )
    assert page.value("phone") == "1"
    assert again(lead).phone == "+43 1 1"
    monkeypatch.undo()
    assert ben.save().toasts == ["Saved."]


def test_edit_fact_pressed_twice_changes_once(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    ben = Writer(client_of(cast.ben), lead, "phone")
    twice = dict(ben.sheet)

    first = ben.save(phone="1")
    ben.sheet = twice
    second = ben.save(phone="1")

    assert (first.toasts, second.toasts) == (["Saved."], ["Saved."])
    assert kinds_of(lead).count("lead_changed") == 1


def test_edit_fact_of_an_unassigned_lead_is_the_vendors(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        free = new_lead(cast.ada, **BARE)

    assert Writer(client_of(cast.ada), free, "timeframe").save(timeframe="Soon").toasts == ["Saved."]
    assert (again(free).timeframe, again(free).status) == ("Soon", Status.UNASSIGNED)

"""Two people change the same record: whoever is second sees both versions, and nobody's work is lost unseen."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from deals.actions import update_deal
from deals.models import Deal
from leads.actions import assign_lead, update_lead
from leads.models import Lead
from prm.actions import Stale
from prm.organizations.actions import set_partner_managers, update_organization
from prm.organizations.context import inside
from prm.organizations.models import Organization
from prm.users.actions import change_member
from prm.users.models import Membership
from tests.browsing import Api
from tests.cast import Cast
from tests.factories import new_deal, new_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
Sheet = dict[str, list[str]]


class Editor:
    """Somebody with an edit form open."""

    def __init__(self, client: Client, path: str) -> None:
        self.client, self.path = client, path
        self.sheet: Sheet = Page(client.get(path)).form(path)

    def save(self, **typed: str | list[str]) -> int:
        """Send the form with these changes, and go on with the page that came back."""
        answer = self.client.post(self.path, {**self.sheet, **typed})
        if answer.status_code != 302:
            self.page = Page(answer)
            self.sheet = self.page.form(self.path)
        return answer.status_code

    @property
    def choices(self) -> list[str]:
        found = [choice.text for choice in self.page.root.all("fieldset", css="versions")]
        return [re.sub(r" (\d+ seconds? ago|just now)", "", text) for text in found]

    @property
    def notice(self) -> str:
        return self.page.root.all("section", css="conflict")[0].text


@pytest.fixture
def deal(cast: Cast) -> Deal:
    with inside(cast.acme):
        return new_deal(cast.ada, cast.ben, name="Before", amount=Decimal(10), description="Old")


@pytest.fixture
def ben_at_the_deal(deal: Deal, cast: Cast, client_of: ClientOf) -> Editor:
    return Editor(client_of(cast.ben), f"/deals/{deal.code}/edit/")


def now(record: Deal | Lead | Organization | Membership) -> dict[str, object]:
    """The record as the database has it."""
    with inside(record.portal):
        found: dict[str, object] = type(record)._default_manager.filter(pk=record.pk).values()[0]  # type: ignore[assignment]
    return found


# --- Three ways a field can differ ------------------------------------------------------------------------


def test_conflict_tells_who_changed_what(ben_at_the_deal: Editor, deal: Deal, cast: Cast) -> None:
    with inside(cast.acme):
        update_deal(deal, values={"name": "Theirs", "description": "New"}, by=cast.ada)

    status = ben_at_the_deal.save(name="Mine", amount="12.00")

    assert status == 409
    assert ben_at_the_deal.choices == ["Deal name Yours Mine Now there, by Ada Theirs"]
    assert "Ada changed this" in ben_at_the_deal.notice
    assert "Description: Old → New" in ben_at_the_deal.notice
    assert "Amount" not in ben_at_the_deal.notice
    sheet = ben_at_the_deal.sheet
    assert (sheet["name"], sheet["amount"], sheet["description"]) == (["Mine"], ["12.00"], ["New"])
    assert (now(deal)["name"], now(deal)["amount"]) == ("Theirs", Decimal(10))


@pytest.mark.parametrize(("choice", "name"), [("yours", "Mine"), ("theirs", "Theirs")])
def test_conflict_is_settled_by_saving_again(
    ben_at_the_deal: Editor, deal: Deal, cast: Cast, choice: str, name: str
) -> None:
    with inside(cast.acme):
        update_deal(deal, values={"name": "Theirs", "description": "New"}, by=cast.ada)
    ben_at_the_deal.save(name="Mine", amount="12.00")

    assert ben_at_the_deal.save(**{"keep-name": choice}) == 302

    found = now(deal)
    assert (found["name"], found["amount"], found["description"]) == (name, Decimal(12), "New")


def test_conflict_comes_back_when_there_is_a_third(ben_at_the_deal: Editor, deal: Deal, cast: Cast) -> None:
    with inside(cast.acme):
        update_deal(deal, values={"name": "Theirs"}, by=cast.ada)
    ben_at_the_deal.save(name="Mine")
    with inside(cast.acme):
        update_deal(deal, values={"name": "Third"}, by=cast.bea)

    assert ben_at_the_deal.save() == 409

    assert ben_at_the_deal.choices == ["Deal name Yours Mine Now there, by Bea Third"]


def test_conflict_over_nothing_in_the_form_says_so(cast: Cast, client_of: ClientOf) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
    ada = Editor(client_of(cast.ada), f"/leads/{lead.code}/edit/")
    with inside(cast.acme):
        assign_lead(lead, to=cast.bea, by=cast.ada)

    assert ada.save(city="Linz") == 409
    assert ada.choices == []
    assert "look it through, then save again" in ada.notice
    assert ada.save() == 302
    assert now(lead)["city"] == "Linz"


def test_text_that_only_came_back_with_other_line_ends_is_nobodys_change(cast: Cast, client_of: ClientOf) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben, description="One\nTwo")
    ben = Editor(client_of(cast.ben), f"/leads/{lead.code}/edit/")
    with inside(cast.acme):
        update_lead(lead, values={"description": "Three"}, by=cast.ada)

    ben.save(city="Linz", description="One\r\nTwo")

    assert ben.choices == []
    assert ben.sheet["description"] == ["Three"]


# --- Organizations and people -----------------------------------------------------------------------------


def test_organization_edit_shows_both_versions(cast: Cast, client_of: ClientOf) -> None:
    ada = Editor(client_of(cast.ada), f"/organizations/{cast.north.pk}/edit/")
    with inside(cast.acme):
        update_organization(cast.north, values={"city": "Theirs", "countries": ["AT"]}, by=None)
        set_partner_managers(cast.north, managers=[], by=cast.ada)

    assert ada.save(city="Mine", countries=["DE", "CH"]) == 409

    assert ada.choices == [
        "City Yours Mine Now there, by The portal Theirs",
        "Countries served Yours Germany, Switzerland Now there, by The portal Austria",
    ]
    assert "Partner managers: Vic → emptied" in ada.notice
    assert ada.save(**{"keep-countries": "theirs"}) == 302
    assert (now(cast.north)["city"], now(cast.north)["countries"]) == ("Mine", ["AT"])


def test_person_edit_shows_both_versions(cast: Cast, client_of: ClientOf) -> None:
    bea = Editor(client_of(cast.bea), f"/people/{cast.ben.pk}/")
    with inside(cast.acme):
        everything = [*cast.bea.groups.all()]
        change_member(cast.ben, values={"phone": "2"}, groups=everything, by=cast.ada)

    assert bea.save(phone="1", groups=[]) == 409

    assert bea.choices == [
        "Phone Yours 1 Now there, by Ada 2",
        "Groups Yours — Now there, by Ada Manage Users, View All Leads",
    ]
    assert bea.save(**{"keep-phone": "theirs", "keep-groups": "theirs"}) == 302
    with inside(cast.acme):
        assert now(cast.ben)["phone"] == "2"
        assert {group.name for group in Membership.objects.get(pk=cast.ben.pk).groups.all()} == {
            "Manage Users",
            "View All Leads",
        }


def test_profile_shows_both_versions(cast: Cast, client_of: ClientOf) -> None:
    ben = Editor(client_of(cast.ben), "/profile/")
    with inside(cast.acme):
        change_member(cast.ben, values={"name": "Benjamin"}, by=cast.bea)

    assert ben.save(name="Benny") == 409
    assert ben.choices == ["Name Yours Benny Now there, by Bea Benjamin"]
    assert ben.save() == 302
    assert now(cast.ben)["name"] == "Benny"


@pytest.mark.parametrize("how", ["body", "header"])
def test_update_user_with_an_old_version_is_stale(cast: Cast, how: str) -> None:
    api, path = Api(cast.ada), f"users/{cast.ben.pk}/"
    version = api.get(path).json()["version"]
    changed = api.patch(path, {"phone": "1"})
    assert (changed["ETag"], changed.json()["version"]) == (f'"{version + 1}"', version + 1)

    body = {"phone": "2"} | ({"version": version} if how == "body" else {})
    headers = {"If-Match": f'"{version}"'} if how == "header" else {}
    answer = api.send("patch", path, body, **headers)

    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert api.get(path).json()["phone"] == "1"
    assert api.patch(path, {"phone": "2", "version": version + 1}).status_code == 200


# --- What partners never see ------------------------------------------------------------------------------


def test_internal_notes_are_not_overwritten_unseen(cast: Cast, client_of: ClientOf) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben, internal_notes="Old")
    vic, ben = (Editor(client_of(who), f"/leads/{lead.code}/edit/") for who in (cast.vic, cast.ben))
    with inside(cast.acme):
        update_lead(lead, values={"internal_notes": "Ada's"}, by=cast.ada)

    assert vic.save(internal_notes="Vic's") == 409
    assert vic.choices == ["Internal notes Yours Vic's Now there, by Ada Ada's"]
    assert ben.save(city="Linz") == 302  # whose copy is not stale for what he never sees
    assert vic.save() == 409  # by Ben's edit
    assert vic.save() == 302
    assert (now(lead)["internal_notes"], now(lead)["city"]) == ("Vic's", "Linz")


def test_internal_notes_over_the_api_count_for_the_vendor_only(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
    path, vendor, partner = f"leads/{lead.pk}/", Api(cast.ada), Api(cast.ben)
    before = [api.get(path) for api in (vendor, partner)]
    read = before[0].json()["version"]

    assert vendor.patch(path, {"internal_notes": "First", "version": read}).status_code == 200
    late = vendor.patch(path, {"internal_notes": "Second", "version": read})

    assert late.json()["code"] == "stale_version"
    after = [api.get(path) for api in (vendor, partner)]
    assert after[0].json()["version"] == read + 1
    assert after[0]["ETag"] == f'"{read + 1}"'
    assert (after[1].content, after[1]["ETag"]) == (before[1].content, before[1]["ETag"])


@pytest.mark.usefixtures("in_acme")
def test_a_version_grows_with_every_edit_that_its_reader_may_see(cast: Cast) -> None:
    """So that no two states that differ for a side have the same number there."""
    lead = opened_lead(cast.ada, cast.ben)
    seen = []
    for values in (
        {"internal_notes": "1"},
        {"city": "A"},
        {"internal_notes": "2", "city": "B"},
        {"internal_notes": "3"},
    ):
        lead = update_lead(lead, values=values, by=cast.ada)
        seen.append((lead.version_for(cast.ada), lead.version_for(None), lead.version_for(cast.ben)))

    first = seen[0][2]
    assert [partner - first for _vendor, _system, partner in seen] == [0, 1, 2, 2]
    assert [vendor - first for vendor, _system, _partner in seen] == [1, 2, 3, 4]
    assert all(vendor == system for vendor, system, _partner in seen)
    with pytest.raises(Stale):
        update_lead(lead, values={"internal_notes": "4"}, version=seen[-2][0], by=None)


def test_new_lead_has_nothing_to_conflict_with(cast: Cast) -> None:
    with inside(cast.acme):
        assert new_lead(cast.ada).version_for(cast.ada) == 1

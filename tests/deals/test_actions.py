"""The verbs of deals: register one from a lead, change it, withdraw it; and who sees which."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from deals.actions import Registration, convert_lead, deal_from, prospect_of, update_deal
from deals.models import Account, Contact, Deal, DealStage
from leads import actions as lead_actions
from leads.models import Lead, LostReason
from leads.settings import change_distribution
from leads.states import Status
from prm.actions import Gone, Refused, Stale
from prm.events.models import Delivery, Event
from prm.organizations.ids import uuid7
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead, registration

pytestmark = pytest.mark.usefixtures("in_acme")

PROSPECT: dict[str, Any] = {
    "company": "Kestrel Biotech",
    "first_name": "Zuzana",
    "last_name": "Nováková",
    "title": "Head of Automation",
    "email": "zuzana@kestrel.example",
    "phone": "+420 2 1",
    "mobile": "+420 7 1",
    "website": "https://kestrel.example",
    "street": "Na Příkopě 1",
    "city": "Praha",
    "state": "Praha",
    "postal_code": "110 00",
    "country": "CZ",
    "industry": "Biotech",
    "employees": 180,
}
ACCOUNT = ["website", "street", "city", "state", "postal_code", "country", "industry", "employees"]
CONTACT = ["first_name", "last_name", "title", "email", "phone", "mobile"]


# --- Registering --------------------------------------------------------------------------------------


def test_convert_lead_takes_account_and_contact_from_the_lead(cast: Cast) -> None:
    deal = convert_lead(opened_lead(cast.ada, cast.ben, **PROSPECT), registration=registration(), by=cast.ben)

    account, contact = Account.objects.get(), Contact.objects.get()
    assert (deal.account, deal.contact, contact.account) == (account, contact, account)
    assert account.name == "Kestrel Biotech"
    assert {name: getattr(account, name) for name in ACCOUNT} == {name: PROSPECT[name] for name in ACCOUNT}
    assert {name: getattr(contact, name) for name in CONTACT} == {name: PROSPECT[name] for name in CONTACT}


def test_convert_lead_names_the_account_of_a_person_after_the_person(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben, company="", first_name="Zuzana", last_name="Nováková")

    assert convert_lead(lead, registration=registration(), by=cast.ben).account.name == "Zuzana Nováková"


def test_convert_lead_prefers_what_the_form_says(cast: Cast) -> None:
    said = Registration(
        deal=registration(name="Line 3").deal,
        account={"name": "Kestrel AG", "country": "CH"},
        contact={"last_name": "Novák"},
    )

    deal = convert_lead(opened_lead(cast.ada, cast.ben, **PROSPECT), registration=said, by=cast.ben)

    assert (deal.name, deal.account.name, deal.account.country, deal.account.city) == (
        "Line 3", "Kestrel AG", "CH", "Praha",
    )  # fmt: skip
    assert (deal.contact.first_name, deal.contact.last_name) == ("Zuzana", "Novák")


def test_convert_lead_makes_a_deal_of_the_holder(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)

    deal = convert_lead(lead, registration=registration(), by=cast.ada)

    assert (deal.organization, deal.owner, deal.lead_id) == (cast.north, cast.ben, lead.pk)
    assert (deal.code, deal.status, deal.version) == (f"D-{deal.number}", "open", 1)
    assert (deal.amount, deal.currency, deal.close_date) == (Decimal(50_000), "EUR", date(2027, 3, 31))


def test_convert_lead_that_belongs_to_an_organization_is_owned_by_whoever_opened_it(cast: Cast) -> None:
    lead = lead_actions.open_lead(assigned_lead(cast.ada, cast.north), by=cast.bea)

    assert convert_lead(lead, registration=registration(), by=cast.eve).owner == cast.bea


def test_convert_lead_begins_at_the_first_stage_in_use(cast: Cast) -> None:
    DealStage.objects.filter(name="Qualified").update(is_active=False)

    assert new_deal(cast.ada, cast.ben).stage.name == "Meeting held"


@pytest.mark.parametrize(("name", "status"), [("Proposal", "open"), ("Won", "won")])
def test_convert_lead_takes_its_status_from_the_stage(cast: Cast, name: str, status: str) -> None:
    assert new_deal(cast.ada, cast.ben, stage=DealStage.objects.get(name=name)).status == status


def test_convert_lead_into_a_lost_deal_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="why the deal is lost"):
        new_deal(cast.ada, cast.ben, stage=DealStage.objects.get(name="Lost"))
    assert Deal.objects.count() == 0


def test_convert_lead_closes_the_lead_and_tells_the_vendor(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)

    lead = Lead.objects.get(deals=deal)
    assert lead.status == Status.CONVERTED
    assert lead.closed_at is not None
    told = Delivery.objects.filter(event__kind=Event.Kind.LEAD_CONVERTED).values_list("recipient__name", flat=True)
    assert set(told) == {"Ada", "Vic"}
    registered = Event.objects.get(kind=Event.Kind.DEAL_REGISTERED)
    assert (registered.subject_id, registered.actor, registered.organization) == (deal.pk, cast.ben, cast.north)


def test_convert_lead_twice_is_refused_and_leaves_one_deal(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    convert_lead(lead, registration=registration(), by=cast.ben)

    with pytest.raises(Refused, match=r"is closed \(converted\)"):
        convert_lead(lead, registration=registration(), by=cast.ben)
    assert (Deal.objects.count(), Account.objects.count(), Contact.objects.count()) == (1, 1, 1)


def test_lead_of_two_deals_is_refused_by_the_database_too(cast: Cast) -> None:
    """Should the lock be forgotten. A deal that was withdrawn is none."""
    deal = new_deal(cast.ada, cast.ben)
    deal.pk, deal.number, deal.status = uuid7(), deal.number + 1, Deal.Status.WITHDRAWN
    deal.save(force_insert=True)

    deal.pk, deal.number, deal.status = uuid7(), deal.number + 1, Deal.Status.OPEN
    with pytest.raises(IntegrityError, match="deals_deal_one_per_lead"):
        deal.save(force_insert=True)


def test_convert_lead_where_the_portal_closes_without_deals_is_refused(cast: Cast) -> None:
    change_distribution(values={"closing_mode": "won"}, by=cast.ada)

    with pytest.raises(Refused, match="In this portal"):
        new_deal(cast.ada, cast.ben)
    assert Deal.objects.count() == 0


def test_convert_lead_before_opening_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="has to be opened"):
        convert_lead(assigned_lead(cast.ada, cast.ben), registration=registration(), by=cast.ben)


def test_convert_lead_of_nobody_is_refused(ada: Membership) -> None:
    with pytest.raises(Refused):
        convert_lead(new_lead(ada), registration=registration(), by=ada)


@pytest.mark.parametrize("name", ["cleo", "dora"])
def test_convert_lead_of_somebody_else_is_gone(cast: Cast, name: str) -> None:
    with pytest.raises(Gone):
        convert_lead(opened_lead(cast.ada, cast.ben), registration=registration(), by=getattr(cast, name))
    assert Deal.objects.count() == 0


def test_reopen_lead_withdraws_the_deal_and_the_lead_may_convert_anew(cast: Cast) -> None:
    first = new_deal(cast.ada, cast.ben)

    lead = lead_actions.reopen_lead(Lead.objects.get(), by=cast.ada)
    withdrawn = Deal.objects.get(pk=first.pk)
    second = convert_lead(lead, registration=registration(name="Second"), by=cast.ben)

    assert (withdrawn.status, withdrawn.version) == ("withdrawn", first.version + 1)
    assert Event.objects.get(kind=Event.Kind.DEAL_WITHDRAWN).subject_id == first.pk
    assert list(Deal.objects.order_by("number").values_list("name", "status")) == [
        ("Picking cell", "withdrawn"),
        ("Second", "open"),
    ]
    assert second.number == first.number + 1


def test_reopen_lead_that_was_lost_withdraws_no_deal_of_another(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)
    lost = lead_actions.lose_lead(
        opened_lead(cast.ada, cast.ben), reason=LostReason.objects.get(name="No need"), by=cast.ben
    )

    lead_actions.reopen_lead(lost, by=cast.ada)

    assert Deal.objects.get(pk=deal.pk).status == "open"


def test_deal_from_prefills_name_money_and_description(ada: Membership) -> None:
    lead = new_lead(
        ada, product_interest="Picking cell", budget=Decimal(9), budget_currency="EUR", description="Two shifts."
    )

    assert deal_from(lead) == {
        "name": "Kestrel Biotech: Picking cell",
        "amount": Decimal(9),
        "currency": "EUR",
        "description": "Two shifts.",
    }


def test_prospect_of_fits_the_columns_whatever_the_names(ada: Membership) -> None:
    lead = new_lead(ada, company="", first_name="f" * 100, last_name="l" * 100, product_interest="p" * 200)

    account, contact = prospect_of(lead)
    Contact(account=Account(**account), **contact).clean_fields(exclude=["account"])
    Account(**account).clean_fields()
    assert (len(account["name"]), len(deal_from(lead)["name"])) == (200, 200)


# --- Changing -----------------------------------------------------------------------------------------


def test_update_deal_changes_values_and_status_and_notes_them(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)

    won = DealStage.objects.get(name="Won")
    deal = update_deal(deal, values={"amount": Decimal(61_000), "stage": won}, by=cast.ben, version=1)

    assert (deal.amount, deal.stage, deal.status, deal.version) == (Decimal(61_000), won, "won", 2)
    event = Event.objects.get(kind=Event.Kind.DEAL_CHANGED)
    assert (event.changed_fields, event.organization, event.actor) == (["amount", "stage"], cast.north, cast.ben)
    assert list(event.values.order_by("field").values_list("field", "old", "new")) == [
        ("amount", "50000.00", "61000"),
        ("stage", "Qualified", "Won"),
    ]


def test_update_deal_ignores_what_is_no_field_of_the_form(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)

    deal = update_deal(deal, values={"name": "New", "organization": cast.south, "number": 1}, by=cast.ben)

    assert (deal.name, deal.organization, deal.number) == ("New", cast.north, deal.number)
    assert Event.objects.get(kind=Event.Kind.DEAL_CHANGED).changed_fields == ["name"]


def test_update_deal_without_a_difference_writes_nothing(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)

    assert update_deal(deal, values={"name": deal.name}, by=cast.ben).version == 1
    assert not Event.objects.filter(kind=Event.Kind.DEAL_CHANGED).exists()


def test_update_deal_with_an_old_version_is_stale_and_changes_nothing(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)
    update_deal(deal, values={"name": "first"}, by=cast.ada)

    with pytest.raises(Stale, match="Somebody else"):
        update_deal(deal, values={"name": "second"}, version=1, by=cast.ben)
    assert Deal.objects.get().name == "first"


@pytest.mark.parametrize("name", ["cleo", "dora"])
def test_update_deal_of_another_organization_is_gone(cast: Cast, name: str) -> None:
    deal = new_deal(cast.ada, cast.ben)

    with pytest.raises(Gone):
        update_deal(deal, values={"name": "x"}, by=getattr(cast, name))
    assert Deal.objects.get().name == "Picking cell"


def test_update_deal_of_a_colleague_who_only_receives_is_gone(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.bea)

    with pytest.raises(Gone):
        update_deal(deal, values={"name": "x"}, by=cast.ben)


def test_update_deal_that_was_withdrawn_is_refused(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)
    lead_actions.reopen_lead(Lead.objects.get(), by=cast.ada)

    for member in (cast.ben, cast.ada):
        with pytest.raises(Refused, match="cannot be changed"):
            update_deal(deal, values={"name": "x"}, by=member)


# --- Seeing ---------------------------------------------------------------------------------------------


def test_deals_are_visible_to_each_role_as_leads_are(cast: Cast) -> None:
    for name, to in (("bens", cast.ben), ("beas", cast.bea), ("cleos", cast.cleo)):
        new_deal(cast.ada, to, name=name)

    def seen(name: str) -> set[str]:
        return set(Deal.objects.visible_to(getattr(cast, name)).values_list("name", flat=True))

    assert {name: seen(name) for name in ("ada", "vic", "bea", "ben", "cleo", "dora", "ivan", "dis")} == {
        "ada": {"bens", "beas", "cleos"},
        "vic": {"bens", "beas"},
        "bea": {"bens", "beas"},
        "ben": {"bens"},
        "cleo": {"cleos"},
        "dora": {"cleos"},  # her reseller's
        "ivan": set(),
        "dis": set(),
    }


def test_withdrawn_deal_shows_to_its_partner_only_while_its_lead_does(cast: Cast) -> None:
    """It holds the lead's details: who the lead was taken from reads them nowhere."""
    deal = new_deal(cast.ada, cast.ben)
    lead = lead_actions.reopen_lead(Lead.objects.get(), by=cast.ada)

    def seen() -> dict[str, bool]:
        names = ("ada", "vic", "bea", "ben", "cleo")
        return {n: Deal.objects.visible_to(getattr(cast, n)).filter(pk=deal.pk).exists() for n in names}

    assert seen() == {"ada": True, "vic": True, "bea": True, "ben": True, "cleo": False}

    lead_actions.assign_lead(lead, to=cast.cleo, by=cast.ada)
    assert seen() == {"ada": True, "vic": True, "bea": False, "ben": False, "cleo": False}

    lead_actions.assign_lead(lead, to=cast.ben, by=cast.ada)  # back, and withheld until it is opened anew
    assert seen() == {"ada": True, "vic": True, "bea": False, "ben": False, "cleo": False}


def test_deals_may_be_changed_by_those_who_work_them_but_not_once_withdrawn(cast: Cast) -> None:
    def may(deal: Deal) -> dict[str, bool]:
        return {name: deal.may_be_changed_by(getattr(cast, name)) for name in ("ada", "vic", "bea", "ben", "cleo")}

    deal = new_deal(cast.ada, cast.ben)
    assert may(deal) == {"ada": True, "vic": True, "bea": True, "ben": True, "cleo": False}

    deal.status = Deal.Status.WITHDRAWN
    assert set(may(deal).values()) == {False}

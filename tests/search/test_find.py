"""What each of the cast finds, by which words, and in which order."""

from typing import Any

import pytest
from django.db import connection

from deals.actions import convert_lead
from leads import actions
from leads.models import DETAIL_FIELDS, Lead
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal
from prm.search import subjects
from prm.search.subjects import Found, find
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead, registration

KESTREL: dict[str, Any] = {
    "company": "Kestrel Biotech",
    "first_name": "Zuzana",
    "last_name": "Nováková",
    "email": "Zuzana@Kestrel.example",
    "phone": "+420 2 1234 5678",
    "mobile": "0777/123 456",
    "city": "Praha",
    "website": "https://www.kestrel-biotech.example/lab",
    "internal_notes": "Knows our competitor well",
}


def titles(found: Found, noun: str = "leads") -> list[str]:
    return [hit.title for group in found.groups if group.subject.name == noun for hit in group.hits]


def found_by(member: Membership, text: str, noun: str = "leads", *, most: int = 5) -> list[str]:
    return titles(find(text, member=member, most=most), noun)


@pytest.fixture
def kestrel(in_acme: Portal, cast: Cast) -> Lead:
    """Opened by Ben, among others that look like it."""
    opened_lead(cast.ada, cast.ben, company="Falcon Foods", email="info@falcon.example", phone="+1 212 555 0100")
    lead = opened_lead(cast.ada, cast.ben, **KESTREL)
    opened_lead(cast.ada, cast.ben, company="Harbour Goods", email="harbour@goods.example")
    return lead


# --- The ways in which a lead is found ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("Kestrel", "kest", "ESTREL BIO", "biotech kestrel", "zuzana praha", "nováková", "NOVÁKOVÁ"),
        *("zuzana@kestrel.example", "ZUZANA@KESTREL.EXAMPLE", "@kestrel.example", "kestrel.example"),
        *("kestrel-biotech.example", "https://kestrel-biotech.example", "www.kestrel-biotech.example/other"),
        *("+420 2 1234 5678", "+420212345678", "00420 212 345 678", "2 1234 5678", "(02) 12345678", "1234 56"),
        *("0777123456", "777 123 456", "+420 777 123 456"),
    ],
)
def test_find_a_lead_by(kestrel: Lead, cast: Cast, text: str) -> None:
    assert found_by(cast.ada, text) == ["Kestrel Biotech"]
    assert found_by(cast.ben, text) == ["Kestrel Biotech"]


@pytest.mark.parametrize(
    "text",
    [
        "k",
        "",
        "kestrel foods",
        "%",
        "_estrel",
        "kestrel%",
        "strelex.example",
        "+420 2 1234 5679",
        "competitor",
        "\\",
    ],
)
def test_find_nothing_by(kestrel: Lead, cast: Cast, text: str) -> None:
    found = find(text, member=cast.ada, most=5)

    assert found.is_similar or "Kestrel Biotech" not in titles(found)


def test_find_by_the_number_first(in_acme: Portal, cast: Cast) -> None:
    lead = new_lead(cast.ada, company="Asked for")
    new_lead(cast.ada, company=f"Room {lead.number}")

    assert found_by(cast.ada, lead.code) == ["Asked for"]
    assert found_by(cast.ada, lead.code.lower()) == ["Asked for"]
    assert found_by(cast.ada, str(lead.number)) == ["Asked for", f"Room {lead.number}"]


def test_find_what_is_meant_exactly_before_what_holds_it(in_acme: Portal, cast: Cast) -> None:
    new_lead(cast.ada, company="The one", email="anna@acme-robotics.example")
    for number in range(3):
        new_lead(cast.ada, company=f"Longer {number}", email=f"joanna@acme-robotics.example{number}")

    assert found_by(cast.ada, "anna@acme-robotics.example", most=2)[0] == "The one"


@pytest.mark.parametrize("text", ["kestral biotec", "kastrel", "biotehc", "Kestrel Biotexh", "zuzanna novakova"])
def test_find_what_is_spelt_alike_where_nothing_holds_the_words(kestrel: Lead, cast: Cast, text: str) -> None:
    found = find(text, member=cast.ada, most=5)

    assert found.is_similar
    assert titles(found)[0] == "Kestrel Biotech"


def test_find_nothing_alike_while_something_holds_the_words(kestrel: Lead, cast: Cast) -> None:
    new_lead(cast.ada, company="Kestral Ltd")

    found = find("kestral", member=cast.ada, most=5)

    assert not found.is_similar
    assert titles(found) == ["Kestral Ltd"]


def test_find_keeps_up_with_changes(kestrel: Lead, cast: Cast) -> None:
    """Postgres keeps the text, so there is nothing to be forgotten."""
    actions.update_lead(kestrel, values={"company": "Merlin Biotech"}, by=cast.ben)

    assert found_by(cast.ada, "merlin") == ["Merlin Biotech"]
    assert found_by(cast.ada, "kestrel biotech", most=1) != ["Kestrel Biotech"]


def test_find_the_newest_first_and_says_where_the_others_are(in_acme: Portal, cast: Cast) -> None:
    for number in range(4):
        new_lead(cast.ada, company=f"Many {number}")

    found = find("many", member=cast.ada, most=3)

    assert titles(found) == ["Many 3", "Many 2", "Many 1"]
    assert found.groups[0].list_url == "/leads/?search=many"
    assert find("many", member=cast.ada, most=4).groups[0].list_url == ""


def test_find_with_the_longest_details(in_acme: Portal, cast: Cast) -> None:
    new_lead(
        cast.ada,
        company="Ω" * 200,
        first_name="Ж" * 100,
        last_name="字" * 100,
        website=f"https://x.example/{'y' * 250}",
    )

    assert found_by(cast.ada, "ω" * 200) == ["Ω" * 200]


# --- The other nouns ----------------------------------------------------------------------------------------


def test_find_deals_organizations_and_people(in_acme: Portal, cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)
    Organization.objects.filter(pk=cast.north.pk).update(city="Nordhausen", website="https://north.example/")
    Membership.objects.filter(pk=cast.ben.pk).update(phone="+49 3631 4711")

    for text in (deal.code, deal.name, deal.account.name[:6], deal.contact.last_name):
        assert deal.name in found_by(cast.ada, text, "deals"), text
    for text in ("nort", "nordhausen", "north.example"):
        assert found_by(cast.ada, text, "organizations") == ["North"], text
    for text in ("ben@north.example", "+49 3631 4711", "03631 4711"):
        assert found_by(cast.ada, text, "people") == ["Ben"], text


def test_find_groups_stand_in_one_order(in_acme: Portal, cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben, company="North Works")
    convert_lead(lead, registration=registration(), by=cast.ben)

    found = find("north", member=cast.ada, most=5)

    assert [group.subject.name for group in found.groups] == ["leads", "deals", "organizations", "people"]


# --- Who finds what -----------------------------------------------------------------------------------------


def test_find_only_what_the_member_sees(in_acme: Portal, cast: Cast) -> None:
    opened_lead(cast.ada, cast.cleo, company="Seen by South")
    opened_lead(cast.ada, cast.bea, company="Seen by North")

    assert found_by(cast.ada, "seen by") == ["Seen by North", "Seen by South"]
    assert found_by(cast.bea, "seen by") == ["Seen by North"]
    assert found_by(cast.vic, "seen by") == ["Seen by North"]
    assert found_by(cast.cleo, "seen by") == ["Seen by South"]
    assert found_by(cast.ben, "seen by") == []
    assert found_by(cast.dora, "seen by") == ["Seen by South"]  # her reseller's


def test_find_other_organizations_and_people_not_at_all(in_acme: Portal, cast: Cast) -> None:
    assert found_by(cast.ben, "north", "organizations") == ["North"]
    assert found_by(cast.ben, "south", "organizations") == []
    assert found_by(cast.ben, "cleo", "people") == []
    assert found_by(cast.ben, "ada@acme.example", "people") == []


@pytest.fixture
def withheld(in_acme: Portal, cast: Cast) -> Lead:
    return assigned_lead(cast.ada, cast.ben, **KESTREL)


@pytest.mark.parametrize("field", [name for name in DETAIL_FIELDS if name in KESTREL])
def test_find_no_withheld_lead_by_its_details(withheld: Lead, cast: Cast, field: str) -> None:
    assert found_by(cast.ben, str(KESTREL[field])) == []
    assert found_by(cast.ben, str(KESTREL[field])[:-1] + "x") == []  # nor by what is spelt alike


def test_find_a_withheld_lead_by_its_number(withheld: Lead, cast: Cast) -> None:
    found = find(withheld.code, member=cast.ben, most=5)

    assert titles(found) == [withheld.code]
    assert "Kestrel" not in str(found)
    assert found_by(cast.ada, withheld.code) == ["Kestrel Biotech"]


def test_find_taken_back_leads_no_more(kestrel: Lead, cast: Cast) -> None:
    lead = actions.recall_lead(kestrel, by=cast.ada)
    assert found_by(cast.ben, "kestrel") == []
    assert found_by(cast.ben, lead.code) == []

    actions.assign_lead(lead, to=cast.ben, by=cast.ada)
    assert found_by(cast.ben, "kestrel") == []
    assert found_by(cast.ben, lead.code) == [lead.code]


def test_find_nothing_of_another_portal(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben, **KESTREL)
    with inside(cast.globex):
        for text in ("kestrel", "kestral", lead.code, str(lead.number), KESTREL["email"], KESTREL["phone"]):
            assert find(text, member=cast.dan, most=5) == Found(), text


# --- Bounds -------------------------------------------------------------------------------------------------


def test_find_gives_up_after_a_while(kestrel: Lead, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "PATIENCE", 1)
    monkeypatch.setattr(subjects, "TrigramWordSimilarity", lambda text, column: _sleep())

    found = find("nothing like it", member=cast.ada, most=5)

    assert found.is_cut_short
    assert Lead.objects.filter(pk=kestrel.pk).exists()  # the transaction goes on


def test_find_leaves_the_transactions_own_bound(kestrel: Lead, cast: Cast) -> None:
    before = bound()

    find("kestrel", member=cast.ada, most=5)

    assert bound() == before


def bound() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


def _sleep() -> Any:
    from django.db.models import FloatField, Func, Value

    return Func(
        Value(0.2),
        function="0 * length(pg_sleep",
        template="%(function)s(%(expressions)s)::text)",
        output_field=FloatField(),
    )

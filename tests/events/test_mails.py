"""What the mails and portal messages say: a number and a link, in the reader's language."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.html import escape

from deals.actions import convert_lead
from leads import actions
from leads.models import DETAIL_FIELDS, LostReason
from prm.events.delivery import deliver_due
from prm.events.models import Message
from prm.events.notices import NOTICES, text_of
from prm.organizations.context import inside
from prm.users.actions import change_member, invite_member
from prm.users.models import Membership
from tests.cast import Cast
from tests.events.last_hop import LastHop
from tests.factories import assigned_lead, opened_lead, registration
from tests.reading import Page
from tests.wording import left_in_english

CANARY = "Zanzibar"
DETAILS: dict[str, Any] = {
    **{name: f"{CANARY}{number}" for number, name in enumerate(DETAIL_FIELDS)},
    "email": f"{CANARY}@kestrel.example",
    "website": f"https://{CANARY}.example",
    "country": "ZW",
    "employees": 777_123,
    "budget": 888_456,
    "budget_currency": "ZAR",
}


pytestmark = pytest.mark.usefixtures("nothing_waits")


@pytest.fixture
def mails(hop: LastHop) -> list[EmailMultiAlternatives]:
    return hop.taken


def parts(mail: EmailMultiAlternatives) -> dict[str, str]:
    """Subject, text and HTML."""
    ((html, _kind),) = mail.alternatives
    return {"subject": str(mail.subject), "text": str(mail.body), "html": str(html)}


def test_mail_of_an_assigned_lead_holds_its_number_and_the_link_that_opens_it(
    cast: Cast, mails: list[EmailMultiAlternatives]
) -> None:
    with inside(cast.acme):
        lead = assigned_lead(cast.ada, cast.ben)

    deliver_due(cast.acme)

    (mail,) = mails
    link = f"http://acme.localhost:8000/leads/{lead.code}/open/"
    assert (mail.subject, mail.to, mail.from_email) == (
        f"Lead {lead.code} waits for you", ["ben@north.example"], '"Acme" <portal@localhost>',
    )  # fmt: skip
    assert link in str(mail.body)
    assert f'href="{link}"' in parts(mail)["html"]
    assert (mail.extra_headers["X-Portal"], mail.cc, mail.bcc) == ("acme", [], [])
    assert re.fullmatch(r"<[0-9a-f-]{36}@acme\.localhost>", mail.extra_headers["Message-ID"])
    assert mail.message().as_bytes()


def story(cast: Cast) -> Iterator[str]:
    """Everything that anybody is told about a lead, step by step."""
    lead = assigned_lead(cast.ada, cast.ben, **DETAILS)
    yield "assigned"
    actions.open_lead(lead, by=cast.ben)
    yield "opened"
    actions.update_lead(lead, values={"city": f"{CANARY} new"}, by=cast.ben)
    actions.log_activity(lead, kind="call", outcome="reached", note=CANARY, by=cast.ben)
    actions.comment_lead(lead, text=f"{CANARY} said", is_internal=False, by=cast.ben)
    yield "commented"
    actions.comment_lead(lead, text=f"{CANARY} heard", is_internal=False, by=cast.ada)
    yield "answered"
    actions.hand_over_lead(lead, to=cast.bea, by=cast.ben)
    yield "handed over"
    actions.win_lead(lead, by=cast.bea)
    yield "won"
    actions.reopen_lead(lead, by=cast.ada)
    yield "re-opened"
    convert_lead(lead, registration=registration(name=CANARY, description=CANARY), by=cast.bea)
    yield "converted"
    actions.reopen_lead(lead, by=cast.ada)
    actions.lose_lead(lead, reason=LostReason.objects.get(name="No budget"), by=cast.bea)
    yield "lost"
    actions.reopen_lead(lead, by=cast.ada)
    actions.recall_lead(lead, by=cast.ada)
    yield "recalled"


def test_mails_and_messages_of_a_whole_story_hold_no_detail(
    cast: Cast, mails: list[EmailMultiAlternatives]
) -> None:
    with inside(cast.acme):
        for _step in story(cast):
            deliver_due(cast.acme)
        told = {str(m.event.kind): text_of(m.event) for m in Message.objects.select_related("event__actor")}

    kinds = {kind for kind in NOTICES if kind.startswith("lead_")}
    assert told.keys() == kinds
    assert len(mails) >= len(kinds)
    for text in [*told.values(), *(text for mail in mails for text in parts(mail).values())]:
        for secret in (CANARY, "kestrel", "777", "888", "ZAR", "ZW", "No budget"):
            assert secret not in text


def test_mails_are_in_the_language_of_their_reader(cast: Cast, mails: list[EmailMultiAlternatives]) -> None:
    with inside(cast.acme):
        change_member(cast.ben, values={"language": "de"}, by=cast.ben)
        change_member(cast.bea, values={"language": "fr"}, by=cast.bea)
        for member in (cast.ben, cast.bea, cast.cleo):
            assigned_lead(cast.ada, member)

    with translation.override("es"):
        deliver_due(cast.acme)
        assert translation.get_language() == "es"

    spoken = {mail.to[0]: re.findall(r'<html lang="(\w+)"', parts(mail)["html"]) for mail in mails}
    assert spoken == {"ben@north.example": ["de"], "bea@north.example": ["fr"], "cleo@south.example": ["en"]}


@pytest.mark.parametrize(
    ("language", "subject"), [("de", "Der Lead {} wartet auf Sie"), ("ar", "العميل المحتمل {} بانتظارك")]
)
def test_mails_of_a_whole_story_are_all_in_the_language_of_their_reader(
    cast: Cast, mails: list[EmailMultiAlternatives], language: str, subject: str
) -> None:
    with inside(cast.acme):
        Membership.objects.update(language=language)
        bea = Membership.objects.get(pk=cast.bea.pk)
        invite_member(cast.north, email="nina@north.example", name="Nina", groups=[], by=bea)
        for _step in story(cast):
            deliver_due(cast.acme)

    lines = [line.rstrip(":") for mail in mails for line in [str(mail.subject), *str(mail.body).splitlines()]]
    pages = [Page(parts(mail)["html"]) for mail in mails]
    assert len(mails) > 10
    assert list(left_in_english(lines, language)) == []
    assert [text for page in pages for text in left_in_english(page, language)] == []
    assert subject.format("L-1001") in lines
    assert {page.root.all("html")[0].attributes["dir"] for page in pages} == {"rtl" if language == "ar" else "ltr"}


@pytest.mark.parametrize("name", ["Zoë & <b>Söhne</b>", "{code} {0} %(code)s", "{{ recipient.user.password }}"])
def test_mails_take_a_name_for_a_name(cast: Cast, mails: list[EmailMultiAlternatives], name: str) -> None:
    with inside(cast.acme):
        ben = change_member(cast.ben, values={"name": name}, by=cast.ben)
        lead = opened_lead(cast.ada, ben)

    deliver_due(cast.acme)

    mail = next(mail for mail in mails if mail.to == ["vic@acme.example"])
    said = f"{name} opened lead {lead.code}"
    assert parts(mail)["subject"] == said
    assert said in parts(mail)["text"]
    assert escape(said) in parts(mail)["html"]


def test_mails_cannot_be_given_headers_by_a_name(cast: Cast, mails: list[EmailMultiAlternatives]) -> None:
    """Nor can a line end in one's name keep others from hearing what one did."""
    with inside(cast.acme):
        ben = change_member(cast.ben, values={"name": "Ben\r\nBcc: all@kestrel.example"}, by=cast.ben)
        lead = opened_lead(cast.ada, ben)

    deliver_due(cast.acme)

    mail = next(mail for mail in mails if mail.to == ["vic@acme.example"])
    assert mail.subject == f"Ben Bcc: all@kestrel.example opened lead {lead.code}"
    assert mail.recipients() == ["vic@acme.example"]
    assert mail.message()["Bcc"] is None


def test_mail_of_an_invitation_leads_to_its_page(cast: Cast, mails: list[EmailMultiAlternatives]) -> None:
    with inside(cast.acme):
        invite_member(cast.north, email="nina@north.example", name="Nina", groups=[], by=cast.bea)

    deliver_due(cast.acme)

    (mail,) = mails
    assert (mail.to, mail.subject) == (["nina@north.example"], "Bea invites you to the partner portal")
    (link,) = set(re.findall(r"https?://\S+", str(mail.body)))
    assert link.startswith(f"http://acme.localhost:8000/invitations/{cast.acme.code}.")


def messages(member: Membership) -> list[str]:
    rows = Message.objects.visible_to(member).select_related("event__actor").order_by("created_at", "pk")
    return [text_of(message.event) for message in rows]


def test_messages_say_who_did_what_in_the_language_they_are_read_in(cast: Cast) -> None:
    with inside(cast.acme):
        lead = opened_lead(cast.ada, cast.ben)
        actions.hand_over_lead(lead, to=cast.bea, by=cast.ben)
    deliver_due(cast.acme)

    with inside(cast.acme):
        assert messages(cast.vic) == [f"Ben opened lead {lead.code}"]
        assert messages(cast.bea) == [f"Ben handed lead {lead.code} over to you"]
        assert messages(cast.cleo) == []

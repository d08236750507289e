"""The story of a lead, in real browsers: entered, assigned, told, opened, worked, converted.

Both sides act in pages only. Between them a real worker carries mail and message.
"""

import json
import re
import time
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests import soak
from tests.browser.conftest import ADA, BEN, Acme, Open, Visit
from tests.browser.lead_file import Row, rows

pytestmark = pytest.mark.browser

CLOSE_DATE = (date.today() + timedelta(days=60)).isoformat()


@pytest.mark.parametrize("row", rows(2), ids=lambda row: row.last_name)
def test_lead_from_a_file_becomes_a_deal(visit: Open, acme: Acme, row: Row) -> None:
    tell_story(acme, row, vendor=visit(ADA), partner=visit(), is_signed_in=False)


def test_lead_becomes_a_deal_for_somebody_signed_in_already_in_the_dark(visit: Open, acme: Acme) -> None:
    tell_story(acme, rows(4)[3], vendor=visit(ADA, dark=True), partner=visit(BEN, dark=True), is_signed_in=True)


def test_lead_becomes_a_deal_on_a_phone(visit: Open, acme: Acme) -> None:
    vendor, partner = visit(ADA, phone=True), visit(BEN, phone=True)
    tell_story(acme, rows(3, own=True)[2], vendor=vendor, partner=partner, is_signed_in=True)


def test_logs_of_a_real_process_are_json_and_hold_no_detail(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, company="Needle Inc", email="needle@needle.example")
    page = visit(ADA).open("/leads/?search=needle")
    expect(page.get_by_role("link", name="Needle Inc")).to_be_visible()
    acme.mail_to(BEN, about=lead["number"])

    text = acme.stack.log("web") + acme.stack.log("worker")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line.get("path") == "/leads/"]
    assert {"at", "level", "request_id", "portal", "method", "path", "status"} <= set(requests[-1])
    assert (requests[-1]["portal"], requests[-1]["status"]) == ("acme", 200)
    assert "needle" not in text.lower()


MANY = rows(24)[4:]


@pytest.fixture(scope="module")
def seconds() -> dict[str, float]:
    """How long the story of each of the many leads took."""
    return {}


@pytest.mark.soak
@pytest.mark.parametrize("row", MANY, ids=lambda row: row.last_name)
def test_many_leads_become_deals(visit: Open, acme: Acme, seconds: dict[str, float], row: Row) -> None:
    begun = time.monotonic()
    tell_story(acme, row, vendor=visit(ADA), partner=visit(BEN), is_signed_in=True)
    seconds[row.last_name] = round(time.monotonic() - begun, 1)
    soak.write("stories", {"leads that became deals": f"{len(seconds)} of {len(MANY)}", **seconds})


def tell_story(acme: Acme, row: Row, *, vendor: Visit, partner: Visit, is_signed_in: bool) -> None:
    code = enter(vendor, row)
    assign(vendor, code)
    link = read_mail(acme, code, row)
    if is_signed_in:
        read_bell(partner, code, row)
        open_by_button(partner, link, code, row)
    else:
        open_by_signing_in(partner, link)
    read_it_opened(partner, row)
    see_it_opened(vendor, code)
    work(partner, code)
    deal = convert(partner, code, row)
    find_it_closed(partner, code, deal)
    see_everything(vendor, code, deal)


def enter(vendor: Visit, row: Row) -> str:
    """The vendor types the lead in. Returns its number."""
    page = vendor.open("/leads/")
    vendor.press("link", "New lead")
    for name, value in row.values.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_label("Country").select_option("AT")
    vendor.press("button", "Save lead")
    expect(page.get_by_role("heading", level=1)).to_have_text(row.company or row.last_name)
    found = re.search(r"L-\d+", page.url)
    assert found
    return found.group()


def assign(vendor: Visit, code: str) -> None:
    """The vendor finds the partner's person in the picker."""
    page = vendor.page
    vendor.press("link", "Assign lead")
    page.get_by_placeholder("Organization, name or e-mail").fill("ben@")
    expect(page.get_by_role("button", name="Assign to Bea Lindqvist")).to_have_count(0)
    vendor.press("button", "Assign to Ben Aalto")
    expect(page.get_by_text(f"Ben Aalto has lead {code} now and hears of it.")).to_be_visible()


def read_mail(acme: Acme, code: str, row: Row) -> str:
    """The mail names the lead by number and tells nothing else. Returns the link."""
    mail = acme.mail_to(BEN, about=code)
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    assert set(parts) == {"text/plain", "text/html"}
    words = "\n".join([*parts.values(), *(str(value) for value in mail.values())])
    assert [detail for detail in row.details if detail in words] == []
    links = re.findall(r"http\S+", parts["text/plain"])
    assert links == [f"{acme.url}/leads/{code}/open/", f"{acme.url}/notifications/"]
    assert links[0] in parts["text/html"]
    return str(links[0])


def read_bell(partner: Visit, code: str, row: Row) -> None:
    """The portal's message says the same, and the bell counts it."""
    page = partner.open("/people/")
    expect(page.get_by_role("link", name=re.compile(r"^Messages, [1-9]\d* unread$"))).to_be_visible()
    partner.open("/messages/")
    message = page.locator("tr").filter(has_text=f"Lead {code} waits for you")
    expect(message.get_by_role("link")).to_have_attribute("href", f"/leads/{code}/open/")
    no_detail(page, row)


def open_by_signing_in(partner: Visit, link: str) -> None:
    """Following the link and signing in is a deliberate act: it opens the lead."""
    page = partner.open(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    partner.sign_in(BEN)
    page.wait_for_url(re.compile(r"/leads/L-\d+/$"))


def open_by_button(partner: Visit, link: str, code: str, row: Row) -> None:
    """Who is signed in already sees that a lead waits, and nothing of it until the button is pressed."""
    page = partner.open(f"/leads/?search={code}")
    expect(page.get_by_role("link", name=code, exact=True)).to_be_visible()
    no_detail(page, row)
    partner.open(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Lead {code} is waiting")
    no_detail(page, row)
    partner.press("button", "Open lead")


def no_detail(page: Page, row: Row) -> None:
    html = page.content()
    assert [detail for detail in row.details if detail in html or detail in page.title()] == []


def read_it_opened(partner: Visit, row: Row) -> None:
    """The partner reads everything but the vendor's own notes."""
    page = partner.page
    expect(page.get_by_role("heading", level=1)).to_have_text(row.company or row.last_name)
    expect(page.get_by_text(row.description).first).to_be_visible()
    assert row.internal_notes not in page.content()


def see_it_opened(vendor: Visit, code: str) -> None:
    page = vendor.open(f"/leads/{code}/")
    expect(page.get_by_text("by Ben Aalto", exact=False).first).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text("Ben Aalto opened the lead")


def work(partner: Visit, code: str) -> None:
    """The partner edits, comments and logs a call."""
    page = partner.page
    partner.press("link", "Edit")
    page.get_by_label("City").fill("Sankt Pölten")
    partner.press("button", "Save lead")
    expect(page.locator("#timeline")).to_contain_text("Sankt Pölten")
    page.get_by_role("textbox", name="Comment").fill("Spoke with reception.")
    page.get_by_label("Shared with Acme Robotics").check()
    partner.press("button", "Add comment")
    expect(page.locator("#timeline")).to_contain_text("Spoke with reception.")
    page.get_by_text("Call, mail or meeting").click()
    page.get_by_label("Outcome").select_option("interested")
    page.get_by_label("Note").fill("Wants a visit.")
    partner.press("button", "Log activity")
    expect(page.locator("#timeline")).to_contain_text("Call: Interested")
    expect(page.get_by_role("banner").get_by_text("Working")).to_have_count(0)
    expect(page.locator(".record-head")).to_contain_text("Working")


def convert(partner: Visit, code: str, row: Row) -> str:
    """The partner registers the deal; an impatient second click changes nothing. Returns its number."""
    page = partner.page
    partner.press("link", "Convert to deal")
    expect(page.get_by_label("Account name")).to_have_value(row.company or row.last_name)
    expect(page.locator("[name=contact-email]")).to_have_value(row.email)
    expect(page.locator("[name=account-city]")).to_have_value("Sankt Pölten")
    page.get_by_label("Amount").fill("48000")
    page.locator("[name=deal-currency]").select_option("EUR")
    page.get_by_label("Close date").fill(CLOSE_DATE)
    page.get_by_role("button", name="Convert to deal").dblclick()
    page.wait_for_url(re.compile(r"/deals/D-\d+/$"))
    expect(page.locator(".figures")).to_contain_text("€48,000")
    expect(page.locator(".steps [aria-current]")).to_contain_text("Qualified")
    return page.url.rstrip("/").rpartition("/")[2]


def find_it_closed(partner: Visit, code: str, deal: str) -> None:
    """Read-only, with links in both directions, and there is one deal only."""
    page = partner.page
    partner.press("link", f"from lead {code}")
    expect(page.locator(".record-head")).to_contain_text("Converted")
    expect(page.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Add comment")).to_have_count(0)
    partner.press("link", f"deal {deal}")
    name = page.get_by_role("heading", level=1).inner_text()
    partner.open("/deals/?ordering=-number")
    assert [link.inner_text() for link in page.locator("a.row-link").all()].count(name) == 1


def see_everything(vendor: Visit, code: str, deal: str) -> None:
    """The vendor sees who did what, and the deal."""
    page = vendor.open(f"/leads/{code}/")
    story = page.locator("#timeline")
    for words in (
        "opened the lead",
        "edited the lead",
        "Spoke with reception.",
        "Wants a visit.",
        "converted the lead",
    ):
        expect(story).to_contain_text(words)
    vendor.press("link", f"deal {deal}")
    expect(page.locator(".figures")).to_contain_text("€48,000")
    expect(page.locator(".record-head")).to_contain_text("Ben Aalto, North Automation")

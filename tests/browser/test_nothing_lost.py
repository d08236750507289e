"""What was typed survives in a real browser: a session that ended, and somebody who was faster."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADA, BEN, Acme, Open

pytestmark = pytest.mark.browser
STILL_HERE = "You were signed out meanwhile. What you typed is still here; nothing was saved yet."


def test_lead_edit_survives_a_session_that_ended(visit: Open, acme: Acme) -> None:
    code = acme.new_lead(to=BEN, opened=True, company="Kept Words")["number"]
    ben = visit()
    page = ben.open(f"/leads/{code}/edit/")
    ben.sign_in(BEN)
    page.get_by_label("City").fill("Linz")
    page.get_by_label("Description").fill("Two lines,\nand <b>no</b> third.")
    ben.context.clear_cookies(name="session")

    ben.press("button", "Save lead")
    expect(page.get_by_text("Please sign in again. What you typed is kept for you.")).to_be_visible()
    ben.sign_in(BEN)

    expect(page.get_by_text(STILL_HERE)).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("Two lines,\nand <b>no</b> third.")
    ben.press("button", "Save lead")
    expect(page.locator(".facts")).to_contain_text("Linz")


def test_comment_survives_without_a_script_and_with_an_old_token(visit: Open, acme: Acme) -> None:
    code = acme.new_lead(to=BEN, opened=True)["number"]
    ben = visit(script=False)
    page = ben.open(f"/leads/{code}/")
    ben.sign_in(BEN)
    page.get_by_role("textbox", name="Comment").fill("Rang twice.")
    ben.context.clear_cookies()  # the token as well

    ben.press("button", "Add comment")
    ben.sign_in(BEN)

    expect(page.get_by_text(STILL_HERE)).to_be_visible()
    ben.press("button", "Add comment")
    expect(page.locator("#timeline")).to_contain_text("Rang twice.")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("")


def test_deal_edit_shows_both_versions_on_a_phone(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, budget="900", budget_currency="EUR")
    deal = acme.api(BEN, "POST", f"leads/{lead['id']}/convert/", {"close_date": "2027-03-31"})
    ben = visit(BEN, phone=True, may_fail=True)
    page = ben.open(f"/deals/{deal['number']}/edit/")
    acme.api(ADA, "PATCH", f"deals/{deal['id']}/", {"name": "Ada's name", "description": "Ada's words"})
    page.get_by_label("Deal name").fill("Ben's name")
    page.get_by_label("Amount").fill("950")

    ben.press("button", "Save deal")

    expect(page.get_by_role("alert")).to_contain_text("changed this")
    expect(page.get_by_label("Description")).to_have_value("Ada's words")
    page.get_by_role("radio", name=re.compile("^Now there")).check()
    ben.press("button", "Save deal")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada's name")
    expect(page.locator(".figures")).to_contain_text("€950")


def test_viewing_stays_on_every_page_until_it_is_stopped(visit: Open, acme: Acme) -> None:
    (ben,) = acme.api(ADA, "GET", f"users/?search={BEN}")["results"]
    ada = visit(phone=True, may_fail=True)
    page = ada.open(f"/people/{ben['id']}/")
    ada.sign_in(ADA)
    ada.press("link", f"View as {ben['name']}")
    page.get_by_label("Reason").fill("Cannot find a lead")
    ada.press("button", "Begin viewing")
    banner = page.locator(".viewing-banner")
    expect(banner).to_be_visible()

    for path in ("/leads/", "/profile/", "/nothing/"):
        ada.open(path)
        expect(banner).to_contain_text(f"You see the portal as {ben['name']} (North Automation). Read-only until")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.mouse.wheel(0, 5000)
    expect(banner).to_be_in_viewport()
    ada.press("button", "Stop viewing")

    expect(banner).to_have_count(0)
    expect(page.locator(".timeline")).to_contain_text("Cannot find a lead")

"""A list in a browser: by keys, with a preview beside it, narrowed by chips, and all that without a script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADA, BEN, Acme, Open

pytestmark = pytest.mark.browser


def test_list_shows_a_row_beside_it_and_goes_on_by_keys(visit: Open, acme: Acme) -> None:
    codes = [acme.new_lead(company=f"Beside {n}")["number"] for n in range(2)]
    page = visit(ADA).open("/leads/?search=Beside")
    preview = page.locator("#preview h2")

    page.get_by_role("link", name="Beside 1", exact=True).click()
    expect(preview).to_have_text("Beside 1")
    page.keyboard.press("j")
    expect(preview).to_have_text("Beside 0")
    page.keyboard.press("Escape")
    expect(preview).to_have_count(0)
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(rf"/leads/{codes[0]}/\?search=Beside$"))


def test_list_of_a_partner_previews_no_detail(visit: Open, acme: Acme) -> None:
    code = acme.new_lead(to=BEN, company="Hidden Inc")["number"]
    page = visit(BEN).open(f"/leads/?search={code}")

    page.get_by_role("link", name=code, exact=True).click()

    expect(page.locator("#preview h2")).to_have_text(code)
    expect(page.locator("#preview")).not_to_contain_text("Hidden")
    page.locator("#preview").get_by_role("button", name="Open lead").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hidden Inc")


def test_list_is_narrowed_in_place(visit: Open, acme: Acme) -> None:
    acme.new_lead(company="Narrow AT", country="AT", budget="5000", budget_currency="EUR")
    acme.new_lead(company="Narrow BE", country="BE", budget="90000", budget_currency="EUR")
    page = visit(ADA).open("/leads/?search=Narrow")

    page.get_by_role("link", name="Country", exact=True).first.click()
    page.get_by_placeholder("Find").fill("austr")
    page.get_by_label("Austria", exact=True).check()
    page.get_by_role("button", name="Show rows").click()
    expect(page.locator(".chip.on")).to_have_text("Country: Austria")
    expect(page.locator(".row-link")).to_have_text(["Narrow AT"])
    expect(page).to_have_url(re.compile(r"/leads/\?search=Narrow&country=AT$"))

    page.get_by_role("link", name="Without Country").click()
    page.locator("summary", has_text="Filter").click()
    page.get_by_role("link", name="Budget", exact=True).click()
    page.get_by_label("From").fill("10000")
    page.keyboard.press("Enter")
    expect(page.locator(".row-link")).to_have_text(["Narrow BE"])


def test_list_says_its_keys(visit: Open, acme: Acme) -> None:
    page = visit(BEN).open("/leads/")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Row before")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_list_does_all_of_it_without_a_script(visit: Open, acme: Acme) -> None:
    acme.new_lead(company="Scriptless AT", country="AT", city="Linz")
    acme.new_lead(company="Scriptless BE", country="BE", city="Ghent")
    ada = visit(script=False)
    page = ada.page

    ada.open("/leads/?search=Scriptless")
    ada.sign_in(ADA)
    page.get_by_role("link", name="Country", exact=True).first.click()
    page.get_by_label("Austria", exact=True).check()
    ada.press("button", "Show rows")
    expect(page.locator(".row-link")).to_have_text(["Scriptless AT"])

    page.get_by_role("link", name="Columns").click()
    page.get_by_label("City", exact=True).check()
    ada.press("button", "Show columns")
    expect(page.locator("td", has_text="Linz").last).to_be_visible()

    page.locator(".chips").get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("Without a script")
    ada.press("button", "Save view")
    expect(page.locator("summary", has_text="Without a script")).to_be_visible()
    expect(page.locator(".row-link")).to_have_text(["Scriptless AT"])
    page.get_by_role("link", name="Columns").click()
    ada.press("button", "As in the beginning")

"""Other ways through the same pages: without JavaScript, and without a mouse."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ADA, BEN, Acme, Open

pytestmark = pytest.mark.browser


def test_pages_work_without_javascript(visit: Open, acme: Acme) -> None:
    lost, sold = (acme.new_lead(to=BEN, company=f"No Script {n}")["number"] for n in range(2))
    ben = visit(script=False)
    page = ben.page

    ben.open(f"/leads/{lost}/")
    ben.sign_in(BEN)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Lead {lost} is waiting")
    ben.press("button", "Open lead")
    page.locator("summary", has_text="More").click()
    ben.press("link", "Close as lost")
    page.get_by_label("Lost reason").select_option("No budget")
    ben.press("button", "Close lead")
    expect(page.get_by_text("Lost: No budget", exact=True)).to_be_visible()

    ben.open(f"/leads/{sold}/")
    ben.press("button", "Open lead")
    page.get_by_role("textbox", name="Comment").fill("Without a script.")
    ben.press("button", "Add comment")
    expect(page.locator("#timeline")).to_contain_text("Without a script.")
    ben.press("link", "Convert to deal")
    page.get_by_label("Amount").fill("900")
    page.locator("[name=deal-currency]").select_option("EUR")
    page.get_by_label("Close date").fill("2027-03-31")
    ben.press("button", "Convert to deal")
    expect(page.locator(".figures")).to_contain_text("€900")
    expect(page.get_by_role("button", name="Switch between light and dark")).to_have_count(0)


def test_partner_opens_and_converts_by_keyboard(visit: Open, acme: Acme) -> None:
    code = acme.new_lead(to=BEN, company="Keyboard Inc", email="k@keyboard.example")["number"]
    ben = visit(BEN)
    page = ben.open("/leads/")

    go_to(page, "Skip to content", presses=1)
    page.keyboard.press("Enter")
    go_to(page, code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Lead {code} is waiting")
    go_to(page, "Open lead")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keyboard Inc")

    go_to(page, "Convert to deal")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Register Keyboard Inc as a deal")
    go_to(page, "Amount")
    page.keyboard.type("900")
    go_to(page, "Currency")
    page.keyboard.type("EUR")
    go_to(page, "Close date")
    page.keyboard.type("03312027")
    go_to(page, "Convert to deal")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/deals/D-\d+/$"))
    expect(page.locator(".figures")).to_contain_text("€900")
    expect(page.locator(".figures")).to_contain_text("March 31, 2027")


def test_list_is_walked_by_keys(visit: Open, acme: Acme) -> None:
    leads = [acme.new_lead(to=BEN, opened=True, company=f"Walked {n}") for n in range(2)]
    page = visit(BEN).open("/leads/?search=Walked")

    page.keyboard.press("/")
    assert focused(page) == "Search everything"
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused(page) == "Walked 0"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/leads/{leads[1]['number']}/"))


def test_recall_asks_once_and_names_the_lead(visit: Open, acme: Acme) -> None:
    code = acme.new_lead(to=BEN)["number"]
    ada = visit(ADA)
    page = ada.open(f"/leads/{code}/")
    dialog = page.get_by_role("dialog")

    for answer in ("Cancel", "Recall lead"):
        page.locator("summary", has_text="More").click()
        page.locator(".menu-list").get_by_role("button", name="Recall lead").click()
        expect(dialog.get_by_role("heading")).to_have_text(f"Recall {code} from North Automation?")
        dialog.get_by_role("button", name=answer).click()
        expect(dialog).to_be_hidden()
        if answer == "Cancel":
            expect(page.locator(".record-head")).to_contain_text("Unopened")

    expect(page.get_by_text(f"Lead {code} is back.")).to_be_visible()
    expect(page.locator(".record-head")).to_contain_text("Unassigned")


def test_theme_is_kept_by_the_next_page(visit: Open, acme: Acme) -> None:
    page = visit(BEN).open("/leads/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto(f"{acme.url}/deals/")

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


FOCUSED = """() => {
  const it = document.activeElement;
  return (it.ariaLabel || it.labels?.[0]?.innerText || it.innerText || "").trim().split("\\n")[0];
}"""
IS_SEEN = """() => {
  const it = document.activeElement, row = it.closest("tr");
  return getComputedStyle(it).outlineStyle !== "none" || row && getComputedStyle(row).boxShadow !== "none";
}"""


def focused(page: Page) -> str:
    return str(page.evaluate(FOCUSED)).removesuffix(" (required)")


def go_to(page: Page, name: str, *, presses: int = 60) -> None:
    """Press Tab until the focus is on what bears this name, and see it there."""
    passed = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        if focused(page) == name:
            assert page.evaluate(IS_SEEN), f"The focus on {name} cannot be seen."
            return
        passed.append(focused(page))
    raise AssertionError(f"No way to {name} by Tab, only to {passed}.")

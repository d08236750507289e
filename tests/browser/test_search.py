"""The search box: by keyboard alone, with a mouse, and without a script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADA, Acme, Open

pytestmark = pytest.mark.browser


def test_search_by_keyboard(visit: Open, acme: Acme) -> None:
    code = acme.new_lead(company="Peregrine Optics", city="Ghent")["number"]
    acme.new_lead(company="Peregrine Paper")
    page = visit(ADA).open("/organizations/")
    box = page.get_by_role("combobox", name="Search everything")

    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("peregrine")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    expect(box).to_have_attribute("aria-expanded", "true")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id") or "?")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(rf"/leads/{code}/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Peregrine Optics")


def test_search_with_a_mouse_and_on_its_page(visit: Open, acme: Acme) -> None:
    acme.new_lead(company="Ospreyworks")
    page = visit(ADA).open("/")
    box = page.get_by_role("combobox", name="Search everything")

    box.fill("osprey")
    page.get_by_role("option", name="Ospreyworks").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ospreyworks")

    box.fill("ospreywrks")
    expect(page.get_by_text("Spelt alike")).to_be_visible()
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    expect(page.locator("main .hit")).to_have_count(1)


def test_search_without_a_script(visit: Open, acme: Acme) -> None:
    acme.new_lead(company="Goshawk Grid")
    ada = visit(script=False)
    page = ada.open("/leads/")
    ada.sign_in(ADA)

    page.locator("header [name=q]").fill("goshawk")
    page.locator("header [name=q]").press("Enter")

    expect(page.locator("main .hit")).to_have_count(1)
    page.locator("main .hit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Goshawk Grid")

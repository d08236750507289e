"""The board of deals: with a mouse, with the keyboard alone, and without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import BEN, Acme, Open

pytestmark = pytest.mark.browser


@pytest.fixture
def deal(acme: Acme) -> dict[str, Any]:
    lead = acme.new_lead(to=BEN, opened=True, company="Board Works")
    body = {"name": "A cell", "amount": "900", "currency": "EUR", "close_date": "2027-03-31"}
    found: dict[str, Any] = acme.api(BEN, "POST", f"leads/{lead['id']}/convert/", body)
    return found


def column(page: Page, name: str) -> Locator:
    return page.locator(".column").filter(has=page.get_by_role("heading", name=name))


def test_card_is_dragged_to_another_column_and_brought_back(visit: Open, deal: dict[str, Any]) -> None:
    ben = visit()
    page = ben.page
    ben.open("/deals/board/")
    ben.sign_in(BEN)
    card = page.locator(f"#{deal['number']}")

    card.drag_to(column(page, "Proposal").get_by_role("heading"))
    expect(column(page, "Proposal").locator(f"#{deal['number']}")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(column(page, "Qualified").locator(f"#{deal['number']}")).to_be_visible()

    card.drag_to(page.locator(".column.lost summary"))
    page.get_by_label("Lost reason").select_option("Price")
    ben.press("button", "Close as lost")
    page.locator(".column.lost summary").click()
    expect(page.locator(".column.lost").locator(f"#{deal['number']}")).to_contain_text("Price")


def test_card_is_moved_with_the_keyboard_alone(visit: Open, deal: dict[str, Any]) -> None:
    ben = visit()
    page = ben.page
    ben.open("/deals/board/")
    ben.sign_in(BEN)

    page.locator(f"#{deal['number']} .row-link").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Meeting held", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(column(page, "Meeting held").locator(f"#{deal['number']}")).to_be_visible()


def test_card_is_moved_without_javascript(visit: Open, deal: dict[str, Any]) -> None:
    ben = visit(script=False)
    page = ben.page
    ben.open("/deals/board/")
    ben.sign_in(BEN)

    page.locator(f"#{deal['number']}").get_by_role("button").click()
    page.get_by_role("button", name="Negotiation", exact=True).click()
    expect(column(page, "Negotiation").locator(f"#{deal['number']}")).to_be_visible()

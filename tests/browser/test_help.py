"""The help beside a page: in a dialog by a key or a tap, and as a page where there is no script."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BEN, Open

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("phone", [False, True])
def test_help_opens_over_the_page_and_closes_again(visit: Open, phone: bool) -> None:
    ben = visit(BEN, phone=phone)
    page = ben.open("/leads/")
    dialog = page.get_by_role("dialog", name="Leads")

    if phone:
        ben.press("link", "Help for this page")
    else:
        page.keyboard.press("?")
    expect(dialog).to_contain_text("Every lead that you may see.")
    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads")


def test_help_is_a_page_without_javascript(visit: Open) -> None:
    ben = visit(BEN, script=False)
    page = ben.open("/leads/")

    ben.press("link", "Help for this page")

    expect(page.get_by_role("heading", level=1)).to_have_text("Leads")
    expect(page.locator("#help")).to_contain_text("Every lead that you may see.")
    expect(page.get_by_text("This help")).to_be_hidden()  # no key works


def test_question_mark_that_is_typed_opens_no_help(visit: Open) -> None:
    page = visit(BEN).open("/leads/")

    page.locator("[data-search]").fill("")
    page.locator("[data-search]").press_sequentially("who?")

    expect(page.locator("#help-dialog")).to_be_hidden()
    expect(page.locator("[data-search]")).to_have_value("who?")

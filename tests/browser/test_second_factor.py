"""A second factor in a real browser: set up, asked for, its recovery codes, and taken away again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.abuse.attacking import code_of
from tests.browser.conftest import Acme, Open, Visit
from tests.browser.test_accessible import looked_at

pytestmark = pytest.mark.browser
TOM = "tom@harbor.example"  # in no other story: setting one up ends the other sessions


def fine(page: Page) -> bool:
    return {how: wrong for how, wrong in looked_at(page).items() if wrong} == {}


def signed_in(visit: Open) -> Visit:
    tom = visit(may_fail=True)
    tom.open("/accounts/login/")
    tom.sign_in(TOM)
    return tom


def test_second_factor_from_set_up_to_removal(visit: Open, acme: Acme) -> None:
    tom = signed_in(visit)
    page = tom.page
    tom.open("/accounts/2fa/")
    tom.press("link", "Set up")
    assert page.locator(".qr").evaluate("image => image.complete && image.naturalWidth > 0")
    page.locator("summary", has_text="Cannot scan?").click()
    secret = page.locator(".key").inner_text()
    page.get_by_label("Code from the app").fill(code_of(secret))
    tom.press("button", "Set up")

    tom.press("button", "Show recovery codes")
    expect(page.locator(".codes code")).to_have_text([re.compile(r"\d{8}")] * 10)
    codes = page.locator(".codes code").all_inner_texts()
    assert fine(page)
    tom.press("link", "I have kept them")
    expect(page.get_by_text("10 codes are left")).to_be_visible()
    assert fine(page)

    again = signed_in(visit)
    expect(again.page.get_by_role("heading", level=1)).to_have_text("One more step")
    assert fine(again.page)
    again.page.locator("[name=code]").fill(codes[0])
    again.press("button", "Sign in")
    again.page.wait_for_url(f"{tom.acme.url}/")

    page.context.clear_cookies()
    tom.open("/accounts/login/")
    tom.sign_in(TOM)
    page.locator("[name=code]").fill(codes[1])
    tom.press("button", "Sign in")
    page.wait_for_url(f"{tom.acme.url}/")
    for path in ("/accounts/2fa/reauthenticate/", "/accounts/2fa/remove/"):
        tom.open(path)
        assert fine(page)
    tom.press("button", "Remove second factor")
    expect(page.get_by_text("Not set up.")).to_be_visible()

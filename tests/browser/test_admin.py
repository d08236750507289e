"""The operators' admin in a real browser: no breach of the content security policy, nothing that axe finds."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from prm.local.demo import PASSWORD
from tests.abuse.attacking import code_of
from tests.browser.conftest import Acme, Open, Visit
from tests.browser.test_accessible import looked_at

pytestmark = pytest.mark.browser
OLGA = "olga@operations.example"
ADD = f"from prm.operators.people import add_operator; print(add_operator({OLGA!r}, password={PASSWORD!r}).secret)"
RENEW = ADD.replace("add_operator", "renew_operator")


def wrong_with(page: Page) -> dict[str, list[str]]:
    return {how: wrong for how, wrong in looked_at(page).items() if wrong}


def table(data: bytes) -> FilePayload:
    return {"name": "tiers.csv", "mimeType": "text/csv", "buffer": data}


@pytest.fixture
def secret(acme: Acme) -> str:
    """Of Olga's app."""
    there = OLGA in acme.stack.manage("operator", "list")
    return acme.stack.manage("shell", "--no-imports", "-c", RENEW if there else ADD).strip().splitlines()[-1]


def sign_in(visit: Visit, secret: str) -> str:
    """Through both pages; returns the address of the admin."""
    admin = f"http://localhost:{visit.acme.stack.port}/admin"
    visit.open(f"{admin}/")
    visit.sign_in(OLGA)
    visit.page.locator("[name=code]").fill(code_of(secret))
    visit.press("button", "Sign in")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Portals")
    return admin


def enter_acme(visit: Visit) -> None:
    visit.page.get_by_role("row", name=re.compile("acme")).get_by_role("button").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Tables")


def test_admin_pages_are_whole_under_the_policy(visit: Open, acme: Acme, secret: str) -> None:
    """The visit fails when the console says anything, which each breach of the policy does."""
    olga = visit()
    admin = sign_in(olga, secret)
    page = olga.page
    assert wrong_with(page) == {}
    enter_acme(olga)
    for path in (
        "/",
        "/leads/",
        "/leads/lead/",
        "/organizations/organization/?q=north",
        "/events/event/?by=operators",
    ):
        page.goto(f"{admin}{path}")
        assert wrong_with(page) == {}, path
    page.goto(f"{admin}/leads/lead/")
    page.locator("#result_list tbody th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("View lead")
    assert wrong_with(page) == {}
    page.goto(f"{admin}/organizations/tier/add/")
    assert wrong_with(page) == {}


def test_table_is_imported_and_exported(visit: Open, acme: Acme, secret: str) -> None:
    olga = visit(may_fail=True)
    admin = sign_in(olga, secret)
    enter_acme(olga)
    page = olga.page
    page.goto(f"{admin}/organizations/tier/import/")
    assert wrong_with(page) == {}
    page.set_input_files("[name=file]", table(b"name;rank\r\nPlatin;many\r\n"))
    olga.press("button", "Show what would change")
    expect(page.get_by_text("Nothing was imported")).to_be_visible()
    assert wrong_with(page) == {}
    page.set_input_files("[name=file]", table(b"name;rank\r\nPlatin;9\r\n"))
    olga.press("button", "Show what would change")
    expect(page.get_by_text("1 new, 0 changed, 0 as they are.")).to_be_visible()
    assert wrong_with(page) == {}
    olga.press("button", "Import this")
    expect(page.get_by_text("Imported: 1 new")).to_be_visible()
    assert wrong_with(page) == {}
    with page.expect_download() as download:
        olga.press("link", "As CSV")
    assert '"Platin","9"' in download.value.path().read_text("utf-8-sig")


@pytest.mark.parametrize(
    "kind", [{"phone": True}, {"dark": True}, {"script": False}], ids=lambda kind: next(iter(kind))
)
def test_admin_works_otherwise_too(visit: Open, acme: Acme, secret: str, kind: dict[str, bool]) -> None:
    """On a phone, in the dark, and without a script: a tier gets another rank."""
    olga = visit(**kind)
    admin = sign_in(olga, secret)
    enter_acme(olga)
    olga.page.goto(f"{admin}/organizations/tier/")
    olga.page.locator("#result_list tbody th a").first.click()
    olga.page.locator("[name=rank]").fill("1")
    olga.page.locator("[name=_save]").click()
    expect(olga.page.locator(".messagelist")).to_contain_text("was changed successfully")

"""Verbs over many leads, and an export, with a real worker: ticked, agreed to, followed, downloaded."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from prm.files.sheets import read_csv
from tests.browser.conftest import ADA, Acme, Open
from tests.browser.test_accessible import looked_at

pytestmark = pytest.mark.browser


def wrongs(page: Page) -> dict[str, list[str]]:
    return {how: wrong for how, wrong in looked_at(page).items() if wrong}


def tick(page: Page, *leads: str) -> None:
    for code in leads:
        page.get_by_role("row").filter(has_text=code).get_by_role("checkbox").check()


def test_ticked_leads_are_assigned_and_taken_back(visit: Open, acme: Acme) -> None:
    codes = [acme.new_lead(company=f"Many {number}")["number"] for number in range(2)]
    ada = visit(ADA)
    page = ada.open("/leads/?search=Many")
    tick(page, *codes)
    ada.press("button", "Assign")
    expect(page.get_by_role("heading", name="Who should get 2 leads?")).to_be_visible()
    assert wrongs(page) == {}

    page.get_by_role("button", name="Assign to Ben").first.click()
    expect(page.get_by_text("2 are done.")).to_be_visible()  # the page follows by itself
    assert wrongs(page) == {}
    ada.press("button", "Take back what is unopened")
    page.locator("#confirm").get_by_role("button", name="Take back what is unopened").click()
    expect(page.get_by_role("heading", name="Taking back")).to_be_visible()
    expect(page.get_by_text("2 are done.")).to_be_visible()

    page = ada.open("/leads/?search=Many&status=unassigned")
    for code in codes:
        expect(page.get_by_role("row").filter(has_text=code)).to_be_visible()


def test_all_that_match_are_closed_without_a_script(visit: Open, acme: Acme) -> None:
    """Ticking, agreeing and the reason are forms; how far it is shows when the page is asked for again."""
    acme.new_lead(company="Plain one"), acme.new_lead(company="Plain two")
    ada = visit(ADA, script=False)
    page = ada.open("/leads/?search=Plain")
    page.get_by_role("row").filter(has_text="Plain one").get_by_role("checkbox").check()
    page.get_by_role("checkbox", name="All rows that match, on every page").check()
    ada.press("button", "Close as lost")
    expect(page.get_by_role("heading", name="Close 2 leads as lost?")).to_be_visible()
    assert page.locator("[name=count]").get_attribute("value") == "2"
    page.get_by_label("Lost reason").select_option("No budget")
    ada.press("button", "Close as lost")

    for _ in range(20):
        if page.get_by_text("2 are done.").is_visible():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_text("2 are done.")).to_be_visible()


def test_refused_leads_are_listed_and_a_recall_says_what_it_will_do(visit: Open, acme: Acme) -> None:
    code = acme.new_lead(company="Nobody has it")["number"]
    ada = visit(ADA)
    page = ada.open(f"/leads/?search={code}")
    tick(page, code)
    ada.press("button", "Recall")
    expect(page.get_by_text("Of 1 chosen, 0 are in a state for this now.")).to_be_visible()
    assert wrongs(page) == {}
    ada.press("button", "Recall")

    expect(page.get_by_text(f"Nobody has lead {code}, so it cannot be recalled.")).to_be_visible()
    assert wrongs(page) == {}


def test_a_list_is_exported_as_it_is_shown(visit: Open, acme: Acme, tmp_path: Path) -> None:
    acme.new_lead(company="=cmd|' /C calc'!A0", city="Ghent")
    ada = visit(ADA)
    page = ada.open("/leads/?search=calc&columns=company&columns=city")
    page.locator("#list").get_by_role("link", name="Export").click()
    page.get_by_label("CSV").check()
    ada.press("button", "Export")
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "leads.csv")

    text = (tmp_path / "leads.csv").read_text("utf-8-sig")
    assert "\"'=cmd|' /C calc'!A0\"" in text
    with (tmp_path / "leads.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert any("=cmd|' /C calc'!A0" in row and "Ghent" in row for row in read_csv(lines))

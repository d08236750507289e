"""A lead's details edited where they stand: by keyboard alone, on a phone, without a script, by two at once."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ADA, BEN, Acme, Open
from tests.browser.test_accessible import VIC, looked_at
from tests.browser.test_ways import focused, go_to

pytestmark = pytest.mark.browser


@contextmanager
def no_new_page(page: Page) -> Iterator[None]:
    """What happens in here happens in place."""
    page.evaluate("window.stays = true")
    yield
    assert page.evaluate("window.stays") is True


def test_fact_is_edited_by_keyboard_alone(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, phone="+43 1 1")
    page = visit(BEN).open(f"/leads/{lead['number']}/")

    with no_new_page(page):
        go_to(page, "Edit Phone")
        page.keyboard.press("Enter")
        expect(page.locator("[name=phone]")).to_be_focused()
        page.keyboard.type("+43 1 2")  # over the old one, which is selected
        page.keyboard.press("Enter")

        expect(page.get_by_role("button", name="Save")).to_have_count(0)
        assert focused(page) == "Edit Phone"
        expect(page.locator("#fact-phone")).to_contain_text("+43 1 2")
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()  # the region was there before
        expect(page.locator("#contact a").first).to_have_attribute("href", "tel:+43 1 2")
        expect(page.locator("#standing")).to_contain_text("Working")
        expect(page.locator("#happened")).to_contain_text("Phone: +43 1 1 → +43 1 2")

        page.keyboard.press("Enter")
        expect(page.locator("[name=phone]")).to_be_focused()
        page.keyboard.type("nothing of it")
        page.keyboard.press("Escape")
        expect(page.locator("#fact-phone")).to_have_text(re.compile(r"^\s*\+43 1 2\s*$"))
        assert focused(page) == "Edit Phone"
    assert acme.api(BEN, "GET", f"leads/{lead['id']}/")["phone"] == "+43 1 2"


def test_fact_that_was_empty_is_filled_and_a_mistake_is_named(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True)
    page = visit(BEN, may_fail=True).open(f"/leads/{lead['number']}/")
    page.locator("#timeline textarea").first.fill("Half a comment")

    with no_new_page(page):
        page.get_by_role("link", name="Add: Budget").click()
        expect(page.locator("[name=budget]")).to_be_focused()
        page.keyboard.type("900")
        page.keyboard.press("Enter")
        currency = page.get_by_role("combobox", name="Currency")
        expect(currency).to_have_accessible_description("Say in which currency the budget is.")
        expect(currency).to_be_focused()
        expect(page.locator("[name=budget]")).to_have_value("900")
        currency.select_option("EUR")
        page.get_by_role("button", name="Save").click()

        expect(page.locator("#fact-budget")).to_contain_text("€900")
        expect(page.locator("#timeline textarea").first).to_have_value("Half a comment")


def test_fact_of_many_lines_is_saved_by_a_key(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, description="One line.")
    page = visit(BEN).open(f"/leads/{lead['number']}/")

    page.locator("#fact-description").hover()
    page.get_by_role("link", name="Edit Description").click()
    expect(page.locator("[name=description]")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Another.")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#fact-description .value")).to_have_text("One line.\nAnother.", use_inner_text=True)


def test_fact_shows_both_versions_where_it_stands(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, timeframe="Before")
    page = visit(BEN, phone=True, may_fail=True).open(f"/leads/{lead['number']}/")

    with no_new_page(page):
        page.get_by_role("link", name="Edit Timeframe").tap()
        expect(page.locator("[name=timeframe]")).to_be_focused()
        acme.api(ADA, "PATCH", f"leads/{lead['id']}/", {"timeframe": "Ada's"})
        page.keyboard.type("Ben's")
        page.get_by_role("button", name="Save").tap()

        place = page.locator("#fact-timeframe")
        expect(place.get_by_role("alert")).to_contain_text("changed this")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        place.get_by_role("radio", name=re.compile("^Now there")).check()
        page.get_by_role("button", name="Save").tap()
        expect(place.locator(".value")).to_have_text("Ada's")


SENT_AT_ONCE = """addEventListener("focusin", (event) => {
  if (event.target.name !== "phone" || window.wasSent) return;
  window.wasSent = true;
  event.target.value = "1";
  event.target.form.requestSubmit();
})"""


def test_fact_can_be_sent_as_soon_as_it_has_the_focus(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, phone="+43 1 1")
    page = visit(BEN).open(f"/leads/{lead['number']}/")
    page.evaluate(SENT_AT_ONCE)

    with no_new_page(page):
        page.locator("#fact-phone").hover()
        page.get_by_role("link", name="Edit Phone").click()

        expect(page.locator("#fact-phone .value")).to_have_text("1")


def test_fact_without_a_connection_stays_as_it_was_typed(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, phone="+43 1 1")
    ben = visit(BEN, may_fail=True)
    page = ben.open(f"/leads/{lead['number']}/")
    page.locator("#fact-phone").hover()
    page.get_by_role("link", name="Edit Phone").click()
    expect(page.locator("[name=phone]")).to_be_focused()
    page.keyboard.type("1")

    page.route("**/edit-phone/", lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(page.locator("#fact-phone").get_by_role("alert")).to_contain_text("No connection.")
    page.unroute("**/edit-phone/")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#fact-phone .value")).to_have_text("1")
    ben.complaints.clear()  # of the connection


def test_fact_is_edited_without_javascript(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, phone="+43 1 1")
    ben = visit(script=False)
    page = ben.open(f"/leads/{lead['number']}/")
    ben.sign_in(BEN)

    page.locator("#fact-phone").hover()
    ben.press("link", "Edit Phone")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit Phone")
    page.get_by_label("Phone").fill("+43 1 2")
    page.get_by_label("Phone").press("Enter")

    expect(page.locator("#fact-phone .value")).to_have_text("+43 1 2")
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_fact_survives_a_session_that_ended(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, phone="+43 1 1")
    ben = visit()
    page = ben.open(f"/leads/{lead['number']}/")
    ben.sign_in(BEN)
    page.locator("#fact-phone").hover()
    ben.press("link", "Edit Phone")
    page.locator("[name=phone]").fill("+43 1 2")
    ben.context.clear_cookies(name="session")

    page.locator("[name=phone]").press("Enter")
    ben.sign_in(BEN)
    expect(page.get_by_label("Phone")).to_have_value("+43 1 2")
    ben.press("button", "Save")

    expect(page.locator("#fact-phone .value")).to_have_text("+43 1 2")


def test_open_forms_are_accessible(visit: Open, acme: Acme) -> None:
    lead = acme.new_lead(to=BEN, opened=True, phone="+43 1 1", first_name="Nora", last_name="Kestrel")
    page = visit(BEN).open(f"/leads/{lead['number']}/")

    for name in ("name", "phone", "address", "budget", "description"):
        page.locator(f"#fact-{name} [data-edit]").dispatch_event("click")
        expect(page.locator(f"#fact-{name} form")).to_be_visible()

    assert {how: wrong for how, wrong in looked_at(page).items() if wrong} == {}


# --- Keys that can be off, and two search boxes --------------------------------------------------------------


def test_single_keys_are_off_for_whoever_wants_that(visit: Open, acme: Acme) -> None:
    page = visit(VIC).open("/profile/")
    page.get_by_label("Single keys").uncheck()
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    page.goto(f"{acme.url}/leads/")
    for key in ("/", "j", "?"):
        page.keyboard.press(key)
    assert focused(page) != "Search everything"
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Help for this page").click()
    expect(page.locator("#help")).to_contain_text("Single keys are switched off in your profile.")
    page.keyboard.press("Escape")  # no single character: it goes on
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.goto(f"{acme.url}/profile/")
    page.get_by_label("Single keys").check()
    page.get_by_role("button", name="Save profile").click()
    page.goto(f"{acme.url}/leads/")
    page.keyboard.press("/")
    assert focused(page) == "Search everything"


@pytest.mark.parametrize("phone", [False, True])
def test_search_of_everything_steps_back_beside_a_lists_own(visit: Open, acme: Acme, phone: bool) -> None:
    ben = visit(BEN, phone=phone)
    page = ben.open("/leads/")
    everything = page.get_by_role("searchbox", name="Search everything").or_(page.locator("[data-search]")).first
    own = page.get_by_role("searchbox", name="Search leads")

    assert everything.bounding_box()["width"] < 64 < own.bounding_box()["width"]  # type: ignore[index]
    everything.tap() if phone else everything.click()
    assert everything.bounding_box()["width"] > 160  # type: ignore[index]
    page.keyboard.type("Kestrel")
    expect(page.get_by_role("listbox")).to_be_visible()
    ben.open("/")
    assert page.locator("[data-search]").bounding_box()["width"] > 160  # type: ignore[index]

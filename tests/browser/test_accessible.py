"""Every page as axe sees it: in light, in dark, and on a phone, where nothing scrolls sideways.

The walk is made of the resolver's names: a new page fails here until it is listed.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import ADA, BEN, Acme, Open
from tests.files.making import PDF, picture

pytestmark = pytest.mark.browser

BEA, VIC, DORA, NOBODY = "bea@north.example", "vic@acme.example", "dora@east.example", ""
CLEO = "cleo@south.example"
PAGES: dict[str, list[tuple[str, str]]] = {
    "home": [(ADA, "/"), (VIC, "/"), (BEA, "/"), (BEN, "/"), (DORA, "/")],
    "home:help": [(BEN, "/help/leads-list/")],
    "users:keys": [(BEN, "/profile/keys/")],
    "account_login": [(NOBODY, "/accounts/login/?next=/leads/")],
    "account_logout": [(ADA, "/accounts/logout/")],
    "account_change_password": [(BEN, "/accounts/password/change/")],
    "account_reauthenticate": [(BEN, "/accounts/reauthenticate/")],
    "mfa_index": [(BEN, "/accounts/2fa/")],
    "mfa_activate_totp": [(BEN, "/accounts/2fa/set-up/")],
    "users:email": [(BEN, "/profile/email/")],
    "users:email_confirm": [(NOBODY, "/profile/email/nonsense/")],
    "users:sessions": [(BEN, "/profile/sessions/")],
    "account_reset_password": [(NOBODY, "/accounts/password/reset/")],
    "account_reset_password_done": [(NOBODY, "/accounts/password/reset/done/")],
    "account_reset_password_from_key": [(NOBODY, "/accounts/password/reset/key/1/used-up/")],
    "account_reset_password_from_key_done": [(NOBODY, "/accounts/password/reset/key/done/")],
    "organizations:portal": [(ADA, "/settings/portal/")],
    "security_policy": [(NOBODY, "/security/")],
    "users:profile": [(BEN, "/profile/")],
    "users:security": [(ADA, "/settings/security/")],
    "users:list": [(ADA, "/people/"), (BEN, "/people/")],
    "users:edit": [(BEA, "/people/{ivan}/"), (ADA, "/people/{dis}/")],
    "users:view_as": [(ADA, "/people/{ben}/view-as/")],
    "users:invite": [(BEA, "/organizations/{north}/invite/")],
    "users:invitation": [(NOBODY, "/invitations/nonsense/"), (NOBODY, "{invitation}")],
    "organizations:list": [(ADA, "/organizations/"), (VIC, "/organizations/?search=nothing")],
    "organizations:new": [(ADA, "/organizations/new/")],
    "organizations:detail": [
        *((ADA, "/organizations/{east}/"), (BEN, "/organizations/{north}/"), (DORA, "/organizations/{south}/")),
    ],
    "organizations:edit": [(ADA, "/organizations/{north}/edit/")],
    "sso:settings": [(ADA, "/settings/single-sign-on/")],
    "sso:new_openid": [(ADA, "/settings/single-sign-on/new/openid/")],
    "sso:new_saml": [(ADA, "/settings/single-sign-on/new/saml/")],
    "sso:callback": [(NOBODY, "/accounts/sso/none/callback/")],
    "events:messages": [(BEN, "/messages/")],
    "events:notifications": [(BEN, "/notifications/")],
    "events:unsubscribe": [(NOBODY, "{unsubscribe}")],
    "events:operations": [(ADA, "/operations/")],
    "events:mail_log": [(ADA, "/operations/mail/"), (ADA, "/operations/mail/?status=dead")],
    "events:outbox": [(NOBODY, "/outbox/")],
    "events:outbox_mail": [(NOBODY, "{mail}")],
    "lists:views": [(ADA, "/views/")],
    "lists:new": [(ADA, "/views/new/?list=leads&query=status%3Dlost")],
    "leads:list": [
        *((ADA, "/leads/"), (BEN, "/leads/"), (ADA, "/leads/?search=nothing")),
        *((ADA, "/leads/?country=AT&created=last_7_days&choose=country"), (ADA, "/leads/?choose=columns")),
        *((ADA, "/leads/?choose=created"), (BEN, "/leads/?choose=budget"), (ADA, "/leads/?choose=internal_notes")),
        (DORA, "/leads/?mine=no&choose=organization"),
    ],
    "search": [(ADA, "/search/?q=a"), (BEN, "/search/?q=nothing+like+it"), (BEN, "/search/")],
    "runs:list": [(ADA, "/runs/")],
    "runs:export": [(ADA, "/runs/export/leads/?status=lost"), (BEN, "/runs/export/deals/")],
    "leads:new": [(ADA, "/leads/new/")],
    "leads:detail": [
        *((ADA, "/leads/{worked}/"), (ADA, "/leads/{new}/"), (ADA, "/leads/{sold}/")),
        *((BEN, "/leads/{worked}/"), (BEN, "/leads/{waiting}/"), (BEN, "/leads/{lost}/")),
        *((DORA, "/leads/{souths}/"), (CLEO, "/leads/{souths}/")),
    ],
    "leads:edit": [(BEN, "/leads/{worked}/edit/")],
    "leads:edit_fact": [(BEN, "/leads/{worked}/edit-address/"), (ADA, "/leads/{new}/edit-budget/")],
    "leads:assign": [(ADA, "/leads/{new}/assign/")],
    "leads:hand_over": [(BEN, "/leads/{worked}/hand-over/")],
    "leads:close": [(BEN, "/leads/{worked}/close/")],
    "leads:settings": [(ADA, "/settings/lead-distribution/")],
    "deals:convert": [(BEN, "/leads/{worked}/convert/")],
    "deals:list": [(ADA, "/deals/")],
    "deals:detail": [(BEN, "/deals/{deal}/")],
    "deals:board": [(ADA, "/deals/board/"), (BEN, "/deals/board/?search=nothing"), (DORA, "/deals/board/")],
    "deals:lose": [(BEN, "/deals/{deal}/lose/")],
    "deals:edit": [(BEN, "/deals/{deal}/edit/")],
    "deals:edit_fact": [(BEN, "/deals/{deal}/edit-amount/")],
    "deals:settings": [(ADA, "/settings/deal-stages/")],
    "404": [(BEN, "/nothing/")],
    "403": [(BEN, "/leads/new/")],
}
NO_PAGES = {
    "home:put_away": "a button",
    "home:manifest": "a text for browsers",
    "home:icon": "a picture",
    "home:favicon": "a picture",
    "users:revoke_key": "a button",
    "account_signup": "leads to sign-in",
    "mfa_authenticate": "leads to sign-in before the first step is passed (tests/browser/test_second_factor.py)",
    "mfa_reauthenticate": "for who has a second factor (tests/browser/test_second_factor.py)",
    "mfa_deactivate_totp": "for who has a second factor (tests/browser/test_second_factor.py)",
    "mfa_view_recovery_codes": "for who has a second factor (tests/browser/test_second_factor.py)",
    "users:end_session": "a button",
    "sso:provider": "the same form as for a new one",
    "sso:login": "leads to the provider",
    "sso:test": "leads to the provider",
    "sso:acs": "posted by the provider",
    "sso:finish": "leads on",
    "sso:metadata": "a text for programs",
    "sso:use": "a button",
    "sso:stop": "a button",
    "sso:remove": "a button",
    "users:end_other_sessions": "a button",
    "users:sign_out": "a button",
    "organizations:theme": "a stylesheet",
    "script": "a script",
    "organizations:logo": "a picture",
    "files:logo": "a file to save",
    "security_txt": "a text for programs",
    "robots_txt": "a text for programs",
    "users:disable": "a button",
    "users:enable": "a button",
    "users:resend": "a button",
    "users:end_viewing": "a button",
    "events:read_all": "a button",
    "events:mail_retry": "a button",
    "events:mail_resend": "a button",
    "lists:view": "leads to its list",
    "lists:edit": "the same form as for a new one",
    "lists:columns": "a form of the list's page",
    "lists:keep": "a button",
    "lists:default": "a button",
    "lists:delete": "a button",
    "leads:preview": "a part of the list's page",
    "deals:preview": "a part of the list's page",
    "leads:assign_many": "asks once more, of ticked rows: tests/browser/test_runs.py",
    "leads:recall_many": "asks once more, of ticked rows: tests/browser/test_runs.py",
    "leads:lose_many": "asks once more, of ticked rows: tests/browser/test_runs.py",
    "deals:win_many": "asks once more, of ticked rows: the same template as of leads",
    "deals:lose_many": "asks once more, of ticked rows: the same template as of leads",
    "deals:move_many": "asks once more, of ticked rows: the same template as of leads",
    "organizations:activate_many": "asks once more, of ticked rows: the same template as of leads",
    "organizations:deactivate_many": "asks once more, of ticked rows: the same template as of leads",
    "organizations:tier_many": "asks once more, of ticked rows: the same template as of leads",
    "organizations:managers_many": "asks once more, of ticked rows: the same template as of leads",
    "users:enable_many": "asks once more, of ticked rows: the same template as of leads",
    "users:disable_many": "asks once more, of ticked rows: the same template as of leads",
    "users:resend_many": "asks once more, of ticked rows: the same template as of leads",
    "events:resend_many": "asks once more, of ticked rows: the same template as of leads",
    "runs:detail": "of a run that was asked for: tests/browser/test_runs.py",
    "runs:cancel": "a button",
    "runs:undo": "a button",
    "runs:file": "a file to save",
    "runs:refusals": "a file to save",
    "leads:open": "a button",
    "leads:recall": "a button",
    "leads:reopen": "a button",
    "leads:comment": "a form of the lead's page",
    "leads:activity": "a form of the lead's page",
    "leads:files": "a form of the lead's page",
    "leads:file": "a file to save",
    "deals:move": "a button",
    "deals:win": "a button",
    "deals:reopen": "a button",
    "schema": "the API's description",
}
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
AXE = Axe().axe_script
RUN_AXE = """(options) => axe.run(options).then(({ passes, violations }) => [
  passes.length,
  violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.html.slice(0, 120)}`)),
])"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast"]  # all that changes in the dark


def names(patterns: Any = None, space: str = "") -> Iterator[str]:
    """Every URL name of the product but the API's."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "api":
                yield from names(entry.url_patterns, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}"


def test_walk_knows_every_page() -> None:
    assert (set(PAGES) - {"404", "403"}) | set(NO_PAGES) == set(names())
    assert not set(PAGES) & set(NO_PAGES)


@pytest.fixture(scope="session")
def places(acme: Acme) -> dict[str, str]:
    """Addresses of real objects, by the names in PAGES."""
    long_name = "The Worshipful Federation of Independent Glassblowers & Lampworkers of Northumberland"
    souths = acme.new_lead(to=CLEO)
    new = acme.new_lead(company=long_name, budget="12000.50", budget_currency="CHF", internal_notes="Quiet.")
    waiting = acme.new_lead(to=BEN)
    worked, lost, sold = (acme.new_lead(to=BEN, opened=True, **FACTS) for _ in range(3))
    for who, is_internal in ((BEN, False), (BEN, True), (ADA, False), (ADA, True)):
        comment = {"text": "A comment of some length, in one paragraph.", "is_internal": is_internal}
        acme.api(who, "POST", f"leads/{worked['id']}/comment/", comment)
    acme.api(
        BEN, "POST", f"leads/{worked['id']}/activity/", {"kind": "call", "outcome": "reached", "note": "Busy."}
    )
    acme.api(BEN, "PATCH", f"leads/{worked['id']}/", {"city": "Linz"})
    for who, name in (
        (BEN, f"Offer for {long_name}.pdf"),
        (ADA, "plan.png"),
    ):
        acme.send_file(who, f"leads/{worked['id']}/files/", name, PDF if name.endswith("pdf") else picture())
    acme.api(BEN, "POST", f"leads/{lost['id']}/close/", {"outcome": "lost", "reason": "No budget"})
    deal = acme.api(BEN, "POST", f"leads/{sold['id']}/convert/", {"close_date": "2027-03-31"})
    people = {member["email"]: member for member in acme.api(ADA, "GET", "users/")["results"]}
    organizations = {found["name"]: found["id"] for found in acme.api(ADA, "GET", "organizations/")["results"]}
    return {
        "new": new["number"],
        "waiting": waiting["number"],
        "worked": worked["number"],
        "souths": souths["number"],
        "lost": lost["number"],
        "sold": sold["number"],
        "deal": deal["number"],
        "ivan": people["ivan@north.example"]["id"],
        "ben": people[BEN]["id"],
        "dis": people["dis@north.example"]["id"],
        "north": organizations["North Automation"],
        "east": organizations["East Distribution"],
        "south": organizations["South Consulting"],
        "invitation": invitation(acme, organizations["North Automation"]),
        "unsubscribe": unsubscribe_link(acme, waiting["number"]),
        "mail": f"/outbox/{sorted(acme.stack.mail_dir.glob('*.log'))[0].name}/",
    }


FACTS = {
    "company": "Kestrel Biotech",
    "first_name": "Nora",
    "last_name": "Kestrel",
    "title": "Head of Operations",
    "email": "nora@kestrel.example",
    "phone": "+43 1 5550100",
    "website": "https://kestrel.example",
    "street": "Hafenstraße 1",
    "postal_code": "4020",
    "country": "AT",
    "industry": "Pharma",
    "employees": 40,
    "product_interest": "Picking cell",
    "budget": "48000",
    "budget_currency": "EUR",
    "timeframe": "This year",
    "description": "Wants to see one running.",
    "source": "Trade fair",
    "campaign": "Spring",
}


def invitation(acme: Acme, organization: str) -> str:
    """The link in a new person's mail."""
    who = "zoe@north.example"
    acme.api(ADA, "POST", "users/", {"name": "Zoe", "email": who, "organization": organization})
    text = acme.mail_to(who, about="invites").get_body(("plain",))
    assert text is not None
    return next(word for word in str(text.get_content()).split() if word.startswith("http"))


def unsubscribe_link(acme: Acme, lead: str) -> str:
    """The link that Ben's mail program offers."""
    return str(acme.mail_to(BEN, about=lead)["List-Unsubscribe"]).strip(" <>")


VISITS = [(name, *visit) for name, visits in PAGES.items() for visit in visits]


@pytest.mark.parametrize("who", [NOBODY, ADA, VIC, BEA, BEN, CLEO, DORA])
def test_pages_are_accessible(visit: Open, places: dict[str, str], who: str) -> None:
    found: dict[str, list[str]] = {}
    reader = visit(who, may_fail=True)
    for name, visitor, path in VISITS:
        if visitor == who:
            page = reader.open(path.format(**places))
            found |= {f"{name} {path} {how}": wrong for how, wrong in looked_at(page).items() if wrong}
    assert found == {}


def test_forms_with_errors_are_accessible(visit: Open, places: dict[str, str]) -> None:
    ada = visit(ADA, may_fail=True)
    page = ada.open("/leads/new/")
    page.locator("[name=budget]").fill("12")
    page.locator("[name=description]").fill("Kept")
    ada.press("button", "Save lead")

    expect(page.get_by_text("Nothing is lost: please look at the marked fields.")).to_be_visible()
    expect(page.locator("[name=description]")).to_have_value("Kept")
    expect(page.get_by_role("textbox", name="Company")).to_have_accessible_description(
        "Give a company or a last name."
    )
    assert {how: wrong for how, wrong in looked_at(page).items() if wrong} == {}


def looked_at(page: Page) -> dict[str, list[str]]:
    """What is wrong with the page on the screen, in each of its looks."""
    page.evaluate(AXE)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    wrong = {"in light": axe(page, RULES), "at focus": unseen_focus(page)}
    page.emulate_media(color_scheme="dark")
    wrong["in dark"] = axe(page, COLOURS)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    page.evaluate("scrollTo(0, 0)")  # what stands half beneath the bar at the top is none of the page's faults
    wrong["on a phone"] = axe(page, RULES)
    wide = page.evaluate("document.documentElement.scrollWidth")
    wrong["sideways"] = [f"{wide} px wide"] if wide > PHONE["width"] else []
    return wrong


def axe(page: Page, rules: list[str]) -> list[str]:
    # Without preload, for which axe would put styles into the page: the policy forbids that, to axe as well.
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    passed, violations = page.evaluate(RUN_AXE, options)
    assert passed > 0  # it has looked
    return list(violations)


def unseen_focus(page: Page) -> list[str]:
    """What can be focused without being seen to be."""
    page.keyboard.press("Tab")  # from here on the browser shows the focus
    return list(page.evaluate(UNSEEN_FOCUS))


UNSEEN_FOCUS = """() => {
  const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary");
  const shown = [...all].filter((it) => !it.disabled && it.checkVisibility({ visibilityProperty: true }));
  const has = (it) => it && getComputedStyle(it).outlineStyle !== "none";
  const unseen = shown.filter((it) => {
    it.focus();
    const row = it.closest("tr"), label = it.closest("label");
    const marked = row && getComputedStyle(row).boxShadow !== "none";
    return document.activeElement === it && !(has(it) || has(label) || marked);
  });
  return unseen.map((it) => it.outerHTML.slice(0, 120));
}"""

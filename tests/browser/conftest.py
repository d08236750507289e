"""A real Chromium before a real portal: web, worker, beat, database and broker as in `make up`."""

import email
import email.policy
import http.client
import json
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from prm.local.chromium import ARGUMENTS, MISSING, find_chromium
from prm.local.demo import PASSWORD
from prm.local.processes import wait_until
from prm.local.stack import Stack
from tests.browser.listening import foreign_words, plant

ADA, BEN = "ada@acme.example", "ben@north.example"
LEADS = 8  # a taste of each state; tests make what they need
SECONDS = 40  # for mail on a busy machine: more than one sweep


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is."""
    found = find_chromium()
    if found is None:
        pytest.skip(MISSING)
    return found


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """For this package only: while it runs, Django's ORM cannot be used in this thread."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


class Acme:
    """The demonstration's first portal on the stack, seen from outside."""

    def __init__(self, stack: Stack, codes: dict[str, str]) -> None:
        self.stack = stack
        self.codes = codes  # of the portals, by which their canaries are known
        self.url = stack.base_url("acme")
        self._keys: dict[str, str] = {}

    def api(self, who: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The API's answer to this person, for what a test needs to be there already."""
        return self._ask(who, method, path, json.dumps(body or {}).encode(), "application/json")

    def send_file(self, who: str, path: str, name: str, content: bytes) -> Any:
        """The same for an address that takes a file."""
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = b"--x\r\n" + head.encode() + content + b"\r\n--x--\r\n"
        return self._ask(who, "POST", path, body, "multipart/form-data; boundary=x")

    def _ask(self, who: str, method: str, path: str, body: bytes, kind: str) -> Any:
        if who not in self._keys:
            made = self.stack.manage("create_api_key", "--portal", "acme", "--user", who, "--name", "test")
            self._keys[who] = made.strip()
        link = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=SECONDS)
        headers = {
            "Host": f"acme.localhost:{self.stack.port}",
            "Authorization": f"Bearer {self._keys[who]}",
            "Content-Type": kind,
        }
        try:
            link.request(method, f"/api/v1/{path}", body, headers)
            answer = link.getresponse()
            text = answer.read().decode()
            assert answer.status < 300, text
            return json.loads(text)
        finally:
            link.close()

    def new_lead(self, *, to: str = "", opened: bool = False, **values: Any) -> dict[str, Any]:
        """A lead that Ada has entered, that `to` has been given and has perhaps opened, as the API shows it."""
        lead: dict[str, Any] = self.api(ADA, "POST", "leads/", {"company": "Kestrel Biotech", **values})
        if to:
            (person,) = self.api(ADA, "GET", f"users/?search={to}")["results"]
            lead = self.api(ADA, "POST", f"leads/{lead['id']}/assign/", {"user": person["id"]})
        if opened:
            lead = self.api(to, "POST", f"leads/{lead['id']}/open/")
        return lead

    def mail_to(self, who: str, *, about: str) -> EmailMessage:
        """The mail that a worker has sent to this person about a number; waits for it."""
        found: list[EmailMessage] = []

        def is_there() -> bool:
            found[:] = [m for m in self._mails() if m["To"] == who and about in str(m["Subject"]).split()]
            return bool(found)

        assert wait_until(is_there, seconds=SECONDS), f"No mail about {about} came to {who}."
        assert len(found) == 1
        return found[0]

    def _mails(self) -> Iterator[EmailMessage]:
        for path in self.stack.mail_dir.glob("*.log"):
            raw, end, _ = path.read_bytes().rpartition(b"-" * 79)
            if end:  # written to its end
                yield email.message_from_bytes(raw, policy=email.policy.default)


@pytest.fixture(scope="session")
def acme(chromium: str, stack: Stack) -> Acme:
    stack.manage("seed_demo", "--leads", str(LEADS))
    return Acme(stack, plant(stack))


class Visit:
    """One person's browser: windows that note whatever the console complains about.

    With `may_fail` a page may be answered with an error's status, which the console notes as well.
    """

    def __init__(self, context: BrowserContext, acme: Acme, *, is_phone: bool, may_fail: bool) -> None:
        self.context, self.acme, self.is_phone, self.may_fail = context, acme, is_phone, may_fail
        self.complaints: list[str] = []
        context.on("console", self._note)
        context.on("response", lambda response: self.complaints.extend(foreign_words(response, acme.codes)))
        context.on(
            "weberror", lambda error: self.complaints.append(f"{error.page and error.page.url}: {error.error}")
        )
        self.page: Page = context.new_page()
        self.page.set_default_timeout(SECONDS * 1000)

    def _note(self, message: ConsoleMessage) -> None:
        url = message.location["url"]
        is_status = "Failed to load resource" in message.text and "/static/" not in url
        if message.type in {"error", "warning"} and not (is_status and self.may_fail):
            self.complaints.append(f"{url}: {message.text}")

    def open(self, path: str) -> Page:
        """Go to an address of the portal."""
        self.page.goto(path if path.startswith("http") else self.acme.url + path)
        return self.page

    def sign_in(self, who: str) -> None:
        """Fill in the sign-in form that is on the screen."""
        self.page.locator("[name=login]").fill(who)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.press("button", "Sign in")

    def press(self, role: Any, name: str) -> None:
        """Click, or tap on a phone, what bears this name."""
        found = self.page.get_by_role(role, name=name, exact=True).first
        if self.is_phone:
            found.tap()
        else:
            found.click()


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, acme: Acme) -> Iterator[Open]:
    """`visit("ben@north.example")` is a browser in which Ben is signed in; `visit()` one with nobody.

    Afterwards no console may have complained: a breach of the content security policy is an error there. Nor
    may an answer have held another portal's canary.
    """
    visits: list[Visit] = []

    def begin(
        who: str = "", *, phone: bool = False, dark: bool = False, script: bool = True, may_fail: bool = False
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
            has_touch=phone,
            is_mobile=phone,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
            locale="en-US",
            storage_state=_sessions.get((who, acme.url)),
        )
        visits.append(Visit(context, acme, is_phone=phone, may_fail=may_fail))
        if who and (who, acme.url) not in _sessions:
            visits[-1].open("/accounts/login/")
            visits[-1].sign_in(who)
            visits[-1].page.wait_for_url(f"{acme.url}/")
            _sessions[who, acme.url] = context.storage_state()
        return visits[-1]

    yield begin
    complaints = [complaint for each in visits for complaint in each.complaints]
    for each in visits:
        each.context.close()
    assert complaints == []


_sessions: dict[tuple[str, str], Any] = {}
"""Signing in once is enough for everybody but the tests about it."""

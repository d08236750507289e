"""Files on a lead in a real browser: several at once, with a script and without, from a telephone."""

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import ADA, BEN, Acme, Open
from tests.files.making import OLE, PDF, picture

pytestmark = pytest.mark.browser


def payload(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/html", "buffer": content}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_files_are_added_refused_saved_and_removed(visit: Open, acme: Acme, script: bool) -> None:
    code = acme.new_lead(to=BEN, opened=True)["number"]
    ben = visit(BEN, script=script, may_fail=True)
    page = ben.open(f"/leads/{code}/")
    files = page.locator("#files")
    files.locator("summary").click()

    page.locator("#id_file").set_input_files([payload("offer.pdf", PDF), payload("plan.png", picture())])
    ben.press("button", "Add files")

    expect(files.locator("li a")).to_have_text(["plan.png", "offer.pdf"])
    expect(page.locator("#timeline")).to_contain_text("added a file")

    files.locator("summary").click()
    page.locator("#id_file").set_input_files([payload("old.doc", OLE), payload("notes.txt", b"Kestrel")])
    ben.press("button", "Add files")

    expect(page.locator("#files .errorlist")).to_contain_text("old.doc: This is a file of an old Office program")
    expect(page.locator("#files li a")).to_have_text(["notes.txt", "plan.png", "offer.pdf"])

    with page.expect_download() as saved:
        page.get_by_role("link", name="offer.pdf").click()
    assert saved.value.suggested_filename == "offer.pdf"
    assert saved.value.path().read_bytes() == PDF

    ben.press("button", "Remove offer.pdf?")
    if script:
        page.locator("#confirm").get_by_role("button", name="Remove file").click()
    expect(page.locator("#timeline")).to_contain_text("removed a file")
    expect(page.locator("#files li a")).to_have_text(["notes.txt", "plan.png"])


def test_too_much_at_once_is_said_before_it_is_sent(visit: Open, acme: Acme) -> None:
    code = acme.new_lead(to=BEN, opened=True)["number"]
    ada = visit(ADA, phone=True)
    page = ada.open(f"/leads/{code}/")
    page.locator("#files summary").tap()
    chosen = page.locator("#id_file")
    chosen.evaluate("(box) => { box.dataset.most = 10; }")

    chosen.set_input_files([payload("offer.pdf", PDF)])

    words = "Together these are more than the"
    assert words in str(chosen.evaluate("(box) => box.validationMessage"))
    page.get_by_label("Only for our own people").check()
    chosen.evaluate("(box) => { box.dataset.most = 10_000; }")
    chosen.set_input_files([payload("margin.pdf", PDF)])
    ada.press("button", "Add files")
    expect(page.locator("#files li")).to_contain_text("margin.pdf")
    expect(page.locator("#files li .badge")).to_have_text("Internal")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

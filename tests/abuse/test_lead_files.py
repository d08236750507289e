"""Files on leads that mean harm, or meet a full disk (cases 60 and 61, F21): refused in words, nothing is left."""

import io
import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory
from pytest_django import Settings

from leads.models import Lead, LeadFile
from prm.files import store, uploads
from prm.files.models import StoredFile
from prm.organizations.context import inside
from tests.abuse.test_files import OWN_NAME, small_disk, stored
from tests.api.asking import browser_of, made
from tests.browsing import Answer, served, sign_in, visitor
from tests.cast import Cast
from tests.factories import opened_lead
from tests.files.making import EICAR, HTML, OLE, PDF, SVG, bomb, giant, office, pdf, picture, upload
from tests.reading import Page

BORDER = "multipart/form-data; boundary=border"


@pytest.fixture
def lead(cast: Cast) -> Lead:
    return made(opened_lead, cast.ada, cast.ben)


def body_of(content: bytes, name: str = "offer.pdf", kind: str = "text/html") -> bytes:
    """As a stranger's program would send it: the name goes out as it is."""
    quoted = name.replace("\\", "\\\\")
    head = f'Content-Disposition: form-data; name="file"; filename="{quoted}"\r\nContent-Type: {kind}\r\n\r\n'
    return b"--border\r\n" + head.encode() + content + b"\r\n--border--\r\n"


def send(client: Client, lead: Lead, content: bytes, name: str = "offer.pdf") -> Answer:
    answer: Answer = client.post(f"/leads/{lead.code}/files/", body_of(content, name), BORDER)
    return answer


def kept(lead: Lead) -> list[str]:
    with inside(lead.portal):
        return list(LeadFile.objects.filter(lead=lead).values_list("name", flat=True))


HARMFUL = {
    "eicar": (EICAR, "offer.txt"),
    "svg": (SVG, "drawing.svg"),
    "svg as png": (SVG, "drawing.png"),
    "html as pdf": (HTML, "offer.pdf"),
    "html in a pdf": (b"%PDF-1.4\n<script>alert(1)</script>\n%%EOF", "offer.pdf"),
    "zip bomb": (bomb(), "offer.docx"),
    "macros": (office(parts={"word/vbaProject.bin": b"x"}), "offer.docx"),
    "30,000 x 30,000": (giant(30_000, 30_000), "plan.png"),
    "file of 1998": (OLE, "offer.doc"),
    "phar": (b"<?php __HALT_COMPILER(); ?>", "offer.pHaR"),
    "empty": (b"", "offer.pdf"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", HARMFUL)
def test_case_61_a_harmful_file_on_a_lead_is_refused_in_words(
    cast: Cast, lead: Lead, files: Path, name: str
) -> None:
    content, called = HARMFUL[name]

    answer = send(sign_in(cast.ben), lead, content, called)

    assert answer.status_code == 422
    (error,) = answer.context["files_form"].errors["file"].as_data()
    assert error.code == "file_rejected"
    assert Page(answer).error("file").startswith(f"{called}: ")
    assert (stored(files), kept(lead)) == ([], [])


@pytest.mark.django_db
def test_case_61_a_file_one_byte_too_large_says_how_large_it_may_be(
    cast: Cast, lead: Lead, files: Path, settings: Settings
) -> None:
    settings.PRM_LARGEST_FILE = 200_000
    client = sign_in(cast.ben)

    filler = b"x" * (200_000 - len(pdf(b"")))
    assert send(client, lead, pdf(filler)).status_code == 302
    answer = send(client, lead, pdf(filler + b"x"))

    assert "has 195.3\xa0KB; 195.3\xa0KB is the most" in Page(answer).html
    assert len(stored(files)) == 1


NAMES = {
    "../../x.pdf": "x.pdf",
    "..\\..\\x.pdf": "x.pdf",
    "/etc/passwd": "passwd.pdf",
    "C:\\boot.ini": "boot.ini.pdf",
    "x" * 300 + ".pdf": "x" * 251 + ".pdf",
    "con.txt": "_con.txt.pdf",
    ".htaccess": "htaccess.pdf",
    "ü\u202efdp.exe": "üfdp.exe.pdf",
    "offer.pdf.html": "offer.pdf.html.pdf",
    "a&quot;b.pdf": "a_b.pdf",
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_case_60_a_files_name_is_text_and_never_a_place(cast: Cast, lead: Lead, files: Path, name: str) -> None:
    client = sign_in(cast.ben)

    answer = send(client, lead, PDF, name)

    assert (answer.status_code, kept(lead)) == (302, [NAMES[name]])
    (path,) = stored(files)
    assert path.parent == files / str(cast.acme.pk)
    assert OWN_NAME.fullmatch(path.name)
    assert (oct(path.stat().st_mode & 0o777), oct(path.parent.stat().st_mode & 0o777)) == ("0o600", "0o700")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("Offer 1.pdf", 'attachment; filename="Offer 1.pdf"'),
        ("a'b;c=d.pdf", 'attachment; filename="a\'b;c=d.pdf"'),
        ("Angebot Ü ⚡.pdf", "attachment; filename*=utf-8''Angebot%20%C3%9C%20%E2%9A%A1.pdf"),
    ],
)
def test_case_60_a_files_name_is_encoded_in_its_header(
    cast: Cast, lead: Lead, files: Path, name: str, disposition: str
) -> None:
    client = sign_in(cast.ben)
    send(client, lead, PDF, name)
    with inside(cast.acme):
        file = LeadFile.objects.get()

    assert client.get(f"/leads/{lead.code}/files/{file.pk}/")["Content-Disposition"] == disposition


# --- Strangers, and what never comes to its end ---------------------------------------------------------


@pytest.mark.django_db
def test_files_of_a_stranger_are_let_go_as_they_come(
    cast: Cast, lead: Lead, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V03: nobody signed in has anything laid on the disk, not even for a moment."""

    def never() -> Any:
        raise AssertionError("laid on the disk")

    monkeypatch.setattr(store, "scratch", never)
    for client in (visitor(cast.acme), visitor(cast.globex)):
        assert send(client, lead, PDF * 40_000).status_code in {302, 403}
    answer = visitor(cast.acme).post(f"/api/v1/leads/{lead.pk}/files/", body_of(PDF * 40_000), BORDER)

    assert answer.status_code == 401
    assert (stored(files), kept(lead)) == ([], [])


@pytest.mark.django_db
def test_files_of_those_who_do_not_see_the_lead_leave_nothing(cast: Cast, lead: Lead, files: Path) -> None:
    answers = [send(sign_in(member), lead, PDF).status_code for member in (cast.cleo, cast.dora, cast.dan)]

    assert answers == [404, 404, 404]
    assert stored(files) == []


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["page", "api"])
def test_files_of_a_sender_that_goes_away_leave_nothing(
    application: WSGIHandler, cast: Cast, lead: Lead, files: Path, where: str
) -> None:
    """A text has no end by which it could be told that some of it is missing."""
    page, api = f"/leads/{lead.code}/files/", f"/api/v1/leads/{lead.pk}/files/"
    client = browser_of(cast.ben)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = {"Content-Type": BORDER, "Cookie": cookies, "X-CSRFToken": client.cookies["csrftoken"].value}
    address = page if where == "page" else api
    body = body_of(b"Kestrel\n" * 50_000, "notes.txt")

    def ask(sent: bytes) -> int:
        return served(application, "POST", address, body=sent, length=len(body), headers=headers)[0]

    assert (ask(body[:200_000]), stored(files), kept(lead)) == (400, [], [])
    assert (ask(body), kept(lead)) == (302 if where == "page" else 201, ["notes.txt"])


@pytest.mark.django_db
def test_large_forms_are_for_pages_that_take_files(cast: Cast, lead: Lead, settings: Settings) -> None:
    settings.PRM_LARGEST_UPLOAD, settings.PRM_FILES_AT_ONCE = 10_000, 50_000
    client, body = sign_in(cast.ben), body_of(pdf(b"x" * 20_000))

    assert client.post("/leads/new/", body, BORDER).status_code == 413
    assert client.post("/accounts/login/", body, BORDER).status_code == 413
    assert client.post(f"/api/v1/leads/{lead.pk}/comment/", body, BORDER).status_code == 413
    assert client.post(f"/leads/{lead.code}/files/", body, BORDER).status_code == 302
    answer = client.post(f"/leads/{lead.code}/files/", body_of(b"x" * 50_000), BORDER)
    assert (answer.status_code, "larger than the 48.8\xa0KB" in answer.content.decode()) == (413, True)


def test_scratch_has_no_name_and_no_reader(files: Path) -> None:
    with store.scratch() as place:
        place.write(b"x")
        assert stored(files) == []
        assert stat.S_IMODE(os.fstat(place.fileno()).st_mode) == 0o600
        assert os.fstat(place.fileno()).st_dev == files.stat().st_dev
    assert oct(files.stat().st_mode & 0o777) == "0o700"


# --- F21: the disk is full ------------------------------------------------------------------------------


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log does not fit on that disk either."""
    monkeypatch.setattr(logging, "raiseExceptions", False)


@pytest.mark.django_db
@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("size", [100, 100_000])
def test_f21_full_disk_is_said_plainly_and_leaves_no_half_file(
    cast: Cast, lead: Lead, files: Path, size: int
) -> None:
    """While it is sent, where it is laid down first, and when it is put in its place."""
    client = sign_in(cast.ben)
    send(client, lead, PDF, "earlier.pdf")
    (earlier,) = stored(files)

    with small_disk(size):
        answer = send(client, lead, pdf(b"x" * 300_000))

    assert answer.status_code == 507
    assert "offer.pdf: The file could not be stored" in Page(answer).error("file")
    assert (stored(files), kept(lead)) == ([earlier], ["earlier.pdf"])
    with inside(cast.acme):
        assert StoredFile.objects.filter(purpose=StoredFile.Purpose.LEAD).count() == 1
    assert send(client, lead, pdf(b"x" * 300_000)).status_code == 302  # there is space again


@pytest.mark.django_db
@pytest.mark.usefixtures("_quiet")
def test_f21_full_disk_is_507_over_the_api(cast: Cast, lead: Lead, files: Path) -> None:
    client = sign_in(cast.ben)
    with small_disk(100):
        answer = client.post(f"/api/v1/leads/{lead.pk}/files/", body_of(pdf(b"x" * 300_000)), BORDER)

    assert (answer.status_code, answer.json()["code"]) == (507, "not_stored")
    assert (stored(files), kept(lead)) == ([], [])


def test_f21_what_is_put_in_its_place_is_whole_or_not_there(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with small_disk(1000), pytest.raises(store.NotStored):
        store.write("portal/name", io.BytesIO(b"x" * 5000))

    assert stored(files) == []


# --- Memory ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_large_files_are_not_held_in_memory(
    cast: Cast, lead: Lead, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    make = store.scratch

    def scratch() -> Any:
        taken.append("disk")
        return make()

    monkeypatch.setattr(store, "scratch", scratch)
    answer = sign_in(cast.ben).post(
        f"/leads/{lead.code}/files/",
        {"file": [upload("1.pdf", PDF + b"1"), upload("2.png", picture())]},
    )

    assert (answer.status_code, taken) == (302, ["disk", "disk"])


def test_pages_without_files_keep_what_they_get_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_KEPT", 1000)
    request = RequestFactory().post("/settings/portal/", {"logo": upload("x.png", b"\0" * 1500)})

    (found,) = request.FILES.values()

    assert isinstance(found, uploads.Upload)
    assert (found.size, found.is_whole, found.is_lost, found.read()) == (1500, False, False, b"")

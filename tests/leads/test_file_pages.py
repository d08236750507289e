"""Files on a lead's page: handed in, several at once, saved, removed; and what is said when they cannot be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from leads import actions
from leads.actions import add_file
from leads.models import Lead, LeadFile
from prm.files.handed_in import look_at
from prm.files.models import StoredFile
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.browsing import Answer
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead
from tests.files.making import OLE, PDF, office, pdf, picture, upload
from tests.reading import Element, Page

ClientOf = Callable[[Membership], Client]
pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def lead(cast: Cast) -> Lead:
    with inside(cast.acme):
        return opened_lead(cast.ada, cast.ben)


def put(lead: Lead, name: str, *, by: Membership, content: bytes = b"", is_internal: bool = False) -> LeadFile:
    with inside(by.portal):
        file = look_at(upload(name, content or PDF + name.encode()))
        return add_file(lead, file, is_internal=is_internal, by=by)[0]


def send(client: Client, lead: Lead, *files: SimpleUploadedFile, part: bool = False, **fields: str) -> Answer:
    headers = {"HX-Request": "true"} if part else {}
    answer: Answer = client.post(f"/leads/{lead.code}/files/", {"file": list(files), **fields}, headers=headers)
    return answer


def section(client: Client, lead: Lead) -> Element:
    return Page(client.get(f"/leads/{lead.code}/")).by_id("files")


def shown(client: Client, lead: Lead) -> list[str]:
    """The names on the lead's page."""
    return [link.text for link in section(client, lead).all("a")]


def names(lead: Lead) -> set[str]:
    with inside(lead.portal):
        return set(LeadFile.objects.filter(lead=lead).values_list("name", flat=True))


# --- The lead's page ------------------------------------------------------------------------------------


def test_lead_page_shows_name_size_author_and_time_of_each_file(
    client_of: ClientOf, cast: Cast, lead: Lead
) -> None:
    put(lead, "prices.xlsx", by=cast.ben, content=office("xlsx"))
    put(lead, "offer.pdf", by=cast.ada, content=pdf(b"x" * 2048))

    rows = section(client_of(cast.ben), lead).all("li")

    assert [row.all("a")[0].text for row in rows] == ["offer.pdf", "prices.xlsx"]
    assert "2.1" in rows[0].text
    assert "· Ada ·" in rows[0].text
    assert rows[0].all("time")
    assert [len(row.all("button")) for row in rows] == [0, 1]  # Ben removes his own


def test_lead_page_shows_each_side_what_is_theirs(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    put(lead, "margin.pdf", by=cast.ada, is_internal=True)
    put(lead, "offer.pdf", by=cast.ben)

    assert shown(client_of(cast.ada), lead) == ["offer.pdf", "margin.pdf"]
    assert shown(client_of(cast.bea), lead) == ["offer.pdf"]
    internal = section(client_of(cast.ada), lead).all("li")[1]
    assert internal.all(css="badge")[0].text == "Internal"


def test_lead_page_of_a_withheld_lead_tells_nothing_of_files(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        waiting = assigned_lead(cast.ada, cast.ben)
    put(waiting, "tender.pdf", by=cast.ada)

    page = Page(client_of(cast.ben).get(f"/leads/{waiting.code}/"))

    assert (page.root.all(id="files"), "tender" in page.html) == ([], False)


def test_lead_page_of_a_closed_lead_shows_files_and_takes_none(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    put(lead, "offer.pdf", by=cast.ben)
    with inside(cast.acme):
        actions.win_lead(lead, by=cast.ben)
        quiet = actions.win_lead(opened_lead(cast.ada, cast.ben), by=cast.ben)

    found = section(client_of(cast.ben), lead)

    assert ([a.text for a in found.all("a")], found.all("form")) == (["offer.pdf"], [])
    assert not Page(client_of(cast.ben).get(f"/leads/{quiet.code}/")).root.all(id="files")


@pytest.mark.parametrize("name", ["ben", "ada"])
def test_lead_page_asks_one_question_for_files_however_many(
    client_of: ClientOf, cast: Cast, lead: Lead, name: str
) -> None:
    client, address = client_of(getattr(cast, name)), f"/leads/{lead.code}/"
    client.get(address)  # what is asked once a minute is asked now
    counts = []
    for number in (1, 3):
        while len(names(lead)) < number:
            put(lead, f"{len(names(lead))}.pdf", by=cast.ada)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        about_files = [query for query in asked.captured_queries if "leads_leadfile" in query["sql"]]
        counts.append((len(asked), len(about_files)))

    assert counts[0] == counts[1]
    assert counts[0][1] == 1


# --- Handing in -----------------------------------------------------------------------------------------


def test_files_are_added_several_at_once(client_of: ClientOf, cast: Cast, lead: Lead, files: Path) -> None:
    client = client_of(cast.ben)

    answer = send(client, lead, upload("offer.pdf"), upload("Plan.PNG", picture()), upload("x.docx", office()))

    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{lead.code}/#files")
    assert Page(client.get(f"/leads/{lead.code}/")).toasts == ["3 files are on the lead now."]
    assert set(shown(client, lead)) == {"offer.pdf", "Plan.PNG", "x.docx"}
    assert len([path for path in files.rglob("*") if path.is_file()]) == 3


def test_files_come_back_to_the_byte(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    content = pdf(bytes(range(256)) * 9000)
    send(client_of(cast.ben), lead, upload("Angebot Ü.pdf", content))
    (link,) = section(client_of(cast.ada), lead).all("a")

    answer = client_of(cast.ada).get(link.attributes["href"])

    assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined]
    assert (answer["Content-Type"], answer["Content-Length"]) == ("application/pdf", str(len(content)))
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''Angebot%20%C3%9C.pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_files_that_are_good_are_kept_and_the_others_named(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    answer = send(
        client_of(cast.ben), lead, upload("offer.pdf"), upload("old\u202e.doc", OLE), upload("e.txt", b"")
    )

    page = Page(answer)
    assert answer.status_code == 422
    assert names(lead) == {"offer.pdf"}
    errors = [error.text for error in page.root.all("ul", css="errorlist")[0].all("li")]
    assert [error.partition(" Taken")[0] for error in errors] == [
        "old.doc: This is a file of an old Office program (.doc, .xls, .ppt), or one locked with a password."
        " Save it as .docx, .xlsx, .pptx or PDF, without a password.",
        "e.txt: This file is empty.",
    ]
    assert [link.text for link in page.by_id("files").all("a")] == ["offer.pdf"]
    assert page.toasts == ["1 file is on the lead now."]


def test_files_sent_by_htmx_come_back_as_their_part_of_the_page(
    client_of: ClientOf, cast: Cast, lead: Lead
) -> None:
    client = client_of(cast.ben)

    bad = send(client, lead, upload("old.doc", OLE), part=True)
    good = send(client, lead, upload("offer.pdf"), part=True)

    assert (bad.status_code, Page(bad).root.all("h1")) == (200, [])
    assert "old.doc: This is a file of an old Office program" in Page(bad).by_id("files").text
    assert (good.status_code, good["HX-Refresh"]) == (200, "true")


def test_files_by_the_vendor_may_be_internal(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    send(client_of(cast.vic), lead, upload("margin.pdf"), is_internal="on")

    assert shown(client_of(cast.ada), lead) == ["margin.pdf"]
    assert shown(client_of(cast.ben), lead) == []
    assert not section(client_of(cast.ben), lead).all("input", name="is_internal")


def test_files_by_a_partner_are_for_the_vendor_whatever_is_sent(
    client_of: ClientOf, cast: Cast, lead: Lead
) -> None:
    send(client_of(cast.ben), lead, upload("offer.pdf"), is_internal="on")

    assert shown(client_of(cast.ada), lead) == ["offer.pdf"]


def test_files_sent_twice_are_there_once(client_of: ClientOf, cast: Cast, lead: Lead, files: Path) -> None:
    client = client_of(cast.ben)

    answers = [send(client, lead, upload("offer.pdf")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert shown(client, lead) == ["offer.pdf"]
    assert len([path for path in files.rglob("*") if path.is_file()]) == 1


def test_no_file_at_all_says_so(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    answer = client_of(cast.ben).post(f"/leads/{lead.code}/files/", {})

    assert (answer.status_code, Page(answer).error("file")) == (422, "Choose at least one file.")


def test_address_of_the_files_leads_to_them(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    answer = client_of(cast.ben).get(f"/leads/{lead.code}/files/")

    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{lead.code}/#files")


def test_files_for_a_lead_in_another_state_are_refused_before_they_are_looked_at(
    client_of: ClientOf, cast: Cast, lead: Lead
) -> None:
    with inside(cast.acme):
        waiting = assigned_lead(cast.ada, cast.ben)
        actions.win_lead(lead, by=cast.ben)

    for refused, words in ((waiting, "has to be opened"), (lead, "is closed")):
        client = client_of(cast.ben)
        answer = send(client, refused, upload("old.doc", OLE))
        assert (answer.status_code, answer["Location"]) == (302, f"/leads/{refused.code}/")
        assert words in Page(client.get("/leads/")).toasts[0]


def test_one_file_too_many_is_named(client_of: ClientOf, cast: Cast, lead: Lead, settings: Settings) -> None:
    settings.PRM_FILES_PER_LEAD = 2

    answer = send(client_of(cast.ben), lead, *(upload(f"{n}.pdf", PDF + str(n).encode()) for n in range(3)))

    assert (answer.status_code, names(lead)) == (422, {"0.pdf", "1.pdf"})
    assert Page(answer).error("file") == f"2.pdf: Lead {lead.code} has 2 of your files, which is the most."


def test_portal_without_room_says_what_it_keeps(
    client_of: ClientOf, cast: Cast, lead: Lead, settings: Settings
) -> None:
    settings.PRM_PORTAL_STORAGE = 100

    answer = send(client_of(cast.ben), lead, upload("offer.pdf", pdf(b"x" * 100)))

    assert answer.status_code == 422
    assert "This portal keeps 100" in Page(answer).error("file")
    with inside(cast.acme):
        assert not StoredFile.objects.exists()


# --- Saving and removing --------------------------------------------------------------------------------


def test_file_is_gone_for_whoever_no_longer_sees_the_lead(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    file = put(lead, "tender.pdf", by=cast.ada)
    address = f"/leads/{lead.code}/files/{file.pk}/"
    ben = client_of(cast.ben)
    assert ben.get(address).status_code == 200

    with inside(cast.acme):
        again = actions.assign_lead(actions.recall_lead(lead, by=cast.ada), to=cast.bea, by=cast.ada)
    bea = client_of(cast.bea)

    assert (ben.get(address).status_code, bea.get(address).status_code) == (404, 404)  # Bea has not opened it
    with inside(cast.acme):
        actions.open_lead(again, by=cast.bea)
    assert bea.get(address).status_code == 200


def test_file_is_asked_for_at_its_own_lead_only(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    with inside(cast.acme):
        other = new_lead(cast.ada)
    file = put(other, "tender.pdf", by=cast.ada)

    assert client_of(cast.ada).get(f"/leads/{lead.code}/files/{file.pk}/").status_code == 404


def test_file_that_the_store_has_lost_is_not_found(
    client_of: ClientOf, cast: Cast, lead: Lead, files: Path
) -> None:
    file = put(lead, "tender.pdf", by=cast.ada)
    (files / file.file.stored_as).unlink()

    assert client_of(cast.ada).get(f"/leads/{lead.code}/files/{file.pk}/").status_code == 404


def test_file_is_removed_after_being_asked(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    put(lead, "offer.pdf", by=cast.ben)
    client = client_of(cast.ben)
    (form,) = [form for form in section(client, lead).all("form") if "data-confirm" in form.attributes]
    assert form.attributes["data-confirm"] == "Remove offer.pdf?"

    answer = client.post(form.attributes["action"])

    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{lead.code}/#files")
    page = Page(client.get(f"/leads/{lead.code}/"))
    assert page.toasts == ["offer.pdf is removed."]
    assert "removed a file" in page.by_id("timeline").text
    assert names(lead) == set()


def test_file_of_a_colleague_is_not_removed_and_leads_back(client_of: ClientOf, cast: Cast, lead: Lead) -> None:
    file = put(lead, "offer.pdf", by=cast.ben)
    client = client_of(cast.bea)

    answer = client.post(f"/leads/{lead.code}/files/{file.pk}/")

    assert (answer.status_code, names(lead)) == (302, {"offer.pdf"})
    landed = client.get(answer["Location"], follow=True)
    assert Page(landed).toasts == ["Only Ben and the vendor can remove this file."]


def test_lead_page_and_its_parts_stay_readable_with_a_name_of_any_kind(
    client_of: ClientOf, cast: Cast, lead: Lead
) -> None:
    send(client_of(cast.ben), lead, upload("<b>&amp; x.pdf"), upload("عرض.pdf", PDF + b"1"))

    assert set(shown(client_of(cast.ada), lead)) == {"_b_& x.pdf", "عرض.pdf"}

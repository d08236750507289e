"""`leads/{lead}/files/`: the rules of the page, for programs."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from leads import actions
from leads.models import Lead, LeadFile
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.api.asking import Caller, browser_of, checked, code_of, faults, made, without_id
from tests.browsing import Answer
from tests.cast import Cast
from tests.factories import assigned_lead, opened_lead
from tests.files.making import EICAR, HTML, PDF, upload

pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def lead(cast: Cast) -> Lead:
    return made(opened_lead, cast.ada, cast.ben)


def send(api: Caller, lead: Lead, file: SimpleUploadedFile | None = None, **fields: Any) -> Answer:
    path = f"leads/{lead.pk}/files/"
    body = {"file": file or upload(), **fields}
    answer: Answer = api.client.post(f"/api/v1/{path}", body, headers=api.headers)
    return checked(answer, "post", path)


def listed(member: Membership, lead: Lead) -> list[str]:
    answer = Caller(member).get(f"leads/{lead.pk}/files/")
    assert answer.status_code == 200
    return [file["name"] for file in answer.json()["results"]]


def test_file_is_added_listed_fetched_and_removed(cast: Cast, lead: Lead) -> None:
    api = Caller(cast.ben)

    added = send(api, lead, upload("Offer Ü.pdf"))

    assert added.status_code == 201
    said = added.json()
    assert api.get(f"leads/{lead.pk}/files/").json() == {"results": [said]}
    assert (said["name"], said["kind"], said["size"]) == ("Offer Ü.pdf", "pdf", len(PDF))
    assert (said["user_name"], said["organization"], said["is_internal"]) == ("Ben", str(cast.north.pk), False)
    address = f"/api/v1/leads/{lead.pk}/files/{said['id']}/"
    for accept in ("*/*", "application/pdf"):
        fetched = api.client.get(address, headers={**api.headers, "Accept": accept})
        assert b"".join(fetched.streaming_content) == PDF  # type: ignore[attr-defined]
        assert fetched["Content-Type"] == "application/octet-stream"
        assert fetched["Content-Disposition"] == "attachment; filename*=utf-8''Offer%20%C3%9C.pdf"
        assert (fetched["X-Content-Type-Options"], "no-store" in fetched["Cache-Control"]) == ("nosniff", True)

    removed = api.client.delete(address, headers=api.headers)

    assert (removed.status_code, removed.content, listed(cast.ben, lead)) == (204, b"", [])
    assert api.client.delete(address, headers=api.headers).status_code == 404


def test_file_sent_twice_is_there_once(cast: Cast, lead: Lead) -> None:
    """A program that heard no answer asks again."""
    first, again = (send(Caller(cast.ben), lead) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_file_of_the_vendor_may_be_internal(cast: Cast, lead: Lead) -> None:
    assert send(Caller(cast.ada), lead, is_internal="true").json()["is_internal"] is True
    assert (listed(cast.ada, lead), listed(cast.ben, lead)) == (["offer.pdf"], [])

    answer = send(Caller(cast.ben), lead, is_internal="true")

    assert (code_of(answer, 409), answer.json()["detail"]) == ("refused", "Only the vendor keeps files to itself.")


@pytest.mark.parametrize("content", [HTML, EICAR, b"", b"MZ\0"])
def test_case_61_file_that_is_not_taken_names_the_field(cast: Cast, lead: Lead, content: bytes) -> None:
    answer = send(Caller(cast.ben), lead, upload("offer.pdf", content))

    assert faults(answer) == {"/file": "file_rejected"}
    assert answer.json()["code"] == "file_rejected"
    assert "Taken are PDF" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"is_internal": "perhaps"}, {"/is_internal": "invalid"}),
        ({"name": "x.pdf"}, {"/name": "unknown_field"}),
    ],
)
def test_body_that_cannot_be_names_the_field(
    cast: Cast, lead: Lead, fields: dict[str, Any], expected: dict[str, str]
) -> None:
    answer = send(Caller(cast.ben), lead, **fields)

    assert faults(answer) == expected


def test_body_without_a_file_names_it(cast: Cast, lead: Lead) -> None:
    api, path = Caller(cast.ben), f"leads/{lead.pk}/files/"
    for body, code in (({"is_internal": "false"}, "required"), ({"file": "no file"}, "invalid")):
        answer = checked(api.client.post(f"/api/v1/{path}", body, headers=api.headers), "post", path)
        assert faults(answer) == {"/file": code}


def test_body_of_json_is_none_here(cast: Cast, lead: Lead) -> None:
    assert code_of(Caller(cast.ben).post(f"leads/{lead.pk}/files/", {"file": "x"}), 415) == "unsupported_media_type"


def test_list_takes_no_parameters(cast: Cast, lead: Lead) -> None:
    assert faults(Caller(cast.ben).get(f"leads/{lead.pk}/files/", search="x")) == {"search": "invalid_filter"}


def test_key_for_reading_reads_only(cast: Cast, lead: Lead) -> None:
    made_by_ben = send(Caller(cast.ben), lead).json()
    api = Caller(cast.ben, scope="read")
    address = f"/api/v1/leads/{lead.pk}/files/{made_by_ben['id']}/"

    assert code_of(send(api, lead, upload("other.pdf", PDF + b"1")), 403) == "insufficient_scope"
    assert api.client.delete(address, headers=api.headers).json()["code"] == "insufficient_scope"
    assert api.client.get(address, headers=api.headers).status_code == 200


def test_stranger_gets_the_same_as_for_none(cast: Cast, lead: Lead) -> None:
    """Another partner, the other portal, and whoever has had the lead before."""
    file = send(Caller(cast.ben), lead).json()["id"]
    with inside(cast.acme):
        actions.recall_lead(lead, by=cast.ada)
    nobody = uuid.uuid4()
    for member in (cast.cleo, cast.dora, cast.dan, cast.ben):
        api = Caller(member)
        for path in (f"leads/{lead.pk}/files/", f"leads/{lead.pk}/files/{file}/"):
            imagined = path.replace(str(lead.pk), str(nobody))
            for method in ("get", "delete", "options"):
                real, none = (
                    getattr(api.client, method)(f"/api/v1/{p}", headers=api.headers) for p in (path, imagined)
                )
                assert (real.status_code, without_id(real)) == (404, without_id(none)), (member, method, path)
        assert send(api, lead).status_code == 404
    with inside(cast.acme):
        assert LeadFile.objects.filter(pk=file).exists()


def test_withheld_lead_shows_and_takes_no_files(cast: Cast) -> None:
    waiting = made(assigned_lead, cast.ada, cast.ben)
    file = send(Caller(cast.ada), waiting).json()["id"]
    api = Caller(cast.ben)

    assert listed(cast.ben, waiting) == []
    assert api.get(f"leads/{waiting.pk}/files/{file}/").status_code == 404
    answer = send(api, waiting, upload("x.pdf", HTML))
    assert (code_of(answer, 409), "has to be opened" in answer.json()["detail"]) == ("refused", True)


def test_file_of_a_colleague_is_refused(cast: Cast, lead: Lead) -> None:
    file = send(Caller(cast.ben), lead).json()["id"]
    api, path = Caller(cast.bea), f"leads/{lead.pk}/files/{file}/"

    answer = checked(api.client.delete(f"/api/v1/{path}", headers=api.headers), "delete", path)

    assert code_of(answer, 409) == "refused"
    assert listed(cast.ben, lead) == ["offer.pdf"]


def test_browser_sends_files_with_its_token_only(cast: Cast, lead: Lead) -> None:
    client = browser_of(cast.ben)
    address = f"/api/v1/leads/{lead.pk}/files/"

    without = client.post(address, {"file": upload()})
    with_it = client.post(address, {"file": upload()}, headers={"X-CSRFToken": client.cookies["csrftoken"].value})

    assert (without.status_code, with_it.status_code) == (403, 201)


def test_full_disk_is_507_and_leaves_nothing(cast: Cast, lead: Lead, files: Path) -> None:
    files.mkdir(exist_ok=True)
    (files / str(cast.acme.pk)).write_text("no folder")
    api = Caller(cast.ben)

    answer = api.client.post(f"/api/v1/leads/{lead.pk}/files/", {"file": upload()}, headers=api.headers)

    assert (answer.status_code, answer.json()["code"]) == (507, "not_stored")
    assert listed(cast.ben, lead) == []

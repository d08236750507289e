"""Import and export of small tables: shown first, all or nothing, each row through its verb."""

import csv
import io
import re
import time
from collections.abc import Callable

import pytest
import time_machine
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from deals.models import DealStage
from leads.models import LostReason
from prm.events.models import Event
from prm.operators.csv_files import MOST_ROWS
from prm.operators.previews import LASTS, SALT
from prm.organizations.context import inside
from prm.organizations.models import Portal, Tier
from prm.users.models import User
from tests.browsing import Answer
from tests.cast import Cast
from tests.operators.entering import new_operator, signed_in
from tests.reading import Page

TIERS, REASONS, STAGES = (
    f"/admin/{table}/" for table in ("organizations/tier", "leads/lostreason", "deals/dealstage")
)


@pytest.fixture
def olga(cast: Cast) -> User:
    return new_operator().user


@pytest.fixture
def at_acme(cast: Cast, olga: User) -> Client:
    return signed_in(olga, cast.acme)


def send(client: Client, table: str, data: bytes, name: str = "table.csv") -> Answer:
    answer: Answer = client.post(f"{table}import/", {"file": SimpleUploadedFile(name, data)})
    return answer


def preview_in(answer: Answer) -> str:
    (found,) = re.findall(r'name="preview" value="([^"]+)"', answer.content.decode())
    return str(found)


def confirm(client: Client, table: str, preview: str) -> Answer:
    answer: Answer = client.post(f"{table}import/", {"preview": preview})
    return answer


def import_all(client: Client, table: str, data: bytes) -> Answer:
    return confirm(client, table, preview_in(send(client, table, data)))


def tiers(portal: Portal) -> dict[str, int]:
    with inside(portal):
        return dict(Tier.objects.values_list("name", "rank"))


FIRST = {"Gold": 1, "Silver": 2, "Registered": 3}
A_TABLE_OF_1998 = "Name;Rang;\r\nGold;5;\r\nGroßhändler;4;\r\nSilver;2;\r\n".encode("cp1252")


# --- Import -----------------------------------------------------------------------------------------------


def test_file_is_shown_before_it_changes_anything(cast: Cast, at_acme: Client) -> None:
    answer = send(at_acme, TIERS, b"name,rank\nGold,5\nPlatinum,4\nSilver,2\n")
    page = Page(answer)

    assert answer.status_code == 200
    assert "1 new, 1 changed, 1 as they are." in page.text
    assert [row.text for row in page.root.all("tbody")[0].all("tr")] == [
        "2 Changed Gold 1 5",
        "3 New Platinum 4",
        "4 As it is Silver 2",
    ]
    assert tiers(cast.acme) == FIRST
    with inside(cast.acme):
        assert not Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED).exists()


def test_second_press_imports_what_was_shown(cast: Cast, at_acme: Client, olga: User) -> None:
    answer = import_all(at_acme, TIERS, b"name,rank\nGold,5\nPlatinum,4\nSilver,2\n")

    assert answer["Location"] == TIERS
    assert "Imported: 1 new, 1 changed, 1 as they were." in Page(at_acme.get(TIERS)).text
    assert tiers(cast.acme) == {**FIRST, "Gold": 5, "Platinum": 4}
    assert tiers(cast.globex) == FIRST
    with inside(cast.acme):
        events = Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED).order_by("pk")
        assert [event.changed_fields for event in events] == [["rank"], ["name"]]
        assert {event.facts["operator"] for event in events} == {str(olga.pk)}


def test_spreadsheet_of_1998_is_read(cast: Cast, at_acme: Client) -> None:
    """In the Western code page, with semicolons, in German."""
    at_acme.cookies.clear()
    client = signed_in(new_operator("olaf@operations.example").user, cast.acme)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    preview = preview_in(send(client, TIERS, A_TABLE_OF_1998))
    confirm(client, TIERS, preview)

    assert tiers(cast.acme) == {**FIRST, "Gold": 5, "Großhändler": 4}


def test_second_press_twice_changes_nothing_more(cast: Cast, at_acme: Client) -> None:
    preview = preview_in(send(at_acme, TIERS, b"name,rank\nPlatinum,4\n"))
    confirm(at_acme, TIERS, preview)
    confirm(at_acme, TIERS, preview)

    assert "0 new, 0 changed, 1 as they were" in Page(at_acme.get(TIERS)).text
    assert tiers(cast.acme) == {**FIRST, "Platinum": 4}


def test_bad_rows_are_named_and_nothing_is_imported(cast: Cast, at_acme: Client) -> None:
    long = "x" * 61
    data = f"name,rank\nPlatinum,4\n,7\nBronze,many\n{long},1\nIron,-1\nPlatinum,5\nTin\x01,1\n".encode()
    answer = send(at_acme, TIERS, data)
    errors = [item.text for item in Page(answer).root.all("ul", css="errorlist")[0].all("li")]

    assert answer.status_code == 422
    assert [error.partition(":")[0] for error in errors] == ["Line 7"]
    assert "Platinum is there twice." in errors[0]
    answer = send(at_acme, TIERS, data.replace(b"Platinum,5\n", b""))
    errors = [item.text for item in Page(answer).root.all("ul", css="errorlist")[0].all("li")]
    assert [error.partition(":")[0] for error in errors] == [f"Line {number}" for number in (3, 4, 5, 6, 7)]
    assert "Enter a whole number." in errors[1]
    assert "60 characters" in errors[2]
    assert "control characters" in errors[4]
    assert 'name="preview"' not in answer.content.decode()
    assert tiers(cast.acme) == FIRST


def test_what_a_verb_refuses_stops_the_whole_import(cast: Cast, at_acme: Client) -> None:
    answer = send(at_acme, STAGES, b"name,is_active\nMeeting held,0\nWon,0\n")

    assert "Line 3: One stage for won deals has to stay in use." in Page(answer).text
    with inside(cast.acme):
        assert not DealStage.objects.filter(is_active=False).exists()


def test_what_changed_meanwhile_is_looked_at_again(cast: Cast, at_acme: Client) -> None:
    """Between the two presses the vendor has taken the other stage for won deals out of use."""
    with inside(cast.acme):
        DealStage.objects.create(name="Signed", outcome="won", position=9)
    preview = preview_in(send(at_acme, STAGES, b"name,is_active,probability\nNegotiation,1,80\nWon,0,100\n"))
    with inside(cast.acme):
        DealStage.objects.filter(name="Signed").update(is_active=False)

    answer = confirm(at_acme, STAGES, preview)

    assert answer.status_code == 422
    with inside(cast.acme):
        assert DealStage.objects.get(name="Negotiation").probability == 75
        assert DealStage.objects.get(name="Won").is_active


def test_columns_that_are_not_there_stay_as_they_are(cast: Cast, at_acme: Client) -> None:
    import_all(at_acme, REASONS, b"name,is_active\nNo budget,no\nMoved away,yes\n")

    with inside(cast.acme):
        reasons = dict(LostReason.objects.values_list("name", "position"))
        assert not LostReason.objects.get(name="No budget").is_active
    assert reasons["No budget"] == 1
    assert reasons["Moved away"] == max(reasons.values()) == len(reasons)


def test_choices_are_read_by_word_and_by_value(cast: Cast, at_acme: Client) -> None:
    import_all(at_acme, STAGES, b"name,outcome,probability\nSigned,Won,100\nGone,lost,0\nThought over,open,20\n")

    with inside(cast.acme):
        found = dict(DealStage.objects.values_list("name", "outcome"))
    assert (found["Signed"], found["Gone"], found["Thought over"]) == ("won", "lost", "open")


@pytest.mark.parametrize(
    ("word", "expected"), [("1", True), ("Yes", True), ("x", True), ("", False), ("FALSE", False)]
)
def test_yes_and_no_are_read_as_people_write_them(cast: Cast, at_acme: Client, word: str, expected: bool) -> None:
    import_all(at_acme, REASONS, f"name,is_active\nMoved away,{word}\n".encode())

    with inside(cast.acme):
        assert LostReason.objects.get(name="Moved away").is_active is expected


def test_neither_yes_nor_no_is_an_error(cast: Cast, at_acme: Client) -> None:
    answer = send(at_acme, REASONS, b"name,is_active\nMoved away,perhaps\n")

    assert "Line 2: is_active: Write 1 or 0." in Page(answer).text


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"colour\nred\n"])
def test_file_that_is_no_table_is_refused_beside_the_field(cast: Cast, at_acme: Client, data: bytes) -> None:
    answer = send(at_acme, TIERS, data)

    assert answer.status_code == 422
    assert Page(answer).root.all("ul", css="errorlist")
    assert at_acme.post(f"{TIERS}import/", {}).status_code == 422


def test_name_in_a_file_is_escaped_on_the_page(cast: Cast, at_acme: Client) -> None:
    html = send(at_acme, TIERS, b"name\n<script>alert(1)</script>\n").content.decode()

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


# --- The preview --------------------------------------------------------------------------------------------


def _of_another_table(preview: str) -> str:
    portal, _label, *table = signing.loads(preview, salt=SALT)
    return signing.dumps([portal, "leads.LostReason", *table], salt=SALT, compress=True)


def _of_another_portal(preview: str) -> str:
    _portal, *rest = signing.loads(preview, salt=SALT)
    return signing.dumps(["00000000-0000-0000-0000-000000000000", *rest], salt=SALT, compress=True)


@pytest.mark.parametrize(
    "forge",
    [lambda preview: "", lambda preview: f"{preview}x", _of_another_table, _of_another_portal],
    ids=["empty", "changed", "table", "portal"],
)
def test_preview_of_anything_else_imports_nothing(cast: Cast, at_acme: Client, forge: Callable[[str], str]) -> None:
    preview = preview_in(send(at_acme, TIERS, b"name,rank\nPlatinum,4\n"))
    answer = confirm(at_acme, TIERS, forge(preview))

    assert answer.status_code == 422
    assert "The preview is too old." in Page(answer).text
    assert tiers(cast.acme) == FIRST


def test_preview_is_good_for_an_hour(cast: Cast, olga: User) -> None:
    client = signed_in(olga, cast.acme)
    preview = preview_in(send(client, TIERS, b"name,rank\nPlatinum,4\n"))
    with time_machine.travel(time.time() + LASTS + 1, tick=False):
        assert confirm(signed_in(olga, cast.acme), TIERS, preview).status_code == 422


# --- Export -------------------------------------------------------------------------------------------------


def test_export_comes_back_as_it_was(cast: Cast, at_acme: Client) -> None:
    """With names that a spreadsheet would take for formulas."""
    names = {"=1+1": 4, "@SUM(A1)": 5, "-minus": 6, "'=quoted": 7, 'Said "so"; and, more': 8}
    with inside(cast.acme):
        Tier.objects.bulk_create(Tier(name=name, rank=rank) for name, rank in names.items())
    answer = at_acme.get(f"{TIERS}export/")

    assert answer["Content-Type"] == "text/csv"
    assert re.fullmatch(r'attachment; filename="tier-\d{4}-\d\d-\d\d\.csv"', answer["Content-Disposition"])
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0] == ["name", "rank"]
    assert ["'=1+1", "4"] in lines
    assert "0 new, 0 changed, 8 as they are." in Page(send(at_acme, TIERS, answer.content)).text
    with inside(cast.acme):
        Tier.objects.filter(name__in=names).delete()
    import_all(at_acme, TIERS, answer.content)
    assert tiers(cast.acme) == {**FIRST, **names}


def test_export_as_a_spreadsheet_holds_text_as_text(cast: Cast, at_acme: Client) -> None:
    with inside(cast.acme):
        Tier.objects.create(name="=1+1", rank=1000)
    sheet = load_workbook(io.BytesIO(at_acme.get(f"{TIERS}export/?format=xlsx").content)).active

    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert ("'=1+1", 1000) in rows
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}


@pytest.mark.parametrize("table", [TIERS, REASONS, STAGES])
def test_export_of_each_table_is_its_import(cast: Cast, at_acme: Client, table: str) -> None:
    data = at_acme.get(f"{table}export/").content

    assert " 0 new, 0 changed, " in f" {Page(send(at_acme, table, data)).text}"


def test_export_holds_one_portal(cast: Cast, at_acme: Client) -> None:
    with inside(cast.globex):
        Tier.objects.create(name="Theirs", rank=1)

    assert b"Theirs" not in at_acme.get(f"{TIERS}export/").content


def test_export_of_a_large_table_or_unknown_kind_is_refused(cast: Cast, at_acme: Client) -> None:
    assert at_acme.get(f"{TIERS}export/?format=exe").status_code == 302
    with inside(cast.acme):
        Tier.objects.bulk_create(Tier(name=f"Tier {number}") for number in range(MOST_ROWS))

    assert at_acme.get(f"{TIERS}export/").status_code == 302


@pytest.mark.parametrize("rows", [1, 3])
def test_export_asks_the_database_the_same_for_any_table(cast: Cast, at_acme: Client, rows: int) -> None:
    with inside(cast.acme):
        Tier.objects.all().delete()
        Tier.objects.bulk_create(Tier(name=f"Tier {number}") for number in range(rows))
    with CaptureQueriesContext(connection) as queries:
        at_acme.get(f"{TIERS}export/")

    asked = [query["sql"] for query in queries if "organizations_tier" in query["sql"]]
    assert len(asked) == 2  # how many, and which


def test_largest_file_that_is_taken_is_imported(cast: Cast, at_acme: Client) -> None:
    """Its preview has to fit into the form that brings it back."""
    names = [f"{number:04} {'x' * 40}" for number in range(MOST_ROWS)]
    data = "name,rank\n" + "".join(f"{name},5\n" for name in names)
    import_all(at_acme, TIERS, data.encode())

    assert len(tiers(cast.acme)) == MOST_ROWS + 3

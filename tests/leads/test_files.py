"""Files on a lead: who may put them there, who sees them, what becomes of them when the lead moves on."""

import io
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from leads import actions
from leads.actions import add_file, remove_file_of_lead
from leads.files import files_of
from leads.models import Lead, LeadFile, LostReason
from leads.timeline import lead_timeline
from prm.actions import Gone, Refused
from prm.events.models import Event, EventValue
from prm.files.handed_in import HandedIn
from prm.files.kinds import KINDS
from prm.files.models import StoredFile
from prm.files.store import NotStored
from prm.users.models import Membership
from prm.users.viewing import begin_viewing, running_viewing
from tests.cast import Cast
from tests.factories import assigned_lead, new_lead, opened_lead
from tests.files.making import PDF

pytestmark = pytest.mark.usefixtures("files", "in_acme")


def handed_in(name: str = "offer.pdf", content: bytes = b"") -> HandedIn:
    """A PDF; its name is in it, so that no two are the same."""
    return HandedIn(io.BytesIO(content or PDF + name.encode()), name, KINDS["pdf"])


def put(lead: Lead, name: str, *, by: Membership, is_internal: bool = False) -> LeadFile:
    file, is_new = add_file(lead, handed_in(name), is_internal=is_internal, by=by)
    assert is_new
    return file


def seen(lead: Lead, *members: Membership) -> list[set[str]]:
    """The names that each of them sees on the lead."""
    return [set(LeadFile.objects.visible_to(m).filter(lead=lead).values_list("name", flat=True)) for m in members]


def stored(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# --- Adding ---------------------------------------------------------------------------------------------


def test_add_file_keeps_content_name_and_owner(cast: Cast, files: Path) -> None:
    lead = opened_lead(cast.ada, cast.ben)

    file = put(lead, "offer.pdf", by=cast.ben)

    assert (file.name, file.author, file.organization, file.is_internal) == (
        "offer.pdf",
        cast.ben,
        cast.north,
        False,
    )
    content = PDF + b"offer.pdf"
    assert (file.file.purpose, file.file.organization, file.file.uploaded_by) == ("lead", cast.north, cast.ben)
    assert (file.file.content_type, file.file.size) == ("application/pdf", len(content))
    assert (files / file.file.stored_as).read_bytes() == content
    assert file.file.stored_as.startswith(f"{cast.acme.pk}/")


def test_add_file_changes_neither_state_nor_version(cast: Cast) -> None:
    """As a comment does: nobody's form is stale for it."""
    lead = opened_lead(cast.ada, cast.ben)

    put(lead, "offer.pdf", by=cast.ben)

    again = Lead.objects.get(pk=lead.pk)
    assert (again.status, again.version) == (lead.status, lead.version)


def test_add_file_by_the_vendor_before_anybody_has_the_lead(cast: Cast) -> None:
    lead = new_lead(cast.ada)

    put(lead, "tender.pdf", by=cast.ada)

    assert seen(lead, cast.ada, cast.ben) == [{"tender.pdf"}, set()]


def test_add_file_refuses_a_withheld_lead(cast: Cast) -> None:
    with pytest.raises(Refused, match="has to be opened before"):
        add_file(assigned_lead(cast.ada, cast.ben), handed_in(), by=cast.ben)


def test_add_file_refuses_a_closed_lead(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    actions.lose_lead(lead, reason=LostReason.objects.get(name="No budget"), by=cast.ben)

    for member in (cast.ben, cast.ada):
        with pytest.raises(Refused, match=r"is closed .* cannot be given files"):
            add_file(lead, handed_in(), by=member)


@pytest.mark.parametrize("name", ["cleo", "dora"])
def test_add_file_is_gone_for_a_stranger(cast: Cast, files: Path, name: str) -> None:
    with pytest.raises(Gone):
        add_file(opened_lead(cast.ada, cast.ben), handed_in(), by=getattr(cast, name))

    assert stored(files) == []


def test_add_file_by_a_partner_is_never_internal(cast: Cast) -> None:
    with pytest.raises(Refused, match="Only the vendor"):
        add_file(opened_lead(cast.ada, cast.ben), handed_in(), is_internal=True, by=cast.ben)


def test_add_file_twice_keeps_one(cast: Cast, files: Path) -> None:
    """A double click, or a program that has not heard the answer."""
    lead = opened_lead(cast.ada, cast.ben)
    first = put(lead, "offer.pdf", by=cast.ben)

    again, is_new = add_file(lead, handed_in("copy.pdf", PDF + b"offer.pdf"), by=cast.bea)

    assert (again, is_new) == (first, False)
    assert stored(files) == [PDF + b"offer.pdf"]
    assert Event.objects.filter(kind=Event.Kind.LEAD_FILE_ADDED).count() == 1


def test_add_file_that_others_have_put_there_is_another(cast: Cast, files: Path) -> None:
    """Whether somebody else has the same one, and where, is not told."""
    lead, other = opened_lead(cast.ada, cast.ben), opened_lead(cast.ada, cast.ben)
    put(lead, "offer.pdf", by=cast.ada, is_internal=True)

    for where, member in ((lead, cast.ben), (lead, cast.ada), (other, cast.ben)):
        put(where, "offer.pdf", by=member)

    assert len(stored(files)) == 4


def test_add_file_refuses_the_one_that_is_too_many(cast: Cast, settings: Settings) -> None:
    """Of each side: what the vendor keeps to itself takes no room from the partner, and is not told by it."""
    settings.PRM_FILES_PER_LEAD = 2
    lead = opened_lead(cast.ada, cast.ben)
    for number in range(2):
        put(lead, f"{number}.pdf", by=cast.ada, is_internal=True)
        put(lead, f"{number}.pdf", by=cast.ben)

    for member in (cast.ada, cast.ben):
        with pytest.raises(Refused, match=f"Lead {lead.code} has 2 of your files, which is the most"):
            add_file(lead, handed_in("one more.pdf"), by=member)
    assert LeadFile.objects.count() == 4


def test_add_file_refuses_what_the_portal_has_no_room_for(cast: Cast, settings: Settings, files: Path) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    put(lead, "first.pdf", by=cast.ben)
    settings.PRM_PORTAL_STORAGE = StoredFile.objects.get().size + 100

    with pytest.raises(Refused, match=r"keeps .* of files, and there is no room left for"):
        add_file(lead, handed_in("large.pdf", PDF + b"x" * 100), by=cast.ben)
    assert len(stored(files)) == 1


def test_add_file_on_a_full_disk_leaves_nothing(cast: Cast, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    files.mkdir()
    (files / str(cast.acme.pk)).write_text("no folder")

    with pytest.raises(NotStored):
        add_file(lead, handed_in(), by=cast.ben)

    assert (LeadFile.objects.count(), StoredFile.objects.count()) == (0, 0)
    assert not Event.objects.filter(kind=Event.Kind.LEAD_FILE_ADDED).exists()


# --- Who sees them --------------------------------------------------------------------------------------


def test_files_of_each_side_are_for_both_but_internal_ones(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    put(lead, "tender.pdf", by=cast.ada)
    put(lead, "margin.pdf", by=cast.ada, is_internal=True)
    put(lead, "offer.pdf", by=cast.ben)

    vendor, holder = {"tender.pdf", "margin.pdf", "offer.pdf"}, {"tender.pdf", "offer.pdf"}
    assert seen(lead, cast.ada, cast.vic, cast.ben, cast.bea, cast.eve) == [vendor, vendor, holder, holder, holder]
    assert seen(lead, cast.cleo, cast.dora) == [set(), set()]


def test_files_of_a_withheld_lead_are_withheld(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.ben)
    put(lead, "tender.pdf", by=cast.ada)
    assert seen(lead, cast.ben, cast.bea) == [set(), set()]

    actions.open_lead(lead, by=cast.ben)

    assert seen(lead, cast.ben, cast.bea) == [{"tender.pdf"}] * 2


def test_files_of_a_former_holder_are_not_the_next_ones(cast: Cast) -> None:
    """As with comments and activities: they stay with the vendor, and come back with the lead."""
    lead = opened_lead(cast.ada, cast.ben)
    put(lead, "tender.pdf", by=cast.ada)
    put(lead, "offer.pdf", by=cast.ben)

    lead = actions.recall_lead(lead, by=cast.ada)
    assert seen(lead, cast.ada, cast.ben, cast.bea) == [{"tender.pdf", "offer.pdf"}, set(), set()]

    lead = actions.open_lead(actions.assign_lead(lead, to=cast.cleo, by=cast.ada), by=cast.cleo)
    assert seen(lead, cast.ada, cast.cleo, cast.ben) == [{"tender.pdf", "offer.pdf"}, {"tender.pdf"}, set()]

    lead = actions.open_lead(actions.assign_lead(lead, to=cast.bea, by=cast.ada), by=cast.bea)
    assert seen(lead, cast.bea, cast.cleo) == [{"tender.pdf", "offer.pdf"}, set()]


def test_files_handed_over_within_the_organization_stay(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    put(lead, "offer.pdf", by=cast.ben)

    actions.hand_over_lead(lead, to=cast.bea, by=cast.ben)

    assert seen(lead, cast.bea, cast.ben) == [{"offer.pdf"}, set()]  # Ben receives leads, and sees his own only


def test_files_seen_through_somebodys_eyes_are_those_of_both(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    put(lead, "margin.pdf", by=cast.ada, is_internal=True)
    put(lead, "offer.pdf", by=cast.ben)
    viewing = running_viewing(begin_viewing(cast.ben, reason="Cannot find it", by=cast.ada).pk, viewer=cast.ada)
    assert viewing is not None

    assert seen(lead, viewing.viewed) == [{"offer.pdf"}]


def test_files_of_a_lead_are_one_query(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    for count in (1, 3):
        while LeadFile.objects.count() < count:
            put(lead, f"{LeadFile.objects.count()}.pdf", by=cast.ben)
        for member in (cast.ada, cast.ben):
            with django_assert_num_queries(1):
                found = files_of(lead, member)
                assert [(f.name, f.author.name, f.file.kind.name) for f in found] == [
                    (f"{number}.pdf", "Ben", "pdf") for number in reversed(range(count))
                ]


def test_file_can_be_removed_by_its_author_and_the_vendor(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    put(lead, "tender.pdf", by=cast.ada)
    put(lead, "offer.pdf", by=cast.ben)
    verbs = ["add_file", "remove_file"]

    def offered(member: Membership) -> set[str]:
        return {file.name for file in files_of(lead, member, verbs) if file.can_remove}

    assert offered(cast.ada) == {"tender.pdf", "offer.pdf"}
    assert (offered(cast.ben), offered(cast.bea)) == ({"offer.pdf"}, set())
    assert not any(file.can_remove for file in files_of(lead, cast.ada))


# --- Removing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ben", "ada", "vic"])
def test_remove_file_forgets_the_row_and_notes_it(cast: Cast, name: str) -> None:
    lead, by = opened_lead(cast.ada, cast.ben), getattr(cast, name)
    file = put(lead, "offer.pdf", by=cast.ben)

    remove_file_of_lead(file, by=by)

    assert (LeadFile.objects.count(), StoredFile.objects.count()) == (0, 0)
    event = Event.objects.get(kind=Event.Kind.LEAD_FILE_REMOVED)
    assert (event.actor, event.organization, event.is_private) == (by, cast.north, False)
    assert "offer" not in str(event.facts)  # a name may be a person's: it stands where erasure reaches it
    assert EventValue.objects.get(event=event).old == "offer.pdf"


def test_remove_file_removes_the_bytes_once_that_is_certain(
    cast: Cast, files: Path, django_capture_on_commit_callbacks: Any
) -> None:
    file = put(opened_lead(cast.ada, cast.ben), "offer.pdf", by=cast.ben)

    with django_capture_on_commit_callbacks() as after_commit:
        remove_file_of_lead(file, by=cast.ben)
    assert len(stored(files)) == 1

    for callback in after_commit:
        callback()
    assert stored(files) == []


def test_remove_file_of_a_colleague_is_refused(cast: Cast, files: Path) -> None:
    file = put(opened_lead(cast.ada, cast.ben), "offer.pdf", by=cast.ben)

    with pytest.raises(Refused, match="Only Ben and the vendor can remove this file"):
        remove_file_of_lead(file, by=cast.bea)
    assert len(stored(files)) == 1


def test_remove_file_of_the_vendor_is_the_vendors(cast: Cast) -> None:
    file = put(opened_lead(cast.ada, cast.ben), "tender.pdf", by=cast.ada)

    with pytest.raises(Refused):
        remove_file_of_lead(file, by=cast.ben)


def test_remove_file_that_one_does_not_see_is_gone(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    internal, own = put(lead, "margin.pdf", by=cast.ada, is_internal=True), put(lead, "offer.pdf", by=cast.ben)
    with pytest.raises(Gone):
        remove_file_of_lead(internal, by=cast.ben)

    actions.open_lead(actions.assign_lead(lead, to=cast.cleo, by=cast.ada), by=cast.cleo)

    for member in (cast.ben, cast.cleo):
        with pytest.raises(Gone):
            remove_file_of_lead(own, by=member)


def test_remove_file_twice_is_gone(cast: Cast) -> None:
    file = put(opened_lead(cast.ada, cast.ben), "offer.pdf", by=cast.ben)
    remove_file_of_lead(file, by=cast.ben)

    with pytest.raises(Gone):
        remove_file_of_lead(file, by=cast.ben)


def test_remove_file_of_a_closed_lead_is_the_vendors(cast: Cast) -> None:
    """What has to be forgotten can be forgotten, whatever state the lead is in."""
    lead = opened_lead(cast.ada, cast.ben)
    file = put(lead, "offer.pdf", by=cast.ben)
    actions.win_lead(lead, by=cast.ben)
    with pytest.raises(Refused, match="cannot be cleared of files"):
        remove_file_of_lead(file, by=cast.ben)

    remove_file_of_lead(file, by=cast.ada)

    assert LeadFile.objects.count() == 0


# --- The stream -----------------------------------------------------------------------------------------


def stream(lead: Lead, member: Membership) -> list[tuple[str, str, str]]:
    """Newest first: what was said of files."""
    entries = lead_timeline(lead, member)
    return [(entry.text, entry.detail, entry.tag) for entry in entries if entry.text.endswith("a file")]


def test_stream_tells_of_files_to_those_who_see_them(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    put(lead, "margin.pdf", by=cast.ada, is_internal=True)
    remove_file_of_lead(put(lead, "offer.pdf", by=cast.ben), by=cast.ben)

    shared = [("removed a file", "offer.pdf", ""), ("added a file", "offer.pdf", "")]
    assert stream(lead, cast.ben) == shared
    assert stream(lead, cast.ada) == [*shared, ("added a file", "margin.pdf", "Internal")]


def test_stream_does_not_tell_the_next_holder_what_was_called_what(cast: Cast) -> None:
    """Not even when the vendor tidies up after the former one."""
    lead = opened_lead(cast.ada, cast.ben)
    file = put(lead, "offer.pdf", by=cast.ben)
    lead = actions.open_lead(actions.assign_lead(lead, to=cast.cleo, by=cast.ada), by=cast.cleo)
    remove_file_of_lead(file, by=cast.ada)

    assert stream(lead, cast.cleo) == []
    assert [text for text, _name, _tag in stream(lead, cast.ada)] == ["removed a file", "added a file"]


def test_stream_of_a_file_whose_name_was_erased(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    put(lead, "offer.pdf", by=cast.ben)
    EventValue.objects.filter(field="file").update(old="", new="")

    assert stream(lead, cast.ada) == [("added a file", "", "")]


# --- A distributor, who looks on at its resellers ------------------------------------------------------------


def test_files_of_a_reseller_are_its_distributors_to_read_once_the_lead_is_open(cast: Cast) -> None:
    lead = assigned_lead(cast.ada, cast.cleo)  # South sells under East
    put(lead, "vendors.pdf", by=cast.ada)
    put(lead, "internal.pdf", by=cast.ada, is_internal=True)
    withheld = seen(lead, cast.dora)
    lead = actions.open_lead(lead, by=cast.cleo)
    put(lead, "souths.pdf", by=cast.cleo)

    assert withheld == [set()]
    assert seen(lead, cast.cleo, cast.dora, cast.ben) == [
        {"vendors.pdf", "souths.pdf"},
        {"vendors.pdf", "souths.pdf"},
        set(),
    ]


def test_files_of_a_reseller_are_nothing_to_its_distributor_once_the_lead_is_elsewhere(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.cleo)
    put(lead, "souths.pdf", by=cast.cleo)
    lead = actions.open_lead(actions.assign_lead(lead, to=cast.ben, by=cast.ada), by=cast.ben)

    assert seen(lead, cast.dora, cast.ben, cast.ada) == [set(), set(), {"souths.pdf"}]


def test_distributor_adds_and_removes_nothing_at_its_resellers(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.cleo)
    file = put(lead, "souths.pdf", by=cast.cleo)

    with pytest.raises(Refused):
        add_file(lead, handed_in("easts.pdf"), by=cast.dora)
    with pytest.raises(Refused):
        remove_file_of_lead(file, by=cast.dora)
    assert seen(lead, cast.cleo) == [{"souths.pdf"}]

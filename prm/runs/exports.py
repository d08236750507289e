"""Export: a list as a file, exactly as its page shows it to the one who asks, a piece at a time.

First the ids are gathered, in the list's order, in one statement that brings none of them here. Then piece
after piece is read, each in a transaction inside the portal, by the rights and the list's filters of that
moment, and laid into the store. At the end the pieces become one file, the requester's, for a day.
"""

import hashlib
import tempfile
import uuid
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, IntegerField, QuerySet
from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from prm.events.models import Event
from prm.events.record import record
from prm.files import store
from prm.files.actions import Written, note_file
from prm.files.models import StoredFile
from prm.files.sheets import SHEETS, Sheet
from prm.lists.columns import Column
from prm.lists.listing import Listing, listing
from prm.runs.actions import start_run
from prm.runs.kinds import KINDS, Kind, register
from prm.runs.models import Run
from prm.runs.parts import file_place, part_place
from prm.runs.working import Hold, Stopped, finish
from prm.users.models import Membership

EXPORT = "export"
PIECE = 2000  # rows in memory
IN_MEMORY = 8 * 1024 * 1024  # bytes of the finished file, before it goes to a temporary one


def start_export(
    name: str,
    *,
    query: QueryDict,
    sheet: str,
    token: uuid.UUID,
    by: Membership,
    chosen: list[uuid.UUID] | None = None,
) -> Run:
    """Have a list made a file of, or the `chosen` rows of it. `query` is its page's query string.

    Raises Gone for an unknown list, PermissionDenied, and InvalidParameter as the page itself would.
    """
    asked = listing(name)
    asked.require(by)
    asked.rows(by, query)  # says what is wrong with the query while somebody is there to hear it
    columns = [column.key for column in asked.columns(by, query)]
    return start_run(
        KINDS[EXPORT],
        by=by,
        token=token,
        title=_("Export of %(list)s as %(format)s") % {"list": asked.label, "format": sheet.upper()},
        listing=name,
        query=query.urlencode(),
        chosen=chosen,
        parameters={"sheet": sheet, "columns": columns},
    )


def sheet_of(run: Run) -> Sheet:
    return SHEETS[run.parameters["sheet"]]


# --- Steps ----------------------------------------------------------------------------------------------


def advance(hold: Hold) -> bool:
    """Gather, a piece, or the file."""
    with hold.look() as (run, _member):
        is_gathered, is_read = run.total is not None, run.position == run.total
    if not is_gathered:
        _gather(hold)
    elif not is_read:
        _add_piece(hold)
    else:
        _make_file(hold)
    return not is_read


def _gather(hold: Hold) -> None:
    with hold.move() as (run, member):
        most = sheet_of(run).most_rows
        rows = _rows(run, member)
        wanted = Run.objects.filter(pk=run.pk).values_list("chosen", flat=True).get()
        if wanted:
            rows = rows.filter(pk__in=wanted)
        Run.objects.filter(pk=run.pk).update(chosen=ArraySubquery(rows.values("pk")[: most + 1]))
        cardinality = Func(F("chosen"), function="cardinality", output_field=IntegerField())
        run.total = Run.objects.filter(pk=run.pk).values_list(cardinality, flat=True).get()
        if run.total > most:
            words = _("This list has more than %(most)s rows, which is the most for this format. Narrow it down.")
            raise Stopped(words % {"most": number_format(most, force_grouping=True)})
        labels = [str(column.label) for column in _columns(run, member)]
        run.parts = [part_place(hold.portal.pk, run.pk, hold.token, 0)]
        store.write(run.parts[0], sheet_of(run).head(labels))


def _add_piece(hold: Hold) -> None:
    with hold.look() as (run, member):
        before, ids = run.position, hold.upcoming(run.position, PIECE)
        shown = _listing(run).shown
        found = {row.pk: row for row in _rows(run, member).filter(pk__in=ids).order_by()}
        rows = [shown(found[pk], member) for pk in ids if pk in found]
        columns = _columns(run, member)
        piece = sheet_of(run).piece([[column.value(row) for column in columns] for row in rows])
    place = part_place(hold.portal.pk, hold.run_id, hold.token, before + 1)
    store.write(place, piece)
    with hold.move() as (run, _member):
        run.parts.append(place)
        run.done += len(rows)
        run.missing += len(ids) - len(rows)  # gone, changed, or out of sight since the ids were gathered


def _make_file(hold: Hold) -> None:
    with hold.look() as (run, _member):
        sheet, parts = sheet_of(run), run.parts
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as made:
        sheet.write((store.read(part) for part in parts), made)
        written = _store(file_place(hold.portal.pk, hold.run_id, hold.token), made)
    with hold.move() as (run, member):
        run.file = note_file(
            written,
            purpose=StoredFile.Purpose.EXPORT,
            organization=member.organization,
            content_type=sheet.content_type,
            by=member,
        )
        record(
            Event.Kind.LIST_EXPORTED,
            run,
            by=member,
            organization=None if member.is_vendor else member.organization,
            facts={"list": run.listing, "rows": run.done},
        )
        finish(run, Run.Status.DONE)


def _store(place: str, made: tempfile.SpooledTemporaryFile[bytes]) -> Written:
    made.seek(0)
    digest = hashlib.file_digest(made, "sha256").hexdigest()
    size = made.tell()
    made.seek(0)
    store.remove(place)  # of an attempt that did not come to its end
    store.write(place, made)
    return Written(place, size=size, sha256=digest)


# --- What the list shows --------------------------------------------------------------------------------


def _listing(run: Run) -> Listing:
    return listing(run.listing)


def _rows(run: Run, member: Membership) -> QuerySet[Any]:
    return _listing(run).rows(member, QueryDict(run.query))


def _columns(run: Run, member: Membership) -> list[Column]:
    """As they were when it was asked for, whatever the person has chosen for the page since."""
    return _listing(run).columns_named(member, run.parameters["columns"])


register(Kind(EXPORT, advance))

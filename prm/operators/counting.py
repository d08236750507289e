"""How many rows each table holds, in all and per portal: what a backup promises and a restore is held to."""

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db.backends.utils import CursorWrapper

Counts = dict[str, dict[str, int]]
"""By table, by portal's id; '' stands for the rows of a table that has no portal."""

TABLES = (
    "SELECT c.relname, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'portal_id')"
    " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
)


def counts_in_database(cursor: CursorWrapper, *, without: Iterable[str] = ()) -> Counts:
    """As this cursor's transaction sees them, which has to be the owner's with its eyes open."""
    cursor.execute(TABLES)
    counts: Counts = {}
    for table, has_portal in cursor.fetchall():
        if table in without:
            continue
        key = "portal_id::text" if has_portal else "''"
        cursor.execute(f'SELECT {key}, count(*) FROM "{table}" GROUP BY 1 HAVING count(*) > 0')  # noqa: S608
        counts[table] = dict(cursor.fetchall())
    return counts


def counts_in_script(lines: Iterable[bytes]) -> Counts:
    """As a plain SQL dump brings them: the lines of each COPY, by the value of its column portal_id."""
    counts: Counts = {}
    it = iter(lines)
    for line in it:
        if line.startswith(b"COPY public."):
            head, _, columns = line.decode().partition(" (")
            names = columns.partition(")")[0].replace('"', "").split(", ")
            table = head.removeprefix("COPY public.").strip('"')
            counts[table] = _counted(it, names.index("portal_id") if "portal_id" in names else None)
    return counts


def _counted(lines: Iterator[bytes], column: int | None) -> dict[str, int]:
    found: Counter[str] = Counter()
    for line in lines:
        if line == b"\\.\n":
            break
        found[line.rstrip(b"\n").split(b"\t")[column].decode() if column is not None else ""] += 1
    return dict(found)


def differences(promised: Counts, found: Counts) -> list[str]:
    """In words, table by table and portal by portal; none when they are the same."""
    words = []
    for table in sorted(promised.keys() | found.keys()):
        here, there = promised.get(table, {}), found.get(table, {})
        for portal in sorted(here.keys() | there.keys()):
            if here.get(portal, 0) != there.get(portal, 0):
                whose = f" of portal {portal}" if portal else ""
                words.append(f"{table}{whose}: {here.get(portal, 0)} rows promised, {there.get(portal, 0)} found")
    return words

"""Sabotage of long runs: whose they are, that no row is done twice, that no cell they write is a formula."""

from tests.mutants.mutant import Mutant

WORKING, EXPORTS = "prm/runs/working.py", "prm/runs/exports.py"
PAGES = "tests/runs/test_pages.py"

MUTANTS = [
    Mutant(
        "everybody sees everybody's runs",
        "prm/runs/models.py",
        "return self.filter(requester=member) if member.viewer is None else self.none()",
        "return self",
        PAGES,
        "What somebody asked for, and the file, is that person's own.",
    ),
    Mutant(
        "a file outlives the rights it was made with",
        "prm/runs/downloads.py",
        "or not set(run.rights) <= set(rights_of(member)):",
        "or False:",
        f"{PAGES} tests/runs/test_api.py",
        "Rights are asked for again at the download.",
    ),
    Mutant(
        "a run goes on without its requester",
        WORKING,
        "    if member is None or not may(",
        "    if False and not may(",
        "tests/runs/test_working.py tests/runs/test_exports.py",
        "Whoever was disabled does nothing any more.",
    ),
    Mutant(
        "a worker that lost its run writes on",
        WORKING,
        "Run.objects.filter(claim=self.token, status=Status.RUNNING, portal__is_active=True)",
        "Run.objects.filter(portal__is_active=True)",
        "tests/runs/test_working.py",
        "Two workers would do the same row, each once.",
    ),
    Mutant(
        "a run is taken from its worker at once",
        WORKING,
        "LEFT_BEHIND = Q(status=Status.RUNNING, lease_until__lte=Now())",
        "LEFT_BEHIND = Q(status=Status.RUNNING)",
        "tests/runs/test_working.py",
        "Only a lease that ran out says that a worker is gone.",
    ),
    Mutant(
        "an export shows what the list withholds",
        EXPORTS,
        "rows = [shown(found[pk], member) for pk in ids if pk in found]",
        "rows = [found[pk] for pk in ids if pk in found]",
        "tests/runs/test_exports.py",
        "A lead that is not opened shows its number, in a file as on the page.",
    ),
    Mutant(
        "a cell may be a formula",
        "prm/files/cells.py",
        'return f"\'{text}" if is_risky or looks_guarded else text',
        "return text",
        "tests/files/test_sheets.py",
        "A spreadsheet would carry out what a stranger typed.",
    ),
    Mutant(
        "a form that is sent twice asks twice",
        "prm/runs/actions.py",
        "    if asked_before := own.filter(token=token).first():",
        "    if asked_before := own.none().first():",
        "tests/runs/test_exports.py -k sent_twice",
        "A double click is one wish.",
    ),
    Mutant(
        "taking back undoes what somebody else decided",
        "prm/runs/verbs.py",
        "if last is None or last.request_id != parameters[UNDOES]:",
        "if last is None:",
        "tests/deals/test_bulk.py tests/users/test_bulk.py",
        "A run takes back what it did, and nothing that came after.",
    ),
    Mutant(
        "a parcel goes out once for each of its rows",
        "prm/events/bulk.py",
        "    if not _went_along(mail):",
        "    if mail:",
        "tests/events/test_bulk.py",
        "What was one mail is one mail again.",
    ),
    Mutant(
        "everybody may ask the API for the vendor's filters",
        "prm/lists/listing.py",
        "return [each for each in self.every_filter if each.is_for(member)]",
        "return list(self.every_filter)",
        "tests/lists/test_page_and_api.py",
        "What is the vendor's alone is no filter of a partner's list.",
    ),
]

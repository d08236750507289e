"""The house rules that a machine can read: sizes, floors, where the bell is rung, what templates hold."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[2]
PACKAGES = ("prm", "leads", "deals", "referrals", "integrations")
CODE = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if path.parent.name != "emails"]
LONGEST_FUNCTION = 60
LONGEST_FILE = 450
LONG_FOR_A_REASON = {
    "leads/migrations/0001_leads.py": "written by Django, field by field",
    "static/css/app.css": "one stylesheet, in the order of the page; splitting it would cost requests",
}
RINGERS = {"prm/events/bell.py": "`ring` is the one hand on the bell, called after commit"}


NOT_BROUGHT_BACK = {
    "templates/users/invitation.html": "for whoever has no session",
    "templates/users/security.html": "a few numbers",
    "templates/users/email.html": "an address, and a mail is on its way",
    "templates/events/notifications.html": "a few choices",
    "templates/lists/view_form.html": "a name and two choices",
    "templates/sso/provider.html": "holds a client secret, which is kept nowhere",
    "templates/runs/many.html": "a choice or two, about rows that were ticked on the page before",
    "templates/leads/settings.html": "a few choices",
    "templates/leads/files.html": "files, which are kept nowhere",
    "templates/deals/settings.html": "a few words",
    "templates/organizations/portal_settings.html": "a name, two colours, and a file, which is kept nowhere",
}
CREDENTIALS = ("templates/account/", "templates/mfa/")  # passwords and codes are kept nowhere


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(path: Path) -> Iterator[str]:
    """The names of the methods that a file calls."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


# --- Floors and migrations ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_import_contracts_know_every_package() -> None:
    """A package that the contract does not name could import whatever it likes."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}

    assert set(contract["root_packages"]) == packages == set(PACKAGES)
    assert contract["contracts"][0]["layers"] == ["integrations", "referrals | deals", "leads", "prm"]


# --- Sizes ----------------------------------------------------------------------------------------------


def test_no_function_is_long() -> None:
    long = []
    for path in [*CODE, *TESTS]:
        for function in functions(path):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > LONGEST_FUNCTION:
                long.append(f"{name_of(path)}: {function.name} has {lines} lines")

    assert len(CODE) > 100
    assert long == []


def test_no_file_is_long_but_the_reasoned_ones() -> None:
    files = [*CODE, *TESTS, *TEMPLATES, *(ROOT / "static").rglob("*.css"), *(ROOT / "static").rglob("*.js")]
    long = {name_of(path) for path in files if len(path.read_text().splitlines()) > LONGEST_FILE}

    assert long == set(LONG_FOR_A_REASON)


def test_every_file_says_what_it_is_for() -> None:
    """A docstring on top, except where there is only a list of addresses, or Django's own shape."""
    shapes = re.compile(r"__init__|urls|apps|\d{4}_\w+")
    silent = [
        name_of(path)
        for path in [*CODE, *TESTS]
        if not shapes.fullmatch(path.stem) and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == []


# --- One way to do a thing --------------------------------------------------------------------------------


def test_only_the_ringer_calls_a_task() -> None:
    """A task called inside a transaction may start before the rows are there: ring after commit."""
    ringers = {name_of(path) for path in CODE if {"delay", "apply_async", "send_task"} & set(calls(path))}

    assert ringers == set(RINGERS)


def test_nobody_sends_mail_but_the_outbox() -> None:
    senders = {
        name_of(path)
        for path in CODE
        if re.search(
            r"\b(send_mail|EmailMessage|EmailMultiAlternatives|mail_admins|email_user)\b", path.read_text()
        )
    }

    assert senders == {"prm/events/mail_server.py", "prm/events/mails.py"}


def test_only_one_module_asks_other_servers() -> None:
    """It alone knows where a request may go. `prm.local` looks after its own servers."""
    clients = r"^\s*(?:import|from) (?:http\.client|urllib\.request|urllib3|requests|httpx|aiohttp)\b"
    askers = {name_of(path) for path in CODE if re.search(clients, path.read_text(), re.M)}

    assert {name for name in askers if not name.startswith("prm/local/")} == {"prm/serving/outbound.py"}


def test_nothing_runs_by_signal() -> None:
    signals = {
        name_of(path)
        for path in CODE
        if re.search(r"django\S* import .*(receiver|post_save|pre_save|m2m_changed)", path.read_text())
    }

    assert signals == set()


def test_only_the_fence_goes_round_the_fence() -> None:
    """Neither `_base_manager` tricks nor another connection: a query comes through a fenced manager."""
    detours = {
        name_of(path)
        for path in CODE
        if re.search(r"_base_manager|\.using\(|models\.Manager\b|app\.portal_id|row_security", path.read_text())
        and "migrations" not in path.parts
    }

    assert detours == {"prm/organizations/fence.py", "prm/organizations/context.py"}


# --- Templates --------------------------------------------------------------------------------------------


def found_in(paths: list[Path], pattern: str) -> dict[str, list[str]]:
    """By file, every place that matches."""
    found = {name_of(path): re.findall(pattern, path.read_text()) for path in paths}
    return {name: places for name, places in found.items() if places}


def test_pages_hold_no_script_and_no_style() -> None:
    """The content security policy would block them. Mails know no stylesheet."""
    assert len(PAGES) > 50
    assert found_in(PAGES, r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)[^>]*>") == {}


def test_forms_that_people_type_into_bring_back_what_was_typed() -> None:
    """After a session that ran out: tests/test_typed.py sends each of them."""
    form = re.compile(r"<form[^>]*post.*?</form>", re.DOTALL)
    typed_into = {
        name_of(path)
        for path in PAGES
        for text in form.findall(path.read_text())
        if "{% field " in text and "{% typed_by" not in text and not name_of(path).startswith(CREDENTIALS)
    }

    assert typed_into == set(NOT_BROUGHT_BACK)


def test_templates_escape_everything() -> None:
    assert found_in(TEMPLATES, r"\|\s*safe\b|safeseq|autoescape\s+off") == {}


def test_python_marks_no_text_as_safe() -> None:
    """`format_html` and ours escape what they are given; `mark_safe` would believe it. A package draws icons."""
    believers = {name_of(path) for path in CODE if re.search(r"mark_safe|SafeString\(|__html__", path.read_text())}

    assert believers == {"prm/markup.py", "prm/organizations/templatetags/portal.py"}

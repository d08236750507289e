"""What holds for every template and for the stylesheet, read as text."""

import re
from pathlib import Path
from zipfile import ZipFile

import heroicons
import pytest
from django.contrib import admin
from django.template.loader import get_template

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
OF_THE_ADMIN = ("admin/", "operators/")
MAILS = sorted(path.stem for path in (TEMPLATES / "emails").glob("*.html"))
CSS = (ROOT / "static" / "css" / "app.css").read_text()
RULES = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)


def text_of(name: str) -> str:
    return (TEMPLATES / name).read_text()


@pytest.mark.parametrize("name", PAGES)
def test_template_compiles(name: str) -> None:
    assert get_template(name)


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("emails/")])
def test_page_keeps_to_the_content_security_policy(name: str) -> None:
    text = text_of(name)

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|hx-on", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("name", PAGES)
def test_every_post_form_carries_its_token(name: str) -> None:
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text_of(name), flags=re.S):
        assert "{% csrf_token %}" in form


def test_icons_exist() -> None:
    with ZipFile(Path(heroicons.__file__).parent / "heroicons.zip") as icons:
        known = {name.removesuffix(".svg") for name in icons.namelist()}
    asked = set()
    for name in PAGES:
        for icon, style in re.findall(r'{% icon "([a-z-]+)"(?: "(\w+)")? %}', text_of(name)):
            asked.add(f"{style or 'outline'}/{icon}")
        asked |= {f"outline/{icon}" for icon in re.findall(r'icon_name="([a-z-]+)"', text_of(name))}

    assert len(asked) > 30
    assert asked - known == set()


def test_each_mail_comes_as_text_too() -> None:
    texts = {path.stem for path in (TEMPLATES / "emails").glob("*.txt")}

    assert texts - set(MAILS) == {"account_notice_text"}  # stands in both
    assert set(MAILS) <= texts


@pytest.mark.parametrize("name", MAILS)
def test_mail_names_no_detail_of_a_lead(name: str) -> None:
    allowed = {"portal", "recipient", "actor", "url", "code", "subject", "who", "vendor", "language", "is_rtl"}
    allowed |= {"line", "more", "settings_url"}
    for ending in ("html", "txt"):
        text = text_of(f"emails/{name}.{ending}")
        used = {word.partition(".")[0] for word in re.findall(r"{{ ?([\w.]+)", text)}
        assert used <= allowed


def test_stylesheet_uses_no_property_it_does_not_set() -> None:
    used = set(re.findall(r"var\((--[\w-]+)", RULES))
    made = set(re.findall(r"(--[\w-]+):", RULES))

    assert used - made == set()
    assert made - used == set()


def test_stylesheet_has_logical_directions_only() -> None:
    physical = re.findall(
        r"(?:margin|padding|border)-(?:left|right|top|bottom)|text-align:\s*(?:left|right)|[^-\w](?:left|right|width|height):",
        RULES,
    )

    assert physical == []


def test_classes_in_templates_are_styled_or_scripted() -> None:
    """A class that neither stylesheet nor script knows is a leftover or a slip of the pen."""
    known = set(re.findall(r"\.([a-z][\w-]*)", RULES))
    used = set()
    for name in PAGES:
        if name.startswith(OF_THE_ADMIN):
            continue
        for value in re.findall(r'class="([^"]*)"', text_of(name)):
            plain = re.sub(r"{%.*?%}|{{.*?}}", " ", value)
            used |= {word for word in plain.split() if not word.endswith("-")}

    assert len(used) > 80
    assert used - known == set()


def test_classes_of_the_admin_are_styled_by_django_or_by_us() -> None:
    styles = [ROOT / "static" / "css" / "admin.css", *(Path(admin.__file__).parent / "static").rglob("*.css")]
    known = {name for path in styles for name in re.findall(r"\.([a-z][\w-]*)", path.read_text())}
    texts = [text_of(name) for name in PAGES if name.startswith(OF_THE_ADMIN)]
    values = [re.sub(r"{%.*?%}|{{.*?}}", " ", v) for text in texts for v in re.findall(r'class="([^"]*)"', text)]

    assert len(values) > 10
    assert {word for value in values for word in value.split()} - known == set()

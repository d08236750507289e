"""Markup made by Python: nothing that a value holds becomes a tag, an attribute or a place for the next value."""

import pytest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from prm.markup import joined, markup

EVIL = ['<script>alert("x")</script>', "it's & <b>", '" onfocus="alert(1)', "{0} {} {x.__class__}", "", None, 7]


@pytest.mark.parametrize("value", EVIL)
def test_markup_escapes_a_value(value: object) -> None:
    made = markup('<a title="{}">{}</a>', value, value)

    assert isinstance(made, SafeString)
    assert made == format_html('<a title="{}">{}</a>', value, value)


def test_markup_takes_markup_as_it_is() -> None:
    assert markup("<p>{}</p>", markup("<b>{}</b>", "<i>")) == "<p><b>&lt;i&gt;</b></p>"


def test_markup_takes_words_in_the_readers_language() -> None:
    assert markup("<p>{}</p>", gettext_lazy("Leads")) == "<p>Leads</p>"


def test_joined_escapes_what_is_no_markup() -> None:
    made = joined([markup("<b>{}</b>", 1), "<b>"])

    assert isinstance(made, SafeString)
    assert made == "<b>1</b>&lt;b&gt;"

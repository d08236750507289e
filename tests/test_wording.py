"""The readers behind the guard of words: what they find, and what they let pass."""

import ast

import pytest

from tests.wording import numbers_in_attributes, unmarked_in_code, unmarked_in_template


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello there</p>", ["Hello there"]),
        ('<a title="Look">{% icon "eye" %}</a>', ["Look"]),
        ('<form data-confirm="Sure?">', ["Sure?"]),
        ('{% include "x.html" with title="No leads" size="large" %}', ["No leads"]),
        ('{{ name|default:"None yet" }}', ["None yet"]),
        ("{% if a %}{{ b }} days{% endif %}", ["days"]),
    ],
)
def test_template_with_words_of_its_own_is_found(template: str, found: list[str]) -> None:
    assert unmarked_in_template(template) == found


@pytest.mark.parametrize(
    "template",
    [
        '{% translate "Hello there" %} · {{ name }}, {{ at|date:"j F Y" }} 12 %',
        "{% blocktranslate %}Hello {{ name }}{% plural %}Hello all{% endblocktranslate %}",
        "{% comment %}For whoever reads the code.{% endcomment %}{# and this #}",
        '<a class="button primary" href="/leads/">{% translate "Go" %}</a><code>manage.py</code>',
        "{% block page_class %}narrow{% endblock %}",
    ],
)
def test_template_whose_words_are_all_marked_passes(template: str) -> None:
    assert unmarked_in_template(template) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('raise Refused("Not now.")', ["Not now."]),
        ('raise Refused(_("Not now."))', []),
        ('raise ValidationError(f"{name} is taken.")', [" is taken."]),
        ('messages.success(request, "Saved.")', ["Saved."]),
        ('name = forms.CharField(label="Name")', ["Name"]),
        ('class Kind(models.TextChoices):\n    CALL = "call", "Call"', ["Call"]),
        ('class Kind(models.TextChoices):\n    CALL = "call", _("Call")', []),
    ],
)
def test_code_with_words_of_its_own_is_found(code: str, found: list[str]) -> None:
    assert [text for _line, text in unmarked_in_code(ast.parse(code))] == found


def test_numbers_in_attributes_are_found() -> None:
    assert numbers_in_attributes('<rect x="{{ part.start }}" width="8"/>') == ['"{{ part.start }}"']
    assert numbers_in_attributes('<progress max="100" value="{{ done }}">') == ['"{{ done }}"']
    assert numbers_in_attributes("""<rect x="{{ part.start|stringformat:'d' }}"/><p title="{{ number }}">""") == []

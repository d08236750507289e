"""Values that cannot be: each is a 400 that names its field, and nothing is written."""

import json
from typing import Any

import pytest

from leads.models import Lead
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.api.asking import Caller, faults, made, problem_in
from tests.cast import Cast
from tests.factories import new_lead, opened_lead

LONG = "x" * 10_000
IMPOSSIBLE: list[tuple[str, Any, str]] = [
    *((name, LONG, "max_length") for name in ("company", "first_name", "last_name", "title", "phone", "mobile")),
    *((name, LONG, "max_length") for name in ("street", "city", "state", "postal_code", "industry", "source")),
    *((name, LONG, "max_length") for name in ("product_interest", "timeframe", "source_detail", "campaign")),
    *((name, LONG + "x", "max_length") for name in ("description", "internal_notes")),
    *((name, None, "null") for name in ("company", "last_name", "email", "website", "country", "description")),
    *((name, value, "invalid") for name in ("company", "city") for value in (True, [], {}, ["x"], {"x": "y"})),
    *((name, "a\x00b", "null_characters_not_allowed") for name in ("email", "website")),
    *((name, "a\x00b", "control_characters") for name in ("company", "description")),
    *((name, "a\ud800b", "control_characters") for name in ("company", "phone", "internal_notes")),
    ("email", "nobody", "invalid"),
    ("email", "a@b", "invalid"),
    ("email", f"{'a' * 250}@kestrel.example", "max_length"),
    ("email", "a@kestrel.example\nBcc: all@kestrel.example", "invalid"),
    ("website", "javascript:alert(1)", "invalid"),
    ("website", "https://", "invalid"),
    ("website", "http://[::1", "invalid"),
    ("website", "https://kestrel.example/" + "x" * 300, "max_length"),
    ("website", "data://text/html,x", "invalid"),
    ("country", "XX", "invalid"),
    ("country", "DEU", "max_length"),
    ("country", "Germany", "max_length"),
    ("country", "EU", "invalid"),
    ("budget_currency", "XXX", "invalid"),
    ("budget_currency", "EURO", "max_length"),
    ("budget", "1e999999", "max_digits"),
    ("budget", "1e-999999", "max_digits"),
    ("budget", 1e300, "max_digits"),
    ("budget", "NaN", "invalid"),
    ("budget", "sNaN", "invalid"),
    ("budget", "Infinity", "invalid"),
    ("budget", "9" * 400, "max_digits"),
    ("budget", "9" * 5000, "max_string_length"),
    ("budget", "-1", "min_value"),
    ("budget", -0.01, "min_value"),
    ("budget", "1.005", "max_decimal_places"),
    ("budget", "1,000", "invalid"),
    ("budget", [1], "invalid"),
    ("budget", True, "invalid"),
    ("employees", -1, "min_value"),
    ("employees", 10_000_001, "max_value"),
    ("employees", 10**300, "max_value"),
    ("employees", 1.5, "invalid"),
    ("employees", 1e300, "invalid"),
    ("employees", "many", "invalid"),
    ("employees", "", "invalid"),
    ("employees", "9" * 2000, "max_string_length"),
    ("employees", {"gt": 1}, "invalid"),
    ("version", 0, "min_value"),
    ("version", "one", "invalid"),
    ("version", None, "null"),
]
"""A field, a value it cannot have, and the code of the refusal."""


def test_create_lead_with_an_impossible_value_names_its_field(ada: Membership) -> None:
    api = Caller(ada)

    for name, value, code in IMPOSSIBLE:
        answer = api.post("leads/", {"company": "Kestrel", "last_name": "Novák", name: value})
        assert faults(answer).keys() == {f"/{name}"}, (name, value)
        assert code in {error["code"] for error in problem_in(answer)["errors"]}, (name, str(value)[:50])
    with inside(ada.portal):
        assert Lead.objects.count() == 0


def test_update_lead_with_an_impossible_value_names_its_field_and_changes_nothing(cast: Cast) -> None:
    lead = made(opened_lead, cast.ada, cast.ben, city="Ghent")
    api = Caller(cast.ada)

    for name, value, _code in IMPOSSIBLE:
        other = "state" if name == "city" else "city"
        answer = api.patch(f"leads/{lead.pk}/", {other: "Brno", name: value})
        assert answer.status_code == 400, (name, value)
        assert faults(answer).keys() == {f"/{name}"}, (name, value)
    with inside(cast.acme):
        now = Lead.objects.get()
        assert (now.version, now.city, now.status) == (lead.version, "Ghent", "opened")


def test_several_impossible_values_are_all_named(ada: Membership) -> None:
    body = {"company": None, "email": "x", "budget": "x", "employees": -1, "country": "XX", "website": "a b"}

    assert faults(Caller(ada).post("leads/", body)).keys() == {f"/{name}" for name in body}


@pytest.mark.parametrize(
    "text",
    [
        "Müller & Söhne <GmbH> \"quoted\" 'single'",
        "日本語テスト",
        "😀👨‍👩‍👧‍👦🇨🇿",
        "=cmd|' /C calc'!A0",
        "{{ 7 * 7 }} {% load x %} ${x} %(code)s {code}",
        "z̷̨̛a̵l̸g̶o",
        "\uffff\ufffe",
    ],
)
def test_text_of_any_script_comes_back_as_it_was(ada: Membership, text: str) -> None:
    api = Caller(ada)

    lead = api.post("leads/", {"company": text, "description": text})

    assert (lead.status_code, lead.json()["company"], lead.json()["description"]) == (201, text, text)
    assert [row["company"] for row in api.get("leads/", search=text[:5]).json()["results"]] == [text]


@pytest.mark.parametrize(("sent", "kept"), [(" Kestrel\n", "Kestrel"), (5, "5"), (1.5, "1.5")])
def test_text_is_trimmed_and_numbers_are_taken_as_text(ada: Membership, sent: Any, kept: str) -> None:
    assert Caller(ada).post("leads/", {"company": sent}).json()["company"] == kept


@pytest.mark.parametrize(
    ("sent", "kept"), [("1e3", "1000.00"), (0, "0.00"), ("0.1", "0.10"), (None, None), ("", None)]
)
def test_budget_takes_numbers_in_either_spelling(ada: Membership, sent: Any, kept: str | None) -> None:
    answer = Caller(ada).post("leads/", {"company": "x", "budget": sent, "budget_currency": "EUR"})

    assert (answer.status_code, answer.json()["budget"]) == (201, kept)


def test_a_field_given_twice_counts_once(ada: Membership) -> None:
    answer = Caller(ada).post("leads/", '{"company": "first", "company": "second"}')

    assert (answer.status_code, answer.json()["company"]) == (201, "second")


def test_a_thousand_unknown_fields_are_all_named(ada: Membership) -> None:
    body = {f"field{number}": number for number in range(1000)}

    assert len(faults(Caller(ada).post("leads/", json.dumps(body)))) == 1000


@pytest.mark.parametrize("parameter", ["status", "portal", "format", "page_size", "version"])
def test_a_query_parameter_of_what_is_no_list_is_named(cast: Cast, parameter: str) -> None:
    lead = made(new_lead, cast.ada, city="Ghent")
    api = Caller(cast.ada)
    path = f"leads/{lead.pk}/?{parameter}=1"

    for answer in (
        api.patch(path, {"city": "Brno"}),
        api.post("leads/?" + parameter, {"company": "x"}),
        api.get(path),
    ):
        assert faults(answer) == {parameter: "invalid_filter"}
    with inside(cast.acme):
        assert Lead.objects.get().city == "Ghent"

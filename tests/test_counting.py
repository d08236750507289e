"""Counts that stop at a thousand, several in one query."""

import pytest
from django.db.models import Q
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from leads.models import Lead
from prm import counting
from prm.counting import MOST, Question, asked, capped, counts_by
from tests.cast import Cast
from tests.factories import new_lead

in_acme = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def leads(cast: Cast, in_acme: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four from Germany and one from France, where counting stops at two."""
    monkeypatch.setattr(counting, "MOST", 2)
    for country in ("DE", "DE", "DE", "DE", "FR"):
        new_lead(cast.ada, country=country)


@pytest.mark.usefixtures("leads")
def test_counts_by_a_value_stop_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    every = Lead.objects.exclude(country="AT").order_by("number")

    with django_assert_num_queries(1):
        counts = counts_by(every, {code: Q(country=code) for code in ("DE", "FR", "AT")})

    assert counts == {"DE": 3, "FR": 1, "AT": 0}


@pytest.mark.usefixtures("leads")
def test_counts_by_conditions_of_any_kind_stop_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    conditions = {
        "one": Q(country="FR"),
        "none": Q(pk__in=[]),
        "some": Q(country__in=["FR", "AT"]),
        "not": ~Q(country="DE"),
        "both": Q(country="DE", company=""),
        "all": Q(),
    }
    assert counts_by(Lead.objects.none(), {"DE": Q(country="DE")}) == {"DE": 0}

    with django_assert_num_queries(1):
        counts = counts_by(Lead.objects.all(), conditions)

    assert counts == {"one": 1, "none": 0, "some": 1, "not": 1, "both": 0, "all": 3}


@pytest.mark.usefixtures("leads")
def test_asked_answers_all_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    every, none = Lead.objects.order_by("-number"), Lead.objects.none()
    questions = {
        "many": Question.how_many(every),
        "french": Question.how_many(every.filter(country="FR")),
        "any": Question.whether(every),
        "austrian": Question.whether(every.filter(country="AT")),
        "last": Question.first(every, "country"),
        "of nobody": Question.first(every.filter(country="AT"), "country"),
        "no rows": Question.how_many(none),
        "no row": Question.whether(none),
        "nothing": Question.first(none, "country"),
    }

    with django_assert_num_queries(1):
        answers = asked(questions)

    assert list(answers.values()) == [3, 1, True, False, "FR", None, 0, False, None]


@in_acme
def test_counts_of_nothing_ask_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert asked({}) == {}
        assert counts_by(Lead.objects.all(), {}) == {}


@pytest.mark.parametrize(("count", "words"), [(0, "0"), (999, "999"), (MOST, "1,000"), (MOST + 1, "1,000+")])
def test_capped_says_more_above_a_thousand(count: int, words: str) -> None:
    assert capped(count) == words


def test_capped_is_written_as_the_reader_writes() -> None:
    with translation.override("de"):
        assert capped(MOST + 1) == "1.000+"

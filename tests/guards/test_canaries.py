"""The canaries themselves: one in every column, and none that sings unheard."""

import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import models
from django.http import StreamingHttpResponse
from pytest_django import Settings

from leads.actions import comment_lead
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import Membership
from tests import leaking
from tests.browsing import sign_in, unwritten_requests
from tests.canaries import complain, pytest_runtest_call, silenced
from tests.cast import Cast
from tests.factories import assigned_lead, opened_lead
from tests.guards.catalogue import fenced_models, rows
from tests.planting import RULES, SHORTEST, UNPLANTED, columns, plant_everywhere, text_columns
from tests.stage import Stage

WAYS = ("body", "header", "status line", "stream", "message", "mail", "log", "cache")
PLANTED = [model for model in fenced_models() if columns(model)]


# --- Planted --------------------------------------------------------------------------------------------


def test_every_text_column_is_planted_or_says_why_not() -> None:
    """A column that is too narrow for a word has to stand among UNPLANTED, and what stands there has to be."""
    known = {f"{model._meta.label}.{name}" for model in fenced_models() for name in text_columns(model)}
    narrow = {
        f"{model._meta.label}.{name}"
        for model in PLANTED
        for name in columns(model)
        if (getattr(model._meta.get_field(name), "max_length", None) or SHORTEST) < SHORTEST
    }

    assert set(UNPLANTED) - known == set()
    assert narrow == set()


def test_every_planted_model_says_who_may_read_it() -> None:
    assert set(RULES) == {model._meta.label for model in PLANTED}


@pytest.mark.parametrize("model", PLANTED, ids=lambda model: model._meta.label)
def test_stage_holds_a_word_in_every_column_of_both_portals(stage: Stage, model: type[models.Model]) -> None:
    for portal in (stage.cast.acme, stage.cast.globex):
        with inside(portal):
            without = " OR ".join(f"{name}::text NOT LIKE %s" for name in columns(model))
            likes = [f"%qz{portal.code}x%zq%"] * len(columns(model))
            ((empty, total),) = rows(
                f"SELECT count(*) FILTER (WHERE {without}), count(*) FROM {model._meta.db_table}", *likes
            )
        assert total > 0
        assert empty == 0


# --- Heard ----------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _leaking(settings: Settings) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.leaking"
    yield
    leaking.said = ""
    cache.delete("a key")  # what the leaking page has put there


def let_out(said: str, *, to: Membership, way: str = "body") -> list[str]:
    """What is heard when a page lets `said` out; the canary's place is left away."""
    leaking.said = said
    response = sign_in(to).get(f"/leak/{way}/")
    if isinstance(response, StreamingHttpResponse):
        b"".join(response.streaming_content)
    return [complaint.rpartition(" of ")[0].partition(" in {")[0] for complaint in complain()]


@pytest.fixture
def wests_phone(cast: Cast) -> str:
    """Of a lead at Globex."""
    with inside(cast.globex):
        return opened_lead(cast.dan, cast.eve_globex).phone


@pytest.mark.parametrize("way", WAYS)
def test_another_portals_word_is_heard_on_every_way_out(cast: Cast, wests_phone: str, way: str) -> None:
    heard = let_out(wests_phone, to=cast.ada, way=way)

    assert len(heard) == 1
    assert heard[0].endswith("leads.Lead.phone")


def test_log_is_heard_however_it_was_configured_since(
    cast: Cast, wests_phone: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing prm.wsgi configures it anew and takes the root's handlers away; some loggers pass nothing on."""
    root, server = logging.getLogger(), logging.getLogger("django.server")
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    logging.config.dictConfig(settings.LOGGING)

    assert let_out(wests_phone, to=cast.ada, way="log") == ["Log: leads.Lead.phone"]
    with unwritten_requests():
        logging.getLogger("prm.request").info("%s", wests_phone)
    server.warning("%s", wests_phone)
    assert len(complain()) == 2


@pytest.mark.parametrize("how", ["level", "disabled"])
def test_log_that_a_test_leaves_silent_is_noticed(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    log = logging.getLogger("prm.request")
    assert silenced() == []

    monkeypatch.setattr(log, how, logging.ERROR)
    log._cache.clear()  # type: ignore[attr-defined]  # as setLevel does

    assert silenced() == ["prm.request"]
    log._cache.clear()  # type: ignore[attr-defined]


def test_complaint_says_where_and_what(cast: Cast, wests_phone: str) -> None:
    assert let_out(wests_phone, to=cast.ada) == [
        "GET /leak/body/ for ada@acme.example at Acme: another portal's leads.Lead.phone"
    ]
    assert let_out(wests_phone, to=cast.dan) == []


def test_eve_reads_a_portals_words_there_only(cast: Cast, wests_phone: str) -> None:
    assert len(let_out(wests_phone, to=cast.eve)) == 1
    assert let_out(wests_phone, to=cast.eve_globex) == []


def test_word_of_a_lead_is_its_holders_from_the_opening_on(cast: Cast) -> None:
    with inside(cast.acme):
        opened, waiting = opened_lead(cast.ada, cast.ben), assigned_lead(cast.ada, cast.ben)

    assert let_out(opened.phone, to=cast.ben) == let_out(opened.phone, to=cast.vic) == []
    assert let_out(opened.phone, to=cast.cleo) != []
    assert let_out(waiting.phone, to=cast.ben) != []
    assert let_out(waiting.phone, to=cast.ada) == []


def test_words_among_colleagues_and_of_people_stay_in_their_organization(cast: Cast) -> None:
    with inside(cast.acme):
        comment_lead(opened_lead(cast.ada, cast.ben), text="Hello", is_internal=True, by=cast.ben)
    plant_everywhere(cast.acme)
    said = text_of("leads_comment", "text", cast.acme)
    phone = person(cast.ben).phone

    assert let_out(said, to=cast.bea) == let_out(phone, to=cast.bea) == let_out(phone, to=cast.ada) == []
    assert let_out(said, to=cast.ada) != []
    assert let_out(said, to=cast.cleo) != []
    assert let_out(phone, to=cast.cleo) != []


def text_of(table: str, column: str, portal: Portal) -> str:
    with inside(portal):
        ((text,),) = rows(f"SELECT {column} FROM {table}")
    return str(text)


def person(member: Membership) -> Membership:
    with inside(member.portal):
        return Membership.objects.get(pk=member.pk)


def test_what_was_heard_fails_the_test(cast: Cast, wests_phone: str, request: pytest.FixtureRequest) -> None:
    """The hook as pytest runs it around a test."""
    running = pytest_runtest_call(request.node)
    next(running)
    leaking.said = wests_phone
    sign_in(cast.ada).get("/leak/body/")

    with pytest.raises(pytest.fail.Exception, match="another portal's leads"):
        next(running)
    assert complain() == []

"""Guessing under attack: cases 39 and 40 of the abuse list, and that a forged address changes nothing."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from prm.events.models import Event, EventValue
from prm.organizations.context import inside
from tests.abuse.attacking import (
    NEW,
    guess,
    link_in,
    mails_of,
    open_reset,
)
from tests.browsing import Answer, sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.users.entering import enter, is_in

pytestmark = pytest.mark.usefixtures("mailbox")
BEN = "ben@north.example"
GUESSED_AT = (BEN, "Somebody is guessing at your account")
RESET = "Choose a new password for Acme"


def knows(cast: Cast, email: str, password: str) -> bool:
    client = visitor(cast.acme)
    enter(client, email, password)
    return is_in(client)


# --- 39: guessing --------------------------------------------------------------------------------------


def test_case_39_guesses_are_slowed_and_the_owner_gets_in(cast: Cast) -> None:
    own = visitor(cast.acme)
    enter(own, BEN)
    own.post("/accounts/logout/")

    with time_machine.travel(timezone.now(), tick=False):
        answers = guess(cast.acme, BEN, times=20)
        right = enter(visitor(cast.acme), BEN)

    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 10
    assert {answer["Retry-After"] for answer in answers[10:]} == {"1"}
    assert "Wait 1 second, then try again." in answers[-1].content.decode()
    assert BEN in answers[-1].content.decode()  # what was typed is still there
    assert right.status_code == 429
    enter(own, BEN)
    assert is_in(own)


def test_case_39_the_owner_is_told_once(cast: Cast) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        guess(cast.acme, BEN, times=12)
    with time_machine.travel(now + timedelta(seconds=3), tick=False):
        later = guess(cast.acme, BEN, times=2)

    assert [answer.status_code for answer in later] == [422, 429]
    assert later[-1]["Retry-After"] == "2"
    assert [mail for mail in mails_of(cast.acme) if mail[0] == BEN] == [GUESSED_AT]


def test_case_39_other_people_behind_the_same_address_get_in(cast: Cast) -> None:
    guess(cast.acme, BEN, times=12)

    assert knows(cast, "bea@north.example", PASSWORD)


def test_case_39_many_accounts_from_one_address_are_slowed_too(cast: Cast) -> None:
    client = visitor(cast.acme)
    with time_machine.travel(timezone.now(), tick=False):
        statuses = [enter(client, f"nobody{n}@north.example").status_code for n in range(22)]

    assert statuses == [422] * 20 + [429] * 2


def test_case_39_a_device_of_somebody_else_opens_no_way_round(cast: Cast) -> None:
    """Cleo's browser is known, to Cleo. It does not make guesses at Ben's account free."""
    cleos = visitor(cast.acme)
    enter(cleos, "cleo@south.example")
    cleos.post("/accounts/logout/")
    with time_machine.travel(timezone.now(), tick=False):
        guess(cast.acme, BEN, times=10)

        assert enter(cleos, BEN).status_code == 429


def test_case_39_a_known_device_is_slowed_as_well(cast: Cast) -> None:
    own = visitor(cast.acme)
    enter(own, BEN)
    own.post("/accounts/logout/")

    with time_machine.travel(timezone.now(), tick=False):
        answers = guess(cast.acme, BEN, times=11, client=own)

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]


@pytest.mark.parametrize(
    "forged",
    [
        {"X-Forwarded-For": "203.0.113.{n}"},
        {"X-Real-IP": "203.0.113.{n}"},
        {"Forwarded": "for=203.0.113.{n}"},
    ],
)
def test_case_39_a_forged_address_changes_nothing(cast: Cast, forged: dict[str, str]) -> None:
    """V04: no proxy stands in front here, so that nobody's word about the address counts."""
    client = visitor(cast.acme)
    first = {name: value.format(n=99) for name, value in forged.items()}
    client.post("/accounts/login/", {"login": BEN, "password": PASSWORD}, headers=first)
    client.post("/accounts/logout/")
    with time_machine.travel(timezone.now(), tick=False):
        for n in range(21):
            form = {"login": f"nobody{n}@north.example", "password": PASSWORD}
            headers = {name: value.format(n=n) for name, value in forged.items()}
            status = client.post("/accounts/login/", form, headers=headers).status_code

    assert status == 429
    with inside(cast.acme):
        noted = EventValue.objects.filter(event__kind=Event.Kind.SIGNED_IN_ON_NEW_DEVICE, field="address")
        assert [value.new for value in noted] in ([], ["127.0.0.1"])


def test_case_39_a_reset_opens_a_new_device_to_the_owner(cast: Cast) -> None:
    visitor(cast.acme).post("/accounts/password/reset/", {"email": BEN})
    client, opened = open_reset(cast.acme, link_in(cast.acme, RESET))
    with time_machine.travel(timezone.now(), tick=False):
        guess(cast.acme, BEN, times=11)
        client.post(opened.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

        enter(client, BEN, NEW)
        assert is_in(client)


# --- 40: who has an account ----------------------------------------------------------------------------


def shown(answer: Answer, email: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body without what differs by nature."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode().replace(email, "EMAIL"))
    headers = {name: value for name, value in answer.items() if name not in {"X-Request-ID", "Expires"}}
    return answer.status_code, headers, body


def _login(cast: Cast, email: str) -> Answer:
    return enter(visitor(cast.acme), email, "not the password at all")


def _reset(cast: Cast, email: str) -> Answer:
    answer: Answer = visitor(cast.acme).post("/accounts/password/reset/", {"email": email})
    return answer


def _invite(cast: Cast, email: str) -> Answer:
    form = {"name": "Newcomer", "email": email}
    answer: Answer = sign_in(cast.bea).post(f"/organizations/{cast.north.pk}/invite/", form)
    return answer


@pytest.mark.parametrize(
    ("ask", "known"),
    [(_login, BEN), (_reset, BEN), (_invite, "dan@globex.example")],
    ids=["login", "reset", "invite"],
)
def test_case_40_known_and_unknown_addresses_get_the_same_answer(
    cast: Cast, ask: Callable[[Cast, str], Answer], known: str
) -> None:
    strange = "x" * (len(known) - len("@north.example")) + "@north.example"

    assert shown(ask(cast, known), known) == shown(ask(cast, strange), strange)

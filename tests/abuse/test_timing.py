"""G21: how long a no takes does not tell whether there is such an account. With the real hashers."""

import time
from statistics import median

import pytest
from pytest_django import Settings

from prm.users.models import Guesses, User
from tests import soak
from tests.browsing import visitor
from tests.cast import PASSWORD, Cast
from tests.users.entering import enter

TRIES = 9  # in `make soak` 200, with a tenth for a limit
KNOWN = {"known": "ben@north.example", "member elsewhere": "dan@globex.example", "disabled": "dis@north.example"}


def medians(cast: Cast, tries: int) -> dict[str, float]:
    """The median of what a wrong sign-in costs per kind of address, in turns, so that a busy machine is fair.

    Of the process, since Argon2 works in threads of its own.
    """
    people = {**KNOWN, "unknown": "nob@north.example"}
    taken: dict[str, list[float]] = {kind: [] for kind in people}
    for _ in range(tries):
        for kind, email in people.items():
            client = visitor(cast.acme)
            began = time.process_time()
            enter(client, email, "not the password at all")
            taken[kind].append(time.process_time() - began)
            Guesses.objects.all().delete()
    return {kind: median(times) for kind, times in taken.items()}


@pytest.fixture
def real_hashers(cast: Cast, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[-2:]
    for email in KNOWN.values():
        user = User.objects.get(email=email)
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    assert user.password.startswith("argon2")


@pytest.mark.usefixtures("real_hashers")
def test_wrong_sign_in_takes_as_long_for_everybody(cast: Cast) -> None:
    found = medians(cast, TRIES)

    assert max(found.values()) / min(found.values()) < 1.5, found  # a hash more or less would double it


@pytest.mark.soak
@pytest.mark.usefixtures("real_hashers")
def test_wrong_sign_in_takes_as_long_for_everybody_to_a_tenth(cast: Cast) -> None:
    found = medians(cast, 200)

    figures = {f"median milliseconds, {kind}": f"{value * 1000:.1f}" for kind, value in found.items()}
    soak.write("timing_of_sign_in", {"tries": 200, **figures})
    assert max(found.values()) / min(found.values()) < 1.1, found

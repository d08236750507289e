"""`manage.py reset_second_factor`: for who has lost the app and the recovery codes."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command

from prm.events.delivery import deliver_due
from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import disable_member
from tests.abuse.attacking import code_of, half_in, send_code, with_second_factor
from tests.browsing import Api, sign_in, visitor
from tests.cast import Cast
from tests.users.entering import enter, is_in

SUBJECT = "The second factor of your account was removed"


def reset(portal: str = "acme", user: str = "eve@north.example") -> None:
    call_command("reset_second_factor", portal=portal, user=user)


def noted(portal: Portal) -> list[tuple[object, object, dict[str, str]]]:
    """Who did what to whom, of removed factors."""
    with inside(portal):
        events = Event.objects.filter(kind=Event.Kind.SECOND_FACTOR_OFF)
        return list(events.values_list("actor", "subject_id", "facts"))


@pytest.fixture
def eve_has_one(cast: Cast) -> str:
    """A secret; beside it recovery codes. Somebody else has a factor, too."""
    secret = with_second_factor(cast.eve.user)
    Authenticator.objects.create(user=cast.eve.user, type="recovery_codes", data={"seed": "", "used_mask": 0})
    with_second_factor(cast.ben.user)
    return secret


def test_reset_lets_the_password_alone_in_and_ends_what_was_open(cast: Cast, eve_has_one: str) -> None:
    here, elsewhere, other = sign_in(cast.eve), sign_in(cast.eve_globex), sign_in(cast.ben)
    half, key = half_in(cast.acme, cast.eve.email), Api(cast.eve)

    reset(user="Eve@North.example")

    assert [is_in(client) for client in (here, elsewhere, other)] == [False, False, True]
    send_code(half, code_of(eve_has_one))
    assert not is_in(half)
    assert list(Authenticator.objects.values_list("user", flat=True)) == [cast.ben.user_id]
    assert key.get("users/").status_code == 200  # a key is no sign-in
    client = visitor(cast.acme)
    assert enter(client, cast.eve.email)["Location"] == "/"
    assert is_in(client)


@pytest.mark.usefixtures("eve_has_one")
def test_reset_is_noted_in_every_portal_of_the_person_and_told_once(
    cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    reset("globex")

    assert noted(cast.acme) == [(None, cast.eve.pk, {"by": "operator"})]
    assert noted(cast.globex) == [(None, cast.eve_globex.pk, {"by": "operator"})]
    for portal in (cast.acme, cast.globex):
        deliver_due(portal)
    told = [(mail.to, mail.extra_headers["X-Portal"]) for mail in mailoutbox if mail.subject == SUBJECT]
    assert told == [(["eve@north.example"], "globex")]


@pytest.mark.usefixtures("eve_has_one")
def test_reset_says_nothing_where_the_person_is_out(cast: Cast) -> None:
    with inside(cast.globex):
        disable_member(cast.eve_globex, by=cast.dan)

    reset()

    assert (len(noted(cast.acme)), noted(cast.globex)) == (1, [])


@pytest.mark.parametrize(
    ("portal", "user", "words"),
    [
        ("nowhere", "eve@north.example", "There is no portal nowhere"),
        ("acme", "nobody@north.example", "is not active in Acme"),
        ("globex", "ben@north.example", "is not active in Globex"),
        ("acme", "dis@north.example", "is not active in Acme"),
        ("acme", "cleo@south.example", "has no second factor"),
    ],
)
@pytest.mark.usefixtures("eve_has_one")
def test_reset_of_whom_it_does_not_concern_is_refused(cast: Cast, portal: str, user: str, words: str) -> None:
    with_second_factor(cast.dis.user)

    with pytest.raises(CommandError, match=words):
        reset(portal, user)

    assert Authenticator.objects.count() == 4
    assert noted(cast.acme) == noted(cast.globex) == []

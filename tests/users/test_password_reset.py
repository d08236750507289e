"""A forgotten password: asked for on the page, mailed by the outbox, chosen anew, used to sign in."""

import re
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from prm.events import outbox
from prm.events.delivery import deliver_due
from prm.events.models import Delivery, Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import disable_member
from tests.browsing import Answer, visitor
from tests.cast import PASSWORD, Cast
from tests.users.entering import enter, is_in

NEW = "a quiet harbour at noon"


@pytest.fixture(autouse=True)
def mail_folder(cast: Cast, settings: Settings, tmp_path: Path) -> Path:
    """Mail goes into files, as in development; what waited before is sent elsewhere."""
    deliver_due(cast.acme)
    deliver_due(cast.globex)
    settings.EMAIL_BACKEND = "prm.events.mail_files.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.PRM_MAIL_DIR = str(tmp_path)
    return tmp_path


def ask(portal: Portal, email: str) -> Answer:
    answer: Answer = visitor(portal).post("/accounts/password/reset/", {"email": email})
    deliver_due(portal)
    return answer


def link() -> str:
    """The path in the one mail that was sent."""
    (mail,) = outbox.mails()
    (url,) = set(re.findall(r"https?://\S+", mail.text))
    return str(urlsplit(url).path)


def choose(portal: Portal, path: str, password: str = NEW) -> Answer:
    """Open the link and send the form, in a browser of its own."""
    client = visitor(portal)
    opened = client.get(path, follow=True)
    form = {"password1": password, "password2": password}
    answer: Answer = client.post(opened.request["PATH_INFO"], form)
    return answer


def can_enter(portal: Portal, email: str, password: str) -> bool:
    client = visitor(portal)
    enter(client, email, password)
    return is_in(client)


def test_reset_leads_to_a_new_password(cast: Cast) -> None:
    answer = ask(cast.acme, "Ben@North.example")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/password/reset/done/")
    (mail,) = outbox.mails()
    assert (mail.to, mail.subject, mail.portal) == ("ben@north.example", "Choose a new password for Acme", "acme")

    chosen = choose(cast.acme, link())

    assert (chosen.status_code, chosen["Location"]) == (302, "/accounts/password/reset/key/done/")
    assert not can_enter(cast.acme, "ben@north.example", PASSWORD)
    assert can_enter(cast.acme, "ben@north.example", NEW)


def test_reset_is_in_the_outbox_and_its_link_nowhere_in_the_database(cast: Cast) -> None:
    visitor(cast.acme).post("/accounts/password/reset/", {"email": "ben@north.example"})

    with inside(cast.acme):
        event = Event.objects.get(kind=Event.Kind.PASSWORD_RESET_ASKED)
        assert (event.actor, event.facts, event.organization) == (None, {}, None)
        assert set(Delivery.objects.filter(event=event).values_list("status", flat=True)) == {"pending"}
    assert outbox.mails() == []


@pytest.mark.parametrize(
    "email", ["nobody@north.example", "dis@north.example", "ivan@north.example", "dan@globex.example"]
)
def test_reset_answers_strangers_alike_and_mails_nobody(cast: Cast, email: str) -> None:
    known = ask(cast.acme, "ben@north.example")
    assert len(outbox.mails()) == 1

    answer = ask(cast.acme, email)

    assert (answer.status_code, answer["Location"]) == (known.status_code, known["Location"])
    assert len(outbox.mails()) == 1
    assert asked(cast) == {"acme": [cast.ben.pk], "globex": []}


def asked(cast: Cast) -> dict[str, list[uuid.UUID]]:
    """For whom a link was asked for, by portal. Sending looks once more; this is the first look."""
    found = {}
    for portal in (cast.acme, cast.globex):
        with inside(portal):
            events = Event.objects.filter(kind=Event.Kind.PASSWORD_RESET_ASKED)
            found[portal.slug] = list(events.values_list("subject_id", flat=True))
    return found


def test_reset_of_somebody_of_two_portals_is_mailed_by_the_one_that_was_asked(cast: Cast) -> None:
    ask(cast.globex, "eve@north.example")
    deliver_due(cast.acme)

    (mail,) = outbox.mails()
    assert mail.portal == "globex"
    choose(cast.globex, link())

    assert can_enter(cast.globex, "eve@north.example", NEW)
    assert can_enter(cast.acme, "eve@north.example", NEW)


def test_reset_link_works_once(cast: Cast) -> None:
    ask(cast.acme, "ben@north.example")
    path = link()
    choose(cast.acme, path)

    again = visitor(cast.acme).get(path, follow=True)
    choose(cast.acme, path, "another quiet harbour")

    assert "This link no longer works" in again.content.decode()
    assert can_enter(cast.acme, "ben@north.example", NEW)


def test_reset_link_dies_with_the_hour(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(cast.acme, "ben@north.example")
    later = datetime.now() + timedelta(minutes=61)
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", lambda self: later)

    answer = visitor(cast.acme).get(link(), follow=True)

    assert "This link no longer works" in answer.content.decode()


def test_reset_ends_the_sessions_that_were_there(cast: Cast) -> None:
    client = visitor(cast.acme)
    enter(client, "ben@north.example")
    ask(cast.acme, "ben@north.example")

    choose(cast.acme, link())

    assert not is_in(client)


def test_reset_mail_is_not_sent_to_who_was_disabled_meanwhile(cast: Cast) -> None:
    visitor(cast.acme).post("/accounts/password/reset/", {"email": "ben@north.example"})
    with inside(cast.acme):
        disable_member(cast.ben, by=cast.ada)

    deliver_due(cast.acme)

    assert outbox.mails() == []


@pytest.mark.parametrize("password", ["short", "password1234", "ben@north.example", ""])
def test_reset_asks_for_a_good_password(cast: Cast, password: str) -> None:
    ask(cast.acme, "ben@north.example")

    answer = choose(cast.acme, link(), password)

    assert answer.status_code == 422
    assert can_enter(cast.acme, "ben@north.example", PASSWORD)


def test_reset_does_not_sign_in_by_itself(cast: Cast) -> None:
    ask(cast.acme, "ben@north.example")
    client = visitor(cast.acme)
    opened = client.get(link(), follow=True)

    client.post(opened.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert not is_in(client)


@pytest.mark.parametrize("email", ["", "none", "ben@north.example\nbcc: x@y.example", "a\x00@b.example"])
def test_reset_for_what_is_no_address_shows_the_form_again(cast: Cast, email: str) -> None:
    assert ask(cast.acme, email).status_code == 422
    assert outbox.mails() == []

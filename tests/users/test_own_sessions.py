"""Sessions: listed, ended, and over when their time is."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.utils import timezone

from prm.events.models import Event
from prm.organizations.context import inside
from prm.users.models import Membership, Session
from prm.users.security import change_policy
from prm.users.sessions import SessionStore, digest_of
from tests.browsing import sign_in, visitor
from tests.cast import PASSWORD, Cast
from tests.reading import Page
from tests.users.entering import enter, is_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
)


def entered(cast: Cast, agent: str) -> Client:
    client = visitor(cast.acme)
    client.defaults["HTTP_USER_AGENT"] = agent
    enter(client, cast.ben.email)
    return client


def row_of(member: Membership, client: Client) -> Session:
    with inside(member.portal):
        found: Session = Session.objects.get(digest=digest_of(client.cookies["session"].value))
        return found


def test_sessions_are_listed_with_this_one_first(cast: Cast) -> None:
    desk = entered(cast, FIREFOX)
    entered(cast, IPHONE)
    sign_in(cast.bea)

    page = Page(desk.get("/profile/sessions/"))

    assert page.text.index("Firefox on Linux") < page.text.index("This one") < page.text.index("Safari on iPhone")
    assert page.buttons().count("End") == 1
    assert "127.0.0.1" in page.text


def test_session_is_ended_by_its_owner(cast: Cast) -> None:
    here, there = sign_in(cast.ben), sign_in(cast.ben)

    here.post(f"/profile/sessions/{row_of(cast.ben, there).pk}/end/")

    assert (is_in(here), is_in(there)) == (True, False)
    with inside(cast.acme):
        event = Event.objects.get(kind=Event.Kind.SESSIONS_ENDED)
        assert (event.actor, event.facts) == (cast.ben, {"count": 1})


def test_session_of_somebody_else_is_not_there(cast: Cast) -> None:
    bens = sign_in(cast.ben)

    answer = sign_in(cast.bea).post(f"/profile/sessions/{row_of(cast.ben, bens).pk}/end/")

    assert (answer.status_code, is_in(bens)) == (404, True)


def test_all_others_are_ended_at_once(cast: Cast) -> None:
    here, *others = (sign_in(cast.ben) for _ in range(3))

    here.post("/profile/sessions/end-others/")

    assert (is_in(here), [is_in(other) for other in others]) == (True, [False, False])


def test_sessions_are_ended_by_whoever_manages_the_person(cast: Cast) -> None:
    bens, cleos = sign_in(cast.ben), sign_in(cast.cleo)

    done = sign_in(cast.bea).post(f"/people/{cast.ben.pk}/sign-out/")
    foreign = sign_in(cast.bea).post(f"/people/{cast.cleo.pk}/sign-out/")

    assert (done.status_code, foreign.status_code) == (302, 404)
    assert (is_in(bens), is_in(cleos)) == (False, True)


def test_sessions_of_the_other_portal_go_on(cast: Cast) -> None:
    """North's admin at Acme has no say at Globex."""
    there = sign_in(cast.eve_globex)

    sign_in(cast.ada).post(f"/people/{cast.eve.pk}/sign-out/")

    assert is_in(there)


def test_password_change_ends_all_others_in_all_portals(cast: Cast) -> None:
    here, beside, there = sign_in(cast.eve), sign_in(cast.eve), sign_in(cast.eve_globex)
    new = "a quiet harbour at noon"

    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert (is_in(here), is_in(beside), is_in(there)) == (True, False, False)


# --- Limits ------------------------------------------------------------------------------------------------


def test_session_ends_after_an_idle_hour(cast: Cast) -> None:
    client, now = sign_in(cast.ben), timezone.now()
    with time_machine.travel(now + timedelta(minutes=59)):
        assert is_in(client)
    with time_machine.travel(now + timedelta(minutes=118)):
        assert is_in(client)
    with time_machine.travel(now + timedelta(minutes=179)):
        assert not is_in(client)


def test_session_ends_after_twelve_hours_whatever_is_done(cast: Cast) -> None:
    client, now = sign_in(cast.ben), timezone.now()
    for minutes in range(50, 12 * 60, 50):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            assert is_in(client), minutes
    with time_machine.travel(now + timedelta(hours=12, seconds=1)):
        assert not is_in(client)


def test_shorter_limits_hold_for_sessions_that_are_there(cast: Cast) -> None:
    client, now = sign_in(cast.ben), timezone.now()
    with inside(cast.acme):
        change_policy(values={"idle_minutes": 5}, by=cast.ada)

    with time_machine.travel(now + timedelta(minutes=6)):
        assert not is_in(client)


def test_being_there_is_noted_once_a_minute(cast: Cast) -> None:
    client, now = sign_in(cast.ben), timezone.now()
    seen = []
    for seconds in (10, 50, 70, 100):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            client.get("/profile/")
        seen.append(round((row_of(cast.ben, client).seen_at - now).total_seconds()))

    assert seen == [0, 0, 70, 70]


def test_ended_sessions_are_cleared_away(cast: Cast) -> None:
    sign_in(cast.ben), sign_in(cast.dan)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        kept = row_of(cast.bea, sign_in(cast.bea))
        SessionStore.clear_expired()

    for portal, rows in ((cast.acme, [kept]), (cast.globex, [])):
        with inside(portal):
            assert list(Session.objects.all()) == rows


def test_key_in_the_cookie_is_nowhere_in_the_table(cast: Cast) -> None:
    client = sign_in(cast.ben)
    row = row_of(cast.ben, client)

    assert client.cookies["session"].value not in f"{row.digest} {row.data}"


def test_request_that_was_overtaken_by_the_end_is_told_so(cast: Cast) -> None:
    """Signed out in another window while a page was being made: nothing comes back to life."""
    client = sign_in(cast.ben)
    with inside(cast.acme):
        store = SessionStore(client.cookies["session"].value)
        store["something"] = "new"
        Session.objects.all().delete()
        with pytest.raises(UpdateError):
            store.save()
        assert not Session.objects.exists()


# --- Settings > Security -------------------------------------------------------------------------------------


def test_settings_are_saved_and_noted(cast: Cast) -> None:
    client = sign_in(cast.ada)

    answer = client.post("/settings/security/", {"idle_minutes": "30", "absolute_hours": "8"})

    assert answer["Location"] == "/settings/security/"
    assert Page(client.get("/settings/security/")).value("idle_minutes") == "30"
    with inside(cast.acme):
        event = Event.objects.get(kind=Event.Kind.SETTINGS_CHANGED)
        assert event.changed_fields == ["absolute_hours", "idle_minutes"]


@pytest.mark.parametrize(
    ("field", "value"), [("idle_minutes", "4"), ("idle_minutes", "1441"), ("absolute_hours", "0")]
)
def test_settings_have_bounds(cast: Cast, field: str, value: str) -> None:
    form = {"idle_minutes": "30", "absolute_hours": "8", field: value}
    answer = sign_in(cast.ada).post("/settings/security/", form)

    assert answer.status_code == 422
    assert Page(answer).error(field)

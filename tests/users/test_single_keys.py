"""Keys of a single character can be switched off, by each person for oneself (WCAG 2.1.4)."""

from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client

from prm.forms import clash
from prm.organizations.context import inside
from prm.users.actions import change_member
from prm.users.forms import ProfileForm
from prm.users.models import Membership
from prm.users.seeing import SESSION_VIEWING
from prm.users.viewing import begin_viewing
from tests.browsing import sign_in
from tests.cast import Cast
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


def has_keys(member: Membership) -> bool:
    with inside(member.portal):
        found: bool = Membership.objects.values_list("has_keys", flat=True).get(pk=member.pk)
        return found


def body(client: Client, path: str = "/leads/") -> dict[str, str]:
    return Page(client.get(path)).root.all("body")[0].attributes


def switch_off(member: Membership) -> None:
    with inside(member.portal):
        change_member(member, values={"has_keys": False}, by=member)


def test_profile_switches_keys_off_and_on_again(client_of: ClientOf, cast: Cast) -> None:
    client = client_of(cast.ben)
    sheet = Page(client.get("/profile/")).form("/profile/")
    assert (sheet.pop("has_keys"), "data-keys" in body(client)) == (["on"], False)

    assert client.post("/profile/", sheet).status_code == 302

    assert not has_keys(cast.ben)
    assert body(client)["data-keys"] == "off"
    again = Page(client.get("/profile/")).form("/profile/")
    assert again["has_keys"] == []  # not ticked
    assert client.post("/profile/", {**again, "has_keys": "on"}).status_code == 302
    assert has_keys(cast.ben)


def test_keys_of_one_are_nobody_elses(client_of: ClientOf, cast: Cast) -> None:
    switch_off(cast.ben)

    assert "data-keys" not in body(client_of(cast.bea))
    assert [has_keys(member) for member in (cast.bea, cast.eve, cast.eve_globex)] == [True, True, True]


def test_keys_stay_off_when_somebody_else_edits_the_person(client_of: ClientOf, cast: Cast) -> None:
    switch_off(cast.ben)
    client, path = client_of(cast.bea), f"/people/{cast.ben.pk}/"
    sheet = Page(client.get(path)).form(path)
    assert "has_keys" not in sheet

    assert client.post(path, {**sheet, "phone": "1", "has_keys": "on"}).status_code == 302

    assert not has_keys(cast.ben)


def test_keys_while_viewing_are_those_of_whoever_looks(cast: Cast) -> None:
    switch_off(cast.ada)
    client = sign_in(cast.ada)
    with inside(cast.acme):
        session = client.session
        session[SESSION_VIEWING] = str(begin_viewing(cast.ben, reason="Cannot find a lead", by=cast.ada).pk)
        session.save()

    page = Page(client.get("/leads/"))

    assert "You see the portal as Ben" in page.text
    assert page.root.all("body")[0].attributes["data-keys"] == "off"


@pytest.mark.parametrize("topic", ["leads-list", "home"])
def test_help_names_the_keys_or_says_that_they_are_off(client_of: ClientOf, cast: Cast, topic: str) -> None:
    client, path = client_of(cast.ben), f"/help/{topic}/"
    on = Page(client.get(path)).by_id("help")
    switch_off(cast.ben)
    off = Page(client.get(path)).by_id("help")

    assert "Your profile switches single keys off." in on.text
    assert "Single keys are switched off in your profile." in off.text
    assert (len(on.all("kbd")) > 1, off.all("kbd")) == (True, [])
    assert [link.attributes["href"] for link in off.all("a")] == ["/profile/"]


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize(("sent", "yours"), [({"has_keys": "on"}, "yes"), ({}, "no")])
def test_conflict_tells_a_ticked_box_from_one_that_is_not(cast: Cast, sent: dict[str, str], yours: str) -> None:
    """What only somebody else changed is taken over; a box has two states, so both cannot differ from what was."""
    read = ProfileForm(instance=cast.ben)
    frame = {name: str(read.initial[name]) for name in ("version", "as_read")}
    typed = {"name": "Benny", "language": "en", "time_zone": "UTC", **sent, **frame}
    change_member(cast.ben, values={"has_keys": False}, by=cast.ben)
    now = ProfileForm(instance=Membership.objects.get(pk=cast.ben.pk))
    query = QueryDict(mutable=True)
    query.update(typed)
    form = ProfileForm(query, instance=cast.ben)

    found = clash(form, now, subject=cast.ben, member=cast.ben)

    boxes = [line for line in (*found.choices, *found.taken_over) if line.name == "has_keys"]
    assert [(line.yours, line.theirs) for line in boxes] == ([(yours, "no")] if yours == "yes" else [])
    assert form.data.getlist("has_keys") == []  # type: ignore[attr-defined]

"""Settings > Lead Distribution, by the page."""

from collections.abc import Callable

import pytest
from django.test import Client

from leads.models import DistributionSettings, LostReason
from leads.reasons import add_lost_reason
from leads.settings import distribution
from prm.events.models import Event
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import Membership
from tests.cast import Cast
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
PATH = "/settings/lead-distribution/"
FIRST = [
    *("No budget", "No need", "Chose a competitor", "Bad timing"),
    *("Could not be reached", "Wrong contact details", "Duplicate"),
]


def names(portal: Portal) -> list[str]:
    with inside(portal):
        return list(LostReason.objects.values_list("name", flat=True))


def a_reason(portal: Portal, name: str = "No need") -> LostReason:
    with inside(portal):
        found: LostReason = LostReason.objects.get(name=name)
        return found


def settings_of(portal: Portal) -> DistributionSettings:
    with inside(portal):
        return distribution()


@pytest.mark.parametrize("name", ["vic", "bea", "ben", "dora"])
@pytest.mark.parametrize("path", [PATH, "/settings/deal-stages/"])
def test_settings_are_for_lead_administrators(client_of: ClientOf, cast: Cast, name: str, path: str) -> None:
    assert client_of(getattr(cast, name)).get(path).status_code == 403


def test_settings_save_what_was_chosen(client_of: ClientOf, cast: Cast) -> None:
    client = client_of(cast.ada)
    before = Page(client.get(PATH))

    answer = client.post(PATH, {"action": "save", "closing_mode": "won"}, follow=True)

    assert before.value("closing_mode") == "both"
    assert "checked" in before.root.all("input", name="allow_organization_assignment")[0].attributes
    assert answer.redirect_chain == [(PATH, 302)]
    page = Page(answer)
    assert page.toasts == ["Saved."]
    assert page.value("closing_mode") == "won"
    assert "checked" not in page.root.all("input", name="allow_organization_assignment")[0].attributes
    assert settings_of(cast.globex).closing_mode == "both"
    with inside(cast.acme):
        event = Event.objects.get(kind=Event.Kind.SETTINGS_CHANGED)
    assert event.changed_fields == ["allow_organization_assignment", "closing_mode"]


@pytest.mark.parametrize("mode", ["", "nonsense"])
def test_settings_refuse_an_unknown_way_of_closing(client_of: ClientOf, cast: Cast, mode: str) -> None:
    answer = client_of(cast.ada).post(PATH, {"action": "save", "closing_mode": mode})

    assert answer.status_code == 422
    assert Page(answer).error("closing_mode") != ""
    assert settings_of(cast.acme).closing_mode == "both"


def test_settings_add_a_lost_reason(client_of: ClientOf, cast: Cast) -> None:
    answer = client_of(cast.ada).post(PATH, {"action": "add_reason", "name": "Moved away"}, follow=True)

    assert answer.redirect_chain == [(PATH, 302)]
    assert names(cast.acme) == [*FIRST, "Moved away"]
    assert names(cast.globex) == FIRST


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("No budget", "There is a reason named No budget already."),
        ("", "This field is required."),
        ("x" * 81, "Ensure this value has at most 80 characters (it has 81)."),
        ("a\x00b", "This holds control characters, which are no text."),
    ],
)
def test_settings_refuse_a_bad_lost_reason_and_keep_it(
    client_of: ClientOf, cast: Cast, name: str, error: str
) -> None:
    answer = client_of(cast.ada).post(PATH, {"action": "add_reason", "name": name})

    assert answer.status_code == 422
    form = Page(answer).root.all("button", value="add_reason")[0].parent
    assert form is not None
    assert form.all("input")[0].attributes.get("value", "") == name
    assert error in Page(answer).by_id("main").text
    assert names(cast.acme) == FIRST


def test_settings_allow_a_reason_of_another_portal(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.globex):
        add_lost_reason("Moved away", to=LostReason, by=cast.dan)

    answer = client_of(cast.ada).post(PATH, {"action": "add_reason", "name": "Moved away"})

    assert answer.status_code == 302
    assert names(cast.acme) == [*FIRST, "Moved away"]


def test_settings_rename_a_lost_reason(client_of: ClientOf, cast: Cast) -> None:
    values = {"action": "rename_reason", "reason": str(a_reason(cast.acme).pk), "name": "Nothing needed"}

    answer = client_of(cast.ada).post(PATH, values)

    assert answer.status_code == 302
    assert names(cast.acme) == [FIRST[0], "Nothing needed", *FIRST[2:]]


@pytest.mark.parametrize("name", ["Duplicate", ""])
def test_settings_refuse_a_bad_rename_with_words(client_of: ClientOf, cast: Cast, name: str) -> None:
    values = {"action": "rename_reason", "reason": str(a_reason(cast.acme).pk), "name": name}

    answer = client_of(cast.ada).post(PATH, values, follow=True)

    page = Page(answer)
    words = "There is a reason named Duplicate already." if name else "This field is required."
    assert words in " ".join([*page.toasts, page.by_id("main").text])
    assert names(cast.acme) == FIRST


def test_settings_take_a_lost_reason_out_of_use_and_back(client_of: ClientOf, cast: Cast) -> None:
    values = {"action": "toggle_reason", "reason": str(a_reason(cast.acme).pk), "name": ""}
    client = client_of(cast.ada)

    client.post(PATH, values)
    was_out = not a_reason(cast.acme).is_active
    client.post(PATH, values)

    assert was_out
    assert a_reason(cast.acme).is_active


@pytest.mark.parametrize("action", ["rename_reason", "toggle_reason"])
def test_settings_find_no_reason_of_another_portal(client_of: ClientOf, cast: Cast, action: str) -> None:
    theirs = a_reason(cast.globex)
    client = client_of(cast.ada)

    answers = [
        client.post(PATH, {"action": action, "reason": reason, "name": "Mine"})
        for reason in (str(theirs.pk), "01890000-0000-7000-8000-000000000000", "nonsense")
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert (a_reason(cast.globex).name, a_reason(cast.globex).is_active) == ("No need", True)


def test_settings_refuse_an_unknown_action(client_of: ClientOf, cast: Cast) -> None:
    answer = client_of(cast.ada).post(PATH, {"action": "nonsense"})

    assert answer.status_code == 422
    assert settings_of(cast.acme).closing_mode == "both"

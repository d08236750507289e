"""A new portal's way to its first converted lead: found in rows, and gone when all is done or put away."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leads import actions
from prm.actions import Refused
from prm.events.models import Event
from prm.home.first_steps import bring_first_steps_back, first_steps_of, put_first_steps_away
from prm.organizations.actions import FirstAdmin, create_organization, create_portal
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.organizations.portals import change_portal
from prm.users.actions import invite_member
from prm.users.models import Group, Membership, MembershipGroup
from tests.cast import Cast
from tests.factories import assigned_lead, new_deal, new_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
ALL = ["look", "partner", "person", "lead", "assigned", "opened", "converted"]


def left(member: Membership) -> list[str]:
    return [step.name for step in first_steps_of(member) if not step.is_done]


@pytest.fixture
def fresh(db: None) -> Membership:
    """The admin of a portal that nobody has touched yet."""
    portal = create_portal("fresh", name="Fresh", admin=FirstAdmin("fay@fresh.example", "Fay", "a-long-password"))
    with inside(portal):
        return Membership.objects.select_related("user", "organization").get()


def test_first_steps_of_a_new_portal_are_all_to_be_done(fresh: Membership) -> None:
    with inside(fresh.portal):
        assert left(fresh) == ALL


def test_first_steps_are_asked_for_in_one_query(
    fresh: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with inside(fresh.portal):
        assert fresh.permissions
        with django_assert_num_queries(1):
            first_steps_of(fresh)


def test_each_of_the_first_steps_is_done_by_its_verb(fresh: Membership) -> None:
    with inside(fresh.portal):
        change_portal(values={"brand": "#0e7490"}, by=fresh)
        assert left(fresh) == ALL[1:]
        partner = create_organization(values={"name": "First"}, by=fresh)
        assert left(fresh) == ALL[2:]
        groups = Group.objects.filter(kind="partner", name="View All Leads")
        invite_member(partner, email="per@first.example", name="Per", groups=groups, by=fresh)
        assert left(fresh) == ALL[3:]


@pytest.mark.usefixtures("in_acme")
def test_first_steps_follow_the_lead(cast: Cast) -> None:
    change_portal(values={"hue": 20}, by=cast.ada)
    new_lead(cast.ada)
    assert left(cast.ada) == ALL[4:]
    assigned_lead(cast.ada, cast.ben)
    assert left(cast.ada) == ALL[5:]
    lead = opened_lead(cast.ada, cast.ben)
    assert left(cast.ada) == ALL[6:]
    actions.win_lead(lead, by=cast.ben)
    assert first_steps_of(cast.ada) == []


def test_first_steps_know_nothing_of_another_portal(cast: Cast) -> None:
    with inside(cast.globex):
        new_deal(cast.dan, cast.eve_globex)
    with inside(cast.acme):
        assert left(cast.ada) == ["look", *ALL[3:]]


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize("name", ["vic", "bea", "ben", "dora"])
def test_first_steps_are_for_administrators(cast: Cast, name: str) -> None:
    assert first_steps_of(getattr(cast, name)) == []


@pytest.mark.usefixtures("in_acme")
def test_first_steps_lead_where_the_reader_may_go(cast: Cast) -> None:
    MembershipGroup.objects.filter(membership=cast.ada, group__name="Lead Administration").delete()
    ada = Membership.objects.select_related("user", "organization").get(pk=cast.ada.pk)

    urls = {step.name: step.url for step in first_steps_of(ada)}

    assert urls["partner"] == "/organizations/new/"
    assert urls["lead"] == ""  # System Administration alone enters none


# --- Put away -------------------------------------------------------------------------------------------


def test_put_away_hides_them_for_good_and_is_recorded_once(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.ada)
    assert "To your first converted lead" in client.get("/").content.decode()

    answer = client.post("/first-steps/put-away/", follow=True)
    client.post("/first-steps/put-away/")

    assert answer.redirect_chain == [("/", 302)]
    assert Page(answer).toasts == ["The first steps are put away. The question mark explains every page."]
    assert "To your first converted lead" not in client.get("/").content.decode()
    with inside(cast.acme):
        (event,) = Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED)
    assert (event.actor_id, event.changed_fields) == (cast.ada.pk, ["is_settled"])
    assert not Portal.objects.get(slug="globex").is_settled


@pytest.mark.usefixtures("in_acme")
def test_put_away_is_refused_to_others(cast: Cast) -> None:
    with pytest.raises(Refused):
        put_first_steps_away(by=cast.vic)

    assert not Portal.objects.get(slug="acme").is_settled


# --- Brought back -----------------------------------------------------------------------------------------


def test_first_steps_come_back_by_the_button_of_the_message(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.ada)
    page = Page(client.post("/first-steps/put-away/", follow=True))
    (button,) = page.root.all("form", action="/first-steps/put-away/")
    assert button.all("input", name="back")

    answer = client.post("/first-steps/put-away/", {"back": "1"}, follow=True)
    client.post("/first-steps/put-away/", {"back": "1"})

    assert answer.redirect_chain == [("/", 302)]
    assert "To your first converted lead" in answer.content.decode()
    with inside(cast.acme):
        assert Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED).count() == 2


def test_first_steps_come_back_from_the_settings(cast: Cast, client_of: ClientOf) -> None:
    """Where the button stands only while they are away."""
    client = client_of(cast.ada)
    assert "Show it again" not in Page(client.get("/settings/portal/")).text
    with inside(cast.acme):
        put_first_steps_away(by=cast.ada)

    assert "Show it again" in Page(client.get("/settings/portal/")).text


@pytest.mark.usefixtures("in_acme")
def test_first_steps_are_brought_back_by_administrators_only(cast: Cast) -> None:
    put_first_steps_away(by=cast.ada)
    with pytest.raises(Refused):
        bring_first_steps_back(by=cast.vic)

    assert Portal.objects.get(slug="acme").is_settled

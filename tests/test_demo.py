"""The demonstration that `make up` fills an empty folder with."""

import io
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone
from pytest_django import Settings

from deals.models import Deal
from leads.models import Lead
from leads.states import Status
from prm.events.models import Delivery, DueWork, Event, Message
from prm.local.demo import LOGINS, PASSWORD
from prm.organizations.context import inside
from prm.organizations.models import Organization, Portal
from prm.users.models import Membership, User
from tests.browsing import visitor
from tests.cast import Cast
from tests.reading import Page

PEOPLE = {
    "acme": {
        "ada@acme.example": ("vendor", "active", {"System Administration", "Lead Administration"}),
        "vic@acme.example": ("vendor", "active", {"Lead Partner Manager"}),
        "lea@acme.example": ("vendor", "active", {"Lead Management"}),
        "bea@north.example": ("North Automation", "active", {"View All Leads", "Manage Users"}),
        "ben@north.example": ("North Automation", "active", {"Receive Leads"}),
        "eve@north.example": ("North Automation", "active", {"View All Leads", "Manage Users"}),
        "ivan@north.example": ("North Automation", "invited", {"Receive Leads"}),
        "dis@north.example": ("North Automation", "disabled", {"Receive Leads"}),
        "cleo@south.example": ("South Consulting", "active", {"Receive Leads"}),
        "dora@east.example": ("East Distribution", "active", {"View All Leads", "Manage Users"}),
    },
    "globex": {
        "dan@globex.example": ("vendor", "active", {"System Administration", "Lead Administration"}),
        "eve@north.example": ("West Partners", "active", {"Receive Leads"}),
    },
}
"""The cast of the demonstration; extras beside them are free to change."""


@pytest.fixture
def empty(cast: Cast) -> None:
    """The tests' own cast steps aside: other addresses, other accounts, rolled back afterwards."""
    Portal.objects.update(slug=Concat(Value("x-"), F("slug")))
    User.objects.update(email=Concat(Value("x-"), F("email")))


def seed(*, leads: int = 0) -> dict[str, Portal]:
    call_command("seed_demo", leads=leads, stdout=io.StringIO())
    return {portal.slug: portal for portal in Portal.objects.filter(slug__in=["acme", "globex"])}


@pytest.mark.usefixtures("empty")
def test_seed_demo_brings_the_cast_with_groups_and_states() -> None:
    demo = seed()

    for slug, people in PEOPLE.items():
        with inside(demo[slug]):
            rows = Membership.objects.select_related("user", "organization").prefetch_related("groups")
            found = {
                member.email: (
                    "vendor" if member.is_vendor else member.organization.name,
                    member.status,
                    {group.name for group in member.groups.all()},
                )
                for member in rows
            }
        assert {email: found.get(email) for email in people} == people


@pytest.mark.usefixtures("empty")
def test_seed_demo_lets_the_logins_it_prints_sign_in() -> None:
    demo = seed()

    for login in LOGINS:
        values = {"login": login.email, "password": PASSWORD}
        answer = visitor(demo[login.portal]).post("/accounts/login/", values)

        assert (login.email, answer.status_code, answer["Location"]) == (login.email, 302, "/")


@pytest.mark.usefixtures("empty")
def test_seed_demo_tells_stories_in_every_state_spread_over_months() -> None:
    demo = seed(leads=50)
    now = timezone.now()

    with inside(demo["acme"]):
        states = Counter(Lead.objects.values_list("status", flat=True))
        times = list(Lead.objects.order_by("created_at").values_list("created_at", flat=True))
        deals = Deal.objects.count()
        events = Event.objects.filter(at__gt=now).count()
        kinds = {"prospective", "active", "inactive"} - set(Organization.objects.values_list("status", flat=True))
        read = {at is not None for at in Message.objects.values_list("read_at", flat=True)}
    assert set(states) == {status.value for status in Status}
    assert sum(states.values()) == 50
    assert deals >= states[Status.CONVERTED]
    assert timedelta(days=150) < now - times[0] < timedelta(days=180)
    assert now - times[-1] < timedelta(days=3)
    assert events == 0
    assert kinds == set()
    assert read == {True, False}


@pytest.mark.usefixtures("empty")
def test_seed_demo_mails_nobody_about_the_past() -> None:
    demo = seed(leads=10)

    with inside(demo["acme"]):
        assert Delivery.objects.count() > 10
        assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}
    assert not DueWork.objects.filter(portal__in=demo.values()).exists()


@pytest.mark.usefixtures("empty")
def test_seed_demo_does_nothing_when_there_is_a_portal_and_it_shall_only_fill() -> None:
    call_command("seed_demo", if_empty=True)

    assert Portal.objects.filter(slug__in=["acme", "globex"]).count() == 0
    assert Portal.objects.count() == 2


@pytest.mark.parametrize("slug", ["acme", "globex"])
def test_seed_demo_refuses_where_its_portal_exists(empty: None, slug: str) -> None:
    Portal.objects.filter(slug="x-acme").update(slug=slug)

    with pytest.raises(CommandError, match=f"There is a portal {slug} already"):
        seed()

    assert Portal.objects.count() == 2


@pytest.mark.usefixtures("empty")
def test_seed_demo_is_refused_in_production(settings: Settings) -> None:
    settings.IS_PRODUCTION = True

    with pytest.raises(CommandError, match="development settings only"):
        seed()

    assert Portal.objects.count() == 2


def test_bare_host_shows_the_demo_logins_in_development_only(empty: None, settings: Settings) -> None:
    seed()

    elsewhere = visitor(None).get("/")
    settings.IS_DEVELOPMENT = True
    page = Page(visitor(None).get("/"))

    assert elsewhere.status_code == 404
    assert [code.text for code in page.root.all("td")[2::3]] == [login.email for login in LOGINS]
    assert PASSWORD in page.text

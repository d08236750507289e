"""The operations page: the vendor's admin sees how the portal's own outbox does."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from prm.events.delivery import deliver_due
from prm.events.models import Delivery
from prm.organizations.context import inside
from tests.browsing import sign_in
from tests.cast import Cast
from tests.events.last_hop import LastHop
from tests.factories import assigned_lead
from tests.reading import Page


@pytest.fixture(autouse=True)
def nothing_waits(cast: Cast, hop: LastHop) -> None:
    for portal in (cast.acme, cast.globex):
        deliver_due(portal)
        with inside(portal):
            Delivery.objects.all().delete()


def cells(page: Page) -> list[list[str]]:
    """The words of each row, without those for phones."""
    return [[" ".join(cell.text.split()) for cell in row.all("td")] for row in page.root.all("tbody")[0].all("tr")]


def test_operations_count_by_kind_and_channel(cast: Cast) -> None:
    with inside(cast.acme):
        for number in range(8):
            lead = assigned_lead(cast.ada, cast.ben)
            mail = Delivery.objects.filter(event__subject_id=lead.pk, channel="email")
            if number < 4:
                mail.update(status="sent", done_at=Now() - timedelta(hours=(0, 0, 5, 40)[number]))
            else:
                due = Now() - timedelta(minutes=5)
                mail.update(status=["pending", "bounced", "dead", "dead"][number - 4], not_before=due)
        Delivery.objects.filter(channel="message").delete()

    page = Page(sign_in(cast.ada).get("/operations/"))

    assert page.heading == "Operations"
    assert [dd.text.strip() for dd in page.root.all("dd")] == ["1", "5 minutes ago", "3", "3"]
    (row,) = cells(page)
    assert row[0] == "Lead assigned E-mail"
    assert [row[i].split()[0] for i in (2, 4, 5, 6, 7)] == ["1", "2", "3", "1", "2"]
    bar = [(part.attributes["class"], part.attributes["width"]) for part in page.root.all("rect")[:3]]
    assert bar == [("sent", "428"), ("waiting", "142"), ("failed", "428")]
    assert page.links("2 in the e-mail log") == ["/operations/mail/?status=dead"]


def test_operations_show_the_own_portal_only(cast: Cast) -> None:
    with inside(cast.globex):
        assigned_lead(cast.dan, cast.eve_globex)

    page = Page(sign_in(cast.ada).get("/operations/"))

    assert "Nothing on its way" in page.html
    assert "Lead assigned" not in page.html
    assert "Lead assigned" in Page(sign_in(cast.dan).get("/operations/")).html


def test_operations_say_what_is_held_after_a_restore(cast: Cast) -> None:
    with inside(cast.acme):
        assigned_lead(cast.ada, cast.ben)
        Delivery.objects.filter(channel="email").update(status="held")

    page = Page(sign_in(cast.ada).get("/operations/"))

    assert "1 notice is held" in page.html

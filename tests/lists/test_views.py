"""Saved views: kept, shared within the own organization, begun with; and the columns one sees."""

from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client

from leads.lists import LEADS
from prm.actions import Duplicate, Refused
from prm.lists import actions
from prm.lists.models import ListChoice, SavedView, choice_for
from prm.organizations.context import inside
from prm.serving.paging import InvalidParameter
from prm.users.models import Group, Membership, MembershipGroup
from tests.cast import Cast
from tests.factories import new_lead, opened_lead
from tests.reading import Page

ClientOf = Callable[[Membership], Client]


def kept(member: Membership, query: str = "status=lost", *, name: str = "Mine", group: str = "") -> SavedView:
    with inside(member.portal):
        shared_with = Group.objects.get(kind=member.organization.kind, name=group) if group else None
        return actions.save_view(LEADS, name=name, query=QueryDict(query), shared_with=shared_with, by=member)


def seen_by(member: Membership) -> list[str]:
    with inside(member.portal):
        return [view.name for view in SavedView.objects.visible_to(member)]


# --- Actions ----------------------------------------------------------------------------------------


def test_save_view_keeps_what_shapes_the_list_and_nothing_else(ada: Membership) -> None:
    view = kept(ada, "status=lost&cursor=abc&view=all&choose=city&city=&ordering=name&columns=city")

    assert view.query == "status=lost&ordering=name&columns=city"


@pytest.mark.parametrize("query", ["gone=1", "status=x", "country=XX", "internal_notes=perhaps", "search=%00"])
def test_save_view_takes_no_query_that_means_nothing(ada: Membership, query: str) -> None:
    with pytest.raises(InvalidParameter):
        kept(ada, query)


def test_save_view_of_a_partner_takes_no_filter_of_the_vendors(ben: Membership) -> None:
    with pytest.raises(InvalidParameter):
        kept(ben, "internal_notes=yes")


def test_save_view_refuses_a_second_of_the_name(cast: Cast) -> None:
    kept(cast.ada)
    with pytest.raises(Duplicate):
        kept(cast.ada)
    kept(cast.vic)

    assert seen_by(cast.vic) == ["Mine"]


def test_save_view_refuses_more_than_anybody_needs(ada: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST", 1)
    kept(ada)

    with pytest.raises(Refused, match="Delete one first"):
        kept(ada, name="Another")


def test_shared_view_is_seen_by_the_group_in_the_own_organization(cast: Cast) -> None:
    with inside(cast.acme):
        group = Group.objects.get(kind="partner", name="View All Leads")
        MembershipGroup.objects.create(membership=cast.cleo, group=group)
    kept(cast.bea, name="For us", group="View All Leads")
    kept(cast.bea, name="Hers")

    assert seen_by(cast.bea) == ["For us", "Hers"]
    assert seen_by(cast.eve) == ["For us"]
    assert seen_by(cast.ben) == []  # Receive Leads
    assert seen_by(cast.cleo) == []  # View All Leads, at South
    assert seen_by(cast.dora) == []  # a distributor's group of the same name
    assert seen_by(cast.ada) == []


def test_shared_view_needs_a_group_that_one_is_in(cast: Cast) -> None:
    with pytest.raises(Refused, match="a group that you are in"):
        kept(cast.ben, group="View All Leads")


def test_view_of_a_colleague_is_not_ones_own(cast: Cast) -> None:
    view = kept(cast.bea, group="View All Leads")

    with inside(cast.acme):
        for attempt in (
            lambda: actions.change_view(view, name="Changed", shared_with=None, by=cast.eve),
            lambda: actions.keep_query(view, query=QueryDict(""), by=cast.eve),
            lambda: actions.delete_view(view, by=cast.eve),
        ):
            with pytest.raises(Refused, match="somebody else's"):
                attempt()


def test_delete_view_leaves_those_who_began_with_it_the_whole_list(cast: Cast) -> None:
    view = kept(cast.bea, group="View All Leads")
    with inside(cast.acme):
        actions.choose_default(LEADS, view=view, by=cast.eve)
        assert choice_for(cast.eve, "leads").default_view == view

        actions.delete_view(view, by=cast.bea)

        assert choice_for(cast.eve, "leads").default_view is None


def test_choose_default_refuses_what_one_does_not_see(cast: Cast) -> None:
    view = kept(cast.bea)

    with inside(cast.acme), pytest.raises(Refused):
        actions.choose_default(LEADS, view=view, by=cast.eve)


def test_choose_columns_takes_those_there_are(cast: Cast) -> None:
    with inside(cast.acme):
        actions.choose_columns(LEADS, keys=["city", "internal_notes", "number", "nonsense"], by=cast.ben)
        actions.choose_columns(LEADS, keys=["city"], by=cast.ada)
        actions.choose_columns(LEADS, keys=["internal_notes"], by=cast.ada)

        assert choice_for(cast.ben, "leads").columns == ["city"]
        assert choice_for(cast.ada, "leads").columns == ["internal_notes"]
        assert ListChoice.objects.count() == 2


# --- Pages ------------------------------------------------------------------------------------------


def test_page_keeps_a_view_and_shows_it(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        new_lead(cast.ada, company="Here", country="DE")
        new_lead(cast.ada, company="There", country="FR")
    client = client_of(cast.ada)

    link = Page(client.get("/leads/?country=DE")).links("Save view")[0]
    form = Page(client.get(link)).form("/views/new/")
    answer = client.post("/views/new/", {**form, "name": "Germany", "is_default": "on"}, follow=True)

    with inside(cast.acme):
        view = SavedView.objects.get()
    assert [way for way, _status in answer.redirect_chain] == [
        f"/views/{view.pk}/",
        f"/leads/?country=DE&view={view.pk}",
    ]
    assert Page(answer).rows == ["Here"]
    assert Page(client.get("/leads/", follow=True)).rows == ["Here"]
    assert Page(client.get("/leads/?view=all")).rows == ["There", "Here"]


def test_page_says_what_is_wrong_with_a_name(client_of: ClientOf, ada: Membership) -> None:
    kept(ada)
    client = client_of(ada)

    sent = {"list": "leads", "query": "status=lost"}
    empty, double = (client.post("/views/new/", {**sent, "name": name}) for name in ("", "Mine"))

    assert (empty.status_code, double.status_code) == (422, 422)
    assert Page(empty).error("name") == "This field is required."
    assert Page(double).error("name") == "You have a view of this name already."
    assert Page(double).value("query") == "status=lost"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"list": "nothing", "query": ""}, 404),
        ({"list": "leads", "query": "gone=1"}, 400),
        ({"list": "leads", "query": "search=%00"}, 400),
        ({"list": "leads", "query": "search=" + "x" * 5000}, 400),
        ({"list": "mails", "query": ""}, 403),
    ],
)
def test_page_keeps_no_view_of_what_there_is_not(
    client_of: ClientOf, ben: Membership, sent: dict[str, str], status: int
) -> None:
    client = client_of(ben)

    assert client.get("/views/new/", sent).status_code == status
    assert client.post("/views/new/", {**sent, "name": "x"}).status_code == status


def test_page_shows_an_old_view_without_what_is_gone_and_says_so(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        opened_lead(cast.ada, cast.ben, company="Here", country="DE")
        view = SavedView.objects.create(
            owner=cast.ben, list_name="leads", name="Old", query="country=DE&colour=red&internal_notes=yes"
        )

    page = Page(client_of(cast.ben).get(f"/views/{view.pk}/", follow=True))

    assert page.rows == ["Here"]
    assert page.toasts == ["View “Old” had filters that are no longer there: colour, internal_notes."]


def test_page_offers_to_keep_what_was_changed(client_of: ClientOf, cast: Cast) -> None:
    view = kept(cast.ada, "status=lost")
    client = client_of(cast.ada)

    same = Page(client.get(f"/leads/?status=lost&view={view.pk}"))
    changed = Page(client.get(f"/leads/?status=won&view={view.pk}"))
    client.post(f"/views/{view.pk}/keep/", changed.form(f"/views/{view.pk}/keep/"))

    assert "Keep the changes in “Mine”" not in same.text
    assert "Keep the changes in “Mine”" in changed.text
    with inside(cast.acme):
        assert SavedView.objects.get().query == "status=won"


def test_page_of_views_names_each_with_what_one_may_do(client_of: ClientOf, cast: Cast) -> None:
    theirs, own = kept(cast.bea, name="Hers", group="View All Leads"), kept(cast.eve, name="Own")
    client = client_of(cast.eve)

    client.post(f"/views/{theirs.pk}/default/")
    page = Page(client.get("/views/"))

    assert "Shared by Bea" in page.text
    assert page.root.all("form", action=f"/views/{theirs.pk}/delete/") == []
    assert len(page.root.all("form", action=f"/views/{own.pk}/delete/")) == 1
    assert "The list begins with it" in page.text
    client.post(f"/views/{theirs.pk}/default/")
    assert "The list begins with it" not in Page(client.get("/views/")).text


def test_page_renames_shares_and_deletes(client_of: ClientOf, cast: Cast) -> None:
    view = kept(cast.bea)
    client = client_of(cast.bea)
    with inside(cast.acme):
        group = Group.objects.get(kind="partner", name="View All Leads")

    client.post(f"/views/{view.pk}/edit/", {"name": "Renamed", "shared_with": str(group.pk), "is_default": "on"})
    with inside(cast.acme):
        changed = SavedView.objects.get()
        assert (changed.name, changed.shared_with) == ("Renamed", group)
        assert choice_for(cast.bea, "leads").default_view == view
    client.post(f"/views/{view.pk}/delete/")

    assert seen_by(cast.bea) == []
    assert client.get("/leads/").status_code == 200


def test_page_shares_with_no_group_of_others(client_of: ClientOf, cast: Cast) -> None:
    view = kept(cast.ben)
    with inside(cast.acme):
        own, foreign = Group.objects.filter(name="View All Leads"), Group.objects.filter(kind="vendor")
        keys = [group.pk for group in (*own, *foreign)]

    for key in keys:
        answer = client_of(cast.ben).post(f"/views/{view.pk}/edit/", {"name": "x", "shared_with": str(key)})
        assert answer.status_code == 422


def test_page_chooses_columns_for_good(client_of: ClientOf, cast: Cast) -> None:
    with inside(cast.acme):
        new_lead(cast.ada, city="Ghent")
    client = client_of(cast.ada)

    form = Page(client.get("/leads/?choose=columns&status=unassigned")).form("/views/columns/")
    answer = client.post("/views/columns/", {**form, "columns": ["city", "email"]}, follow=True)

    assert answer.redirect_chain == [("/leads/?status=unassigned&view=all", 302)]
    heads = [head.text for head in Page(client.get("/leads/")).root.all("th")]
    assert heads == ["", "Lead", "City", "E-mail"]  # the first is for ticking
    client.post("/views/columns/", {"list": "leads", "query": "", "begin": "yes"})
    assert [head.text for head in Page(client.get("/leads/")).root.all("th")][2] == "Status"


def test_page_of_a_view_redirects_nowhere_else(client_of: ClientOf, cast: Cast) -> None:
    client = client_of(cast.ada)

    answer = client.post("/views/columns/", {"list": "leads", "query": "//evil.example/?a=b&status=lost"})

    assert answer["Location"] == "/leads/?status=lost&view=all"

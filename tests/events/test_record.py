"""Events: written with the change, told to others, never altered."""

import pytest
from django.db import ProgrammingError, connection, transaction

from leads import actions
from prm.events.models import Delivery, DueWork, Event, EventValue
from prm.events.record import record
from prm.organizations.context import inside
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_lead, opened_lead

in_acme = pytest.mark.usefixtures("in_acme")


def told(event: Event) -> set[tuple[str, str]]:
    return set(Delivery.objects.filter(event=event).values_list("recipient__name", "channel"))


@in_acme
def test_record_writes_who_what_and_the_changed_fields(cast: Cast) -> None:
    changes = {"city": ("Ghent", "Brno"), "budget": (None, 5)}

    event = record(
        Event.Kind.ORGANIZATION_CHANGED, cast.north, by=cast.ada, organization=cast.north, changes=changes
    )

    event.refresh_from_db()
    assert (event.kind, event.actor, event.organization) == ("organization_changed", cast.ada, cast.north)
    assert (event.subject_type, event.subject_id) == ("organizations.organization", cast.north.pk)
    assert (event.changed_fields, event.facts, event.request_id) == (["budget", "city"], {}, "")
    assert set(EventValue.objects.filter(event=event).values_list("field", "old", "new")) == {
        ("city", "Ghent", "Brno"),
        ("budget", "", "5"),
    }


@in_acme
def test_record_writes_a_delivery_per_person_and_channel(cast: Cast) -> None:
    before = DueWork.objects.count()

    event = record(Event.Kind.LEAD_RECALLED, cast.north, by=cast.ada, tell=[cast.ben, cast.bea, cast.ben])

    assert told(event) == {(name, channel) for name in ("Ben", "Bea") for channel in ("email", "message")}
    assert Delivery.objects.filter(event=event, status="pending", attempts=0).count() == 4
    assert DueWork.objects.count() == before + 1


@in_acme
def test_record_tells_nobody_of_the_own_action(cast: Cast) -> None:
    event = record(Event.Kind.LEAD_RECALLED, cast.north, by=cast.ben, tell=[cast.ben, cast.bea])

    assert told(event) == {("Bea", "email"), ("Bea", "message")}


@in_acme
def test_record_without_anybody_to_tell_rings_nobody(cast: Cast) -> None:
    before = DueWork.objects.count()

    event = record(Event.Kind.LEAD_RECALLED, cast.north, by=cast.ben, tell=[cast.ben])

    assert told(event) == set()
    assert DueWork.objects.count() == before


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_record_needs_the_transaction_of_the_change(cast: Cast) -> None:
    with pytest.raises(AssertionError, match="transaction"):
        record(Event.Kind.ORGANIZATION_CHANGED, cast.north, by=None)


def test_record_goes_with_a_change_that_is_undone(cast: Cast) -> None:
    with inside(cast.acme):
        before = (Event.objects.count(), Delivery.objects.count(), DueWork.objects.count())

    with inside(cast.acme):
        opened_lead(cast.ada, cast.ben)
        transaction.set_rollback(True)

    with inside(cast.acme):
        assert (Event.objects.count(), Delivery.objects.count(), DueWork.objects.count()) == before


@in_acme
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events_event SET actor_id = NULL",
        "UPDATE events_event SET facts = '{}' WHERE false",
        "DELETE FROM events_event",
        "TRUNCATE events_event CASCADE",
        "ALTER TABLE events_event DISABLE ROW LEVEL SECURITY",
        "DROP TABLE events_event CASCADE",
    ],
)
def test_events_cannot_be_altered_by_the_serving_role(ada: Membership, statement: str) -> None:
    new_lead(ada)
    before = list(Event.objects.order_by("pk").values())

    said = r"permission denied|must be owner"
    with pytest.raises(ProgrammingError, match=said), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(Event.objects.order_by("pk").values()) == before


@in_acme
def test_events_cannot_be_altered_through_the_orm(ada: Membership) -> None:
    new_lead(ada)
    event = Event.objects.get(kind=Event.Kind.LEAD_CREATED)

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Event.objects.update(actor=None)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        event.save()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Event.objects.filter(pk=event.pk)._raw_delete("default")
    event.refresh_from_db()
    assert event.actor == ada


@in_acme
def test_values_beside_an_event_may_be_emptied(ada: Membership) -> None:
    """Erasure takes what is personal and leaves that something happened."""
    lead = actions.update_lead(new_lead(ada), values={"city": "Brno"}, by=ada)

    assert EventValue.objects.filter(event__subject_id=lead.pk).update(old="", new="") > 0


@in_acme
def test_events_are_visible_to_whom_they_concern(cast: Cast) -> None:
    lead = opened_lead(cast.ada, cast.ben)
    actions.comment_lead(lead, text="ours", is_internal=True, by=cast.ben)
    actions.comment_lead(lead, text="theirs", is_internal=True, by=cast.ada)

    def seen(member: Membership) -> list[str]:
        events = Event.objects.visible_to(member).filter(subject_id=lead.pk)
        return [f"{event.kind} by {event.actor}" for event in events.order_by("at", "pk")]

    assert seen(cast.ada) == [
        "lead_created by Ada",
        "lead_assigned by Ada",
        "lead_opened by Ben",
        "lead_commented by Ada",
    ]
    assert seen(cast.ben) == ["lead_assigned by Ada", "lead_opened by Ben", "lead_commented by Ben"]
    assert seen(cast.cleo) == seen(cast.dora) == []

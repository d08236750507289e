"""Settings > Deal Stages."""

import pytest

from deals.actions import lose_deal
from deals.models import Deal, DealLostReason, DealStage
from deals.settings import add_stage, change_stage, raise_stage
from leads.reasons import add_lost_reason, change_lost_reason
from prm.actions import Refused
from prm.events.models import Event
from prm.users.models import Membership
from tests.cast import Cast
from tests.factories import new_deal

pytestmark = pytest.mark.usefixtures("in_acme")


def stages() -> list[str]:
    return list(DealStage.objects.values_list("name", flat=True))


def stage(name: str) -> DealStage:
    found: DealStage = DealStage.objects.get(name=name)
    return found


def test_a_new_portal_has_stages_with_every_outcome() -> None:
    rows = list(DealStage.objects.values_list("name", "probability", "outcome", "is_active"))

    assert rows == [
        ("Qualified", 10, "open", True),
        ("Meeting held", 30, "open", True),
        ("Proposal", 50, "open", True),
        ("Negotiation", 75, "open", True),
        ("Won", 100, "won", True),
        ("Lost", 0, "lost", True),
    ]


def test_add_stage_puts_it_last_and_notes_it(ada: Membership) -> None:
    new = add_stage(values={"name": "Paid", "probability": 100, "outcome": "won"}, by=ada)

    assert stages()[-1] == "Paid"
    event = Event.objects.get(kind=Event.Kind.SETTINGS_CHANGED)
    assert (event.subject_id, event.actor, event.changed_fields) == (new.pk, ada, ["name"])


def test_add_stage_with_a_taken_name_is_refused(ada: Membership) -> None:
    with pytest.raises(Refused, match="Proposal"):
        add_stage(values={"name": "Proposal"}, by=ada)
    assert stages().count("Proposal") == 1


def test_change_stage_to_a_taken_name_is_refused(ada: Membership) -> None:
    with pytest.raises(Refused, match="Won"):
        change_stage(stage("Lost"), values={"name": "Won"}, by=ada)
    assert len(stages()) == 6


def test_change_stage_leaves_its_deals_where_they_are(cast: Cast) -> None:
    deal = new_deal(cast.ada, cast.ben)

    change_stage(stage("Qualified"), values={"name": "Qualifying", "is_active": False}, by=cast.ada)

    deal.refresh_from_db()
    assert (deal.stage.name, deal.status) == ("Qualifying", "open")
    assert Event.objects.get(kind=Event.Kind.SETTINGS_CHANGED).changed_fields == ["is_active", "name"]


def test_change_stage_without_a_difference_writes_nothing(ada: Membership) -> None:
    change_stage(stage("Won"), values={"name": "Won"}, by=ada)

    assert not Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED).exists()


@pytest.mark.parametrize("values", [{"is_active": False}, {"outcome": "won"}])
def test_change_stage_keeps_one_open_stage_in_use(ada: Membership, values: dict[str, object]) -> None:
    for name in ("Meeting held", "Proposal", "Negotiation"):
        change_stage(stage(name), values={"is_active": False}, by=ada)

    with pytest.raises(Refused, match="One open stage"):
        change_stage(stage("Qualified"), values=values, by=ada)
    assert (stage("Qualified").is_active, stage("Qualified").outcome) == (True, "open")


@pytest.mark.parametrize(("name", "words"), [("Won", "won deals"), ("Lost", "lost deals")])
@pytest.mark.parametrize("values", [{"is_active": False}, {"outcome": "open"}])
def test_change_stage_keeps_one_of_each_end_in_use(
    ada: Membership, name: str, words: str, values: dict[str, object]
) -> None:
    with pytest.raises(Refused, match=words):
        change_stage(stage(name), values=values, by=ada)
    assert (stage(name).is_active, stage(name).outcome) == (True, name.lower())


def test_change_stage_that_is_not_the_last_of_its_meaning(ada: Membership) -> None:
    add_stage(values={"name": "Paid", "probability": 100, "outcome": "won"}, by=ada)

    assert change_stage(stage("Won"), values={"is_active": False}, by=ada).is_active is False
    assert change_stage(stage("Won"), values={"name": "Signed"}, by=ada).name == "Signed"


def test_change_stage_keeps_its_meaning_while_deals_stand_there(cast: Cast) -> None:
    new_deal(cast.ada, cast.ben)

    with pytest.raises(Refused, match="keeps its meaning"):
        change_stage(stage("Qualified"), values={"outcome": "won"}, by=cast.ada)
    assert change_stage(stage("Proposal"), values={"outcome": "won"}, by=cast.ada).outcome == "won"


def test_raise_stage_changes_places_with_the_one_before(ada: Membership) -> None:
    DealStage.objects.filter(name__in=["Proposal", "Negotiation"]).update(position=3)  # as good as the same
    assert stages()[2:4] == ["Negotiation", "Proposal"]

    raise_stage(stage("Proposal"), by=ada)

    assert stages() == ["Qualified", "Meeting held", "Proposal", "Negotiation", "Won", "Lost"]
    event = Event.objects.get(kind=Event.Kind.SETTINGS_CHANGED)
    assert (event.subject_id, event.changed_fields) == (stage("Proposal").pk, ["position"])


def test_raise_stage_that_is_the_first_changes_nothing(ada: Membership) -> None:
    raise_stage(stage("Qualified"), by=ada)

    assert stages()[0] == "Qualified"
    assert not Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED).exists()


# --- Lost reasons ---------------------------------------------------------------------------------------


def reasons() -> list[str]:
    return list(DealLostReason.objects.values_list("name", flat=True))


def test_a_new_portal_has_reasons_for_lost_deals() -> None:
    assert reasons() == [
        *("Price", "Chose a competitor", "No decision", "Budget withdrawn", "Feature missing", "Contact lost"),
    ]


def test_add_lost_reason_puts_it_last_and_notes_it(ada: Membership) -> None:
    new = add_lost_reason("Moved away", to=DealLostReason, by=ada)

    assert reasons()[-1] == "Moved away"
    event = Event.objects.get(kind=Event.Kind.SETTINGS_CHANGED)
    assert (event.subject_id, event.actor, event.changed_fields) == (new.pk, ada, ["name"])


def test_lost_reason_with_a_taken_name_is_refused(ada: Membership) -> None:
    with pytest.raises(Refused, match="Price"):
        add_lost_reason("Price", to=DealLostReason, by=ada)
    with pytest.raises(Refused, match="Price"):
        change_lost_reason(DealLostReason.objects.get(name="No decision"), values={"name": "Price"}, by=ada)
    assert reasons().count("Price") == 1


def test_change_lost_reason_stays_on_the_deals_that_have_it(cast: Cast) -> None:
    price = DealLostReason.objects.get(name="Price")
    deal = lose_deal(new_deal(cast.ada, cast.ben), reason=price, by=cast.ben)

    change_lost_reason(price, values={"name": "Too expensive", "is_active": False}, by=cast.ada)

    deal = Deal.objects.get(pk=deal.pk)
    assert (str(deal.lost_reason), deal.status) == ("Too expensive", "lost")


@pytest.mark.parametrize("name", ["vic", "bea", "ben"])
def test_settings_are_for_those_who_configure(cast: Cast, name: str) -> None:
    by = getattr(cast, name)
    with pytest.raises(Refused, match="groups"):
        add_lost_reason("x", to=DealLostReason, by=by)
    with pytest.raises(Refused, match="groups"):
        raise_stage(DealStage.objects.all()[1], by=by)
    with pytest.raises(Refused, match="groups"):
        change_lost_reason(DealLostReason.objects.all()[0], values={"name": "x"}, by=by)

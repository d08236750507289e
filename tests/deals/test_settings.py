"""Settings > Deal Stages."""

import pytest

from deals.models import DealStage
from deals.settings import add_stage, change_stage
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


def test_change_stage_that_is_not_the_last_open_one(ada: Membership) -> None:
    assert change_stage(stage("Won"), values={"is_active": False}, by=ada).is_active is False

"""A kind of run that only writes down which rows it did, and what may happen to its worker meanwhile."""

import uuid
from collections.abc import Callable

from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.runs import working
from prm.runs.actions import start_run
from prm.runs.kinds import KINDS, Parameters
from prm.runs.models import Run
from prm.runs.working import Hold
from prm.users.models import Membership

Meet = Callable[[int], None]
"""What a worker meets at the n-th row."""


class Killed(BaseException):
    """The worker is gone, from one moment to the next."""


class Scenery:
    """A kind of run whose rows are written down here, and what happens at them."""

    def __init__(self) -> None:
        self.done: list[uuid.UUID] = []
        self.calls = 0
        self.meet: Meet = lambda call: None

    def do(self, pk: uuid.UUID, parameters: Parameters, by: Membership) -> None:
        self.calls += 1
        self.meet(self.calls)
        self.done.append(pk)


def writing(by: Membership, count: int) -> Run:
    with inside(by.portal):
        ids = [uuid.uuid4() for _ in range(count)]
        return start_run(KINDS["tests.write"], by=by, token=uuid.uuid4(), title="Write", chosen=ids, total=count)


def begun(portal: Portal) -> Hold:
    """A worker's hold of the next run, one row of which is done."""
    hold = working._claim(portal)
    assert hold is not None
    assert hold.kind.advance(hold)
    return hold


def at(number: int, error: BaseException) -> Meet:
    """Happens once."""

    def meet(call: int) -> None:
        if call == number:
            raise error

    return meet


def always(error: BaseException) -> Meet:
    def meet(call: int) -> None:
        raise error

    return meet

"""What a web process does for its own speed."""

import gc

from prm.serving.tuning import ROUNDS, spare_the_long_lived


def test_what_is_loaded_is_looked_through_no_more() -> None:
    before = gc.get_threshold()
    try:
        spare_the_long_lived()

        assert gc.get_threshold() == ROUNDS
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)

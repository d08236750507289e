"""How a web process runs, beside what it serves."""

import gc

ROUNDS = (10_000, 10, 10)


def spare_the_long_lived() -> None:
    """Once all is loaded: what lives as long as the process is collected no more.

    The program itself is most of the objects there are. With Python's own thresholds they were all looked
    through every few requests, which then took twice as long as the others.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*ROUNDS)

"""How often Python looks for reference cycles in a process of the ledger."""

import gc

YOUNG_OBJECTS = 200_000


def spare_the_collector() -> None:
    """Look seldom: states and events hold no cycles, and looking is a quarter of the work."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 50, 50)

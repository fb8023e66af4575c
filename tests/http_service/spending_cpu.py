"""How much CPU the serving threads of this process use, and how long the loop keeps to itself.

CPU time and not the clock on the wall: what else runs on the machine does not count. Each thread
is asked for its own, so that what the test itself does to send a request does not count either.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def serving_cpu_s() -> float:
    """The CPU time of every thread of this process but the one that asks, in seconds."""
    mine = threading.get_ident()
    others = [one.ident for one in threading.enumerate() if one.ident not in (mine, None)]
    return sum(time.clock_gettime(time.pthread_getcpuclockid(one)) for one in others if one)


def least_cpu_s(act: Callable[[], T], enough_s: float, tries: int = 3) -> tuple[T, float]:
    """What it came to, and the least CPU it took to serve it: once, or again when that is much.

    The least of a few, because garbage of others may be collected meanwhile.
    """
    least = float("inf")
    for _ in range(tries):
        before = serving_cpu_s()
        came_to = act()
        least = min(least, serving_cpu_s() - before)
        if least <= enough_s:
            break
    return came_to, least

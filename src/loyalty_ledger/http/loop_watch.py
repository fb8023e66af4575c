"""Watching the loop that serves connections: how late it is, and how much of that is our doing."""

import asyncio
import time
from collections.abc import Callable

EVERY_S = 0.02


class LoopWatch:
    """Ticks on the loop. `worst_s` is the longest that work of this process kept it from ticking.

    Where the machine is busy with something else the loop is late as well, but not by us: no more
    counts than this process has computed meanwhile, on the loop or elsewhere.
    """

    def __init__(self, late: Callable[[float], None]):
        self._late = late
        self.worst_s = 0.0

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            began, computed = time.monotonic(), time.process_time()
            await asyncio.sleep(EVERY_S)
            late_s = max(0.0, time.monotonic() - began - EVERY_S)
            self._late(late_s)
            self.worst_s = max(self.worst_s, min(late_s, time.process_time() - computed))

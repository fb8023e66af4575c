"""Threads that decide and answer, each with a ledger of its own over the same database.

Deciding waits for the database, so that it must not be done where connections are served. No more
wait in line than can be answered soon; the others are told to come again.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from loyalty_ledger.http.refusals import busy
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.reaching import in_reach

T = TypeVar("T")
THREADS = 4
MOST_WAITING = 200


class Pool:
    """A few threads, and a line before them."""

    def __init__(self, make: Callable[[], Ledger], threads: int = THREADS):
        self._make = make
        self._mine = threading.local()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="ledger")
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many are in line or being answered."""
        return self._waiting

    async def run(self, act: Callable[[Ledger], T]) -> T:
        """Let a thread do it; Turned when too many wait already.

        Busy or NotStored when the database cannot do it just now.
        """
        if self._waiting >= MOST_WAITING:
            raise busy("too many requests wait: come again in a moment")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._with_ledger, act)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Wait until everything that was begun is done."""
        self._threads.shutdown(wait=True)

    def _with_ledger(self, act: Callable[[Ledger], T]) -> T:
        ledger = getattr(self._mine, "ledger", None)
        if ledger is None:
            ledger = self._mine.ledger = self._make()
        try:
            with in_reach():
                return act(ledger)
        except StopIteration as error:  # no future can hold it: whoever waits would wait for ever
            raise RuntimeError("a search found nothing") from error

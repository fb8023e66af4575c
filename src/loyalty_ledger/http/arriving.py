"""Sales on their way in: whatever has come while a commit was under way shares the next one.

Nobody waits for company: a sale that comes when nothing is under way is committed at once.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from loyalty_ledger.http.faults import fault
from loyalty_ledger.http.refusals import Turned, busy, pending
from loyalty_ledger.http.taking_in import Came, Take
from loyalty_ledger.intake import Receipt

MOST_AT_ONCE = 100
MOST_WAITING = 2_000
Key = tuple[str, str, str]


def too_many() -> Turned:
    """503: no more sales may wait."""
    return busy("too many sales are on their way in: send it again in a moment")


class Arrived(NamedTuple):
    """What became of a sale, and the position of the log behind it."""

    receipt: Receipt
    position: int


class _Waiting(NamedTuple):
    came: Came
    loop: asyncio.AbstractEventLoop
    told: "asyncio.Future[Arrived]"


class Arriving:
    """One thread that has all sales taken in, in groups."""

    def __init__(self, take: Take):
        self._take = take
        self.committed: Callable[[int], object] = lambda _commits: None
        """Told how many commits it took."""
        self._line: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._under_way: set[Key] = set()
        self._waiting = 0
        self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many sales are on their way in."""
        return self._waiting

    @property
    def full(self) -> bool:
        """Whether no more may wait."""
        return self._waiting >= MOST_WAITING

    async def receive(self, came: Came, key: Key | None) -> Arrived:
        """Have it taken in. `key` is what the request is known by, if by anything.

        Rejected while the same request is under way, Turned when too many are.
        """
        if key is not None and key in self._under_way:
            raise pending(key[-1])
        if self.full:
            raise too_many()
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Arrived] = loop.create_future()
        self._waiting += 1
        if key is not None:
            self._under_way.add(key)
        # Whoever hung up meanwhile does not undo it: the sale is taken in all the same.
        told.add_done_callback(lambda _told: self._ended(key))
        self._line.put(_Waiting(came, loop, told))
        return await asyncio.shield(told)

    def _ended(self, key: Key | None) -> None:
        self._waiting -= 1
        if key is not None:
            self._under_way.discard(key)

    def close(self) -> None:
        """Take in what has come, and stop."""
        self._line.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (group := self._next()) is not None:
            try:
                results, position, commits = self._take([one.came for one in group])
            except Exception as error:  # whatever it is, the next ones are taken in
                faults = [fault(one.came.meta["request"], error) for one in group]
                _tell(group, faults)
                continue
            self.committed(commits)
            _tell(
                group,
                [one if isinstance(one, Turned) else Arrived(one, position) for one in results],
            )

    def _next(self) -> list[_Waiting] | None:
        """Everything in line, at least one; None at the end."""
        first = self._line.get()
        if first is None:
            return None
        group = [first]
        while len(group) < MOST_AT_ONCE:
            try:
                one = self._line.get_nowait()
            except queue.Empty:
                break
            if one is None:
                self._line.put(None)
                break
            group.append(one)
        return group


def _tell(group: list[_Waiting], results: Sequence[Arrived | Turned]) -> None:
    """Wake those that wait, one wake-up for each of their loops."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Arrived | Turned]]] = {}
    for one, result in zip(group, results, strict=True):
        by_loop.setdefault(one.loop, []).append((one, result))
    for loop, pairs in by_loop.items():
        loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[_Waiting, Arrived | Turned]]) -> None:
    for one, result in pairs:
        if one.told.done():
            continue
        if isinstance(result, Turned):
            one.told.set_exception(result)
        else:
            one.told.set_result(result)

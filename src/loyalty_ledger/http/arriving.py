"""Sales on their way in: whatever has come while a commit was under way shares the next one.

Nobody waits for company: a sale that comes when nothing is under way is committed at once.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http.refusals import busy
from loyalty_ledger.intake import Receipt, Sent
from loyalty_ledger.ledger import Ledger

MOST_AT_ONCE = 100
MOST_WAITING = 2_000
Key = tuple[str, str, str]


class Arrived(NamedTuple):
    """What became of a sale, and the position of the log behind it."""

    receipt: Receipt
    position: int


class _Waiting(NamedTuple):
    sent: Sent
    loop: asyncio.AbstractEventLoop
    told: "asyncio.Future[Arrived]"


class Arriving:
    """One thread that takes in all sales, in groups."""

    def __init__(self, make: Callable[[], Ledger]):
        self._make = make
        self._line: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._under_way: set[Key] = set()
        self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many sales are on their way in."""
        return len(self._under_way)

    async def receive(self, sent: Sent) -> Arrived:
        """Take it in; Rejected while the same request is under way, Turned when too many are."""
        request = sent.request
        key = request.client_id, request.store_id, request.request_id
        if key in self._under_way:
            raise Rejected(
                Reason.PENDING_PROCESSING,
                "this request is being processed: ask again in a moment",
                {"request_id": request.request_id},
            )
        if len(self._under_way) >= MOST_WAITING:
            raise busy("too many sales are on their way in: send it again in a moment")
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Arrived] = loop.create_future()
        self._under_way.add(key)
        # Whoever hung up meanwhile does not undo it: the sale is taken in all the same.
        told.add_done_callback(lambda _told: self._under_way.discard(key))
        self._line.put(_Waiting(sent, loop, told))
        return await asyncio.shield(told)

    def close(self) -> None:
        """Take in what has come, and stop."""
        self._line.put(None)
        self._thread.join()

    def _work(self) -> None:
        ledger = self._make()
        while (group := self._next()) is not None:
            try:
                receipts = ledger.intake.take([one.sent for one in group])
            except Exception as error:
                _tell(group, [error] * len(group))
                continue
            position = ledger.states.position
            _tell(group, [Arrived(receipt, position) for receipt in receipts])

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


def _tell(group: list[_Waiting], results: Sequence[Arrived | Exception]) -> None:
    """Wake those that wait, one wake-up for each of their loops."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Arrived | Exception]]] = {}
    for one, result in zip(group, results, strict=True):
        by_loop.setdefault(one.loop, []).append((one, result))
    for loop, pairs in by_loop.items():
        loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[_Waiting, Arrived | Exception]]) -> None:
    for one, result in pairs:
        if one.told.done():
            continue
        if isinstance(result, Exception):
            one.told.set_exception(result)
        else:
            one.told.set_result(result)

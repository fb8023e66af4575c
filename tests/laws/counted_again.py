"""The counters of a ledger in memory, worked out anew from what was granted and taken back."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from laws.returned_sales import BEGIN
from loyalty_ledger.count_checks import Recount
from loyalty_ledger.store.log import Recorded


class CountedAgain:
    """Reads a history on and on; after every reading each counter is what was granted."""

    def __init__(self) -> None:
        self._streams: dict[str, list[Recorded]] = defaultdict(list)
        self._takes = set(Recount.names())
        self._recount = Recount(lambda stream: self._streams[stream])
        self._position = 0

    def read(self, history: Sequence[tuple[str, Any]]) -> str | None:
        """What is wrong after these events, which go on where the last ones ended."""
        now, wrong = BEGIN + timedelta(microseconds=self._position), None
        for stream, event in history:
            self._position += 1
            version = len(self._streams[stream]) + 1
            recorded = Recorded(self._position, stream, version, event, now, {})
            self._streams[stream].append(recorded)
            if type(event).__name__ in self._takes:
                wrong = wrong or self._recount.take(recorded)
        return wrong or self._recount.wrong()

"""Connections that do not come to the point are closed: a whole head of a request has its time.

The server itself lets a connection wait between requests for so long and no longer, but one that
sends nothing at first, or a byte now and then, it would keep for ever.
"""

import asyncio
from enum import Enum

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0


class _At(Enum):
    """Where a connection is in what it is sent."""

    BETWEEN = 0
    HEAD = 1
    BODY = 2


class Deadlines(HttpToolsProtocol):
    """A connection that is closed when a head takes too long, counted from its first byte.

    The first one counts from when the connection was made. What is being answered is not cut off.
    """

    _at = _At.BETWEEN
    _heads = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What is not a whole head is the beginning of one, were it only the ends of lines."""
        before, heads = self._at, self._heads
        super().data_received(data)
        nothing_new = self._heads == heads and before is self._at is _At.BETWEEN
        if self._at is _At.HEAD or nothing_new:
            self._arm()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._at = _At.HEAD
        self._heads += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole; what its body may take is for the service to say."""
        self._at = _At.BODY
        self._disarm()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._at = _At.BETWEEN
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Nobody reads what is still to come of the body of a request that is answered."""
        super().on_response_complete()
        if self._at is _At.BODY:
            self._arm()

    def _arm(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_S, self._expired)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self) -> None:
        self._deadline = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._arm()
        elif not self.transport.is_closing():
            self.transport.close()

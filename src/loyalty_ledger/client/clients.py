"""The clients: one that waits for its answers, and one to be awaited.

with Client("http://127.0.0.1:8000", key, secret, store_id="main") as client:
    discount = client.lock(offer, sale)
"""

import asyncio
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, TypeVar

import httpx

from loyalty_ledger.client.call import Call
from loyalty_ledger.client.exchange import Caller, Exchange, Patience
from loyalty_ledger.client.operations import Awaiting, Blocking, Operations
from loyalty_ledger.client.signing import Credentials

T = TypeVar("T")
TIMEOUT_S = 30.0


class _Place(ABC):
    """Where a client calls, and as whom.

    `position` is how far the log had come with its last write: a read that gives it as `at_least`
    shows what was written.
    """

    def __init__(
        self,
        url: str,
        key: str,
        secret: str,
        *,
        signing_secret: str | None = None,
        store_id: str = "",
        client_id: str = "loyalty-ledger-client",
        timeout_s: float = TIMEOUT_S,
        patience: Patience | None = None,
    ):
        self._caller = Caller(key, secret, store_id, client_id)
        self._patience = patience or Patience()
        self.position = 0
        auth = Credentials(key, secret, signing_secret)
        self._open({"base_url": url, "auth": auth, "timeout": timeout_s})

    @abstractmethod
    def _open(self, settings: dict[str, Any]) -> None:
        """Make the connections."""

    def _exchange(self, call: Call[T]) -> Exchange[T]:
        return Exchange(call, self._caller, self._patience)

    def _result(self, exchange: Exchange[T], response: httpx.Response) -> T:
        reached = response.headers.get("x-log-position", "0")
        self.position = max(self.position, int(reached))
        return exchange.result(response)


class Client(_Place, Operations, Blocking):
    """Calls the service and waits for its answers. Threads may share it."""

    def _open(self, settings: dict[str, Any]) -> None:
        self._http = httpx.Client(**settings)

    def ask(self, call: Call[T]) -> T:
        """Make a call; raises Refused, or Unanswered."""
        exchange = self._exchange(call)
        while True:
            try:
                response = self._http.request(**exchange.request)
            except httpx.TransportError as error:
                exchange.lost(error)
            else:
                if exchange.is_answer(response):
                    return self._result(exchange, response)
            time.sleep(exchange.wait_s)

    def close(self) -> None:
        """End its connections."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, *_raised: type[BaseException] | BaseException | TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(_Place, Operations, Awaiting):
    """Calls the service; its answers are awaited."""

    def _open(self, settings: dict[str, Any]) -> None:
        self._http = httpx.AsyncClient(**settings)

    async def ask(self, call: Call[T]) -> T:
        """Make a call; raises Refused, or Unanswered."""
        exchange = self._exchange(call)
        while True:
            try:
                response = await self._http.request(**exchange.request)
            except httpx.TransportError as error:
                exchange.lost(error)
            else:
                if exchange.is_answer(response):
                    return self._result(exchange, response)
            await asyncio.sleep(exchange.wait_s)

    async def close(self) -> None:
        """End its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self, *_raised: type[BaseException] | BaseException | TracebackType | None
    ) -> None:
        await self.close()

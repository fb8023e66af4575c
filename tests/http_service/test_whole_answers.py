"""Head and body of an answer go out together, and nothing is held back at the end."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.server import ServerState

from loyalty_ledger.http.serve import Serving
from loyalty_ledger.http.whole_answers import MOST_HELD, WholeAnswers


class Recorded:
    """A transport that notes what is done with it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")

    def get_extra_info(self, _name: str) -> None:
        return None


def on_a_connection(act: Callable[[asyncio.Transport], None]) -> list[Any]:
    """What became of the transport when the loop had turned."""

    async def run() -> list[Any]:
        recorded = Recorded()
        config = Serving(app=_nothing, ready=lambda: None).config
        config.load()
        connection = WholeAnswers(config, ServerState(), {})
        connection.connection_made(recorded)  # type: ignore[arg-type]
        act(connection.transport)
        await asyncio.sleep(0)
        return recorded.done

    return asyncio.run(run())


async def _nothing(_scope: Any, _receive: Any, _send: Any) -> None: ...


def test_what_is_written_in_one_turn_is_sent_at_once() -> None:
    def write(transport: asyncio.Transport) -> None:
        transport.write(b"head ")
        transport.write(b"body")

    assert on_a_connection(write) == [b"head body"]


def test_what_is_held_is_sent_before_the_connection_is_closed() -> None:
    def write_and_close(transport: asyncio.Transport) -> None:
        transport.write(b"head ")
        transport.write(b"body")
        transport.close()

    assert on_a_connection(write_and_close) == [b"head body", "closed"]


def test_what_is_large_is_not_held() -> None:
    def write(transport: asyncio.Transport) -> None:
        transport.write(b"head ")
        transport.write(b"x" * MOST_HELD)
        transport.write(b"rest")
        transport.close()

    assert [len(one) for one in on_a_connection(write)[:-1]] == [5 + MOST_HELD, 4]

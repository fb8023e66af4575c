"""Exports over HTTP: JSON lines, told as they are worked out."""

from collections.abc import Callable, Iterator
from itertools import chain

import msgspec
from starlette.responses import Response, StreamingResponse

from loyalty_ledger import exporting
from loyalty_ledger.http.admin import EXPORT
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.service import Asked, Service, meta_of
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.sent import refused

LINES_AT_ONCE = 500
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Exports:
    """Streams exports, each over a ledger of its own."""

    operation = EXPORT

    def __init__(self, service: Service, pool: Pool, make: Callable[[], Ledger]):
        self._service = service
        self._pool = pool
        self._make = make

    async def answered(self, asked: Asked) -> Response:
        """The lines of an export; Rejected when there is no such."""
        what = asked.request.path_params["what"]
        if what not in exporting.EXPORTS:
            known = ", ".join(exporting.EXPORTS)
            raise refused([("what", f"cannot be exported: {known} can")])
        rows = await self._pool.run(lambda _ledger: self._rows(what, asked))
        return StreamingResponse(rows, media_type="application/x-ndjson")

    def _rows(self, what: str, asked: Asked) -> Iterator[bytes]:
        ledger = self._make()
        ledger.projector.catch_up()
        ledger.states.meta = meta_of(asked)
        call = self._service.call(asked, ledger, None)
        rows, _columns = exporting.EXPORTS[what]
        lines = _lines(iter(rows(ledger, call.moment)))
        # What is refused is refused, and what was asked is recorded, while nothing is told yet.
        first = next(lines)
        ledger.acts.record("export", what, call.by)
        return chain([first], lines)


def _lines(rows: Iterator[exporting.Row]) -> Iterator[bytes]:
    group: list[bytes] = []
    for row in rows:
        group.append(_encode(row) + b"\n")
        if len(group) >= LINES_AT_ONCE:
            yield b"".join(group)
            group.clear()
    yield b"".join(group)

"""Reading the log: by position, by stream, by customer."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import json
from sqlalchemy import Connection, Engine, Select, func, select, tuple_

from loyalty_ledger.store.bulk import Row, select_for
from loyalty_ledger.store.instants import from_micros
from loyalty_ledger.store.mapper import EventCodec
from loyalty_ledger.store.records import Recorded, Snapshot, StreamTail
from loyalty_ledger.store.schema import event_customer, events
from loyalty_ledger.store.trip import Statement, in_one_trip, number

BYTES_AT_ONCE = 8 * 1024 * 1024
"""A read ends at the event that goes past this many bytes of bodies."""

_ROWS_AT_ONCE = 1_000
_encode = json.Encoder().encode
_COLUMNS = (
    events.c.position,
    events.c.stream,
    events.c.version,
    events.c.name,
    events.c.recorded_at,
    events.c.body,
)
_TAILS = "SELECT e.position, e.stream, e.version, e.name, e.recorded_at, e.body"
# A lateral subquery with an order is what makes the planner go stream by stream through the index.
_TAILS_POSTGRES = """CROSS JOIN LATERAL (
    SELECT * FROM events WHERE stream = asked.stream AND version > asked.after ORDER BY version
) AS e"""
_SHORT_TAILS = Statement(
    b"short_tails",
    b"""SELECT h.position, e.position, e.stream, e.version, e.name, e.recorded_at, e.body
FROM (SELECT position FROM head WHERE id = 1) AS h LEFT JOIN (
    jsonb_array_elements_text($1::jsonb) AS asked(stream) CROSS JOIN LATERAL (
        SELECT * FROM events WHERE stream = asked.stream ORDER BY version
    ) AS e
) ON true""",
)
_TAILS_SQLITE = "CROSS JOIN events AS e ON e.stream = asked.stream AND e.version > asked.after"


class Reader:
    """Reads events through a codec."""

    def __init__(self, engine: Engine, codec: EventCodec):
        self._engine = engine
        self._codec = codec

    def recorded(self, row: Any) -> Recorded:
        """An event from its row: position, stream, version, name, recorded_at, body."""
        position, stream, version, name, recorded_at, body = row
        event, meta = self._codec.decode(name, bytes(body))
        return Recorded(position, stream, version, event, from_micros(recorded_at), meta)

    def after(self, position: int, limit: int, names: Collection[str] | None) -> list[Recorded]:
        """The next events behind a position, at most `limit` and about BYTES_AT_ONCE."""
        found: list[Recorded] = []
        size = 0
        wanted = [] if names is None else [events.c.name.in_(sorted(names))]
        while len(found) < limit and size < BYTES_AT_ONCE:
            asked = min(limit - len(found), _ROWS_AT_ONCE)
            in_order = select(*_COLUMNS).order_by(events.c.position).limit(asked)
            rows = self._rows(in_order.where(events.c.position > position, *wanted))
            for row in rows:
                found.append(self.recorded(row))
                size += len(row.body)
                if size >= BYTES_AT_ONCE:
                    break
            if len(rows) < asked:
                break
            position = rows[-1].position
        return found

    def stream(self, stream: str) -> Iterator[Recorded]:
        """All events of a stream, in order."""
        version = -1
        in_order = select(*_COLUMNS).order_by(events.c.version).limit(_ROWS_AT_ONCE)
        while True:
            of_stream = events.c.stream == stream, events.c.version > version
            rows = self._rows(in_order.where(*of_stream))
            yield from map(self.recorded, rows)
            if len(rows) < _ROWS_AT_ONCE:
                return
            version = rows[-1].version

    def first_recorded(self, subjects: Collection[tuple[str, int]]) -> datetime | None:
        """When the first of these events, each by stream and version, was recorded."""
        wanted, found = list(subjects), list[int]()
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), _ROWS_AT_ONCE):
                some = wanted[start : start + _ROWS_AT_ONCE]
                those = tuple_(events.c.stream, events.c.version).in_(some)
                first = select(func.min(events.c.recorded_at)).where(those)
                found += filter(None, connection.execute(first).scalars())
        return from_micros(min(found)) if found else None

    def those(self, subjects: Collection[tuple[str, int]]) -> Iterator[Recorded]:
        """These events, each by stream and version, in no order; there need not be any."""
        wanted = list(subjects)
        for start in range(0, len(wanted), _ROWS_AT_ONCE):
            some = wanted[start : start + _ROWS_AT_ONCE]
            those = tuple_(events.c.stream, events.c.version).in_(some)
            yield from map(self.recorded, self._rows(select(*_COLUMNS).where(those)))

    def history(self, customer_id: str, recorded_until: int | None) -> Iterator[Recorded]:
        """All events that concern a customer, in log order."""
        position = 0
        known = [] if recorded_until is None else [events.c.recorded_at <= recorded_until]
        while True:
            query = (
                select(*_COLUMNS)
                .join_from(event_customer, events, events.c.position == event_customer.c.position)
                .where(event_customer.c.customer_id == customer_id)
                .where(event_customer.c.position > position, *known)
                .order_by(event_customer.c.position)
                .limit(_ROWS_AT_ONCE)
            )
            rows = self._rows(query)
            yield from map(self.recorded, rows)
            if len(rows) < _ROWS_AT_ONCE:
                return
            position = rows[-1].position

    def _rows(self, query: Select[Any]) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(query))

    def short_tails(self, streams: Collection[str]) -> tuple[int, dict[str, StreamTail]]:
        """The head's position and whole streams without snapshots, on PostgreSQL in one trip."""
        rows = in_one_trip(self._engine, _SHORT_TAILS, [_encode([*streams])])
        tails = {stream: StreamTail(None, [], 0) for stream in streams}
        for row in sorted(_in_python(*row) for _, *row in rows if row[0]):
            tails[row[1]].events.append(self.recorded(row))
        read_at = number(rows[0][0])
        return read_at, {stream: _with_version(tail) for stream, tail in tails.items()}

    def tails(
        self, connection: Connection, streams: Collection[str], state_versions: Mapping[str, str]
    ) -> tuple[int, dict[str, StreamTail]]:
        """Each stream's snapshot, if it has the wanted state version, and the events after it.

        And a position that none of them goes beyond: others may append between the queries.
        """
        seen, snapshots = _snapshots(connection, streams, state_versions)
        tails = {stream: StreamTail(snapshots.get(stream), [], 0) for stream in streams}
        asked = [
            (stream, tail.snapshot.version if tail.snapshot else -1)
            for stream, tail in tails.items()
        ]
        for row in _tail_rows(connection, asked):
            tails[row[1]].events.append(self.recorded(row))
            seen = max(seen, row[0])
        return seen, {stream: _with_version(tail) for stream, tail in tails.items()}


def _in_python(
    position: bytes, stream: bytes, version: bytes, name: bytes, recorded_at: bytes, body: bytes
) -> tuple[int, str, int, str, int, bytes]:
    told_at = number(recorded_at)
    return number(position), stream.decode(), number(version), name.decode(), told_at, body


def _with_version(tail: StreamTail) -> StreamTail:
    if tail.events:
        return tail._replace(version=tail.events[-1].version)
    return tail._replace(version=tail.snapshot.version if tail.snapshot else 0)


def _tail_rows(connection: Connection, asked: Sequence[Row]) -> list[Any]:
    columns = {"stream": "text", "after": "int8"}
    join = _TAILS_POSTGRES if connection.dialect.name == "postgresql" else _TAILS_SQLITE
    rows = select_for(connection, _TAILS, join, columns, asked)
    return sorted(rows, key=lambda row: row[0])


def _snapshots(
    connection: Connection, streams: Collection[str], state_versions: Mapping[str, str]
) -> tuple[int, dict[str, Snapshot]]:
    """The snapshots, and the head as of them."""
    wanted = [s for s in streams if s.partition("/")[0] in state_versions]
    if not wanted:
        return 0, {}
    rows = select_for(
        connection,
        "SELECT s.stream, s.version, s.state_version, s.body, (SELECT position FROM head)",
        "JOIN snapshots AS s ON s.stream = asked.stream",
        {"stream": "text"},
        [(stream,) for stream in wanted],
    )
    found = (Snapshot(row[0], row[1], row[2], row[3]) for row in rows)
    return max((row[4] for row in rows), default=0), {
        snapshot.stream: snapshot
        for snapshot in found
        if state_versions[snapshot.stream.partition("/")[0]] == snapshot.state_version
    }

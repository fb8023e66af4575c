"""The canonical digest of a projection: the same however and wherever its rows were made."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from loyalty_projections.rows import MemoryRows
from loyalty_projections.sql import micros, stored_rows
from loyalty_projections.tables import Table

_MODULUS = 1 << 256


class Digest(NamedTuple):
    """How many rows, and the sum of their hashes: no order of rows, no memory for all of them."""

    rows: int
    value: str


def of_database(connection: Connection, tables: Iterable[Table[Any]], build: int) -> Digest:
    """The digest of one build of a projection's tables."""
    return _digest(
        (table, stored_rows(connection, table, build, table.digested)) for table in tables
    )


def of_memory(rows: MemoryRows, tables: Iterable[Table[Any]]) -> Digest:
    """The digest of rows in memory."""
    return _digest(
        (table, (_as_stored(table, row) for row in rows.select(table))) for table in tables
    )


def _as_stored(table: Table[Any], row: tuple[Any, ...]) -> list[Any]:
    return [
        micros(row[place]) if place in table.instants and row[place] is not None else row[place]
        for place in table.digested
    ]


def _digest(tables: Iterable[tuple[Table[Any], Iterable[Sequence[Any]]]]) -> Digest:
    """Rows are hashed as typed values under the table's name; equal rows count each."""
    encode = msgspec.msgpack.Encoder().encode
    count = total = 0
    for table, rows in tables:
        start = blake2b(table.name.encode() + b"\0", digest_size=32)
        for row in rows:
            state = start.copy()
            state.update(encode(tuple(row)))
            total += int.from_bytes(state.digest())
            count += 1
    return Digest(count, f"{total % _MODULUS:064x}")

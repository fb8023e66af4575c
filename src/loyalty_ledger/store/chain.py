"""The hash chain over the log: what an event's digest covers, and whether all of them hold."""

import hashlib
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, select, type_coerce
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import NullType

from loyalty_ledger.store.schema import events, head

EMPTY_DIGEST = bytes(32)
"""What the first event's digest follows."""

_EVENTS_AT_ONCE = 2_000
_frame = struct.Struct(">qqqIIQ").pack
_sha256 = hashlib.sha256
_TYPES: dict[str, type] = {
    "stream": str,
    "version": int,
    "name": str,
    "recorded_at": int,
    "digest": bytes,
    "body": bytes,
}
_WORDS = {str: "text", int: "a whole number", bytes: "bytes"}
# As the driver gives them: what is of a wrong type must not fail on its way here.
_COLUMNS = [
    events.c.position,
    *(type_coerce(events.c[name], NullType()).label(name) for name in _TYPES),
]


def digest(
    previous: bytes,
    position: int,
    stream: str,
    version: int,
    name: str,
    recorded_at: int,
    body: bytes,
) -> bytes:
    """The digest of an event that follows one with the digest `previous`.

    The three numbers and the three lengths have fixed places, so that no two events share a frame.
    """
    where, what = stream.encode(), name.encode()
    frame = _frame(position, version, recorded_at, len(where), len(what), len(body))
    return _sha256(b"".join((previous, frame, where, what, body))).digest()


class Broken(NamedTuple):
    """The first position at which the log is not what was written, and why."""

    position: int
    why: str


def verify_chain(engine: Engine, progress: Callable[[int, int], None]) -> Broken | None:
    """The first broken position of the log, None when it is whole.

    Checks that positions and the versions of every stream have no gaps, that no instant goes back,
    every digest, and that the head is where the log ends. `progress` is told the position reached
    and the last one, now and then. Memory stays constant; writers may go on.
    """
    with engine.connect() as connection:
        last = connection.execute(select(head.c.position)).scalar()
    if type(last) is not int:
        return Broken(1, "the head, which says where the log ends, is missing or is no number")
    checked = _Checked(0, EMPTY_DIGEST, 0)
    while checked.position < last:
        with engine.connect() as connection:
            rows = _readable(connection, checked.position, last)
        if rows is None:
            return Broken(checked.position + 1, "what is stored there is no text")
        for row in rows:
            why = _fault(row, checked)
            if why:
                return Broken(checked.position + 1, why)
            checked = _Checked(row.position, row.digest, row.recorded_at)
        if not rows:
            return Broken(checked.position + 1, "the event is missing")
        progress(checked.position, last)
    with engine.connect() as connection:
        return _head_fault(connection)


class _Checked(NamedTuple):
    position: int
    digest: bytes
    recorded_at: int


def _readable(connection: Connection, after: int, last: int) -> list[Row[Any]] | None:
    """The next events, fewer when one behind them cannot be read; None when the next one cannot."""
    limit = _EVENTS_AT_ONCE
    while limit:
        try:
            return _batch(connection, after, last, limit)
        except OperationalError as error:
            # SQLite keeps bytes that are no UTF-8 as text when told so; its driver says this.
            if "decode" not in str(error.orig):
                raise
            limit //= 2
    return None


def _batch(connection: Connection, after: int, last: int, limit: int) -> list[Row[Any]]:
    earlier = events.alias("earlier")
    before = (earlier.c.stream == events.c.stream) & (earlier.c.version == events.c.version - 1)
    return list(
        connection.execute(
            select(*_COLUMNS, earlier.c.position.label("earlier"))
            .outerjoin_from(events, earlier, before)
            .where(events.c.position > after, events.c.position <= last)
            .order_by(events.c.position)
            .limit(limit)
        )
    )


def _wrong_type(row: Row[Any]) -> str | None:
    """SQLite lets a column hold anything, whatever its type."""
    for name, wanted in _TYPES.items():
        if type(getattr(row, name)) is not wanted:
            return f"its {name} is not stored as {_WORDS[wanted]}"
    return None


def _fault(row: Row[Any], checked: _Checked) -> str | None:
    if row.position != checked.position + 1:
        return "the event is missing"
    if why := _wrong_type(row):
        return why
    if row.version < 1 or (row.version > 1 and row.earlier is None):
        return f"version {row.version} of {row.stream} follows no version before it"
    if row.earlier is not None and row.earlier >= row.position:
        return f"version {row.version} of {row.stream} stands before the one it follows"
    if row.recorded_at < checked.recorded_at:
        return "it was recorded before the event in front of it"
    content = row.position, row.stream, row.version, row.name, row.recorded_at, row.body
    if digest(checked.digest, *content) != row.digest:
        return "its digest is not the digest of what is stored"
    return None


def _head_fault(connection: Connection) -> Broken | None:
    # One statement, so that it sees the head and the log of one moment.
    at_head = events.alias("at_head")
    beyond = select(events.c.position).where(events.c.position > head.c.position)
    state = connection.execute(
        select(
            head.c.position,
            head.c.digest,
            head.c.recorded_at,
            at_head.c.digest.label("last_digest"),
            at_head.c.recorded_at.label("last_recorded_at"),
            beyond.order_by(events.c.position).limit(1).scalar_subquery().label("beyond"),
        ).outerjoin_from(head, at_head, at_head.c.position == head.c.position)
    ).one()
    if state.beyond is not None:
        return Broken(state.beyond, "the event stands beyond the head")
    expected = state.last_digest or EMPTY_DIGEST, state.last_recorded_at or 0
    if (state.digest, state.recorded_at) != expected:
        return Broken(state.position, "the head does not agree with the last event")
    return None
